/** Says a few things to an echo; then crashes one, and shows who goes with it. */

import { formatReason, messages, type Pid, startVm, type Vm } from '@heddle/scheduler'
import { type News, type Order, owner } from './owner.ts'

const on = messages<News>()
const order = (vm: Vm, to: Pid, order: Order) => vm.send(to, order)

await using vm = await startVm()

const first = await vm.spawn(owner, vm.pid)
await vm.receive(on('started'))
for (const value of ['hello', 42, { nested: [1, 2] }]) {
  order(vm, first, { type: 'tell', value })
  console.log('echo:', (await vm.receive(on('heard'))).value)
}
// Watched before it is told to end: of one that has ended already one only hears that it is not there.
const stopped = vm.whenDown(first)
order(vm, first, { type: 'end' })
console.log('stopped:', formatReason((await stopped).reason))

const second = await vm.spawn(owner, vm.pid)
const { echo } = await vm.receive(on('started'))
const ended = vm.whenDown(second)
vm.exit(echo, 'kill')
console.log(
  'the echo is killed; its owner, which is linked to it, ends as well:',
  formatReason((await ended).reason),
)

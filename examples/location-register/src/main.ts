/** Three phones on a register: they ring each other, one dies, and its number is nobody's. */

import { messages, startVm } from '@heddle/scheduler'
import { type News, phone } from './phone.ts'
import { phoneOf, REGISTER, register } from './register.ts'

const on = messages<News>()
await using vm = await startVm()
await vm.spawn(register, undefined, { name: REGISTER })

const [ann, bob, eve] = await Promise.all(
  ['100', '200', '300'].map((number) => vm.spawn(phone, { number, host: vm.pid })),
)
for (let i = 0; i < 3; i++) console.log(`${(await vm.receive(on('on'))).number} is on`)

vm.send(ann!, { type: 'dial', number: '200' })
const { number, by } = await vm.receive(on('rang'))
console.log(`${number} rings: ${by} calls`)

const ended = vm.whenDown(bob!)
vm.exit(bob!, 'kill')
await ended
vm.send(eve!, { type: 'dial', number: '200' })
console.log(`200 is dead; to dial ${(await vm.receive(on('no_such_number'))).number} comes to nothing`)
console.log('and the register says:', await vm.call(REGISTER, phoneOf('200')))

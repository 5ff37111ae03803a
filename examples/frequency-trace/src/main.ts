/** An allocator under observation, while it serves; first the `genServer`, then the special process. */

import { startServer, sys } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { FREQUENCY } from '../../frequency/dist/allocator.js'
import { frequency } from '../../frequency/dist/by-gen-server.js'
import { phone } from '../../frequency/dist/phone.js'
import { denied, deniedClients, widen } from './looking.ts'
import { specialFrequency } from './special.ts'

await using vm = await startVm()
const ann = await startServer(vm, phone, 'by genServer')

async function observe(): Promise<void> {
  console.log('trace: each event is a line on standard output')
  await sys.trace(vm, FREQUENCY, true)
  const first = await vm.call(ann, phone.allocate())
  await sys.trace(vm, FREQUENCY, false)

  await sys.log(vm, FREQUENCY, true)
  await sys.statistics(vm, FREQUENCY, true)
  await sys.install(vm, FREQUENCY, { function: denied, state: [] })
  console.log(
    'ann asks again, twice:',
    await vm.call(ann, phone.allocate()),
    await vm.call(ann, phone.allocate()),
  )
  console.log('log:', (await sys.log(vm, FREQUENCY, 'get')).map(([what]) => what).join(' '))
  const statistics = await sys.statistics(vm, FREQUENCY, 'get')
  if (statistics !== 'no_statistics') console.log('statistics:', statistics.messagesIn, 'messages in')
  console.log('denied:', deniedClients(await sys.getStatus(vm, FREQUENCY)).length, 'times')
  await sys.noDebug(vm, FREQUENCY)

  await sys.suspend(vm, FREQUENCY)
  const asking = vm.call(ann, phone.allocate())
  console.log('suspended; the state:', (await sys.getStatus(vm, FREQUENCY)).misc)
  await sys.replaceState(vm, FREQUENCY, widen, [13])
  await sys.resume(vm, FREQUENCY)
  console.log('widened and resumed; ann, who asked meanwhile, gets', await asking)
  if (first !== 'no_frequency') await vm.call(ann, phone.deallocate(first))
}

console.log('\na genServer')
const server = await startServer(vm, frequency, [10], { name: FREQUENCY })
await observe()
const ended = vm.whenDown(server)
await sys.terminate(vm, FREQUENCY, 'normal')
await ended

console.log('\na special process')
await startServer(vm, specialFrequency, [10], { name: FREQUENCY })
await observe()

/** The same story with each of the three allocators: it must read the same. */

import { startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { FREQUENCY } from './allocator.ts'
import { allocators, KINDS, phone } from './phone.ts'

await using vm = await startVm()

for (const kind of KINDS) {
  console.log(`\n${kind}`)
  const allocator = await vm.spawn(allocators[kind].definition, [10, 11], { name: FREQUENCY })
  const ended = vm.whenDown(allocator)
  const ann = await startServer(vm, phone, kind)
  const bob = await startServer(vm, phone, kind)
  console.log('  ann gets', await vm.call(ann, phone.allocate()))
  console.log('  ann gets', await vm.call(ann, phone.allocate()))
  console.log('  bob gets', await vm.call(bob, phone.allocate()))
  console.log("  bob gives back ann's:", await vm.call(bob, phone.deallocate(10)))
  console.log('  ann gives back hers:', await vm.call(ann, phone.deallocate(10)))
  console.log('  bob gets', await vm.call(bob, phone.allocate()))
  vm.exit(ann, 'kill')
  // Nobody waits here for the allocator to hear of it: that takes a moment.
  let answer = await vm.call(bob, phone.allocate())
  while (answer === 'no_frequency') answer = await vm.call(bob, phone.allocate())
  console.log('  ann dies, and bob gets', answer)
  await vm.call(bob, phone.stopAllocator())
  // It answers before it ends, and keeps its name until then.
  await ended
}

/** Processes on all cores share a count, and one dies with the mutex in its hand: `npm run example -- mutex`. */

import { startServer, sys } from '@heddle/otp'
import { startVm, tag } from '@heddle/scheduler'
import { CELLS, holder, worker } from './clients.ts'
import { mutex } from './mutex.ts'

const vm = await startVm({ onReport: () => {} })
const guard = await startServer(vm, mutex, undefined)

const workerCount = 20
const rounds = 100
const cells = new Int32Array(new SharedArrayBuffer(12))
const workers = Array.from({ length: workerCount }, () =>
  vm.spawn(worker, { mutex: guard, rounds, cells }, { scheduler: 'spread' }),
)
for (const each of await Promise.all(workers)) await vm.whenDown(each)
console.log(`${workerCount} workers, ${rounds} rounds each, on ${vm.schedulerCount} schedulers`)
console.log(`counted ${cells[CELLS.count]}; ${cells[CELLS.clashes]} times two were inside at once`)

const entered = tag('entered')
const first = await vm.spawn(holder, { mutex: guard, owner: vm.pid, label: 'first' })
console.log('inside:', (await vm.receive(entered)).label)
await vm.spawn(holder, { mutex: guard, owner: vm.pid, label: 'second' })
await vm.settled()
console.log('the mutex says', await sys.getState(vm, guard))
vm.exit(first, 'kill')
console.log('the first is killed; inside:', (await vm.receive(entered)).label)
await vm.stop()

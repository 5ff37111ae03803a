// The owner of a queue of unstarted spawns, or a thief. Each request carries bytes that follow from its number; everybody
// who takes one checks them, and marks it on a board: nobody may find a mark there.

import { parentPort, workerData } from 'node:worker_threads'
import { STEAL_REQUEST_BYTES_MAX } from '../../packages/scheduler/dist/memory/layout.js'
import { StolenRequest, stealQueues } from '../../packages/scheduler/dist/memory/steal-queue.js'

const { shared, me, role, board, requestCount } = workerData
const owner = 1
const queues = stealQueues(shared)
const [queue, own] = [queues[owner], queues[me]]
const taken = new Int32Array(board)
const into = new StolenRequest()
let [count, last] = [0, 0]

const lengthOf = (pid) => (pid * 7_919) % (STEAL_REQUEST_BYTES_MAX + 1)

function take() {
  if (!queue.take(into, own, owner)) return false
  own.forgetIntent()
  const { pid, parent, monitorRef, length } = into
  if (pid <= last) throw new Error(`${pid} came behind ${last}`)
  last = pid
  if (parent !== -pid || monitorRef !== pid * 2 || length !== lengthOf(pid)) throw new Error(`${pid} is torn`)
  for (let at = 0; at < length; at++) {
    if (into.bytes[at] !== ((pid + at) & 0xff)) throw new Error(`${pid} is torn at ${at}`)
  }
  if (Atomics.exchange(taken, pid, 1) !== 0) throw new Error(`${pid} was taken twice`)
  count += 1
  return true
}

if (role === 'owner') {
  for (let pid = 1; pid <= requestCount; ) {
    const at = queue.begin()
    if (at < 0) {
      take()
      continue
    }
    const length = lengthOf(pid)
    for (let i = 0; i < length; i++) queue.bytes[at + i] = (pid + i) & 0xff
    queue.put(length, pid, -pid, pid * 2)
    pid += 1
  }
  Atomics.store(taken, 0, 1)
}
for (;;) {
  const isLast = Atomics.load(taken, 0) === 1
  if (!take() && isLast) break
}
parentPort.postMessage(count)

// Round after round, processes are on their way from endpoint 1 to endpoint 2 as endpoint 1 dies. This thread is the heir,
// which inherits what it can, the last first; or the host, which sweeps, the first first. They begin at once, and meet.

import { parentPort, workerData } from 'node:worker_threads'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'

const { shared, me, role, barrier, roundCount, generations } = workerData
const table = new SlotTable(shared, me)
const arrived = new Int32Array(barrier)
/** By slot; -1 if no process of this round has it. */
const generation = new Int32Array(generations)
const OWNER = 1

for (let round = 1; round <= roundCount; round++) {
  // Until the test has set the stage, and then until the other one is here, too.
  Atomics.wait(arrived, 0, round - 1)
  Atomics.add(arrived, 1, 1)
  while (Atomics.load(arrived, 1) < 2 * round);
  const won = []
  if (role === 'host') table.sweepOwner(OWNER, (slot) => won.push(slot))
  else {
    for (let slot = generation.length - 1; slot > 0; slot--)
      if (generation[slot] >= 0 && table.inherit(slot, generation[slot], OWNER)) won.push(slot)
  }
  parentPort.postMessage(won)
}

// Spawns and ends processes of its own, and registers, looks up and unregisters names for everybody's,
// so that processes get names while they are exiting on another thread.

import { parentPort, workerData } from 'node:worker_threads'
import { NameTable } from '../../packages/scheduler/dist/memory/names.js'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { Random } from './random.mjs'

const { shared, me, seed, board, stepCount } = workerData
const random = new Random(seed + me)
const slots = new SlotTable(shared, me)
const names = new NameTable(shared, me)
slots.adopt()

const PID_UNIT = 2 ** 24
/** Pids that anybody may give a name to: 8 per endpoint, at [me * 8 ...]. */
const pids = new Float64Array(board)
const nameCount = 12
const nameOf = (index) => (index % 2 === 0 ? `name ${index}` : `${'ñ'.repeat(index * 8)}${index}`)
const outcomes = { ok: 0, name_taken: 0, already_named: 0, dead: 0, full: 0 }

function respawn(index) {
  const old = pids[me * 8 + index]
  if (old !== 0) {
    const slot = old % PID_UNIT
    slots.markExiting(slot)
    names.release(slot)
    // From here on no name may lead to it.
    slots.free(slot)
    if (names.nameOf(slot) !== undefined) throw new Error(`slot ${slot} has a name after its end`)
  }
  const slot = slots.allocate(me)
  slots.markLive(slot)
  pids[me * 8 + index] = slots.generation(slot) * PID_UNIT + slot
}

function step() {
  const name = nameOf(random.next(nameCount))
  const what = random.next(10)
  if (what < 3) {
    respawn(random.next(8))
  } else if (what < 6) {
    const pid = pids[8 + random.next(24)]
    if (pid !== 0) outcomes[names.register(name, pid % PID_UNIT, Math.floor(pid / PID_UNIT))] += 1
  } else if (what < 7) {
    names.unregister(name)
  } else if (what < 8) {
    const own = pids[me * 8 + random.next(8)]
    const found = own === 0 ? undefined : names.nameOf(own % PID_UNIT)
    if (found !== undefined && !/^(name \d+|ñ+\d+)$/.test(found)) throw new Error(`torn name ${found}`)
  } else {
    const pid = names.whereis(name)
    // It was alive a moment ago. If it is one of ours it is alive now, since only we could end it.
    if (pid !== 0 && slots.owner(pid % PID_UNIT) === me && !pids.includes(pid)) {
      throw new Error(`${name} leads to ${pid}, which is dead`)
    }
  }
}

if (stepCount === undefined) {
  // To be killed in the middle of it.
  parentPort.postMessage('running')
  for (;;) step()
}
for (let count = 0; count < stepCount; count++) step()
parentPort.postMessage(outcomes)

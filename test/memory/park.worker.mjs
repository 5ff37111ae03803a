// Sends a frame, sleeps until one comes back, and so on. A lost wake-up leaves both asleep for ever.

import { parentPort, workerData } from 'node:worker_threads'
import { Control } from '../../packages/scheduler/dist/memory/control.js'
import { Park, wake } from '../../packages/scheduler/dist/memory/park.js'
import { RingReader, RingWriter } from '../../packages/scheduler/dist/memory/ring.js'
import { Random } from './random.mjs'

const { shared, me, seed, roundCount } = workerData
const other = 3 - me
const random = new Random(seed + me)
const control = new Control(shared)
const park = new Park(shared, me)
const reader = new RingReader(shared, other, me)
const writer = new RingWriter(shared, me, other)
let sleepCount = 0

/** Now and then longer than the other needs to fall asleep, so that every phase of it is met. */
function dawdle() {
  const turns = random.next(4) === 0 ? random.next(60_000) : random.next(300)
  for (let turn = 0; turn < turns; turn++) control.isUp(me)
}

function send(value) {
  const offset = writer.begin(8)
  writer.words[(offset >> 2) + 1] = value
  writer.commit(8)
  writer.publish()
  wake(control, other)
}

async function receive() {
  for (let offset = reader.peek(); ; offset = reader.peek()) {
    if (offset !== -1) {
      const value = reader.words[(offset >> 2) + 1]
      reader.release()
      return value
    }
    park.announce()
    if (reader.isEmpty()) {
      sleepCount += 1
      await park.wait()
    }
    park.cancel()
  }
}

async function play() {
  for (let round = 0; round < roundCount; round++) {
    if (me === 1) send(round)
    const value = await receive()
    if (value !== round) throw new Error(`round ${round} got ${value}`)
    if (random.next(8) === 0) dawdle()
    if (me === 2) send(round)
  }
  parentPort.postMessage({ sleepCount })
  parentPort.close()
}

// A pending wait does not keep a thread alive; a port that is listened to does.
parentPort.on('message', () => {})
await play()

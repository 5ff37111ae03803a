// Allocates slots for everybody, runs what others allocated for it, and frees it. A board of one word per
// slot says whether it is taken: nobody may be given a slot that another one has.

import { parentPort, workerData } from 'node:worker_threads'
import { RingReader, RingWriter } from '../../packages/scheduler/dist/memory/ring.js'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { Random } from './random.mjs'

const { shared, me, seed, board, finished, spawnCount } = workerData
const peers = [1, 2, 3].filter((each) => each !== me)
const random = new Random(seed + me)
const slots = new SlotTable(shared, me)
const writers = new Map(peers.map((to) => [to, new RingWriter(shared, me, to)]))
const readers = peers.map((from) => new RingReader(shared, from, me))
const taken = new Int32Array(board)
const alive = []

function spawn() {
  const owner = 1 + random.next(3)
  const slot = slots.allocate(owner)
  if (slot === -1) return false
  if (Atomics.exchange(taken, slot, 1) !== 0) throw new Error(`slot ${slot} was given out twice`)
  if (slots.owner(slot) !== owner || slots.home(slot) !== me)
    throw new Error(`slot ${slot} is not what was asked for`)
  if (owner === me) start(slot, slots.generation(slot))
  else send(owner, slot, slots.generation(slot))
  return true
}

function send(owner, slot, generation) {
  const writer = writers.get(owner)
  let offset = writer.begin(12)
  while (offset === -1) {
    receive()
    offset = writer.begin(12)
  }
  writer.words[(offset >> 2) + 1] = slot
  writer.words[(offset >> 2) + 2] = generation
  writer.commit(12)
  writer.publish()
}

function receive() {
  for (const reader of readers) {
    for (let offset = reader.peek(); offset !== -1; offset = reader.peek()) {
      const slot = reader.words[(offset >> 2) + 1]
      const generation = reader.words[(offset >> 2) + 2]
      reader.release()
      start(slot, generation)
    }
  }
}

function start(slot, generation) {
  if (slots.owner(slot) !== me || !slots.isStarting(slot))
    throw new Error(`slot ${slot} is not ours to start`)
  if (!slots.isAlive(slot, generation)) throw new Error(`slot ${slot} is of another generation`)
  slots.markLive(slot)
  alive.push(slot)
}

function exit() {
  const index = random.next(alive.length)
  const slot = alive[index]
  alive[index] = alive[alive.length - 1]
  alive.pop()
  slots.markExiting(slot)
  Atomics.store(taken, slot, 0)
  slots.free(slot)
}

for (let count = 0; count < spawnCount; ) {
  if (spawn()) count += 1
  receive()
  if (alive.length > random.next(800)) exit()
}
// What was sent before the last of us said so is in the ring when we see that it did.
Atomics.add(new Int32Array(finished), 0, 1)
while (Atomics.load(new Int32Array(finished), 0) < 3) {
  receive()
  // The others may be waiting for slots.
  if (alive.length > 0) exit()
}
while (readers.some((reader) => !reader.isEmpty())) receive()
while (alive.length > 0) exit()
parentPort.postMessage('done')

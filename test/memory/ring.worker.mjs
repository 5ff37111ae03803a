// One end of a ring. Both ends draw the same lengths and contents from the same seed.

import { parentPort, workerData } from 'node:worker_threads'
import { frameBytesMax } from '../../packages/scheduler/dist/memory/layout.js'
import { RingReader, RingWriter } from '../../packages/scheduler/dist/memory/ring.js'
import { Random } from './random.mjs'

const { shared, role, seed, frameCount, publishCountMax } = workerData
const random = new Random(seed)
const lengthMax = frameBytesMax(shared.options)

/** Mostly short, some long: a header of 12 bytes, then bytes. */
function drawLength() {
  return 12 + (random.next(50) === 0 ? random.next(lengthMax - 11) : random.next(120))
}

function produce() {
  const writer = new RingWriter(shared, 0, 1)
  for (let index = 0; index < frameCount; index++) {
    const length = drawLength()
    let offset = writer.begin(length)
    while (offset === -1) {
      writer.publish()
      offset = writer.begin(length)
    }
    writer.words[(offset >> 2) + 1] = index
    let sum = 0
    for (let at = offset + 12; at < offset + length; at++) {
      const byte = (index + at * 31) & 0xff
      writer.bytes[at] = byte
      sum = (Math.imul(sum, 31) + byte) | 0
    }
    writer.words[(offset >> 2) + 2] = sum
    writer.commit(length)
    if (writer.unpublishedCount >= publishCountMax) writer.publish()
  }
  writer.publish()
}

function consume() {
  const reader = new RingReader(shared, 0, 1)
  for (let index = 0; index < frameCount; index++) {
    let offset = reader.peek()
    while (offset === -1) offset = reader.isEmpty() ? -1 : reader.peek()
    const length = drawLength()
    if (reader.length() !== length || reader.words[offset >> 2] !== length) {
      throw new Error(`frame ${index}: ${reader.length()} bytes long instead of ${length}`)
    }
    if (reader.words[(offset >> 2) + 1] !== index) {
      throw new Error(`frame ${index}: number ${reader.words[(offset >> 2) + 1]}`)
    }
    let sum = 0
    for (let at = offset + 12; at < offset + length; at++) sum = (Math.imul(sum, 31) + reader.bytes[at]) | 0
    if (sum !== reader.words[(offset >> 2) + 2]) throw new Error(`frame ${index}: contents are torn`)
    reader.release()
  }
  if (!reader.isEmpty()) throw new Error('something is left over')
}

if (role === 'producer') produce()
else consume()
parentPort.postMessage('done')

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemory, RING_CONSUMED, RING_HEAD, RING_TAIL, ringWords } from './layout.ts'
import { frameBytesMax, RingReader, RingWriter, resetRing } from './ring.ts'

const ringBytes = 1_024

function setUp() {
  const shared = createMemory({ endpointCount: 2, processCountMax: 1_024, nameCountMax: 1, ringBytes })
  return { shared, writer: new RingWriter(shared, 0, 1), reader: new RingReader(shared, 0, 1) }
}

/** Writes a frame of this length that holds `value` all over. Returns false if there is no room. */
function put(writer: RingWriter, byteLength: number, value: number): boolean {
  const offset = writer.begin(byteLength)
  if (offset === -1) return false
  writer.bytes.fill(value, offset + 4, offset + byteLength)
  writer.commit(byteLength)
  return true
}

function take(reader: RingReader): { byteLength: number; value: number } | undefined {
  const offset = reader.peek()
  if (offset === -1) return undefined
  const byteLength = reader.length()
  const values = new Set(reader.bytes.subarray(offset + 4, offset + byteLength))
  expect(values.size).toBeLessThanOrEqual(1)
  reader.release()
  return { byteLength, value: [...values][0] ?? -1 }
}

describe('a frame', () => {
  test('is seen when it is published, not before', () => {
    const { writer, reader } = setUp()
    expect(reader.peek()).toBe(-1)
    put(writer, 12, 7)
    put(writer, 30, 8)
    expect(writer.unpublishedCount).toBe(2)
    expect(reader.peek()).toBe(-1)
    expect(reader.isEmpty()).toBe(true)
    expect(writer.publish()).toBe(true)
    expect(writer.publish()).toBe(false)
    expect(writer.unpublishedCount).toBe(0)
    expect(reader.isEmpty()).toBe(false)
    expect(reader.depthBytes()).toBe(16 + 32)
    expect(take(reader)).toEqual({ byteLength: 12, value: 7 })
    expect(take(reader)).toEqual({ byteLength: 30, value: 8 })
    expect(take(reader)).toBeUndefined()
    expect(reader.isEmpty()).toBe(true)
  })

  test('that is begun, but not committed, leaves no trace', () => {
    const { writer, reader } = setUp()
    put(writer, 200, 1)
    expect(writer.begin(250)).not.toBe(-1)
    expect(writer.begin(20)).toBe(200)
    writer.bytes.fill(2, 204, 220)
    writer.commit(20)
    writer.publish()
    take(reader)
    expect(take(reader)).toEqual({ byteLength: 20, value: 2 })
    expect(take(reader)).toBeUndefined()
  })

  test('stands on a multiple of 8, and is read as bytes, words and floats', () => {
    const { writer, reader } = setUp()
    put(writer, 5, 1)
    const offset = writer.begin(24)
    expect(offset % 8).toBe(0)
    writer.words[(offset >> 2) + 1] = 77
    writer.floats[(offset >> 3) + 1] = Math.PI
    writer.commit(16)
    writer.publish()
    take(reader)
    const found = reader.peek()
    expect(reader.words[found >> 2]).toBe(16)
    expect(reader.words[(found >> 2) + 1]).toBe(77)
    expect(reader.floats[(found >> 3) + 1]).toBe(Math.PI)
  })

  test('never wraps: one that does not fit before the end starts at the beginning', () => {
    const { writer, reader } = setUp()
    for (let round = 0; round < 4; round++) {
      put(writer, 240, round)
      writer.publish()
      take(reader)
    }
    expect(writer.begin(64)).toBe(960)
    expect(writer.limit()).toBe(ringBytes)
    expect(writer.begin(72)).toBe(0)
    expect(writer.limit()).toBeGreaterThanOrEqual(72)
    writer.bytes.fill(9, 4, 72)
    writer.commit(72)
    writer.publish()
    expect(reader.peek()).toBe(0)
    expect(take(reader)).toEqual({ byteLength: 72, value: 9 })
  })

  test('longer than its area, or than a quarter of the ring, is refused', () => {
    const { writer } = setUp()
    writer.begin(8)
    expect(() => writer.commit(frameBytesMax({ ringBytes } as never) + 1)).toThrow(RangeError)
    expect(() => writer.commit(3)).toThrow(RangeError)
    expect(() => {
      writer.begin(2_000)
    }).toThrow(RangeError)
    expect(() => {
      writer.commit(8)
      writer.commit(8)
    }).toThrow(RangeError)
  })
})

describe('a full ring', () => {
  test('has no room until the reader has read, and then has', () => {
    const { writer, reader } = setUp()
    let count = 0
    while (put(writer, 100, count)) count += 1
    expect(count).toBe(9)
    writer.publish()
    expect(writer.freeBytes()).toBe(ringBytes - 9 * 104)
    take(reader)
    take(reader)
    expect(put(writer, 100, 99)).toBe(true)
    writer.publish()
    for (let each = 2; each < 9; each++) expect(take(reader)?.value).toBe(each)
    expect(take(reader)?.value).toBe(99)
  })

  test('that was read to the end takes a frame of any length, wherever it stands', () => {
    const { writer, reader } = setUp()
    for (let start = 0; start < 300; start++) {
      put(writer, 8 + (start % 61), 1)
      writer.publish()
      take(reader)
      expect(writer.begin(ringBytes / 4)).not.toBe(-1)
      expect(writer.limit() - writer.begin(ringBytes / 4)).toBe(ringBytes / 4)
    }
  })
})

test('positions run past 2^31 and 2^32', () => {
  const { shared } = setUp()
  for (const start of [2 ** 31 - 512, -512]) {
    const header = ringWords(shared, 0, 1)
    for (const word of [RING_TAIL, RING_HEAD, RING_CONSUMED]) header[word] = start
    const [writer, reader] = [new RingWriter(shared, 0, 1), new RingReader(shared, 0, 1)]
    for (let round = 0; round < 40; round++) {
      expect(put(writer, 100, round)).toBe(true)
      writer.publish()
      expect(reader.depthBytes()).toBeGreaterThan(0)
      expect(take(reader)).toEqual({ byteLength: 100, value: round })
    }
  }
})

describe('after a death', () => {
  test('of the producer, what it published is still there, and the next one goes on behind', () => {
    const { shared, writer, reader } = setUp()
    put(writer, 50, 1)
    writer.publish()
    put(writer, 50, 2)
    const next = new RingWriter(shared, 0, 1)
    put(next, 60, 3)
    next.publish()
    expect(take(reader)).toEqual({ byteLength: 50, value: 1 })
    expect(take(reader)).toEqual({ byteLength: 60, value: 3 })
    expect(take(reader)).toBeUndefined()
  })

  test('of the consumer, the next one starts with the first frame that was not released', () => {
    const { shared, writer, reader } = setUp()
    for (let value = 0; value < 5; value++) put(writer, 20, value)
    writer.publish()
    take(reader)
    take(reader)
    reader.peek()
    const next = new RingReader(shared, 0, 1)
    expect(take(next)?.value).toBe(2)
    expect(take(next)?.value).toBe(3)
  })

  test('of both, the ring can be emptied', () => {
    const { shared, writer, reader } = setUp()
    put(writer, 20, 1)
    writer.publish()
    resetRing(shared, 0, 1)
    writer.reset()
    reader.reset()
    expect(take(reader)).toBeUndefined()
    put(writer, 20, 2)
    writer.publish()
    expect(take(reader)?.value).toBe(2)
  })
})

test('a torn ring is reported, not followed', () => {
  const { writer, reader } = setUp()
  put(writer, 20, 1)
  writer.publish()
  reader.words[0] = 0
  expect(() => reader.peek()).toThrow(/torn/)
})

test('any order of writes, publishes and reads gives a queue', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('put' as const), byteLength: fc.integer({ min: 5, max: ringBytes / 4 }) }),
    fc.record({ type: fc.constant('publish' as const) }),
    fc.record({ type: fc.constant('take' as const), count: fc.integer({ min: 1, max: 8 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { writer, reader } = setUp()
      const committed: { byteLength: number; value: number }[] = []
      const published: { byteLength: number; value: number }[] = []
      let value = 0
      for (const each of steps) {
        if (each.type === 'put') {
          value = (value + 1) % 256
          if (put(writer, each.byteLength, value)) committed.push({ byteLength: each.byteLength, value })
          // Whatever was refused would have fitted into an empty ring.
          else expect(committed.length + published.length).toBeGreaterThan(0)
        } else if (each.type === 'publish') {
          expect(writer.publish()).toBe(committed.length > 0)
          published.push(...committed.splice(0))
        } else {
          for (let count = 0; count < each.count; count++) expect(take(reader)).toEqual(published.shift())
        }
        expect(writer.unpublishedCount).toBe(committed.length)
        expect(reader.isEmpty()).toBe(published.length === 0)
      }
    }),
  )
})

describe('a producer that waits for room', () => {
  test('is told of all that is free, and that it must be woken, once', () => {
    const { writer, reader } = setUp()
    while (put(writer, 64, 1));
    writer.publish()
    expect(reader.isAwaited).toBe(false)
    writer.awaitRoom()
    // Less than what the reader would tell of by itself.
    take(reader)
    expect(put(writer, 64, 2)).toBe(false)
    expect(reader.isAwaited).toBe(true)
    expect(reader.feed()).toBe(true)
    expect(reader.feed()).toBe(false)
    expect(put(writer, 64, 2)).toBe(true)
  })
})

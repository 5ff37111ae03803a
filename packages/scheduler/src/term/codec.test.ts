import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Decoder, Encoder, FULL, NEEDS_PORT } from './codec.ts'
import { copy } from './copy.ts'
import { DEPTH_MAX } from './memo.ts'
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'
import { SHAPE_COUNT_MAX, shapeTree } from './shapes.ts'

const UNTOUCHED = 0xaa
const BYTES = 1 << 12

/** Both ends of a ring, without the ring. */
class Line {
  readonly bytes: Uint8Array
  readonly encoder = new Encoder()
  readonly decoder = new Decoder()

  constructor(byteCount = BYTES) {
    this.bytes = new Uint8Array(new SharedArrayBuffer(byteCount))
  }

  write(value: unknown, limit = this.bytes.length): number {
    return this.encoder.encode(value, this.bytes, 0, limit)
  }

  /** Sends a value; returns what arrives and how many bytes it took. */
  send(value: unknown): { received: unknown; byteCount: number } {
    const end = this.write(value)
    expect(end).toBeGreaterThan(0)
    const received = this.decoder.decode(this.bytes, 0, end)
    return { received, byteCount: end }
  }
}

const uncloneable = expect.objectContaining({ code: 'ERR_UNCLONABLE' })

/** One of everything, each of it fresh. */
function menagerie(): unknown {
  const shared = { n: 1 }
  const bytes = new Uint8Array([1, 2, 3])
  return {
    type: 'everything',
    numbers: [0, 127, 128, -1, 1.5, -0, 2 ** 31],
    bigints: [1n, -(2n ** 70n)],
    texts: ['', 'short', 'ü', '€', 'x'.repeat(30), 'y'.repeat(200), 'z\ud800'.repeat(40)],
    rest: [undefined, null, true, false],
    terms: { pid: new PidTerm(1), ref: new RefTerm(2, 3) },
    sparse: Object.assign(new Array(3), { 1: 'one', named: 1 }),
    map: new Map<unknown, unknown>([[shared, 1]]),
    set: new Set([shared, 'a']),
    date: new Date(5),
    pattern: /a/g,
    boxed: Object('b'),
    error: Object.assign(new RangeError('bad', { cause: shared }), { code: 'E_BAD', stack: 'a stack' }),
    views: [bytes, new Float64Array(bytes.buffer, 0, 0), new DataView(new ArrayBuffer(9), 1, 2)],
    irregular: { 0: 'zero', '': 'empty', ['__proto__']: 'own' },
  }
}

describe('a frame', () => {
  test('fits exactly or not at all, and nothing is ever written behind the limit', () => {
    const end = new Line().write(menagerie())
    for (let limit = 0; limit <= end; limit++) {
      const line = new Line()
      line.bytes.fill(UNTOUCHED)
      expect([limit, line.write(menagerie(), limit)]).toEqual([limit, limit === end ? end : FULL])
      expect(line.bytes.subarray(limit, limit + 64).every((byte) => byte === UNTOUCHED)).toBe(true)
    }
  })

  test('that failed has never been: the next one is what it would have been', () => {
    const end = new Line().write(menagerie())
    for (let limit = 0; limit < end; limit += 7) {
      const tried = new Line()
      expect(tried.write(menagerie(), limit)).toBe(FULL)
      expect(() => tried.write([menagerie(), () => 1])).toThrow(uncloneable)
      expect(tried.write([menagerie(), new SharedArrayBuffer(1)])).toBe(NEEDS_PORT)
      expect(tried.send(menagerie())).toEqual({ received: copy(menagerie()), byteCount: end })
    }
  })

  test('may be kept and put elsewhere, since it depends on earlier frames only', () => {
    const line = new Line()
    const kept = Array.from({ length: 5 }, (_, n) => {
      const end = line.write({ type: 'kept', n, at: [n] })
      return line.bytes.slice(0, end)
    })
    const received = kept.map((frame) => line.decoder.decode(frame, 0, frame.length))
    expect(received).toEqual([0, 1, 2, 3, 4].map((n) => ({ type: 'kept', n, at: [n] })))
  })

  test('may lie behind others in a buffer, and be followed by padding', () => {
    const line = new Line()
    const first = line.encoder.encode('first', line.bytes, 8, BYTES)
    const begin = (first + 7) & -8
    const end = line.encoder.encode(new Uint8Array(100).fill(7), line.bytes, begin, BYTES)
    expect(line.decoder.decode(line.bytes, 8, begin)).toBe('first')
    expect(line.decoder.decode(line.bytes, begin, end)).toEqual(new Uint8Array(100).fill(7))
  })

  test('keeps a buffer and its views together, whichever comes first', () => {
    const line = new Line()
    const buffer = new ArrayBuffer(16)
    const [whole, part] = [new Uint8Array(buffer), new Int16Array(buffer, 2, 3)]
    for (const value of [
      [buffer, whole, part],
      [whole, buffer, part],
      [part, whole, buffer],
      [whole, part, whole],
    ]) {
      const received = line.send(value).received as (ArrayBuffer | Uint8Array)[]
      const buffers = received.map((each) => (each instanceof ArrayBuffer ? each : each.buffer))
      expect(new Set(buffers).size).toBe(1)
      expect(received).toEqual(value)
    }
  })

  test('carries large bytes in a buffer of exactly their size', () => {
    const line = new Line(1 << 17)
    const large = new Uint8Array(70_000).map((_, n) => n)
    const received = line.send(large).received as Uint8Array
    expect(Buffer.compare(received, large)).toBe(0)
    expect([received.byteOffset, received.buffer.byteLength]).toEqual([0, 70_000])
    expect(Object.getPrototypeOf(received)).toBe(Uint8Array.prototype)
  })

  test('shares no memory with what is decoded from it', () => {
    const line = new Line()
    const { received } = line.send({ bytes: new Uint8Array(40).fill(1), text: 'x'.repeat(40) })
    line.bytes.fill(0)
    expect(received).toEqual({ bytes: new Uint8Array(40).fill(1), text: 'x'.repeat(40) })
    expect((received as { bytes: Uint8Array }).bytes.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

describe('what both ends remember', () => {
  test('keys and short strings cost their bytes once', () => {
    const line = new Line()
    const message = { type: 'increment', module: 'file:///app/src/counter.ts' }
    expect(line.send(message).byteCount).toBeGreaterThan(50)
    expect(line.send({ ...message }).byteCount).toBe(10)
  })

  test('a flood of strings does not grow the cache, nor break it', () => {
    const line = new Line()
    for (let n = 0; n < 5000; n++) {
      const message = { type: 'user', name: `user-${n}` }
      expect(line.send(message).received).toEqual(message)
    }
    expect(line.send({ type: 'user', name: 'user-4999' }).byteCount).toBe(10)
  })

  test('more shapes than the tree holds: objects arrive all the same, and shapes are learnt anew', () => {
    const line = new Line()
    const before = shapeTree()
    const keep = () => line.send({ type: 'tick', n: 1 }).byteCount
    for (let n = 0; n < 100; n++) keep()
    const bits = Math.log2(SHAPE_COUNT_MAX)
    for (let n = 0; n < SHAPE_COUNT_MAX; n++) {
      const entries = Array.from({ length: bits }, (_, bit) => [`key${bit}-${(n >> bit) & 1}`, n])
      const message = Object.fromEntries(entries)
      expect(line.send(message).received).toEqual(message)
    }
    expect(shapeTree()).not.toBe(before)
    keep()
    expect(keep()).toBe(8)
  })

  test('a dictionary with thousands of keys, or with keys that are numbers, is no shape', () => {
    const line = new Line(1 << 16)
    const large = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`key${n}`, n]))
    const numeric = { 5: 'a', 1: 'b', 4294967295: 'c', type: 'd' }
    expect(line.send([large, numeric]).received).toEqual([large, numeric])
    expect(Object.keys(line.send(numeric).received as object)).toEqual(Object.keys(numeric))
  })

  test('is forgotten by reset on both ends', () => {
    const line = new Line()
    const first = line.send({ type: 'x', n: 1 }).byteCount
    expect(line.send({ type: 'x', n: 1 }).byteCount).toBeLessThan(first)
    line.encoder.reset()
    line.decoder.reset()
    expect(line.send({ type: 'x', n: 1 })).toEqual({ received: { type: 'x', n: 1 }, byteCount: first })
  })
})

describe('what a ring cannot carry', () => {
  test.each<[string, unknown]>([
    ['shared memory', new SharedArrayBuffer(8)],
    ['a view of shared memory', new Int32Array(new SharedArrayBuffer(8))],
    ['a blob', new Blob(['x'])],
    ['a key', createSecretKey(Buffer.from('x'))],
    [
      'a resizable buffer',
      new (ArrayBuffer as unknown as new (n: number, o: object) => object)(1, { maxByteLength: 2 }),
    ],
  ])('%s needs the port, wherever it stands', (_, value) => {
    const line = new Line()
    expect(line.write(value)).toBe(NEEDS_PORT)
    expect(line.write({ type: 'x', deep: [new Map([['key', value]])] })).toBe(NEEDS_PORT)
    expect(line.send({ type: 'x', n: 1 }).received).toEqual({ type: 'x', n: 1 })
  })

  test('what cannot be cloned at all is refused, by its path', () => {
    const line = new Line()
    expect(() => line.write({ user: { save: () => 1 } })).toThrow('message.user.save is a function')
    expect(() => line.write([new WeakMap()])).toThrow(uncloneable)
  })

  test('nesting deeper than the bound is refused, and up to it decodes', () => {
    const line = new Line(1 << 20)
    const nested = (depth: number, wrap: (value: unknown) => unknown) => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = wrap(value)
      return value
    }
    const wraps: ((value: unknown) => unknown)[] = [
      (value) => ({ value }),
      (value) => [value],
      (value) => new Map([[value, 1]]),
    ]
    for (const wrap of wraps) {
      expect(line.send(nested(DEPTH_MAX, wrap)).received).toBeTypeOf('object')
      expect(() => line.write(nested(DEPTH_MAX + 1, wrap))).toThrow(uncloneable)
    }
    const cause = (value: unknown) => new Error('x', { cause: value })
    expect(line.send(nested(DEPTH_MAX / 2, cause)).received).toBeInstanceOf(Error)
    expect(() => line.write(nested(DEPTH_MAX / 2 + 1, cause))).toThrow(uncloneable)
    expect(() => copy(nested(DEPTH_MAX / 2 + 1, cause))).toThrow(uncloneable)
    expect(() => line.write(nested(100_000, (value) => ({ value })))).toThrow(uncloneable)
    expect(line.send('still in step').received).toBe('still in step')
  })
})

describe('getters', () => {
  test("run once, in order, and their errors are the caller's own", () => {
    const line = new Line()
    const order: string[] = []
    const message = {
      get first() {
        order.push('first')
        return { n: 1 }
      },
      get second() {
        order.push('second')
        return 2
      },
    }
    expect(line.send(message).received).toEqual({ first: { n: 1 }, second: 2 })
    expect(order).toEqual(['first', 'second'])
    const failing = Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') })
    expect(() => line.write(failing)).toThrow(SyntaxError)
    expect(line.send(message).received).toEqual({ first: { n: 1 }, second: 2 })
  })

  test('may not send through the same ring, nor take keys away', () => {
    const line = new Line()
    const sending = Object.defineProperty({}, 'x', { enumerable: true, get: () => line.write(1) })
    expect(() => line.write(sending)).toThrow(uncloneable)
    const shrinking = {
      get first() {
        delete (this as { second?: number }).second
        return 1
      },
      second: 2,
      third: 3,
    }
    for (let n = 0; n < 100; n++) line.send({ first: n, second: n, third: n })
    expect(() => line.write(shrinking)).toThrow('was changed by a getter')
    expect(line.send({ type: 'x' }).received).toEqual({ type: 'x' })
  })
})

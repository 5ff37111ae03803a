/**
 * One clone, three paths: the copier, the ring codec and the payload for a port give what `structuredClone`
 * and a real MessageChannel give, for the same value.
 *
 * What differs on purpose is left out of the comparison with the host, and checked among our own paths:
 * pids and refs keep their class, errors keep their name, their own fields and their `errors`.
 */

import { types } from 'node:util'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { Decoder, Encoder, FULL } from './codec.ts'
import { decodeFromPort, encodeForPort } from './codec-port.ts'
import { copy } from './copy.ts'
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'

// --- the comparison ---------------------------------------------------------------------------------------

const BRANDS = [
  'isMap',
  'isSet',
  'isDate',
  'isRegExp',
  'isNativeError',
  'isBoxedPrimitive',
  'isArrayBuffer',
  'isSharedArrayBuffer',
  'isTypedArray',
  'isDataView',
  'isProxy',
] as const

/** Where two graphs differ, down to -0, holes, key order, prototypes and which references are the same. */
function difference(left: unknown, right: unknown, hostRules = false): string | undefined {
  const partners = new Map<unknown, unknown>()
  const back = new Map<unknown, unknown>()
  const visit = (a: unknown, b: unknown, path: string): string | undefined => {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      return Object.is(a, b) ? undefined : `${path}: ${String(a)} is not ${String(b)}`
    }
    const isTerm = a instanceof PidTerm || a instanceof RefTerm
    if (!isTerm && (partners.has(a) || back.has(b))) {
      return partners.get(a) === b && back.get(b) === a ? undefined : `${path}: another reference`
    }
    partners.set(a, b)
    back.set(b, a)
    for (const brand of BRANDS) if (types[brand](a) !== types[brand](b)) return `${path}: ${brand}`
    const isAlike = Object.getPrototypeOf(a) === Object.getPrototypeOf(b)
    if (!isAlike && !(hostRules && isTerm)) return `${path}: prototype`
    return inside(a, b, path) ?? properties(a, b, path)
  }
  const inside = (a: object, b: object, path: string): string | undefined => {
    if (types.isMap(a)) return visitAll([...a].flat(), [...(b as typeof a)].flat(), `${path} entries`)
    if (types.isSet(a)) return visitAll([...a], [...(b as typeof a)], `${path} members`)
    if (types.isDate(a)) return visit(a.getTime(), (b as Date).getTime(), `${path} time`)
    if (types.isRegExp(a)) return visit(String(a), String(b), `${path} pattern`)
    if (types.isBoxedPrimitive(a)) return visit(a.valueOf(), b.valueOf(), `${path} primitive`)
    if (types.isArrayBuffer(a)) return visit(hex(a), hex(b as ArrayBuffer), `${path} bytes`)
    if (ArrayBuffer.isView(a)) return views(a, b as ArrayBufferView, path)
    return undefined
  }
  const views = (a: ArrayBufferView, b: ArrayBufferView, path: string): string | undefined =>
    visitAll([a.buffer, a.byteOffset, a.byteLength], [b.buffer, b.byteOffset, b.byteLength], path)
  const properties = (a: object, b: object, path: string): string | undefined => {
    if (ArrayBuffer.isView(a)) return undefined
    const isHostError = hostRules && types.isNativeError(a)
    const keysOf = (each: object) =>
      Reflect.ownKeys(each).filter(
        (key) => !isHostError || ['stack', 'message', 'cause'].includes(String(key)),
      )
    const keys = keysOf(a)
    const order = visit(keys.map(String).join(), keysOf(b).map(String).join(), `${path} keys`)
    if (order !== undefined) return order
    for (const key of keys) {
      const [one, other] = [a, b].map(
        (each) => Object.getOwnPropertyDescriptor(each, key) as PropertyDescriptor,
      )
      const found =
        visit(one?.enumerable, other?.enumerable, `${path}.${String(key)} enumerable`) ??
        visit(contentOf(a, key, one), contentOf(b, key, other), `${path}.${String(key)}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  const visitAll = (as: unknown[], bs: unknown[], path: string): string | undefined => {
    if (as.length !== bs.length) return `${path}: ${as.length} and ${bs.length}`
    for (const [index, a] of as.entries()) {
      const found = visit(a, bs[index], `${path}[${index}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  return visit(left, right, 'value')
}

/** From Node 22 on the `stack` of an error that was thrown here is an accessor of its own; that of a clone is data. */
const contentOf = (each: object, key: PropertyKey, descriptor: PropertyDescriptor | undefined): unknown =>
  key === 'stack' && types.isNativeError(each) ? each.stack : descriptor?.value

const hex = (buffer: ArrayBuffer): string => Buffer.from(buffer).toString('hex')

// --- the values -------------------------------------------------------------------------------------------

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]
const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]

/** Strings that messages have again and again, and all that may be hard about a string. */
const text = fc.oneof(
  fc.constantFrom('inc', 'ping', 'file:///app/src/counter.ts', '', 'ü', '€', '\ud800', 'a\udc00b', '\u0000'),
  fc.string({ maxLength: 12 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  }),
  fc.string({ minLength: 100, maxLength: 300 }),
)
const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('type', 'from', 'tag', 'n', 'items', 'reason', 'ref') },
  fc.constantFrom(
    '__proto__',
    '',
    '0',
    '7',
    '-1',
    '01',
    '4294967295',
    'constructor',
    'toString',
    'length',
    'ü',
    '\ud800',
  ),
  text,
)
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 127, 128, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, Number.NaN, -Infinity),
  fc.integer(),
  fc.double(),
)
const primitive = fc.oneof(
  fc.constantFrom(undefined, null, true, false),
  number,
  text,
  fc.bigInt(),
  fc.constantFrom(0n, -1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 200n),
)
const leaf = fc.oneof(
  { weight: 5, arbitrary: primitive },
  fc.nat().map((n) => new PidTerm(n)),
  fc.tuple(fc.nat(), fc.nat()).map(([ref, of]) => new RefTerm(ref, of)),
  fc.oneof(fc.date({ noInvalidDate: false }), fc.constant(new Date(Number.NaN))),
  fc.tuple(fc.constantFrom('a+', '[\\/]', '(?<x>\\d)', 'ü'), fc.constantFrom('', 'g', 'dgimsuy')).map(regExp),
  fc.oneof(number, fc.boolean(), text, fc.bigInt()).map((each) => Object(each) as object),
)

function regExp([source, flags]: [string, string]): RegExp {
  return new RegExp(source, flags)
}

/** How to build one container; where it says a number, that names a container or leaf of the graph. */
type Plan =
  | { is: 'object' | 'error'; entries: [string, number][]; error: number; message: string }
  | { is: 'array' | 'map' | 'set'; items: number[] }
  | { is: 'sparse'; items: [number, number][]; length: number; named: [string, number][] }
  | { is: 'instance'; entries: [string, number][] }
  | { is: 'buffer'; bytes: Uint8Array }
  | { is: 'view'; type: number; buffer: number; part: number }

const at = fc.nat(11)
const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('object' as const),
      entries: fc.array(fc.tuple(key, at)),
      error: fc.constant(0),
      message: fc.constant(''),
    }),
  },
  fc.record({
    is: fc.constant('error' as const),
    entries: fc.array(fc.tuple(key, at), { maxLength: 4 }),
    error: fc.nat(6),
    message: text,
  }),
  fc.record({ is: fc.constantFrom('array' as const, 'map' as const, 'set' as const), items: fc.array(at) }),
  fc.record({
    is: fc.constant('sparse' as const),
    items: fc.array(fc.tuple(fc.nat(20), at)),
    length: fc.constantFrom(0, 3, 21, 2 ** 31),
    named: fc.array(fc.tuple(fc.constantFrom('index', '__proto__', 'ü'), at), { maxLength: 2 }),
  }),
  fc.record({ is: fc.constant('instance' as const), entries: fc.array(fc.tuple(key, at), { maxLength: 4 }) }),
  fc.record({
    is: fc.constant('buffer' as const),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant(new Uint8Array(16))),
  }),
  fc.record({
    is: fc.constant('view' as const),
    type: fc.nat(VIEWS.length - 1),
    buffer: at,
    part: fc.nat(3),
  }),
)

class Instance {
  get notOwn(): string {
    return 'a getter of the class'
  }
}

/** A graph whose containers refer to each other at will, so that it has cycles and shared parts. */
const graph: fc.Arbitrary<unknown> = fc
  .tuple(fc.array(plan, { minLength: 1, maxLength: 8 }), fc.array(leaf, { minLength: 4, maxLength: 4 }))
  .map(([plans, leaves]) => build(plans, leaves))
const value = fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 8, arbitrary: graph })

function build(plans: Plan[], leaves: unknown[]): unknown {
  const made: unknown[] = plans.map(begin)
  const pick = (index: number): unknown => [...made, ...leaves][index % (made.length + leaves.length)]
  for (const [index, each] of plans.entries()) {
    if (each.is === 'view')
      made[index] = makeView(each, made.find(types.isArrayBuffer) as ArrayBuffer | undefined)
  }
  for (const [index, each] of plans.entries()) fill(made[index] as object, each, pick)
  return made[0]
}

function begin(each: Plan): unknown {
  switch (each.is) {
    case 'object':
      return {}
    case 'instance':
      return new Instance()
    case 'error':
      return new (ERRORS[each.error] as ErrorConstructor)(each.message)
    case 'array':
    case 'sparse':
      return []
    case 'map':
      return new Map()
    case 'set':
      return new Set()
    case 'buffer':
      return each.bytes.slice().buffer
    case 'view':
      return undefined
  }
}

function makeView({ type, part }: { type: number; part: number }, buffer = new ArrayBuffer(24)): unknown {
  const Type = VIEWS[type] as Uint8ArrayConstructor
  if (part === 0 && buffer.byteLength % 8 === 0) return new Type(buffer)
  return buffer.byteLength < 8 * part + 8 ? new Type(new ArrayBuffer(16)) : new Type(buffer, 8 * part, 1)
}

function fill(container: object, each: Plan, pick: (index: number) => unknown): void {
  const set = (name: string, content: unknown): void => {
    Object.defineProperty(container, name, {
      value: content,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  switch (each.is) {
    case 'object':
    case 'instance':
      for (const [name, index] of each.entries) set(name, pick(index))
      break
    case 'error':
      for (const [name, index] of each.entries) {
        if (name === 'n')
          Object.defineProperty(container, 'cause', { value: pick(index), configurable: true })
        else if (name !== 'stack' && name !== 'message') set(name, pick(index))
      }
      break
    case 'array':
      for (const index of each.items) (container as unknown[]).push(pick(index))
      break
    case 'sparse':
      for (const [slot, index] of each.items) (container as unknown[])[slot] = pick(index)
      ;(container as unknown[]).length = each.length
      for (const [name, index] of each.named) set(name, pick(index))
      break
    case 'map':
      for (const index of each.items) (container as Map<unknown, unknown>).set(pick(index), pick(index + 1))
      break
    case 'set':
      for (const index of each.items) (container as Set<unknown>).add(pick(index))
  }
}

// --- the paths --------------------------------------------------------------------------------------------

const RING_BYTES = 1 << 16
const ring = new Uint8Array(new SharedArrayBuffer(RING_BYTES))
const encoder = new Encoder()
const decoder = new Decoder()
/** Frames are 8-aligned, and lie anywhere. */
let position = 0

function throughRing(each: unknown): unknown {
  if (position > RING_BYTES / 2) position = 0
  const end = encoder.encode(each, ring, position, RING_BYTES)
  expect(end).toBeGreaterThan(position)
  const decoded = decoder.decode(ring, position, end)
  ring.fill(0xaa, position, end)
  position = (end + 7) & -8
  return decoded
}

const { port1, port2 } = new MessageChannel()
afterAll(() => port1.close())

function throughPort(each: unknown): unknown {
  port1.postMessage(each)
  return receiveMessageOnPort(port2)?.message
}

/** The host cannot read back an error that is its own cause, at whatever distance. Ours can; there is nothing to compare. */
function hostCan(each: unknown): boolean {
  try {
    structuredClone(each)
    return true
  } catch {
    return false
  }
}

function expectSame(actual: unknown, expected: unknown, hostRules = false): void {
  expect(difference(actual, expected, hostRules)).toBe(undefined)
}

describe('one clone, three paths', () => {
  test('the copier gives what structuredClone gives', () => {
    const same = (each: unknown) => {
      fc.pre(hostCan(each))
      expectSame(copy(each), structuredClone(each), true)
    }
    fc.assert(fc.property(value, same), { numRuns: 1500 })
  })

  test('the ring codec gives what a MessageChannel gives, over thousands of frames', () => {
    const same = (each: unknown) => {
      fc.pre(hostCan(each))
      expectSame(throughRing(each), throughPort(each), true)
    }
    fc.assert(fc.property(value, same), { numRuns: 3000 })
  })

  test('the copier, the ring and the payload for a port agree also where ours differs from the host', () => {
    const paths = (each: unknown) => {
      const copied = copy(each)
      expectSame(copied, throughRing(each))
      expectSame(copied, decodeFromPort(throughPort(encodeForPort(each)) as ReturnType<typeof encodeForPort>))
    }
    fc.assert(fc.property(value, paths), { numRuns: 1500 })
  })

  test('a clone shares nothing with its source: what happens to one does not show in the other', () => {
    const isolated = (each: unknown) => {
      fc.pre(hostCan(each))
      const before = structuredClone(each)
      const copied = copy(each)
      const sent = throughRing(each)
      vandalise(each)
      expectSame(copied, before, true)
      expectSame(sent, before, true)
    }
    fc.assert(fc.property(value, isolated), { numRuns: 1000 })
  })
})

/** Changes everything that can be changed, all through the graph. Pids and refs are immutable. */
function vandalise(each: unknown, seen = new Set<unknown>()): void {
  if (typeof each !== 'object' || each === null || seen.has(each)) return
  if (each instanceof PidTerm || each instanceof RefTerm) return
  seen.add(each)
  if (types.isMap(each)) {
    for (const [name, content] of each) {
      vandalise(name, seen)
      vandalise(content, seen)
    }
    each.clear()
  } else if (types.isSet(each)) {
    for (const content of each) vandalise(content, seen)
    each.clear()
  } else if (ArrayBuffer.isView(each) || types.isArrayBuffer(each)) {
    const buffer = types.isArrayBuffer(each) ? each : each.buffer
    new Uint8Array(buffer).fill(0x55)
    return
  } else if (types.isDate(each)) each.setTime(1)
  for (const [name, { value: content, writable }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
    vandalise(content, seen)
    if (writable && name !== 'length') Reflect.set(each, name, 'gone')
  }
}

describe('the stream of frames stays in step', () => {
  test('when frames do not fit, again and again, at any limit', () => {
    const elsewhere = new Uint8Array(RING_BYTES)
    const retried = (each: unknown, cuts: number[]) => {
      const sizeAtMost = new Encoder().encode(each, elsewhere, 0, RING_BYTES)
      for (const cut of cuts) {
        const limit = Math.floor((sizeAtMost * cut) / 1000)
        const end = encoder.encode(each, ring, 0, limit)
        if (end === FULL) continue
        expect(end).toBeLessThanOrEqual(limit)
        expectSame(decoder.decode(ring, 0, end), copy(each))
      }
      expectSame(throughRing(each), copy(each))
    }
    fc.assert(fc.property(value, fc.array(fc.nat(1000), { maxLength: 4 }), retried), { numRuns: 1500 })
  })

  test('when what cannot be cloned lies anywhere in a value, and copier and encoder refuse it alike', () => {
    const poison = fc.constantFrom<unknown>(
      () => 1,
      Symbol('s'),
      Promise.resolve(),
      new WeakMap(),
      new Proxy({}, {}),
    )
    const refused = (each: unknown, bad: unknown, way: number) => {
      const poisoned = [
        { type: 'a', each, bad },
        [each, bad],
        new Map([[each, bad]]),
        new Error('x', { cause: bad }),
      ]
      const message = poisoned[way]
      const error = expect.objectContaining({ code: 'ERR_UNCLONABLE' })
      expect(() => copy(message)).toThrow(error)
      expect(() => encoder.encode(message, ring, 0, RING_BYTES)).toThrow(error)
      expectSame(throughRing(each), copy(each))
    }
    fc.assert(fc.property(value, poison, fc.nat(3), refused), { numRuns: 800 })
  })
})

/**
 * Whether a clone of a value would be as good as the value itself. What the copier refuses would not be; neither would
 * what it lets through as something else: an instance of a class becomes a plain object, a Buffer a Uint8Array, a getter
 * what it gave at that moment. A message may lose that much, since its receiver sees nothing else. The state of a process
 * that moves may not: its own code goes on with it.
 *
 * Data properties only are read: no getter, no trap of a proxy runs. Whether what is nested too deeply, or a buffer that
 * is detached, can be cloned, only the copier knows. Rejected: comparing the clone with the value (twice the walk, and a
 * class whose instances compare as equal would pass).
 */

import { types } from 'node:util'
import * as kinds from './kind.ts'
import { isArguments, kindOf } from './kind.ts'

/** Where something stands: its path is told only if it is to blame. */
interface Place {
  readonly value: unknown
  readonly parent: Place | undefined
  readonly step: string
}

const typedArrays = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView, ArrayBuffer, SharedArrayBuffer],
]
const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
const others = [Object, Array, Map, Set, Date, RegExp, Number, String, Boolean, BigInt]

/** Those of which a clone has the same. */
const KEPT: ReadonlySet<unknown> = new Set(
  [...typedArrays, ...errors, ...others].map((each): unknown => each.prototype),
)

/** What a clone would lose, in words; `undefined`: nothing. `name`: what the value is called. */
export function unlikeClone(value: unknown, name: string): string | undefined {
  const seen = new Set<unknown>()
  const pending: Place[] = [{ value, parent: undefined, step: name }]
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const complaint = complaintAbout(place.value)
    if (complaint !== undefined) return `${pathOf(place)} ${complaint}`
    if (typeof place.value !== 'object' || place.value === null || seen.has(place.value)) continue
    seen.add(place.value)
    const found = addParts(place, place.value, pending)
    if (found !== undefined) return `${pathOf(place)} ${found}`
  }
  return undefined
}

/** About the value itself, whatever it holds. */
function complaintAbout(value: unknown): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `is a ${typeof value}`
  if (typeof value !== 'object' || value === null) return undefined
  if (types.isProxy(value)) return 'is a proxy'
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null) return 'is an object without a prototype'
  if (KEPT.has(prototype)) return isArguments(value) ? 'is an arguments object' : undefined
  const kind = kindOf(value)
  if (kind === kinds.PID || kind === kinds.REF || kind === kinds.HOST) return undefined
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return `is an instance of ${typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class'}`
}

/** What it holds that could be to blame comes to the pending ones; returns what is wrong with how it holds it. */
function addParts(parent: Place, value: object, pending: Place[]): string | undefined {
  const add = (part: unknown, step: string): void => {
    const type = typeof part
    if ((type === 'object' && part !== null) || type === 'function' || type === 'symbol')
      pending.push({ value: part, parent, step })
  }
  if (types.isMap(value)) {
    for (const [key, part] of Map.prototype.entries.call(value) as Iterable<[unknown, unknown]>) {
      add(key, '.keys()')
      add(part, `.get(${nameOf(key)})`)
    }
    return undefined
  }
  if (types.isSet(value)) {
    for (const part of Set.prototype.values.call(value) as Iterable<unknown>) add(part, '.values()')
    return undefined
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) add(value[index], `[${index}]`)
    return undefined
  }
  const isError = types.isNativeError(value)
  if (!isError && Object.getPrototypeOf(value) !== Object.prototype) return undefined
  return addProperties(value, isError, add)
}

function addProperties(
  value: object,
  isError: boolean,
  add: (part: unknown, step: string) => void,
): string | undefined {
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return `has the property ${String(key)}`
    const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    // What an error has besides its fields is kept.
    if (isError && property.enumerable !== true && key !== 'cause' && key !== 'errors') continue
    if (!('value' in property)) return `has the getter or setter ${key}`
    if (!isError && property.enumerable !== true) return `has the hidden property ${key}`
    add(property.value, `.${key}`)
  }
  return undefined
}

function nameOf(key: unknown): string {
  return typeof key === 'object' || typeof key === 'function' ? '...' : JSON.stringify(String(key))
}

function pathOf(place: Place): string {
  const steps: string[] = []
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(at.step)
  return steps.reverse().join('')
}

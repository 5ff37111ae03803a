/**
 * What a value takes of the heap, guessed from samples: for looking at every process of a heap that is nearly full, where there
 * is neither time to walk all of it nor room to note what was walked. Of a long array, a collection or a wide object only
 * some items are looked at, evenly spread, and stand for the others. So it costs a bounded number of steps
 * whatever the value's size, and is good to a factor of two where items are alike.
 *
 * What it underrates: a long chain (a linked list), of which it sees only the beginning. What it leaves out: the bytes of typed
 * arrays, which are not in V8's heap. It runs no code of the value's, as `size.ts`.
 */

import { types } from 'node:util'
import type { Estimate } from './size.ts'

const WORD_BYTES = 8
const OBJECT_BYTES = 3 * WORD_BYTES
const ARRAY_BYTES = 4 * WORD_BYTES
const COLLECTION_ENTRY_BYTES = 4 * WORD_BYTES
const NUMBER_BYTES = 2 * WORD_BYTES
const STRING_BYTES = 2 * WORD_BYTES
/** So many items of a container are looked at. */
export const SAMPLE_COUNT = 24

/** A value that stands for `weight` others like it. */
export interface Weighted {
  readonly value: unknown
  readonly weight: number
}

/** Looks at `stepMax` objects at most, the nearest first; what is left is taken for as large as what was seen. */
export function sampleBytes(roots: readonly Weighted[], stepMax: number): Estimate {
  const seen = new Set<object>()
  const pending: Weighted[] = [...roots]
  let bytes = 0
  let weightSeen = 0
  let index = 0
  let stepCount = 0
  for (; index < pending.length && stepCount < stepMax; index++) {
    const { value, weight } = pending[index] as Weighted
    if (typeof value !== 'object' || value === null) {
      bytes += weight * primitiveBytes(value)
      continue
    }
    if (seen.has(value)) continue
    seen.add(value)
    stepCount += 1
    weightSeen += weight
    bytes += weight * ownBytes(value, weight, pending)
  }
  const left = pending
    .slice(index)
    .reduce((sum, { value, weight }) => sum + (isObject(value) ? weight : 0), 0)
  return { bytes: weightSeen === 0 ? bytes : bytes * (1 + left / weightSeen), stepCount }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') return STRING_BYTES + value.length
  if (typeof value === 'bigint') return NUMBER_BYTES
  return typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) < 2 ** 31)
    ? NUMBER_BYTES
    : 0
}

/** The bytes of the object itself; samples of what it holds are put on the list. */
function ownBytes(value: object, weight: number, pending: Weighted[]): number {
  if (types.isProxy(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return OBJECT_BYTES
  if (Array.isArray(value)) {
    addSpread(value.length, weight, pending, (at) => fieldOf(value, at))
    return ARRAY_BYTES + value.length * WORD_BYTES
  }
  if (types.isMap(value)) return ARRAY_BYTES + addFirst(entriesOf(value), sizeOfMap(value), weight, pending)
  if (types.isSet(value)) return ARRAY_BYTES + addFirst(valuesOf(value), sizeOfSet(value), weight, pending)
  const names = Object.keys(value)
  addSpread(names.length, weight, pending, (at) => fieldOf(value, names[at] as string))
  return OBJECT_BYTES + names.length * WORD_BYTES
}

/** Not a getter's value. */
function fieldOf(value: object, key: string | number): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

function addSpread(count: number, weight: number, pending: Weighted[], item: (at: number) => unknown): void {
  const taken = Math.min(count, SAMPLE_COUNT)
  for (let n = 0; n < taken; n++) {
    pending.push({ value: item(Math.floor((n * count) / taken)), weight: (weight * count) / taken })
  }
}

/** A collection is walked from its beginning: there is no other way in. Returns the bytes of its table. */
function addFirst(
  items: Iterable<readonly unknown[]>,
  count: number,
  weight: number,
  pending: Weighted[],
): number {
  const taken = Math.min(count, SAMPLE_COUNT)
  let n = 0
  for (const parts of items) {
    if (n++ >= taken) break
    for (const value of parts) pending.push({ value, weight: (weight * count) / taken })
  }
  return count * COLLECTION_ENTRY_BYTES
}

// By what every collection is born with: a class may have put others in their place.

function* entriesOf(map: ReadonlyMap<unknown, unknown>): Iterable<readonly unknown[]> {
  const entries = Map.prototype.entries.call(map)
  for (let next = entries.next(); next.done !== true; next = entries.next()) yield next.value
}

function* valuesOf(set: ReadonlySet<unknown>): Iterable<readonly unknown[]> {
  const values = Set.prototype.values.call(set)
  for (let next = values.next(); next.done !== true; next = values.next()) yield [next.value]
}

function sizeOfMap(map: ReadonlyMap<unknown, unknown>): number {
  return Reflect.get(Map.prototype, 'size', map)
}

function sizeOfSet(set: ReadonlySet<unknown>): number {
  return Reflect.get(Set.prototype, 'size', set)
}

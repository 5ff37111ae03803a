/**
 * What a value takes of the heap: an estimate. V8 tells no sizes, so this counts words as V8 lays things out: good
 * to a factor of two for plain data. It looks at values that nobody has cloned, whatever they are: it runs no code of
 * theirs (no getter, no trap of a proxy, no iterator of its own), and what is too large by its length alone it does not walk.
 */

import { types } from 'node:util'

const WORD_BYTES = 8
const OBJECT_BYTES = 3 * WORD_BYTES
const ARRAY_BYTES = 4 * WORD_BYTES
const COLLECTION_ENTRY_BYTES = 4 * WORD_BYTES
/** A number that is no small integer stands in a box of its own. */
const NUMBER_BYTES = 2 * WORD_BYTES
const STRING_BYTES = 2 * WORD_BYTES

/** So many items of an array are looked at in the time of one object. */
const ITEMS_PER_STEP = 16

/** An estimate, and what it cost. */
export interface Estimate {
  readonly bytes: number
  /** In objects looked at: a third of a microsecond each. */
  readonly stepCount: number
}

/** Counts each object once; stops when the sum passes `bytesMax`, since then it is known to be too much. */
export function estimateBytes(roots: readonly unknown[], bytesMax: number): Estimate {
  const seen = new Set<object>()
  const pending: unknown[] = [...roots]
  let bytes = 0
  let stepCount = 0
  while (pending.length > 0 && bytes <= bytesMax) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) {
      bytes += primitiveBytes(value)
      continue
    }
    if (seen.has(value)) continue
    seen.add(value)
    stepCount += 1
    const length = itemCount(value)
    bytes += length < 0 ? objectBytes(value, pending) : ARRAY_BYTES + length * WORD_BYTES
    if (length < 0 || bytes > bytesMax) continue
    addItems(value as unknown[], pending)
    stepCount += Math.floor(length / ITEMS_PER_STEP)
  }
  return { bytes, stepCount }
}

function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return STRING_BYTES + value.length
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER_BYTES
    case 'bigint':
      return NUMBER_BYTES
    default:
      return 0
  }
}

/** Of an array; else -1. */
function itemCount(value: object): number {
  return !types.isProxy(value) && Array.isArray(value) ? value.length : -1
}

function addItems(items: readonly unknown[], pending: unknown[]): void {
  try {
    for (let index = 0; index < items.length; index++) pending.push(items[index])
  } catch {
    // An item that is a getter.
  }
}

/** The bytes of the object itself; what it holds is put on the list. */
function objectBytes(value: object, pending: unknown[]): number {
  if (types.isProxy(value)) return OBJECT_BYTES
  if (types.isMap(value) || types.isSet(value)) return collectionBytes(value, pending)
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return OBJECT_BYTES + value.byteLength
  const names = Object.keys(value)
  // Not a getter's value.
  for (const name of names) pending.push(Object.getOwnPropertyDescriptor(value, name)?.value)
  return OBJECT_BYTES + names.length * WORD_BYTES
}

/** By the methods that every collection is born with: a class may have put others in their place. */
function collectionBytes(
  value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  pending: unknown[],
): number {
  let entryCount = 0
  const add = (item: unknown, key: unknown): void => {
    pending.push(key, item)
    entryCount += 1
  }
  if (types.isMap(value)) Map.prototype.forEach.call(value, add)
  else Set.prototype.forEach.call(value, add)
  return ARRAY_BYTES + entryCount * COLLECTION_ENTRY_BYTES
}

/**
 * What a value takes of the heap: an estimate. V8 tells no sizes, so this counts words as V8 lays things out: good
 * to a factor of two for plain data, and cheap enough to be made now and then.
 */

const WORD_BYTES = 8
const OBJECT_BYTES = 3 * WORD_BYTES
const ARRAY_BYTES = 4 * WORD_BYTES
const COLLECTION_ENTRY_BYTES = 4 * WORD_BYTES
/** A number that is no small integer stands in a box of its own. */
const NUMBER_BYTES = 2 * WORD_BYTES
const STRING_BYTES = 2 * WORD_BYTES

/** Counts each object once; stops when the sum passes `bytesMax`, since then it is known to be too much. */
export function estimateBytes(roots: Iterable<unknown>, bytesMax: number): number {
  const seen = new Set<object>()
  const pending: unknown[] = [...roots]
  let bytes = 0
  while (pending.length > 0 && bytes <= bytesMax) {
    const value = pending.pop()
    if (typeof value === 'object' && value !== null) {
      if (seen.has(value)) continue
      seen.add(value)
    }
    bytes += ownBytes(value, pending)
  }
  return bytes
}

/** The bytes of the value itself; what it holds is put on the list. */
function ownBytes(value: unknown, pending: unknown[]): number {
  switch (typeof value) {
    case 'string':
      return STRING_BYTES + value.length
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER_BYTES
    case 'bigint':
      return NUMBER_BYTES
    case 'object':
      return value === null ? 0 : objectBytes(value, pending)
    default:
      return 0
  }
}

function objectBytes(value: object, pending: unknown[]): number {
  if (Array.isArray(value)) {
    for (const item of value) pending.push(item)
    return ARRAY_BYTES + value.length * WORD_BYTES
  }
  if (value instanceof Map) {
    for (const [key, item] of value) pending.push(key, item)
    return ARRAY_BYTES + value.size * COLLECTION_ENTRY_BYTES
  }
  if (value instanceof Set) {
    for (const item of value) pending.push(item)
    return ARRAY_BYTES + value.size * COLLECTION_ENTRY_BYTES
  }
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength
  if (value instanceof ArrayBuffer) return OBJECT_BYTES + value.byteLength
  // Not a getter's value: looking must not run code.
  const own = Object.getOwnPropertyDescriptors(value)
  const names = Object.keys(own)
  for (const name of names) pending.push(own[name]?.value)
  return OBJECT_BYTES + names.length * WORD_BYTES
}

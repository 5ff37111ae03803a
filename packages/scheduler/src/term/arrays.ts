/**
 * What an array holds. A clone keeps holes, and named properties too (the `index` of a match), of which
 * V8 gives no cheap sign; `Object.values` is the least dear: about 100 ns for a small array, 2 ns an
 * element for a large one, and it is the shallow copy that is needed anyhow.
 */

import type { PlainObject } from './shape-sites.ts'

/** The elements, if the array is nothing but elements: no holes, no named properties. */
export function denseElements(array: readonly unknown[]): unknown[] | undefined {
  const elements = Object.values(array)
  if (elements.length !== array.length) return undefined
  // As many named properties as holes would go unnoticed; a hole reads as undefined.
  return Array.prototype.includes.call(array, undefined) && hasHole(array) ? undefined : elements
}

function hasHole(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) if (!Object.hasOwn(array, index)) return true
  return false
}

/** All that an array has, by key, for one that is not dense. */
export function sparseEntries(array: readonly unknown[]): [key: string, value: unknown][] {
  return Object.entries(array as unknown as PlainObject)
}

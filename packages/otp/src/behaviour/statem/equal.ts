/**
 * When two states are the same one. A state is plain data, so sameness is Erlang's `=:=`: by structure. Names
 * compare as strings; objects, arrays, maps, sets, dates, bytes part by part, as `util.isDeepStrictEqual` has it:
 * `-0` is not `0`, `NaN` is `NaN`, a key that is absent is not a key that is `undefined`.
 *
 * Rejected: identity alone (a state that has been moved, or written anew by the callback, would always be a new
 * one, and every event would retry what was postponed). A state that a callback has changed in place is the same
 * object and therefore the same state: return a new one.
 */

import { isDeepStrictEqual } from 'node:util'

export function isSameState(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b)
  return isDeepStrictEqual(a, b)
}

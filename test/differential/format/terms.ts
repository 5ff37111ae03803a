// Terms (section 3), and what steps are made of: processes, names, durations.

import type { Check } from './check.ts'
import {
  count,
  either,
  has,
  isAny,
  isNumber,
  isText,
  label,
  list,
  Malformed,
  object,
  refuse,
  row,
  text,
  word,
} from './check.ts'

/** A scalar in full, a compound by its only key. */
function termOf(leaves: Readonly<Record<string, Check>>): Check {
  const compounds: Readonly<Record<string, Check>> = {
    t: (value, at) => list(term)(value, at),
    m: (value, at) => list(row(term, term))(value, at),
    f: (value, at) => {
      if (typeof value !== 'number') refuse(at, 'a number', value)
    },
    b: (value, at) => {
      if (typeof value !== 'string') refuse(at, 'a string', value)
    },
    ...leaves,
  }
  const term: Check = (value, at) => {
    if (typeof value === 'string' || typeof value === 'boolean') return
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) refuse(at, 'an integer; a float is {"f":1.5}', value)
      return
    }
    if (Array.isArray(value)) return list(term)(value, at)
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
    const [key] = keys
    if (key === undefined || keys.length !== 1) refuse(at, 'a term', value)
    const check = Object.hasOwn(compounds, key) ? compounds[key] : undefined
    if (check === undefined) throw new Malformed(at, `there is no term {"${key}":...}`)
    check((value as Record<string, unknown>)[key], `${at}.${key}`)
  }
  return term
}

export const puppet = label(/^p\S*$/, 'the label of a puppet (p1, p2, ...)')
/** Of a behaviour process. */
export const base = text
/** Of a reference, of a request, of a saved caller. */
export const mark = text

/** In steps. */
export const term = termOf({ p: text, r: text, n: text })
/** In observations a name reads like any atom. */
export const observed = termOf({ p: text, r: text })

export const pid = object({ p: text })
export const name = object({ n: text })
export const target = either('{"p":label} or {"n":name}', [has('p'), pid], [has('n'), name])
export const nameOrNull = either(
  '{"n":name} or null',
  [has('n'), name],
  [(value) => value === null, () => {}],
)

export const ticks = count
export const patience = either('ticks or "infinity"', [isNumber, count], [isText, word('infinity')])
/** A child's id, or its pid. */
export const idOrPid = either('an id or {"p":label}', [isText, text], [isAny, pid])
export const terms = list(term)

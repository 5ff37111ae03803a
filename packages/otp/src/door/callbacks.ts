/**
 * What a user has written as the callbacks of a definition is looked at before anything is made of it: types are not there
 * in JavaScript, and a slip shall not end in a `TypeError` about something else, or, worse, in a callback that is never run.
 * A name that a behaviour does not know is therefore refused, and the known ones are told.
 *
 * Rejected: to pass over what is unknown, as OTP's callback modules do (there the compiler warns of a function that is
 * neither exported nor used; here nobody would).
 */

import { HeddleError } from '@heddle/scheduler'

/** Callbacks as they were written. */
export type Given = Readonly<Record<string, unknown>>

/** Makes the error that says what is wrong with a definition. */
export type Refuse = (why: string) => HeddleError

type AnyFunction = (...args: never) => unknown

/** @param kind how people call it: `server` */
export function refusing(kind: string, name: unknown): Refuse {
  return (why) => new HeddleError('ERR_BAD_ARGUMENT', `cannot define ${kind} '${String(name)}': ${why}`)
}

/** @param maker whose last argument it is: `genServer` @throws HeddleError ERR_BAD_ARGUMENT */
export function callbacksOf(maker: string, given: unknown, refuse: Refuse): Given {
  if (typeof given === 'object' && given !== null) return given as Given
  throw refuse(`${maker}() takes import.meta.url, a name and callbacks`)
}

/** @throws HeddleError ERR_BAD_ARGUMENT that names the key */
export function checkKeys(given: object, known: readonly string[], refuse: Refuse, where = ''): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    throw refuse(`${where}there is no callback '${unknown}'; there are ${known.join(', ')}`)
  }
}

/** Each of these is a function, if it is there. @throws HeddleError ERR_BAD_ARGUMENT */
export function checkFunctions(given: Given, keys: readonly string[], refuse: Refuse, where = ''): void {
  const bad = keys.find((key) => given[key] !== undefined && typeof given[key] !== 'function')
  if (bad !== undefined) throw refuse(`${where}${bad} is not a function`)
}

/** Each of these is a function. @throws HeddleError ERR_BAD_ARGUMENT */
export function requireFunctions(given: Given, keys: readonly string[], refuse: Refuse): void {
  const bad = keys.find((key) => typeof given[key] !== 'function')
  if (bad !== undefined) throw refuse(`${bad} is not a function`)
}

/** A section of callbacks by the names of messages: `call`, `cast`. @throws HeddleError ERR_BAD_ARGUMENT */
export function sectionOf<F extends AnyFunction>(
  given: Given,
  section: string,
  refuse: Refuse,
  where = '',
): ReadonlyMap<string, F> | undefined {
  const callbacks = given[section]
  if (callbacks === undefined) return undefined
  if (typeof callbacks !== 'object' || callbacks === null) {
    throw refuse(`${where}'${section}' is no object of callbacks`)
  }
  const entries = Object.entries(callbacks)
  const bad = entries.find(([, callback]) => typeof callback !== 'function')
  if (bad !== undefined) throw refuse(`${where}its ${section} '${bad[0]}' is not a function`)
  return new Map(entries as [string, F][])
}

/** @throws HeddleError ERR_BAD_ARGUMENT for a name that is both a call and a cast, begins with `$`, or is `then` */
export function checkMessageNames(calls: Iterable<string>, casts: Iterable<string>, refuse: Refuse): void {
  const names = new Set(casts)
  for (const each of calls) {
    if (names.has(each)) throw refuse(`'${each}' is both a call and a cast`)
    names.add(each)
  }
  // A definition is awaited where modules are imported, and must be no thenable then.
  for (const each of names) {
    if (each.startsWith('$') || each === 'then') throw refuse(`a message cannot be named '${each}'`)
  }
}

/** The source text of all functions in an object, and in its objects: what tells one definition's code from another's. */
export function sourceOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, each]) => `${key}: ${sourceOf(each)}`)
    .join('\n')
}

/** The process dictionary. `key` empty: all of it. */

import type { Process } from '../process/process.ts'

type Key = readonly [key?: unknown]

/** Returns what was there before. */
export function putEntry(process: Process, key: unknown, value: unknown): unknown {
  const dictionary = (process.dictionary ??= new Map())
  const before = dictionary.get(key)
  dictionary.set(key, value)
  return before
}

export function getEntry({ dictionary }: Process, key: Key): unknown {
  return key.length === 0 ? [...(dictionary ?? [])] : dictionary?.get(key[0])
}

/** Returns what was there before. */
export function eraseEntry(process: Process, key: Key): unknown {
  const before = getEntry(process, key)
  if (key.length === 0) process.dictionary = null
  else process.dictionary?.delete(key[0])
  return before
}

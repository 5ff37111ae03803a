/**
 * Functions that are known on every scheduler: filters, formatters, report callbacks, kinds of handlers. A function does not
 * travel; its *address* does, the URL of the module that names it and a name, as with definitions. Whoever needs it imports
 * that module. Hence the one piece of state of this file: what this thread has met.
 */

import { type DefinitionAddress, HeddleError } from '@heddle/scheduler'

declare const code: unique symbol

/** A function or a set of functions, by its address. Plain data. */
export interface FunRef<F> {
  readonly $fun: DefinitionAddress
  /** Never there: it carries the type. */
  readonly [code]?: F
}

const known = new Map<string, unknown>()
/** Whoever waits for something to be named. */
const listeners = new Set<() => void>()

const keyOf = ({ url, name }: DefinitionAddress): string => `${name}\n${url}`

/**
 * Names something at the top level of a module, so that any scheduler can find it.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT
 */
export function named<F>(url: string, name: string, it: F): FunRef<F> {
  if (typeof url !== 'string' || typeof name !== 'string' || name === '') {
    throw new HeddleError('ERR_BAD_ARGUMENT', 'a function is named by import.meta.url and a name')
  }
  const address = Object.freeze({ url, name })
  known.set(keyOf(address), it)
  for (const listener of [...listeners]) listener()
  return Object.freeze({ $fun: address })
}

export function isFunRef(value: unknown): value is FunRef<unknown> {
  const address = (value as Partial<FunRef<unknown>> | null | undefined)?.$fun
  return typeof address?.url === 'string' && typeof address.name === 'string'
}

/** What has this address, if this thread has met it. */
export function lookUp<F>(ref: FunRef<F>): F | undefined {
  return known.get(keyOf(ref.$fun)) as F | undefined
}

/** Imports the modules of these, where this thread has not met them; comes to those that are not to be had. */
export async function loadAll(refs: readonly FunRef<unknown>[]): Promise<FunRef<unknown>[]> {
  const missing = refs.filter((ref) => lookUp(ref) === undefined)
  await Promise.all(missing.map(load))
  return missing.filter((ref) => lookUp(ref) === undefined)
}

/** A module that starts the VM never comes to an end on a scheduler; what it names before that is named all the same. */
function load(ref: FunRef<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      listeners.delete(look)
      resolve()
    }
    const look = (): void => {
      if (lookUp(ref) !== undefined) end()
    }
    listeners.add(look)
    import(ref.$fun.url).then(end, end)
    look()
  })
}

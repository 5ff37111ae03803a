/**
 * Dirty functions: synchronous work that takes long and cannot yield, for a pool of threads of its own (BEAM's dirty
 * schedulers). They are definitions as processes are, an address that any thread can load from; only that what they
 * do is a function call: arguments in, a result or an exception out.
 *
 * Both ways a value travels as a payload, encoded once by who has it and decoded once by who wants it, whatever threads
 * lie between. So what comes back is a clone as of any message, with the pids and the fields of errors that the
 * platform's own clone would lose; and what cannot be cloned is refused where it was made.
 */

import { types } from 'node:util'
import { errorParts, fillError, makeError } from '../term/error-parts.ts'
import { type ErrorCode, HeddleError } from '../term/errors.ts'
import { Exit, errorReason, formatReason, isInstance } from '../term/exit-reason.ts'
import type { Payload, PayloadCodec } from '../term/payload.ts'
import { type Definition, type DefinitionAddress, define } from './define.ts'

declare const argumentOf: unique symbol
declare const resultOf: unique symbol

/** A dirty function, or only its address. */
export interface DirtyDef<A, R> {
  readonly $dirty: DefinitionAddress & {
    readonly [argumentOf]?: (args: A) => void
    readonly [resultOf]?: R
  }
}

export interface DirtyOptions {
  /** Gives the task up when it aborts; then the operation fails with the signal's reason. */
  readonly signal?: AbortSignal
  /** How long it may take, the wait for a free thread included: a whole number of ms, or `Infinity`, the default. */
  readonly timeoutMs?: number
}

/** What travels to the pool. */
export interface DirtyRequest extends DefinitionAddress {
  readonly args: Payload
}

/** What comes back. */
export type DirtyOutcome =
  | { readonly is: 'value' | 'thrown' | 'exit'; readonly payload: Payload }
  /** It could not be run, or its result not be cloned. */
  | { readonly is: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** Its thread ended. */
  | { readonly is: 'down'; readonly message: string }

/**
 * Defines a synchronous function that `self.dirty` and `vm.dirty` can run on a thread of the VM's pool.
 *
 * @param url always `import.meta.url`: threads import it to find the code
 * @param name unique in its module, among processes too
 * @param work takes one argument and returns its result, both cloneable; not a promise
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const fibonacci = dirtyFunction(import.meta.url, 'fibonacci', (n: number): number =>
 *   n < 2 ? n : fib(n - 1) + fib(n - 2))
 */
export function dirtyFunction<A, R>(url: string, name: string, work: (args: A) => R): DirtyDef<A, R> {
  if (typeof work !== 'function')
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      `cannot define dirty function ${String(name)}: it is no function`,
    )
  const init = (): never => {
    throw new HeddleError('ERR_BAD_ARGUMENT', `'${name}' is a dirty function: run it with self.dirty()`)
  }
  const definition = { url, name, vsn: 0, init, run: undefined, handle: undefined, work }
  const { url: moduleUrl, name: ownName } = define(definition)
  return { $dirty: { url: moduleUrl, name: ownName } }
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function dirtyAddressOf(definition: DirtyDef<never, unknown>): DefinitionAddress {
  const address = (definition as Partial<DirtyDef<never, unknown>> | undefined)?.$dirty
  if (typeof address?.url === 'string' && typeof address.name === 'string') return address
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    'not a dirty function: dirty() takes what dirtyFunction() returned',
  )
}

/** Runs it here and now, on whatever thread this is. Never throws. */
export function performDirty(definition: Definition, args: Payload, codec: PayloadCodec): DirtyOutcome {
  const { name, work } = definition
  if (work === undefined) {
    return { is: 'refused', code: 'ERR_BAD_ARGUMENT', message: `'${name}' is a process, no dirty function` }
  }
  let result: unknown
  try {
    result = work(codec.decode(args) as never)
  } catch (thrown) {
    return outcomeOfThrown(thrown, codec)
  }
  if (types.isPromise(result)) {
    // Nobody will look at it: a rejection must not end the thread.
    result.catch(() => {})
    const message = `dirty function '${name}' returned a promise: it must be synchronous`
    return { is: 'refused', code: 'ERR_UNCLONABLE', message }
  }
  try {
    return { is: 'value', payload: codec.encode(result) }
  } catch (error) {
    const message = `the result of dirty function '${name}' cannot be sent: ${formatReason(isInstance(error, Error) ? error.message : error)}`
    return { is: 'refused', code: 'ERR_UNCLONABLE', message }
  }
}

function outcomeOfThrown(thrown: unknown, codec: PayloadCodec): DirtyOutcome {
  const isExit = isInstance(thrown, Exit)
  const is = isExit ? 'exit' : 'thrown'
  const value = isExit ? thrown.reason : thrown
  try {
    return { is, payload: codec.encode(value) }
  } catch {
    // Told in words, as in exit reasons; of an error, only the parts that cannot be cloned.
  }
  try {
    if (isInstance(value, Error)) return { is, payload: codec.encode(clonableError(value)) }
  } catch {
    // Parts of it are just clonable by themselves, and too deeply nested as parts.
  }
  return { is, payload: codec.encode(['unclonable_reason', formatReason(value)]) }
}

function clonableError(error: Error): Error {
  const { error: name, message, stack, cause, fields } = errorReason(error)
  const { type } = errorParts(Object.assign(new Error(message), { name }))
  const clone = makeError({ type, message, stack, name })
  fillError(clone, cause === undefined ? {} : { cause }, fields ?? {})
  return clone
}

/** How an outcome looks that is known without running anything. */
export function refusedBy(thrown: unknown): DirtyOutcome {
  if (thrown instanceof HeddleError) return { is: 'refused', code: thrown.code, message: thrown.message }
  return { is: 'refused', code: 'ERR_MODULE_LOAD', message: formatReason(thrown) }
}

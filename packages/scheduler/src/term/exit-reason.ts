/**
 * Why a process ended: plain data, as in OTP. Atoms are strings, tuples are arrays; what ends a
 * process in JavaScript maps onto Erlang's three classes like this:
 *
 *     throw an Error          error class   { error, message, stack, cause?, fields? }
 *     self.exit(reason)       exit class    reason itself
 *     throw anything else     throw class   [['nocatch', value], stack]
 */

import { copy } from './copy.ts'
import { formatPid, isPid } from './pid.ts'
import { formatRef, isRef } from './ref.ts'

/** A thrown `Error`, as plain data: it keeps its name, message, stack, cause and own fields across threads. */
export interface ErrorReason {
  /** The error's name, `TypeError` for instance. */
  readonly error: string
  readonly message: string
  readonly stack: string
  readonly cause?: unknown
  /** The error's own enumerable fields, `code` for instance. */
  readonly fields?: Readonly<Record<string, unknown>>
}

export type ExitReason =
  | 'normal'
  | 'shutdown'
  | 'kill'
  | 'killed'
  | 'noproc'
  | 'noconnection'
  | readonly ['shutdown', unknown]
  | readonly ['scheduler_down', number]
  | ErrorReason
  | (string & {})
  | readonly unknown[]
  | { readonly [key: string]: unknown }
  | number
  | boolean
  | null
  | undefined

/**
 * The exit class: thrown by `self.exit(reason)`, and by a call that got no answer. Uncaught, it ends
 * the process with `reason` itself.
 */
export class Exit extends Error {
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    super(`exit: ${formatReason(reason)}`)
    this.name = 'Exit'
    this.reason = reason
  }
}

/**
 * The error class with a reason of one's own: OTP's `error(Reason)`. As an `Exit`, but uncaught it counts as a crash, and
 * is reported. For behaviours, which find a callback at fault that has thrown nothing.
 */
export class Crash extends Exit {}

/** The reason that an uncaught exception gives. Never throws, whatever was thrown. */
export function reasonOfThrown(thrown: unknown): ExitReason {
  if (isInstance(thrown, Exit)) return thrown.reason
  if (isInstance(thrown, Error)) return errorReason(thrown)
  return [['nocatch', thrown], new Error('nocatch').stack ?? '']
}

/** As `instanceof`, but of a proxy that has been revoked it is false. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  return attempt(() => value instanceof type) === true
}

/** Errors in a chain of causes; from there on they are told in words, as is one that comes to itself again. */
const CAUSE_COUNT_MAX = 16

/** Never throws: an error may have getters that do. */
export function errorReason(error: Error): ErrorReason {
  return reasonOfError(error, [])
}

function reasonOfError(error: Error, before: readonly Error[]): ErrorReason {
  const reason: { -readonly [Key in keyof ErrorReason]: ErrorReason[Key] } = {
    error: text(() => error.name),
    message: text(() => error.message),
    stack: text(() => error.stack),
  }
  const cause = attempt(() => error.cause)
  const chain = [...before, error]
  if (cause !== undefined)
    reason.cause = isInstance(cause, Error) ? reasonOfCause(cause, chain) : clonable(cause)
  const keys = attempt(() => Object.keys(error))
  const names = Array.isArray(keys) ? keys.filter((name) => name !== 'name' && name !== 'cause') : []
  const fieldOf = (name: string): unknown =>
    attempt(() => (error as unknown as Record<string, unknown>)[name])
  if (names.length > 0)
    reason.fields = Object.fromEntries(names.map((name) => [name, clonable(fieldOf(name))]))
  return reason
}

function reasonOfCause(cause: Error, chain: readonly Error[]): unknown {
  if (chain.length < CAUSE_COUNT_MAX && !chain.includes(cause)) return reasonOfError(cause, chain)
  return text(() => String(cause))
}

function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return '[unreadable]'
  }
}

function text(read: () => unknown): string {
  const value = attempt(read)
  return typeof value === 'string' ? value : formatReason(value)
}

/** A clone, or in words: one field that cannot be cloned must not cost the others. */
function clonable(value: unknown): unknown {
  try {
    return copy(value)
  } catch {
    return formatReason(value)
  }
}

export function isErrorReason(reason: unknown): reason is ErrorReason {
  return (
    typeof reason === 'object' &&
    reason !== null &&
    typeof (reason as Partial<ErrorReason>).error === 'string' &&
    typeof (reason as Partial<ErrorReason>).stack === 'string'
  )
}

/** Whether a process that ends like this ended as it should: no report, and a transient child is not restarted. */
export function isCleanExit(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || (Array.isArray(reason) && reason[0] === 'shutdown')
}

/** Pids and references as people know them. */
function forPeople(_key: string, value: unknown): unknown {
  if (isPid(value)) return formatPid(value)
  return isRef(value) ? formatRef(value) : value
}

/** One line for people; never throws. */
export function formatReason(reason: unknown): string {
  if (typeof reason === 'string') return reason
  const isError = attempt(() => isErrorReason(reason)) === true
  if (isError)
    return attempt(() => `${(reason as ErrorReason).error}: ${(reason as ErrorReason).message}`) as string
  try {
    return JSON.stringify(reason, forPeople) ?? String(reason)
  } catch {
    return attempt(() => String(reason)) as string
  }
}

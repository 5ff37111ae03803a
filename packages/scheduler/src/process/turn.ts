/**
 * What a process body hands back to the kernel. Opaque next-step values rather than bare tuples:
 * `again(state)` and `done()` end a turn, and a turn may be reached at once, by a generator (which
 * may wait in `receive` and `call`) or by a promise (real I/O). Only the first is the fast path, so
 * it allocates one small object and nothing else.
 */

import { HeddleError } from '../term/errors.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import type { Op } from './op.ts'

/** What every callback may return: the value, a promise of it, or a generator of it. */
export type Step<T> = T | PromiseLike<T> | Generator<Op<unknown>, T, unknown>

export const AGAIN = 0
export const DONE = 1

/** No timeout asked for. Any timeout is >= 0. */
export const NO_TIMEOUT = -1
/** Rest until there is a message. */
export const HIBERNATE = -2

export class Turn<S> {
  readonly kind: typeof AGAIN | typeof DONE
  readonly state: S
  /** Callback processes: deliver `TIMEOUT` unless a message comes first within so many ms. */
  readonly afterMs: number
  readonly reason: ExitReason
  constructor(kind: typeof AGAIN | typeof DONE, state: S, afterMs: number, reason: ExitReason) {
    this.kind = kind
    this.state = state
    this.afterMs = afterMs
    this.reason = reason
  }
}

export interface AgainOptions {
  /** Callback processes only: if no message comes within so many ms, `handle` gets `TIMEOUT`. */
  readonly afterMs?: number
}

/**
 * The process is at rest and goes on with this state: a raw process runs again from the top, a
 * callback process handles its next message.
 */
export function again<S>(state: S, options?: AgainOptions): Turn<S> {
  if (options?.afterMs === undefined) return new Turn(AGAIN, state, NO_TIMEOUT, 'normal')
  return new Turn(AGAIN, state, checkTimeout(options.afterMs), 'normal')
}

/**
 * The process is at rest, and nothing of it stands on a stack, until there is a message in its mailbox: then it goes
 * on with this state, from the top; at once if there is one already. Source: `erlang:hibernate/3`.
 */
export function hibernate<S>(state: S): Turn<S> {
  return new Turn(AGAIN, state, HIBERNATE, 'normal')
}

/** The process ends, with reason `normal` unless another is given. */
export function done(reason: ExitReason = 'normal'): Turn<never> {
  return new Turn<never>(DONE, undefined as never, NO_TIMEOUT, reason)
}

/**
 * "When this step is through, go on with that": how a behaviour handles a user's callback that may
 * return a promise or a generator, without a generator of its own around it (each `yield*` costs its
 * resume once more).
 */
export class Chain<A, B> {
  readonly step: Step<A>
  readonly finish: (value: A) => Step<B> | Chain<unknown, B>
  readonly fail: ((error: unknown) => Step<B> | Chain<unknown, B>) | undefined
  /** Whether a process that waits in this step is as good as at rest: see `restingChain`. */
  readonly isRestPoint: boolean
  /** The chain that waits below this one; the kernel's own. */
  below: Chain<unknown, unknown> | null = null
  constructor(
    step: Step<A>,
    finish: Chain<A, B>['finish'],
    fail: Chain<A, B>['fail'],
    isRestPoint: boolean = false,
  ) {
    this.step = step
    this.finish = finish
    this.fail = fail
    this.isRestPoint = isRestPoint
  }
}

/** @see Chain. Without `fail` an exception in `step` ends the process. */
export function chain<A, B>(
  step: Step<A>,
  finish: (value: A) => Step<B> | Chain<unknown, B>,
  fail?: (error: unknown) => Step<B> | Chain<unknown, B>,
): Chain<unknown, B> {
  // What passes between a step and its finish is theirs alone.
  return new Chain(step, finish, fail) as Chain<unknown, unknown> as Chain<unknown, B>
}

/**
 * As `chain`, for a step that is one operation of this process, a receive: while it waits there, all that the process has to
 * go on with stands in its state, so that it can be moved. The definition's `resume` begins the wait anew.
 */
export function restingChain<A, B>(step: Op<A>, finish: Chain<A, B>['finish']): Chain<unknown, B> {
  return new Chain<A, B>(step, finish, undefined, true) as Chain<unknown, unknown> as Chain<unknown, B>
}

/** A body's answer: the turn, a step towards it, or a chain of steps. */
export type BodyResult<S> = Step<Turn<S>> | Chain<unknown, Turn<S>>

export const TIMEOUT_MS_MAX = 0xffff_ffff

/** OTP's `timeout_value`: a whole number of ms from 0 to 2^32 - 1, or `Infinity`. */
export function checkTimeout(timeoutMs: unknown): number {
  const ms = timeoutMs as number
  if ((Number.isInteger(ms) && ms >= 0 && ms <= TIMEOUT_MS_MAX) || ms === Infinity) return ms
  throw new HeddleError(
    'ERR_TIMEOUT_VALUE',
    `a timeout is a whole number of ms from 0 to 2^32 - 1, or Infinity, not ${String(timeoutMs)}`,
  )
}

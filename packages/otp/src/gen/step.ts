/**
 * Steps: what a callback returns when it is not through yet (a promise, a generator, an operation, a
 * chain of them), and what is to happen after one. A behaviour goes on with `after` rather than in a
 * generator of its own around the user's, since each `yield*` costs its resume once more.
 */

import { Chain, chain, type Op, restingChain, type Step } from '@heddle/scheduler'

/** What the scheduler takes for a step towards a `T`. */
export type Towards<T> = Step<T> | Chain<unknown, T>

/** When `step` is through, goes on with `finish`; if it throws, with `fail`, or the process ends. */
export function after<A, T>(
  step: PromiseLike<A> | Chain<unknown, A>,
  finish: (value: A) => Towards<T>,
  fail?: (thrown: unknown) => Towards<T>,
): Chain<unknown, T> {
  return chain(step as Step<A>, finish, fail) as Chain<unknown, T>
}

/** As `after`, for a receive in which the process is as good as at rest: see `restingChain`. */
export function afterResting<A, T>(wait: Op<A>, finish: (value: A) => Towards<T>): Chain<unknown, T> {
  return restingChain(wait, finish)
}

/** Whether this has to be waited for. */
export function isStep(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Chain) return true
  const it = value as {
    readonly then?: unknown
    readonly next?: unknown
    readonly [Symbol.iterator]?: unknown
  }
  return (
    typeof it.then === 'function' ||
    (typeof it.next === 'function' && typeof it[Symbol.iterator] === 'function')
  )
}

/**
 * A *walk* is what happens step by step, some of which may take a while: a generator that yields steps (promises,
 * generators, operations) and gets back what they came to. Driven by chains, so that a process goes on with it in its
 * own time, and at once where nothing has to be waited for.
 *
 * Rejected: `yield*` of a user's step (a promise cannot be), callbacks inside callbacks (three waits in a row, each
 * with its own failure, cannot be read any more).
 */

import { after, isStep, type Towards } from './step.ts'

/** Each `yield` gives what its step came to, or throws what it threw. */
export type Walk<T> = Generator<PromiseLike<unknown>, T, unknown>

export function walk<T>(steps: Walk<T>): Towards<T> {
  return goOn(steps, () => steps.next())
}

function goOn<T>(steps: Walk<T>, resume: () => IteratorResult<PromiseLike<unknown>, T>): Towards<T> {
  const result = resume()
  if (result.done === true) return result.value
  return after(
    result.value,
    (value) => goOn(steps, () => steps.next(value)),
    (thrown) => goOn(steps, () => steps.throw(thrown)),
  )
}

/** What a callback comes to, whatever it returns. */
export function* settled(value: unknown): Walk<unknown> {
  return isStep(value) ? yield value : value
}

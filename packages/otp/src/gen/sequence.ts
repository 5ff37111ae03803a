/**
 * A *sequence* is an operation made of several: `yield*` it in a generator or `await` it in an async
 * callback, like any other `Op`. Its steps are written once, as a generator that `yield`s operations and
 * gets their outcomes back; who drives it, a process's generator or a promise, it does not know.
 *
 * Rejected: a generator function alone (an async callback cannot wait for it), one version for each kind
 * of caller (they part ways). It costs a generator more per wait than the scheduler's own operations, which is why only the
 * rare ones, starting a process above all, are made like this. On the host it is a promise, and begins at once, like all
 * else that is asked of a VM (`asking`).
 */

import type { Op, Steps } from '@heddle/scheduler'
import { type Caller, isProcess } from '../door/caller.ts'

export class Sequence<T> implements Op<T> {
  private readonly begin: () => Steps<T>
  constructor(begin: () => Steps<T>) {
    this.begin = begin
  }

  *[Symbol.iterator](): Generator<Op<unknown>, T, unknown> {
    const steps = this.begin()
    let step = steps.next()
    while (step.done !== true) {
      let outcome: unknown
      try {
        outcome = yield* step.value
      } catch (error) {
        step = steps.throw(error)
        continue
      }
      step = steps.next(outcome)
    }
    return step.value
  }

  // biome-ignore lint/suspicious/noThenProperty: an operation is awaited in async callbacks.
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.drive().then(onFulfilled, onRejected)
  }

  private async drive(): Promise<T> {
    const steps = this.begin()
    let step = steps.next()
    while (step.done !== true) {
      let outcome: unknown
      try {
        outcome = await step.value
      } catch (error) {
        step = steps.throw(error)
        continue
      }
      step = steps.next(outcome)
    }
    return step.value
  }
}

/**
 * What both a process and the host can ask for.
 * @param what for the message: `stopServer()`
 * @throws HeddleError ERR_BAD_ARGUMENT if it is neither
 */
export function asking<T>(what: string, caller: Caller, begin: () => Steps<T>): Op<T> {
  const sequence = new Sequence(begin)
  // Nobody iterates it there.
  return isProcess(what, caller) ? sequence : (sequence.then() as unknown as Op<T>)
}

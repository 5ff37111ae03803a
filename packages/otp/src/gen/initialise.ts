/**
 * A behaviour's `init`: what all may return (`ignore()`, `stopInit(reason)`, `failInit(reason)`), what a failure comes to,
 * and when the starter is answered. What else a behaviour's `init` may return is its own affair.
 *
 *     init -> accepted: the starter is answered, then the process goes on, with `continue` for instance
 *          -> ignore, failInit: the starter is told, the process exits normal
 *          -> stopInit, an exception, nonsense: the process exits, and that is what the starter hears
 *
 * Source: OTP's `gen:init_it`; of 26, where releases differ.
 */

import type { ExitReason, Self } from '@heddle/scheduler'
import { answerStarter, type Birth } from './birth.ts'
import { type Cause, exitCause, leave, thrownCause } from './ending.ts'
import { isDoomed } from './handle-system.ts'
import { disown } from './naming.ts'
import { after, isStep, type Towards } from './step.ts'

/** Tells the classes apart for the type checker; at run time the class itself does. */
declare const kind: unique symbol

/** The process is not needed. */
export class Ignore {
  declare readonly [kind]: 'ignore'
}

/** The process cannot be started. */
export class StopInit {
  declare readonly [kind]: 'stopInit'
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    this.reason = reason
  }
}

/** The process cannot be started, and nobody is to be alarmed. */
export class FailInit {
  declare readonly [kind]: 'failInit'
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    this.reason = reason
  }
}

/** From `init`: the process is not needed; it exits `normal`, and its start comes to `ignore`. */
export function ignore(): Ignore {
  return new Ignore()
}

/** From `init`: the process exits with this reason, and its start comes to an error. OTP's `{stop, Reason}`. */
export function stopInit(reason: ExitReason): StopInit {
  return new StopInit(reason)
}

/** From `init`: as `stopInit`, but the process exits `normal`: no report, and no harm to a linked starter. OTP's `{error, Reason}`. */
export function failInit(reason: ExitReason): FailInit {
  return new FailInit(reason)
}

/** `init` is through; what is left to do behind the answer, and what the start's result is to say beside the pid. */
export interface Accepted<T> {
  readonly goOn: () => Towards<T>
  readonly info?: unknown
}

/**
 * @param run the user's `init`; as in OTP, to throw what is no error is to return it
 * @param accept takes what it came to (and whether by a `throw`), or returns undefined: that is no return value
 */
export function initialise<T>(
  birth: Birth,
  self: Self,
  run: () => unknown,
  accept: (result: unknown, isThrown: boolean) => Accepted<T> | undefined,
): Towards<T> {
  const { name } = birth
  const fail = (cause: Cause): Towards<T> => {
    const end = (): Towards<T> => leave(self, cause)
    return name === undefined ? end() : disown(name, self, end)
  }
  const returned = (result: unknown, isThrown = false): Towards<T> => {
    if (result instanceof StopInit) return fail(exitCause(result.reason))
    if (result instanceof Ignore || result instanceof FailInit) {
      answerStarter(self, birth.from, result instanceof Ignore ? 'ignore' : ['error', result.reason])
      return fail(exitCause('normal'))
    }
    const accepted = accept(result, isThrown)
    if (accepted === undefined) return fail(exitCause(['bad_return_value', result]))
    answerStarter(self, birth.from, accepted.info === undefined ? 'ok' : ['ok', accepted.info])
    return accepted.goOn()
  }
  const thrown = (error: unknown): Towards<T> => {
    if (isDoomed(error)) throw error
    return error instanceof Error ? fail(thrownCause(error)) : returned(error, true)
  }
  let result: unknown
  try {
    result = run()
  } catch (error) {
    return thrown(error)
  }
  return isStep(result) ? after(result, (value) => returned(value), thrown) : returned(result)
}

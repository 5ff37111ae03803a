/**
 * How a behaviour's process ends, whatever the behaviour: the user's `terminate` runs; if it throws, that is the reason;
 * then, unless the reason is a clean one, the behaviour's own report is made, and a crash report; then it is gone.
 *
 *     cause -> terminate -> cause (its own, or what terminate threw) -> report -> crash report -> exit
 *
 * Who reports: the logger, if there is one that takes reports; else the scheduler says a line, about what it calls a crash.
 * Source of the rules: OTP's `gen_server:terminate`, `proc_lib:crash_report`.
 */

import { Crash, Exit, type ExitReason, isCleanExit, reasonOfThrown, type Self } from '@heddle/scheduler'
import { report, takesReports } from '../report/report.ts'
import { crashFacts } from './crash.ts'
import { isDoomed } from './handle-system.ts'
import { after, isStep, type Towards } from './step.ts'

/** Why a process ends. */
export interface Cause {
  readonly class: 'exit' | 'error'
  readonly reason: ExitReason
  /** Ends it so that the scheduler reports it. Default: it exits, and nothing is said. */
  readonly loudly?: (() => Towards<never>) | undefined
}

/** It exits with this reason: by itself, or because of another. */
export function exitCause(reason: ExitReason): Cause {
  return { class: 'exit', reason }
}

/** An exception that nobody caught. */
export function thrownCause(thrown: unknown): Cause {
  const reason = reasonOfThrown(thrown)
  if (thrown instanceof Exit && !(thrown instanceof Crash)) return exitCause(reason)
  const loudly = (): never => {
    throw thrown
  }
  return { class: thrown instanceof Crash ? 'exit' : 'error', reason, loudly }
}

/** A callback is at fault, though it has thrown nothing. */
export function faultCause(errorClass: Cause['class'], reason: ExitReason): Cause {
  const loudly = (): never => {
    throw new Crash(reason)
  }
  return { class: errorClass, reason, loudly }
}

export interface EndHooks {
  /** The user's callback, if there is one; its result does not matter. */
  readonly terminate?: (() => unknown) | undefined
  /** The behaviour's own report; not for a clean end. */
  readonly report?: (cause: Cause) => void
}

/** Runs `terminate`, reports, and ends the process. */
export function endProcess<T>(self: Self, cause: Cause, { terminate, report: tell }: EndHooks): Towards<T> {
  const finish = (last: Cause): Towards<T> => {
    if (!isCleanExit(last.reason)) tell?.(last)
    return leave(self, last)
  }
  if (terminate === undefined) return finish(cause)
  const failed = (thrown: unknown): Towards<T> => {
    if (isDoomed(thrown)) throw thrown
    // A thrown value counts as returned, and what is returned does not matter.
    return finish(thrown instanceof Error ? thrownCause(thrown) : cause)
  }
  let step: unknown
  try {
    step = terminate()
  } catch (thrown) {
    return failed(thrown)
  }
  return isStep(step) ? after(step, () => finish(cause), failed) : finish(cause)
}

/** Ends the process: with a crash report, unless the reason is a clean one. */
export function leave<T>(self: Self, { class: errorClass, reason, loudly }: Cause): Towards<T> {
  const quietly = (): never => {
    throw new Exit(reason)
  }
  if (isCleanExit(reason)) return quietly()
  if (!takesReports(self, 'error', 'proc_lib')) return loudly?.() ?? quietly()
  const facts = crashFacts(self, { class: errorClass, reason })
  return after(facts as unknown as PromiseLike<object>, (it) =>
    report(self, 'error', ['proc_lib', 'crash'], it) ? quietly() : (loudly?.() ?? quietly()),
  )
}

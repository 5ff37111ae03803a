/**
 * Answers to instrumented loops that ask whether they may go on (`PREEMPT`). A loop asks when its *strip*, so many
 * units of work (a round of a tight loop is one), is used up; the answer is the next strip, or that its turn is over.
 *
 * A unit is what the instrumenter guessed, so the clock corrects it: strips grow while they take less than a few
 * microseconds, for the question must cost nothing, and shrink when they take many, for others wait. How short they
 * had to become is remembered from turn to turn. Where time stands still (in a simulation) strips grow to their full
 * length, so that the same seed asks at the same places.
 *
 * Rejected: to look at the clock alone (a simulated process would never give way), to count alone (ten thousand rounds
 * may be five microseconds or a second), a counter that generators share (turns would depend on who ran before).
 */

import { FIRST_STRIP, PREEMPT } from '../process/preempt.ts'
import type { Process } from '../process/process.ts'
import type { Kernel } from './kernel.ts'

export const STRIP_MAX = 16_384
export const STRIP_MIN = 1
/** A reduction stands for so many units, or for so long. Units are counted high: where there is a clock, it shall decide. */
const UNITS_PER_REDUCTION = 1_024
const REDUCTIONS_PER_MS = 5_000
/** Strips that take less than the first grow, those that take more than the second shrink. */
const SHORT_MS = 0.005
const LONG_MS = 0.02

type Step = IteratorResult<unknown, unknown>

/** Where this process stood last, if it had to be short; else the usual. */
export function firstStrip(process: Process): number {
  return process.extras === null ? FIRST_STRIP : process.extras.strip
}

/**
 * The generator has asked for the first time since it was resumed. Goes on with it for as long as its turn lasts.
 * Returns what it did next, or `undefined` if its turn is over.
 */
export function answerPreempt(
  kernel: Kernel,
  process: Process,
  iterator: Iterator<unknown, unknown, unknown>,
): Step | undefined {
  const { outside } = kernel
  let strip = firstStrip(process)
  process.budget -= reductionsOf(strip, 0)
  let askedMs = outside.now()
  // What came while it ran, an exit it sent itself above all, is handled where it gives way.
  while (process.budget >= 0 && process.deferred === null && process.doom === null) {
    const result = iterator.next(strip)
    if (result.done === true || result.value !== PREEMPT) return result
    const nowMs = outside.now()
    const tookMs = nowMs - askedMs
    askedMs = nowMs
    process.budget -= reductionsOf(strip, tookMs)
    strip = nextStrip(strip, tookMs)
  }
  if (strip < FIRST_STRIP) process.ownExtras().strip = strip
  else if (process.extras !== null) process.extras.strip = FIRST_STRIP
  return undefined
}

function reductionsOf(strip: number, tookMs: number): number {
  return Math.ceil(Math.max(strip / UNITS_PER_REDUCTION, tookMs * REDUCTIONS_PER_MS))
}

export function nextStrip(strip: number, tookMs: number): number {
  if (tookMs < SHORT_MS) return Math.min(strip * 4, STRIP_MAX)
  if (tookMs <= LONG_MS) return strip
  return Math.max(Math.floor((strip * LONG_MS) / (2 * tookMs)), STRIP_MIN)
}

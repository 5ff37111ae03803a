/**
 * When a turn has lasted long enough by the clock, however few reductions it has spent: a message may be handled in 100 ns or in 10 ms,
 * and 256 of the latter would keep all others for seconds.
 *
 * The clock costs as much as a small message, so it is looked at once in 16 reductions; or after each, from the first time on that a slice
 * took long, until one did not. Where nobody says when a slice begins (bare kernels), and where time stands still, reductions alone count.
 *
 * Rejected: fewer reductions a turn where they are slow (what comes all at once to an idle scheduler is slow before anyone has measured it).
 */

import type { EndpointCounters } from '../memory/control.ts'
import { REDUCTIONS_PER_TURN } from './drive.ts'
import type { Outside } from './outside.ts'

/** A slice that has taken so long is over with the next reduction. */
const LONG_MS = 1
/** Of the numbers of reductions that are left. */
const LOOK_MASK = 15

export class Pace {
  /** Reductions take long, as this slice or the last has shown. */
  isSlow = false
  private readonly counters: EndpointCounters
  private readonly outside: Outside

  constructor(counters: EndpointCounters, outside: Outside) {
    this.counters = counters
    this.outside = outside
  }

  /** `left`: of its reductions. Never before it has done something: a slice may have gone by with reading signals. */
  isTurnLong(left: number): boolean {
    if ((left & LOOK_MASK) !== 0 && !this.isSlow) return false
    if (left >= REDUCTIONS_PER_TURN - 1 || !this.isSliceLong()) return false
    this.isSlow = true
    return true
  }

  isSliceLong(): boolean {
    const { sliceStartMs } = this.counters
    return sliceStartMs !== 0 && this.outside.now() - sliceStartMs >= LONG_MS
  }

  sliceOver(tookMs: number): void {
    this.isSlow = tookMs >= LONG_MS
  }
}

/** Monotonic time, for those who compare times of their own: the one place that reads a clock. */

import { performance } from 'node:perf_hooks'

export function monotonicMs(): number {
  return performance.now()
}

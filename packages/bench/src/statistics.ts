/**
 * What is told of a series of measurements. Minimum, median and maximum, never a mean and a deviation:
 * rounds on a shared machine are not spread evenly around anything, one bad round would pull the mean,
 * and the distance from minimum to maximum says at a glance how far to trust the median.
 */

import { HeddleError } from '@heddle/scheduler'

/** A series in three numbers. */
export interface Summary {
  readonly count: number
  readonly min: number
  readonly median: number
  readonly max: number
}

/**
 * @throws HeddleError ERR_BAD_ARGUMENT for an empty series, or one with something that is no number
 * @example summarize([3, 1, 2]) // { count: 3, min: 1, median: 2, max: 3 }
 */
export function summarize(values: readonly number[]): Summary {
  const sorted = sortedNumbers(values)
  const count = sorted.length
  const middle = count >> 1
  const median = count % 2 === 1 ? at(sorted, middle) : (at(sorted, middle - 1) + at(sorted, middle)) / 2
  return { count, min: at(sorted, 0), median, max: at(sorted, count - 1) }
}

/**
 * The smallest value that at least this share (0 to 1) of all values does not exceed: a value that was
 * measured, not one between two.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT
 * @example percentile([10, 20, 30, 40], 0.5) // 20
 */
export function percentile(values: readonly number[], share: number): number {
  if (!(share >= 0 && share <= 1)) {
    throw new HeddleError('ERR_BAD_ARGUMENT', `a share is 0 to 1, not ${String(share)}`)
  }
  const sorted = sortedNumbers(values)
  return at(sorted, Math.max(Math.ceil(share * sorted.length) - 1, 0))
}

function sortedNumbers(values: readonly number[]): Float64Array {
  if (values.length === 0) throw new HeddleError('ERR_BAD_ARGUMENT', 'a series needs at least one value')
  const sorted = Float64Array.from(values).sort()
  // NaN sorts behind everything.
  if (Number.isNaN(at(sorted, sorted.length - 1))) {
    throw new HeddleError('ERR_BAD_ARGUMENT', 'a series is made of numbers')
  }
  return sorted
}

function at(values: Float64Array, index: number): number {
  return values[index] as number
}

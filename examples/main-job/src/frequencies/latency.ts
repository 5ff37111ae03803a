/**
 * Latencies as a histogram: the count of values in each of many narrow ranges. Its size does not depend on how many
 * values there are, and two are merged by adding; a list of every value would do neither. Ranges grow with the
 * value, 32 to an octave, so a percentile is right to about 2 % wherever it lies.
 */

const BUCKETS_PER_OCTAVE = 32
/** 1/16 us to about a minute. */
const LOWEST_US = 2 ** -4
const OCTAVE_COUNT = 30
export const BUCKET_COUNT = BUCKETS_PER_OCTAVE * OCTAVE_COUNT

/** What is shorter or longer than the histogram knows goes to its first or last range. */
export function bucketOf(us: number): number {
  const bucket = Math.floor(Math.log2(us / LOWEST_US) * BUCKETS_PER_OCTAVE)
  return Math.min(Math.max(bucket, 0), BUCKET_COUNT - 1)
}

/** The middle of a range, in us. */
export function middleOf(bucket: number): number {
  return LOWEST_US * 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE)
}

/**
 * The least value that at least this share of all values does not exceed; 0 if there are none.
 * @param counts of `BUCKET_COUNT` ranges
 * @param share 0.99 for the 99th percentile
 */
export function percentileUs(counts: ArrayLike<number>, share: number): number {
  let total = 0
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket] ?? 0
  if (total === 0) return 0
  const wanted = Math.max(1, Math.ceil(total * share))
  let seen = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket] ?? 0
    if (seen >= wanted) return middleOf(bucket)
  }
  return middleOf(counts.length - 1)
}

// Whether the schedulers' heaps return to where they were. What is measured: after each round, when all its processes
// have ended, used heap and external memory of each scheduler's isolate after two full collections. The rounds are alike,
// so after the first few (code is compiled, tables have grown) the heap must stand still, but for what caches and
// the compiler do: within the bound below. A scheduler that was replaced begins anew.

export interface HeapSample {
  readonly round: number
  readonly scheduler: number
  readonly restartCount: number
  readonly bytes: number
}

const WARM_ROUND_COUNT = 3
const GROWTH_BYTES_MAX = 2 * 2 ** 20

/** Lines to print; `fault` hears of each heap that grew beyond the bound. */
export function heapGrowth(
  samples: readonly HeapSample[],
  fault: (details: { [name: string]: unknown }) => void,
): string[] {
  const series = new Map<string, HeapSample[]>()
  for (const sample of samples) {
    const which = `${sample.scheduler} (start ${sample.restartCount + 1})`
    series.set(which, [...(series.get(which) ?? []), sample])
  }
  return [...series].flatMap(([which, all]) => {
    // The least of as many rounds as it took to get warm: one alone says more of the collector than of a leak.
    if (all.length < 2 * WARM_ROUND_COUNT) return []
    const bytes = all.map((sample) => sample.bytes)
    const warm = Math.max(...bytes.slice(0, WARM_ROUND_COUNT))
    // The least of the last: what one collection leaves by chance is no leak.
    const last = Math.min(...bytes.slice(WARM_ROUND_COUNT).slice(-WARM_ROUND_COUNT))
    if (last - warm > GROWTH_BYTES_MAX) fault({ scheduler: which, warm, last, bytes })
    const [first, ...others] = [bytes[0], warm, last].map(
      (each) => `${((each ?? 0) / 2 ** 20).toFixed(2)} MiB`,
    )
    return [
      `heap of scheduler ${which}: ${first} after round 1, ${others.join(' when warm, ')} after ${all.length} rounds`,
    ]
  })
}

/**
 * A band: a run of neighbouring frequencies, and who holds which. The part of the allocator that knows nothing of
 * processes: plain data and plain functions, so it can be tested without starting anything.
 *
 *     frequency   first   first+1   first+2   ...   first+count-1
 *     holders     | pid |    0    |   pid   | ... |      0       |      shared memory; 0: free
 *     free        [ first+1, ..., first+count-1 ]                       the server's own, made from `holders`
 *
 * `holders` is a table in shared memory that is handed to the server when it starts, as an ETS table with an heir
 * would be: it outlives the server, so the one that is started in its place knows what is held. A grant and a
 * return are one store each; there is no moment at which a crash leaves half of one.
 */

export interface Band {
  readonly first: number
  readonly holders: BigInt64Array
  /** Taken from the end, so that a frequency just returned is the next to go: the hardest order to get right. */
  readonly free: number[]
  readonly counts: BandCounts
}

/** At any time `inherited + granted === returned + reclaimed + held`. */
export interface BandCounts {
  /** Held when this server started. */
  readonly inherited: number
  granted: number
  /** Given back by their holders. */
  returned: number
  /** Taken back from holders that died. */
  reclaimed: number
}

const NOBODY = 0n

/** What is held according to the table stays held. */
export function openBand(first: number, holders: BigInt64Array): Band {
  const free: number[] = []
  for (let index = holders.length - 1; index >= 0; index--) {
    if (holders[index] === NOBODY) free.push(first + index)
  }
  const inherited = holders.length - free.length
  return { first, holders, free, counts: { inherited, granted: 0, returned: 0, reclaimed: 0 } }
}

/** A frequency that nobody held; undefined if there is none. */
export function grant(band: Band, client: number): number | undefined {
  const frequency = band.free.pop()
  if (frequency === undefined) return undefined
  band.holders[frequency - band.first] = BigInt(client)
  band.counts.granted += 1
  return frequency
}

/** Returns whether the client did hold it; only its holder can give a frequency back. */
export function giveBack(band: Band, client: number, frequency: number): boolean {
  if (band.holders[frequency - band.first] !== BigInt(client)) return false
  release(band, frequency)
  band.counts.returned += 1
  return true
}

/** Frees all that a dead client held; returns how many that were. */
export function reclaim(band: Band, client: number): number {
  const held = heldBy(band, client)
  for (const frequency of held) release(band, frequency)
  band.counts.reclaimed += held.length
  return held.length
}

export function heldBy(band: Band, client: number): number[] {
  const held: number[] = []
  const holder = BigInt(client)
  for (let index = 0; index < band.holders.length; index++) {
    if (band.holders[index] === holder) held.push(band.first + index)
  }
  return held
}

/** Everyone who holds something. */
export function holdersOf(band: Band): number[] {
  return [...new Set(band.holders)].filter((holder) => holder !== NOBODY).map(Number)
}

export function heldCount(band: Band): number {
  return band.holders.length - band.free.length
}

/** Whether every frequency is either free or held, once, and the counts say the same. */
export function addsUp(band: Band): boolean {
  const { free, holders, counts, first } = band
  const isFree = (frequency: number) => holders[frequency - first] === NOBODY
  const held = holders.filter((holder) => holder !== NOBODY).length
  return (
    new Set(free).size === free.length &&
    free.every(isFree) &&
    free.length + held === holders.length &&
    counts.inherited + counts.granted === counts.returned + counts.reclaimed + held
  )
}

function release(band: Band, frequency: number): void {
  band.holders[frequency - band.first] = NOBODY
  band.free.push(frequency)
}

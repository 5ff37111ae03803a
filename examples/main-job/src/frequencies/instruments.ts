/**
 * The instruments: what the load is measured and judged with. They are no part of what is measured, so they use
 * none of it: no messages, which would be load themselves, but counters in shared memory, which also outlive a
 * scheduler that is killed. They travel to processes as part of an argument; a clone of a view on shared memory is
 * a view on the same memory.
 *
 *     phase      one word: warm-up, measuring, stopping
 *     air        for each frequency the pid that transmits on it, 0: silence
 *     lines      for each client's telephone line its counters, see LINE
 *     latencies  for each crowd of clients a histogram
 *
 * **The air is the judge.** A client that was granted a frequency writes its pid there with one atomic exchange, and
 * takes it away the same way. Should two clients ever hold the same frequency at once, the later finds the earlier
 * one's pid, and the earlier, when it leaves, the later's. The allocator cannot see the air, let alone write it.
 */

import { BUCKET_COUNT, bucketOf } from './latency.ts'

export interface Instruments {
  readonly phase: Int32Array
  readonly air: BigInt64Array
  readonly lines: Int32Array
  readonly latencies: Int32Array
}

export const PHASE = { warmUp: 0, measuring: 1, stopping: 2 } as const

/** A line's counters. Each has one writer at a time: the client on the line, or, `lost`, its crowd. */
export const LINE = {
  made: 0,
  replies: 1,
  /** Calls that ended with an exit in place of a reply. */
  exits: 2,
  /** Calls whose caller died before it had either. */
  lost: 3,
  refused: 4,
  /** Clients that ended while they held a frequency. */
  diedHolding: 5,
  /** Frequencies found in use by another. */
  conflicts: 6,
  /** Clients that ended. */
  deaths: 7,
} as const
type LineCounter = (typeof LINE)[keyof typeof LINE]
/** A power of two: two lines share no more than one cache line. */
const LINE_SIZE = 8

const SILENCE = 0n

export function makeInstruments(frequencyCount: number, lineCount: number, crowdCount: number): Instruments {
  return {
    phase: new Int32Array(new SharedArrayBuffer(4)),
    air: new BigInt64Array(new SharedArrayBuffer(frequencyCount * 8)),
    lines: new Int32Array(new SharedArrayBuffer(lineCount * LINE_SIZE * 4)),
    latencies: new Int32Array(new SharedArrayBuffer(crowdCount * BUCKET_COUNT * 4)),
  }
}

export function setPhase({ phase }: Instruments, to: (typeof PHASE)[keyof typeof PHASE]): void {
  Atomics.store(phase, 0, to)
}

/** Pairs with the store in `setPhase`. */
export function isStopping({ phase }: Instruments): boolean {
  return Atomics.load(phase, 0) === PHASE.stopping
}

/** Returns the pid of another who transmits on this frequency, or 0. */
export function goOnAir({ air }: Instruments, frequency: number, me: bigint): number {
  const other = Atomics.exchange(air, frequency, me)
  return other === me ? 0 : Number(other)
}

/** Returns whether nobody else had come on the air meanwhile. */
export function leaveAir({ air }: Instruments, frequency: number, me: bigint): boolean {
  return Atomics.compareExchange(air, frequency, me, SILENCE) === me
}

export function count({ lines }: Instruments, line: number, counter: LineCounter): void {
  Atomics.add(lines, line * LINE_SIZE + counter, 1)
}

export function recordReply(instruments: Instruments, line: number, crowd: number, us: number): void {
  count(instruments, line, LINE.replies)
  if (Atomics.load(instruments.phase, 0) !== PHASE.measuring) return
  Atomics.add(instruments.latencies, crowd * BUCKET_COUNT + bucketOf(us), 1)
}

/** Calls made on a line that have not ended. A client waits for one at a time, so this is 0 or 1. */
export function openCalls({ lines }: Instruments, line: number): number {
  const at = (counter: LineCounter) => Atomics.load(lines, line * LINE_SIZE + counter)
  return at(LINE.made) - at(LINE.replies) - at(LINE.exits) - at(LINE.lost)
}

/** The sum of one counter over all lines. */
export function total({ lines }: Instruments, counter: LineCounter): number {
  let sum = 0
  for (let at: number = counter; at < lines.length; at += LINE_SIZE) sum += Atomics.load(lines, at)
  return sum
}

/** All crowds' latencies in one histogram. */
export function allLatencies({ latencies }: Instruments): number[] {
  const merged = new Array<number>(BUCKET_COUNT).fill(0)
  for (let at = 0; at < latencies.length; at++) merged[at % BUCKET_COUNT]! += Atomics.load(latencies, at)
  return merged
}

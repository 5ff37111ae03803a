/**
 * The control words: which endpoints are up, in which life (epoch), and what each one publishes about
 * its load. Nothing here takes a lock, and nothing here sleeps (that is `park.ts`).
 *
 * Who writes: an endpoint's status and epoch only the host; its counters only itself.
 */

import {
  COUNTER_COUNT,
  clockFloat,
  counterFloats,
  ENDPOINT_EPOCH,
  ENDPOINT_STATUS,
  endpointWord,
  type SharedMemory,
  VM_REF_BLOCK,
} from './layout.ts'

/** What an endpoint's STATUS says. */
export const DOWN = 0
export const STARTING_UP = 1
export const UP = 2
/** Down, and nobody will take its place. */
export const GONE = 3

/** Reference numbers are handed out in blocks: number = block * REF_BLOCK_COUNT + i. */
export const REF_BLOCK_COUNT = 2 ** 20

export class Control {
  readonly endpointCount: number
  /** All control words. `park.ts` shares this view; nobody else uses it. */
  readonly words: Int32Array
  private readonly allCounters: readonly EndpointCounters[]
  private readonly clock: Float64Array

  constructor(shared: SharedMemory) {
    this.endpointCount = shared.options.endpointCount
    this.words = new Int32Array(shared.control)
    this.clock = clockFloat(shared)
    this.allCounters = Array.from(
      { length: this.endpointCount },
      (_, endpoint) => new EndpointCounters(counterFloats(shared, endpoint)),
    )
  }

  /** `DOWN`, `STARTING_UP`, `UP` or `GONE`. Pairs with the store in `setStatus`. */
  status(endpoint: number): number {
    return Atomics.load(this.words, endpointWord(endpoint) + ENDPOINT_STATUS)
  }

  isUp(endpoint: number): boolean {
    return this.status(endpoint) === UP
  }

  isGone(endpoint: number): boolean {
    return this.status(endpoint) === GONE
  }

  /** Host only. */
  setStatus(endpoint: number, status: number): void {
    Atomics.store(this.words, endpointWord(endpoint) + ENDPOINT_STATUS, status)
  }

  /** Which life of this endpoint: 0 at first, one more for every worker that replaced a dead one. */
  epoch(endpoint: number): number {
    return Atomics.load(this.words, endpointWord(endpoint) + ENDPOINT_EPOCH)
  }

  /** The same by a plain load: cheap, and fresh enough for whoever has heard of something from the new life. */
  peekEpoch(endpoint: number): number {
    return this.words[endpointWord(endpoint) + ENDPOINT_EPOCH]
  }

  /** Host only, between the death of one worker and the start of the next. Returns the new epoch. */
  nextEpoch(endpoint: number): number {
    return Atomics.add(this.words, endpointWord(endpoint) + ENDPOINT_EPOCH, 1) + 1
  }

  /**
   * A fresh block of reference numbers, never handed out before, not even to a worker that died. Blocks
   * start at 1, so that no reference is 0. There are 2^32 blocks: number < 2^52.
   */
  takeRefBlock(): number {
    return (Atomics.add(this.words, VM_REF_BLOCK, 1) >>> 0) + 1
  }

  /** The VM's time, where it is set by hand: only by the host, which then rings every bell. */
  get clockMs(): number {
    return this.clock[0]
  }
  set clockMs(value: number) {
    this.clock[0] = value
  }

  /** One object for each endpoint, always the same one. Only its owner may assign to it. */
  counters(endpoint: number): EndpointCounters {
    const counters = this.allCounters[endpoint]
    if (counters === undefined) throw new RangeError(`no endpoint ${endpoint}`)
    return counters
  }
}

const PROCESS_COUNT = 0
const RUN_QUEUE_LENGTH = 1
const REDUCTIONS = 2
const SLICE_START_MS = 3
const SPAWN_COUNT = 4
const MESSAGE_COUNT = 5
const DROPPED_COUNT = 6
const OVERFLOW_COUNT = 7
const PARK_COUNT = 8
const HELD_COUNT = 9
const LOADING_COUNT = 10
const CLOCK_MS = 11
const NEXT_DEADLINE_MS = 12
const REST_COUNT = 13
const HELD_BYTES = 24
const MUTED_COUNT = 25

/**
 * What an endpoint publishes about itself, by plain stores: half a nanosecond each, so it may publish
 * as often as it likes. Readers see a recent value, never half of one (aligned 64-bit stores), but
 * nothing may be concluded about other memory from what they see: these are hints for placement,
 * balancing, hog detection and inspection.
 */
export class EndpointCounters {
  private readonly floats: Float64Array

  constructor(floats: Float64Array) {
    this.floats = floats
  }

  /** Processes that live here, resting ones included. */
  get processCount(): number {
    return this.read(PROCESS_COUNT)
  }
  set processCount(value: number) {
    this.floats[PROCESS_COUNT] = value
  }

  get runQueueLength(): number {
    return this.read(RUN_QUEUE_LENGTH)
  }
  set runQueueLength(value: number) {
    this.floats[RUN_QUEUE_LENGTH] = value
  }

  /** Reductions spent since the VM started. */
  get reductions(): number {
    return this.read(REDUCTIONS)
  }
  set reductions(value: number) {
    this.floats[REDUCTIONS] = value
  }

  /** When the current slice began; 0 outside of a slice. */
  get sliceStartMs(): number {
    return this.read(SLICE_START_MS)
  }
  set sliceStartMs(value: number) {
    this.floats[SLICE_START_MS] = value
  }

  get spawnCount(): number {
    return this.read(SPAWN_COUNT)
  }
  set spawnCount(value: number) {
    this.floats[SPAWN_COUNT] = value
  }

  /** Messages delivered here. */
  get messageCount(): number {
    return this.read(MESSAGE_COUNT)
  }
  set messageCount(value: number) {
    this.floats[MESSAGE_COUNT] = value
  }

  /** Signals for processes that were dead. */
  get droppedCount(): number {
    return this.read(DROPPED_COUNT)
  }
  set droppedCount(value: number) {
    this.floats[DROPPED_COUNT] = value
  }

  /** Signals that had to wait because a ring was full. */
  get overflowCount(): number {
    return this.read(OVERFLOW_COUNT)
  }
  set overflowCount(value: number) {
    this.floats[OVERFLOW_COUNT] = value
  }

  /** How often it went to sleep. */
  get parkCount(): number {
    return this.read(PARK_COUNT)
  }
  set parkCount(value: number) {
    this.floats[PARK_COUNT] = value
  }

  /** The count of the sleep that it is really in: between announcing one and beginning it, it looks at its rings. */
  get restCount(): number {
    return this.read(REST_COUNT)
  }
  set restCount(value: number) {
    this.floats[REST_COUNT] = value
  }

  /** Signals that wait for room in a ring, or for its other end. */
  get heldCount(): number {
    return this.read(HELD_COUNT)
  }
  set heldCount(value: number) {
    this.floats[HELD_COUNT] = value
  }

  /** What those signals hold. */
  get heldBytes(): number {
    return this.read(HELD_BYTES)
  }
  set heldBytes(value: number) {
    this.floats[HELD_BYTES] = value
  }

  /** How often one of its processes was held because it sent too fast. */
  get mutedCount(): number {
    return this.read(MUTED_COUNT)
  }
  set mutedCount(value: number) {
    this.floats[MUTED_COUNT] = value
  }

  /** Processes whose module is being imported. */
  get loadingCount(): number {
    return this.read(LOADING_COUNT)
  }
  set loadingCount(value: number) {
    this.floats[LOADING_COUNT] = value
  }

  /** The time up to which its timers have fired. */
  get clockMs(): number {
    return this.read(CLOCK_MS)
  }
  set clockMs(value: number) {
    this.floats[CLOCK_MS] = value
  }

  /** When its next timer is due, as it went to sleep. */
  get nextDeadlineMs(): number {
    return this.read(NEXT_DEADLINE_MS)
  }
  set nextDeadlineMs(value: number) {
    this.floats[NEXT_DEADLINE_MS] = value
  }

  /** For the host, before a fresh worker takes a dead one's place. */
  reset(): void {
    this.floats.fill(0)
  }

  private read(index: number): number {
    return this.floats[index]
  }
}

if (MUTED_COUNT >= COUNTER_COUNT) throw new RangeError('more counters than a block has room for')

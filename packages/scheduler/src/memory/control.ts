/**
 * The control words: which endpoints are up, in which life (epoch), and what each one publishes about
 * its load. Nothing here takes a lock, and nothing here sleeps (that is `park.ts`).
 *
 * Who writes: an endpoint's status and epoch, and whether it is stuck, only the host; its counters only itself.
 */

import {
  COUNTER_COUNT,
  clockFloat,
  counterFloats,
  ENDPOINT_EPOCH,
  ENDPOINT_STATUS,
  ENDPOINT_STUCK,
  endpointWord,
  type SharedMemory,
  VM_MOVER,
  VM_REF_BLOCK,
} from './layout.ts'

/** What an endpoint's STATUS says. */
export const DOWN = 0
export const STARTING_UP = 1
export const UP = 2
/** Down, and nobody will take its place. */
export const GONE = 3

/** The mover's lock: endpoint + 1 of its holder, and above that its life. */
const MOVER_BITS = 8
const MOVER_MASK = 0xff

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
   * Whether it has been in one turn for so long that nothing new should be given to it. A plain load, a hint: pairs with
   * the store in `setStuck`.
   */
  isStuck(endpoint: number): boolean {
    return this.words[endpointWord(endpoint) + ENDPOINT_STUCK] !== 0
  }

  /** Host only. */
  setStuck(endpoint: number, isStuck: boolean): void {
    Atomics.store(this.words, endpointWord(endpoint) + ENDPOINT_STUCK, isStuck ? 1 : 0)
  }

  /**
   * A fresh block of reference numbers, never handed out before, not even to a worker that died. Blocks
   * start at 1, so that no reference is 0. There are 2^32 blocks: number < 2^52.
   */
  takeRefBlock(): number {
    return (Atomics.add(this.words, VM_REF_BLOCK, 1) >>> 0) + 1
  }

  /**
   * Takes the mover's lock, for an endpoint in this life: at any time one endpoint at most moves processes away. Nobody
   * waits for it. @returns whether it was free
   */
  takeMover(endpoint: number, epoch: number): boolean {
    return Atomics.compareExchange(this.words, VM_MOVER, 0, moverWord(endpoint, epoch)) === 0
  }

  /** By its holder. */
  releaseMover(endpoint: number, epoch: number): void {
    Atomics.compareExchange(this.words, VM_MOVER, moverWord(endpoint, epoch), 0)
  }

  /** Who holds the mover's lock; -1 if nobody does. */
  get mover(): number {
    return (Atomics.load(this.words, VM_MOVER) & MOVER_MASK) - 1
  }

  /** By the host, when all peers of a dead endpoint are through with it and none has taken its place. */
  breakMover(endpoint: number): void {
    const word = Atomics.load(this.words, VM_MOVER)
    if ((word & MOVER_MASK) === endpoint + 1) Atomics.compareExchange(this.words, VM_MOVER, word, 0)
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

function moverWord(endpoint: number, epoch: number): number {
  return (epoch << MOVER_BITS) | (endpoint + 1)
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
const MOVED_OUT_COUNT = 14
const MOVED_IN_COUNT = 15
const STEAL_COUNT = 16
const STEP_COUNT = 17
const RUNNING_PID = 18
const RUNNING_DEFINITION = 19
const ACTIVE_MS = 20
const STARTED_MS = 21
const GC_COUNT = 22
const GC_MS = 23
const HELD_BYTES = 24
const MUTED_COUNT = 25
const HEAP_USED_BYTES = 26
const HEAP_LIMIT_BYTES = 27
const QUEUED_COUNT = 28

/** What RUNNING_PID says when a slice is on, but no process of it: rings are read, timers fire. */
export const NO_PROCESS = -1

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

  /** Spawn requests that wait here for whoever takes them. */
  get queuedCount(): number {
    return this.read(QUEUED_COUNT)
  }
  set queuedCount(value: number) {
    this.floats[QUEUED_COUNT] = value
  }

  /** Processes that it has moved to others, and that have come from others. */
  get movedOutCount(): number {
    return this.read(MOVED_OUT_COUNT)
  }
  set movedOutCount(value: number) {
    this.floats[MOVED_OUT_COUNT] = value
  }

  get movedInCount(): number {
    return this.read(MOVED_IN_COUNT)
  }
  set movedInCount(value: number) {
    this.floats[MOVED_IN_COUNT] = value
  }

  /** Spawn requests that this scheduler took from others. */
  get stealCount(): number {
    return this.read(STEAL_COUNT)
  }
  set stealCount(value: number) {
    this.floats[STEAL_COUNT] = value
  }

  /** How long its slices took that are over, without the time in which they only looked out for signals. */
  get activeMs(): number {
    return this.read(ACTIVE_MS)
  }
  set activeMs(value: number) {
    this.floats[ACTIVE_MS] = value
  }

  /** When its thread began, by the system's clock, which all threads share. */
  get startedMs(): number {
    return this.read(STARTED_MS)
  }
  set startedMs(value: number) {
    this.floats[STARTED_MS] = value
  }

  /** Collections of garbage since somebody wanted to know; 0 before. */
  get gcCount(): number {
    return this.read(GC_COUNT)
  }
  set gcCount(value: number) {
    this.floats[GC_COUNT] = value
  }

  /** How long those took. */
  get gcMs(): number {
    return this.read(GC_MS)
  }
  set gcMs(value: number) {
    this.floats[GC_MS] = value
  }

  /**
   * Counts what the thread does one after the other: slices, and the turns in them. If it stands still while something
   * runs, that has not ended. No clock is read for that: whoever looks has one.
   */
  get stepCount(): number {
    return this.read(STEP_COUNT)
  }
  set stepCount(value: number) {
    this.floats[STEP_COUNT] = value
  }

  /** The `$pid` whose turn it is; `NO_PROCESS` in a slice between turns; 0 outside of slices. */
  get runningPid(): number {
    return this.read(RUNNING_PID)
  }
  set runningPid(value: number) {
    this.floats[RUNNING_PID] = value
  }

  /** The number of its definition on its thread. */
  get runningDefinition(): number {
    return this.read(RUNNING_DEFINITION)
  }
  set runningDefinition(value: number) {
    this.floats[RUNNING_DEFINITION] = value
  }

  /** By its owner, at the start of a slice (`NO_PROCESS`) and of each turn: three plain stores. */
  beginStep(pid: number, definition: number): void {
    const { floats } = this
    floats[STEP_COUNT] += 1
    floats[RUNNING_PID] = pid
    floats[RUNNING_DEFINITION] = definition
  }

  /** What the thread's heap holds, garbage included, when it was last looked at. */
  get heapUsedBytes(): number {
    return this.read(HEAP_USED_BYTES)
  }
  set heapUsedBytes(value: number) {
    this.floats[HEAP_USED_BYTES] = value
  }

  /** What its long-lived part may grow to; 0 where nobody watches it. */
  get heapLimitBytes(): number {
    return this.read(HEAP_LIMIT_BYTES)
  }
  set heapLimitBytes(value: number) {
    this.floats[HEAP_LIMIT_BYTES] = value
  }

  /** For the host, before a fresh worker takes a dead one's place. */
  reset(): void {
    this.floats.fill(0)
  }

  private read(index: number): number {
    return this.floats[index]
  }
}

if (QUEUED_COUNT >= COUNTER_COUNT) throw new RangeError('more counters than a block has room for')

/**
 * Spawn requests that have not started, for any scheduler to take. Each scheduler has one queue: it alone puts, at the bottom;
 * it and all others take, from the top, so the oldest first.
 *
 *          TOP                     BOTTOM
 *           v                        v
 *     | . | a | b | c | d | ... | e | . | . |      cells of one size, found by a mask; positions only go up
 *
 *     put    BOTTOM - TOP = all the cells?  full : write the cell, then store BOTTOM
 *     take   t = TOP;  t = BOTTOM?  empty : copy cell t, then TOP: t -> t + 1 by compareExchange; lost? once more
 *
 * A cell is written again only when its owner has seen TOP beyond it. So whoever was copying it at that time has lost its
 * compareExchange by then, and throws away what it copied; and who wins has copied a cell that nobody wrote. Nothing of a copy
 * is looked at before that. BOTTOM is stored behind the cell, TOP is loaded before it: both fenced.
 *
 * **A thread may be killed anywhere.** In the middle of `put`: the cell is not there. Between its compareExchange and what
 * comes of the request: then nobody has the request, but its process has a slot, and waits for an owner. So whoever takes
 * writes down first what it is about to take (`VICTIM`, `INDEX`, `PID`), and the host finds it there (`abandonedBy`).
 *
 * Rejected. The deque of Chase and Lev: its owner takes at the bottom, the newest first, without a compareExchange but for
 * the last item: so the oldest spawn of a flood runs last, and the item that owner and thief race for is one word there, where
 * here it is a cell. Requests of any length in a byte ring: a thief must read a length before it knows what to copy, while
 * the owner may be writing there already. A lock: faster while nobody steals, slower with a thief (measured), and held by the
 * dead. Sequence numbers in each cell (Vyukov's queue): for many who put; there is one. A queue for all: its BOTTOM would
 * be every scheduler's.
 */

import {
  type SharedMemory,
  STEAL_BOTTOM,
  STEAL_CELL_BYTES,
  STEAL_CELL_COUNT,
  STEAL_CELL_HEADER_BYTES,
  STEAL_INDEX,
  STEAL_PID,
  STEAL_REQUEST_BYTES_MAX,
  STEAL_TOP,
  STEAL_VICTIM,
  stealCells,
  stealHeader,
} from './layout.ts'

const MASK = STEAL_CELL_COUNT - 1
const CELL_FLOATS = STEAL_CELL_BYTES / 8
const HEADER_FLOATS = STEAL_CELL_HEADER_BYTES / 8
/** Floats of a cell's header. The first holds the length. */
const PID = 1
const PARENT = 2
const MONITOR = 3
/** The host takes nothing, and has nothing to take. */
const NOBODY = 0

/** One request, as it was copied out of a queue: the same object for every take. */
export class StolenRequest {
  readonly floats = new Float64Array(CELL_FLOATS)
  readonly bytes = new Uint8Array(this.floats.buffer, STEAL_CELL_HEADER_BYTES)

  /** Bytes of the encoded request, in `bytes`. */
  get length(): number {
    return this.floats[0] as number
  }

  /** `$pid` of the process that it is to be. */
  get pid(): number {
    return this.floats[PID] as number
  }

  get parent(): number {
    return this.floats[PARENT] as number
  }

  /** The parent's monitor, or 0. */
  get monitorRef(): number {
    return this.floats[MONITOR] as number
  }
}

export class StealQueue {
  private readonly words: Int32Array
  private readonly header: Float64Array
  private readonly cells: Float64Array
  /** By its owner: where requests are written. */
  readonly bytes: Uint8Array

  constructor(shared: SharedMemory, endpoint: number) {
    const { words, floats } = stealHeader(shared, endpoint)
    this.words = words
    this.header = floats
    const cells = stealCells(shared, endpoint)
    this.cells = cells.floats
    this.bytes = cells.bytes
  }

  // ---- the owner ----

  /** Where in `bytes` the next request is to be written, at most `STEAL_REQUEST_BYTES_MAX`; -1 if the queue is full. */
  begin(): number {
    const bottom = this.words[STEAL_BOTTOM] as number
    // Pairs with the compareExchange in `take`: what lies before TOP is read, and may be written.
    if (((bottom - Atomics.load(this.words, STEAL_TOP)) | 0) >= STEAL_CELL_COUNT) return -1
    return this.cellAt(bottom)
  }

  /** The request has been written, from `begin` on: here is the rest of it. From now on anyone may take it. */
  put(length: number, pid: number, parent: number, monitorRef: number): void {
    const bottom = this.words[STEAL_BOTTOM] as number
    this.write(bottom, length, pid, parent, monitorRef)
    // Pairs with the load in `take`.
    Atomics.store(this.words, STEAL_BOTTOM, (bottom + 1) | 0)
  }

  protected cellAt(index: number): number {
    return (index & MASK) * STEAL_CELL_BYTES + STEAL_CELL_HEADER_BYTES
  }

  protected write(index: number, length: number, pid: number, parent: number, monitorRef: number): void {
    const at = (index & MASK) * CELL_FLOATS
    this.cells[at] = length
    this.cells[at + PID] = pid
    this.cells[at + PARENT] = parent
    this.cells[at + MONITOR] = monitorRef
  }

  // ---- anyone ----

  protected get top(): number {
    return Atomics.load(this.words, STEAL_TOP)
  }

  /** How many there are to take: a plain look, which may be a moment late. */
  get length(): number {
    return ((this.words[STEAL_BOTTOM] as number) - (this.words[STEAL_TOP] as number)) | 0
  }

  /** The fenced look before going to sleep. */
  isEmpty(): boolean {
    return ((Atomics.load(this.words, STEAL_BOTTOM) - Atomics.load(this.words, STEAL_TOP)) | 0) <= 0
  }

  /** Takes the oldest, if there is one. `thief`: the queue of whoever takes, which may be this one; `victim`: whose this is. */
  take(into: StolenRequest, thief: StealQueue, victim: number): boolean {
    const { words } = this
    for (;;) {
      const top = Atomics.load(words, STEAL_TOP)
      // Pairs with the store in `put`: the cells before BOTTOM are written.
      if (((Atomics.load(words, STEAL_BOTTOM) - top) | 0) <= 0) {
        thief.forgetIntent()
        return false
      }
      this.copyOut(top, into)
      thief.noteIntent(victim, top, into.pid)
      if (Atomics.compareExchange(words, STEAL_TOP, top, (top + 1) | 0) === top) return true
    }
  }

  protected copyOut(index: number, into: StolenRequest): void {
    const { cells } = this
    const { floats } = into
    const at = (index & MASK) * CELL_FLOATS
    const length = cells[at] as number
    // Torn, if the cell is being written: as long as nothing is done with it, anything that ends will do.
    const count = length >= 0 && length <= STEAL_REQUEST_BYTES_MAX ? HEADER_FLOATS + Math.ceil(length / 8) : 0
    for (let i = 0; i < count; i++) floats[i] = cells[at + i] as number
  }

  // ---- after a death ----

  /** By the host, when all have parted with the dead owner: what nobody has taken is no request any more. */
  clear(): void {
    // Positions only go up: who is in the middle of a `take` loses, or takes what is void.
    for (;;) {
      const top = Atomics.load(this.words, STEAL_TOP)
      const bottom = Atomics.load(this.words, STEAL_BOTTOM)
      if (Atomics.compareExchange(this.words, STEAL_TOP, top, bottom) === top) return
    }
  }

  /** Whether position `index` has been taken by somebody. */
  isTaken(index: number): boolean {
    return ((Atomics.load(this.words, STEAL_TOP) - index) | 0) > 0
  }

  /** Whether the request for this process is still to be taken. */
  holds(pid: number): boolean {
    const bottom = Atomics.load(this.words, STEAL_BOTTOM)
    for (let index = Atomics.load(this.words, STEAL_TOP); ((bottom - index) | 0) > 0; index = (index + 1) | 0)
      if (this.cells[(index & MASK) * CELL_FLOATS + PID] === pid) return true
    return false
  }

  /** What the owner of this queue, as a thief, is about to take, or was when it died. */
  get intent(): Intent | undefined {
    const victim = Atomics.load(this.words, STEAL_VICTIM)
    if (victim === NOBODY) return undefined
    return { victim, index: this.words[STEAL_INDEX] as number, pid: this.header[STEAL_PID] as number }
  }

  /** By the thief whose queue this is, in front of its compareExchange on another's TOP: that orders these plain stores. */
  noteIntent(victim: number, index: number, pid: number): void {
    this.words[STEAL_INDEX] = index
    this.header[STEAL_PID] = pid
    this.words[STEAL_VICTIM] = victim
  }

  /** What was taken has its owner, or was void. */
  forgetIntent(): void {
    this.words[STEAL_VICTIM] = NOBODY
  }
}

/** What a thief writes down before it takes something. */
export interface Intent {
  readonly victim: number
  readonly index: number
  readonly pid: number
}

/** All queues, by endpoint; the host's is never used. */
export function stealQueues(shared: SharedMemory): StealQueue[] {
  return Array.from(
    { length: shared.options.endpointCount },
    (_, endpoint) => new StealQueue(shared, endpoint),
  )
}

/**
 * By the host, when `thief` has died: the process whose request it had taken, and not yet done anything with; 0 if there is
 * none, `undefined` if that cannot be said yet, since another thread is just about to take the same.
 */
export function abandonedBy(queues: readonly StealQueue[], thief: number): number | undefined {
  const intent = queues[thief]?.intent
  if (intent === undefined || queues[intent.victim]?.isTaken(intent.index) !== true) return 0
  const { pid } = intent
  if (queues.some((queue, other) => other !== thief && queue.intent?.pid === pid)) return undefined
  // It had lost, and had read a cell that was already another's.
  return queues.some((queue) => queue.holds(pid)) ? 0 : pid
}

/**
 * The process table: which slot of the VM belongs to which process, and on which endpoint that runs.
 *
 * **No lock, no shared list.** Slots are handed to endpoints in blocks of 1,024. The endpoint that takes
 * a block is its *home* for ever, and only the home allocates from it, out of a private list. Whoever
 * runs a process frees its slot: the home puts it on its list; another endpoint only writes the state
 * word (that is the truth) and counts one up in the block's RETURNED word (that is a hint). When its
 * list is empty, the home looks through the blocks that have enough returned slots.
 *
 *     home:     allocate <-- [ private FIFO list ] <-- free
 *                                  ^
 *                                  | sweep, when the list is empty
 *     others:   free --> STATE = FREE, RETURNED + 1
 *
 * So at any instant the state words alone say everything. A thread may be killed between any two
 * instructions; the worker that takes its place sweeps its blocks (`adopt`) and has lost nothing.
 *
 * Slots are reused first in, first out: generations advance slowly. Slot 0 is never allocated: pid 0
 * names nobody, and 0 ends a list.
 *
 * Rejected: a shared stack of returned slots (a thread killed between writing FREE and its push loses
 * the slot, a sweep that meets such a slot early lists it twice, and then a push makes a circle); one
 * shared free list (35 ns and contention for each spawn); handing whole pids out by a counter (the
 * lookup pid -> process needs a hash map then: 10 times slower at 10^6 processes).
 *
 * Plain reads. `isAlive`, `owner`, `generation` and `home` read without a fence. Such a read may be old,
 * but never older than what this thread has learned otherwise: whoever hears of a pid or of a death
 * hears it through a ring or the name table, whose stores and loads are fenced and stand behind the
 * slot's own. To be told "alive" about a process that is dying elsewhere right now is no error; a
 * signal sent on that ground is dropped there.
 */

import {
  BLOCK_HOME,
  BLOCK_RETURNED,
  BLOCK_STRIDE,
  blockCount,
  blockWords,
  ENDPOINT_EPOCH,
  endpointWord,
  type SharedMemory,
  SLOT_BLOCK_BITS,
  SLOT_BLOCK_COUNT,
  SLOT_NEXT,
  SLOT_OWNER,
  SLOT_STATE,
  SLOT_STRIDE_BITS,
  slotWords,
} from './layout.ts'
import { NO_PRESSURE, Pressure } from './pressure.ts'
import {
  assign,
  beginExit,
  bequeath,
  birthEpochOf,
  claim,
  epochBits,
  FREE,
  generationOf,
  goLive,
  heirOf,
  inherit,
  isAlive,
  isAliveAs,
  isTaken,
  isUnassigned,
  ownerOf,
  ownerWord,
  release,
  STARTING,
  seal,
  seize,
  setAwaited,
  stateOf,
  takeBack,
} from './state-word.ts'

/** Ends the private list; slot 0 is never on it. */
const NONE = 0
/** Returned slots that make a block worth looking through: at most this share of memory lies idle. */
const RETURNED_COUNT_MIN = SLOT_BLOCK_COUNT / 8

export class SlotTable {
  readonly slotCount: number
  readonly pressure: Pressure

  private readonly me: number
  private readonly epoch: number
  private readonly control: Int32Array
  private readonly words: Int32Array
  private readonly blocks: Int32Array
  private readonly blockCount: number

  // The private list, linked through the NEXT words of its slots.
  private firstFree = NONE
  private lastFree = NONE
  /** The blocks whose home this is. */
  private readonly homeBlocks: number[] = []
  /** Where the process ran that had the slot of the last `allocate` before. */
  formerOwner = 0
  /** Where in `homeBlocks` the next look for returned slots begins. */
  private sweepCursor = 0
  /** All blocks below this one have a home. */
  private unclaimedBlock = 0

  constructor(shared: SharedMemory, me: number) {
    this.me = me
    this.control = new Int32Array(shared.control)
    this.epoch = Atomics.load(this.control, endpointWord(me) + ENDPOINT_EPOCH)
    this.words = slotWords(shared)
    this.pressure = new Pressure(shared)
    this.blocks = blockWords(shared)
    this.blockCount = blockCount(shared.options)
    this.slotCount = shared.options.processCountMax
  }

  // ---- the life of a slot -----------------------------------------------------------------------

  /** A slot for a process that `owner` is to run (or nobody yet: `UNASSIGNED`), in state STARTING; -1 when the table is full. */
  allocate(owner: number): number {
    if (this.firstFree === NONE && !this.refill()) return -1
    const slot = this.firstFree
    const at = slot << SLOT_STRIDE_BITS
    this.firstFree = this.words[at + SLOT_NEXT]
    this.formerOwner = ownerOf(this.words[at + SLOT_OWNER])
    // Before the state, so that a sweep never sees a starting process with its predecessor's owner.
    this.words[at + SLOT_OWNER] = ownerWord(owner, this.epoch)
    if (!claim(this.words, at + SLOT_STATE)) throw new Error(`slot ${slot} is on a free list, but not free`)
    return slot
  }

  /** By the owner, after it has made sure that the pid it was asked to start `isAlive` still. */
  markLive(slot: number): void {
    goLive(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_STATE)
  }

  /** By the owner. From here on nobody can find the process; its slot is still taken. */
  markExiting(slot: number): void {
    beginExit(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_STATE)
  }

  /**
   * By the owner at the end of an exit, when the name has been released; or by the home, for a process
   * that never came to start. Freeing what is free already does nothing: home and host may both clear
   * away a request to start a process on an endpoint that has just died.
   */
  free(slot: number): void {
    const word = this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE]
    if (isTaken(word)) this.freeFrom(slot, word)
  }

  /** By the owner: its process is to move to `heir`. From here on one of `inherit`, `keep` and a sweep decides. */
  bequeath(slot: number, heir: number): void {
    bequeath(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER, heir)
  }

  /** By the owner: it stays. @returns false if the heir has died, and the process with it */
  keep(slot: number): boolean {
    return takeBack(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER)
  }

  /** By the heir: the process is its own now. @returns false if it has died on its way */
  inherit(slot: number, generation: number, owner: number): boolean {
    // A slot is sealed before its process is ended: one that is alive and can be inherited stays alive.
    return (
      this.isAlive(slot, generation) &&
      inherit(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER, owner, this.me)
    )
  }

  /**
   * Takes a process that has no owner yet, to run it here. `awaited`: somebody holds signals for it, and must be told.
   * `lost`: it has been taken, or given up with the scheduler that wanted it.
   */
  take(slot: number, generation: number): 'taken' | 'awaited' | 'lost' {
    // It cannot change hands in between: each request is in one taker's hands, and only that one takes.
    if (!this.isAlive(slot, generation)) return 'lost'
    const isAwaited = assign(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER, this.me)
    if (isAwaited === undefined) return 'lost'
    return isAwaited ? 'awaited' : 'taken'
  }

  /**
   * Whoever takes this process, which has no owner yet, is to tell everybody. Returns false if it has one by now, or is dead.
   * (If it is, and its slot was used again in between, somebody else's birth is told to everybody: that hurts nobody.)
   */
  awaitOwner(slot: number, generation: number): boolean {
    if (!this.isAlive(slot, generation)) return false
    return setAwaited(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER) && this.isAlive(slot, generation)
  }

  /** By the host: a process without an owner goes to an endpoint that has died, to be swept with what that had. */
  assignToDead(slot: number, endpoint: number): boolean {
    return assign(this.words, (slot << SLOT_STRIDE_BITS) + SLOT_OWNER, endpoint) !== undefined
  }

  // ---- questions, by plain reads (see above) ----------------------------------------------------

  /** Whether this slot holds this process, starting or live. */
  isAlive(slot: number, generation: number): boolean {
    return isAliveAs(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE], generation)
  }

  isStarting(slot: number): boolean {
    return stateOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE]) === STARTING
  }

  isFree(slot: number): boolean {
    return stateOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE]) === FREE
  }

  generation(slot: number): number {
    return generationOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE])
  }

  /** Where its process runs, or nobody (`isUnassigned`); for a free slot, where the last one ran. */
  owner(slot: number): number {
    return ownerOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_OWNER])
  }

  /** Where this process runs, or ran; -1 if its slot has been used again since. */
  lastOwner(slot: number, generation: number): number {
    const age = this.generation(slot) - generation
    return age === 0 || (age === 1 && this.isFree(slot)) ? this.owner(slot) : -1
  }

  /** Where its process is being moved to, or was when it died; 0 if it was not. */
  heir(slot: number): number {
    return heirOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_OWNER])
  }

  /** The endpoint that allocates this slot; -1 as long as nobody has taken its block. */
  home(slot: number): number {
    return this.blocks[(slot >>> SLOT_BLOCK_BITS) * BLOCK_STRIDE + BLOCK_HOME] - 1
  }

  forEachAlive(visit: (slot: number, generation: number, owner: number) => void): void {
    const end = this.usedSlotCount()
    for (let slot = 1; slot < end; slot++) {
      const word = this.words[(slot << SLOT_STRIDE_BITS) + SLOT_STATE]
      if (isAlive(word)) visit(slot, generationOf(word), this.owner(slot))
    }
  }

  aliveCount(): number {
    let count = 0
    this.forEachAlive(() => {
      count += 1
    })
    return count
  }

  // ---- after a death ----------------------------------------------------------------------------

  /** By a worker that takes a dead one's place, before it allocates: the blocks of this endpoint are its own. */
  adopt(): void {
    this.firstFree = NONE
    this.homeBlocks.length = 0
    for (let block = 0; block < this.blockCount; block++) {
      const home = Atomics.load(this.blocks, block * BLOCK_STRIDE + BLOCK_HOME)
      if (home === 0) break
      if (home !== this.me + 1) continue
      this.homeBlocks.push(block)
      this.sweep(block)
    }
  }

  /**
   * By the host, when the thread of `owner` has ended and before another takes its place: ends every
   * process it held, and those it had wanted that nobody has taken yet. Each is marked exiting, visited (release its name, tell
   * those who watch it), freed. What was on its way to `owner` ends, too; but its slot is left to the old owner, who knows when
   * all that it sent has been published.
   */
  sweepOwner(owner: number, visit: (slot: number, generation: number) => void): void {
    const end = this.usedSlotCount()
    for (let slot = 1; slot < end; slot++) {
      const at = slot << SLOT_STRIDE_BITS
      const word = this.words[at + SLOT_STATE]
      if (!isTaken(word)) continue
      const isUntaken = isUnassigned(this.owner(slot)) && this.home(slot) === owner
      // From here on whoever finds the request takes it in vain.
      if (isUntaken && !this.assignToDead(slot, owner)) continue
      const ownership = Atomics.load(this.words, at + SLOT_OWNER)
      const heir = heirOf(ownership)
      const isOwner = ownerOf(ownership) === owner
      if (!isOwner && heir !== owner) continue
      // Being moved: has it arrived meanwhile?
      if (heir !== 0 && !seal(this.words, at + SLOT_OWNER, ownership)) continue
      if (isAlive(word) && !seize(this.words, at + SLOT_STATE, word)) continue
      const exiting = this.words[at + SLOT_STATE]
      this.pressure.set(slot, NO_PRESSURE)
      visit(slot, generationOf(word))
      if (isOwner) this.freeFrom(slot, exiting)
    }
  }

  /** By the home of slots, when it hears that `owner` has died: every process it wanted started there in vain. */
  forEachUnstarted(owner: number, visit: (slot: number, generation: number) => void): void {
    for (const block of this.homeBlocks) {
      const begin = block << SLOT_BLOCK_BITS
      for (let slot = Math.max(begin, 1); slot < begin + SLOT_BLOCK_COUNT; slot++) {
        if (this.isStarting(slot) && this.owner(slot) === owner) visit(slot, this.generation(slot))
      }
    }
  }

  /**
   * By the host, when `home` has died: every process it wanted started on `owner`, which is not up to hear
   * of it. The visitor releases the name and frees the slot.
   */
  forEachStarting(home: number, owner: number, visit: (slot: number, generation: number) => void): void {
    const end = this.usedSlotCount()
    for (let slot = 1; slot < end; slot++) {
      if (this.isStarting(slot) && this.home(slot) === home && this.owner(slot) === owner) {
        visit(slot, this.generation(slot))
      }
    }
  }

  /**
   * By a live owner, when it has read the last signal of an earlier life of `home`: every process that
   * this life wanted started here, but whose request it did not live to publish. The visitor releases
   * the name and frees the slot.
   */
  forEachUnborn(home: number, visit: (slot: number, generation: number) => void): void {
    const now = epochBits(Atomics.load(this.control, endpointWord(home) + ENDPOINT_EPOCH))
    const end = this.usedSlotCount()
    for (let slot = 1; slot < end; slot++) {
      if (!this.isStarting(slot) || this.home(slot) !== home || this.owner(slot) !== this.me) continue
      const birth = birthEpochOf(this.words[(slot << SLOT_STRIDE_BITS) + SLOT_OWNER])
      if (birth !== now) visit(slot, this.generation(slot))
    }
  }

  // ---- the private list -------------------------------------------------------------------------

  private freeFrom(slot: number, word: number): void {
    const at = slot << SLOT_STRIDE_BITS
    if (release(this.words, at + SLOT_STATE, word) !== FREE) return
    if (this.home(slot) === this.me) this.push(slot)
    // Pairs with the exchange in `sweep`: who takes the count sees the state words it counts.
    else Atomics.add(this.blocks, (slot >>> SLOT_BLOCK_BITS) * BLOCK_STRIDE + BLOCK_RETURNED, 1)
  }

  private push(slot: number): void {
    this.words[(slot << SLOT_STRIDE_BITS) + SLOT_NEXT] = NONE
    if (this.firstFree === NONE) this.firstFree = slot
    else this.words[(this.lastFree << SLOT_STRIDE_BITS) + SLOT_NEXT] = slot
    this.lastFree = slot
  }

  /** Finds free slots for an empty list: returned ones, else a new block, else the last that were returned. */
  private refill(): boolean {
    return this.sweepBlockWith(RETURNED_COUNT_MIN) || this.takeBlock() || this.sweepBlockWith(1)
  }

  private sweepBlockWith(countMin: number): boolean {
    const count = this.homeBlocks.length
    for (let tries = 0; tries < count; tries++) {
      if (this.sweepCursor >= count) this.sweepCursor = 0
      const block = this.homeBlocks[this.sweepCursor++]
      // A plain read: the exchange in `sweep` confirms it.
      if (this.blocks[block * BLOCK_STRIDE + BLOCK_RETURNED] < countMin) continue
      this.sweep(block)
      if (this.firstFree !== NONE) return true
    }
    return false
  }

  /** Lists every free slot of a block. Only with none of them on the list already. */
  private sweep(block: number): void {
    // First the count, then the slots: what is returned meanwhile may be counted once too often, and
    // never once too rarely.
    Atomics.exchange(this.blocks, block * BLOCK_STRIDE + BLOCK_RETURNED, 0)
    const begin = block << SLOT_BLOCK_BITS
    for (let slot = Math.max(begin, 1); slot < begin + SLOT_BLOCK_COUNT; slot++) {
      if (this.isFree(slot)) this.push(slot)
    }
  }

  /** Blocks are taken in order, each by one compareExchange: no moment at which one is taken but nobody's. */
  private takeBlock(): boolean {
    while (this.unclaimedBlock < this.blockCount) {
      const block = this.unclaimedBlock++
      if (Atomics.compareExchange(this.blocks, block * BLOCK_STRIDE + BLOCK_HOME, 0, this.me + 1) !== 0)
        continue
      this.homeBlocks.push(block)
      this.sweep(block)
      return true
    }
    return false
  }

  private usedSlotCount(): number {
    let block = 0
    while (block < this.blockCount && Atomics.load(this.blocks, block * BLOCK_STRIDE + BLOCK_HOME) !== 0)
      block++
    return block * SLOT_BLOCK_COUNT
  }
}

/**
 * The two words that say what a slot is. Nobody but this file reads their bits or writes them.
 *
 *     STATE   31                            3 2   0
 *             +------------------------------+-----+
 *             |          generation          |state|
 *             +------------------------------+-----+
 *     OWNER   31             18 17  16  15    8 7     0
 *             +----------------+---+-----+------+-------+
 *             | epoch of alloc.| - |sealed| heir | owner |
 *             +----------------+---+-----+------+-------+
 *
 *                  claim            goLive            beginExit           release
 *        FREE g  --------> STARTING g -----> LIVE g ------------> EXITING g -----> FREE g+1
 *          ^  \                 |  \____________________________^                   or RETIRED
 *          |   \____ release ___/
 *
 * OWNER has two values that are no endpoint: UNASSIGNED, a process that has not started and that nobody runs yet, and
 * AWAITED, the same, but somebody holds signals for it. Whoever takes it writes itself there by compareExchange, and so
 * does whoever sets AWAITED: of the two, one sees the other.
 *
 *                 take                            whoever takes from AWAITED tells all that it has:
 *     UNASSIGNED ------> endpoint                 those who hold signals send them then
 *          | await          ^
 *          '--> AWAITED ----'  take
 *
 * Generation and state share a word, so one load answers "is *this* process alive", with no moment in
 * between at which the slot may have changed hands, and a slot cannot come back to a word it had.
 *
 * Who may write STATE depends on the state, and is always one thread. So most writes are plain stores:
 *
 *     FREE              the slot's home (it alone allocates)
 *     STARTING          its home until the spawn request is published; then its owner
 *     LIVE, EXITING     its owner
 *     any of an owner whose thread has ended: the host, by compareExchange, because the home may be
 *     giving up a spawn request to that same owner at that very moment
 *
 * Who may write OWNER: its home, before the slot is STARTING; then the owner, until it names an **heir**, the endpoint
 * that its process is being moved to (0, the host, is nobody's). From then on it changes by compareExchange alone, and
 * exactly one comes first:
 *
 *     owner O  --bequeath--> owner O, heir N  --inherit, by N--> owner N             the process lives on N
 *         ^                    |        \--seal, by the host--> sealed               it died, with O or with N
 *         `-- takeBack, by O --'
 *
 * Rejected: generation in a word of its own (two loads in the right order, and a fence, for each
 * check); compareExchange everywhere (8 ns a step for races that cannot happen).
 */

import { GENERATION_COUNT_MAX } from './layout.ts'

/** A slot's state: the low three bits. Bit 2: the process counts as alive. Bit 0 or 2: the slot is taken. */
export const FREE = 0b000
export const EXITING = 0b001
export const RETIRED = 0b010
export const STARTING = 0b100
export const LIVE = 0b101

const STATE_BITS = 3
const STATE_MASK = 0b111
const ALIVE_BIT = 0b100
const TAKEN_BITS = 0b101
/** Owners that no endpoint is: the process has not been taken by one; and somebody waits for that. */
export const UNASSIGNED = 126
const AWAITED = 127
const OWNER_MASK = 0xff
const HEIR_SHIFT = 8
const SEALED_BIT = 1 << 16
const EPOCH_SHIFT = 18

/** The generation that is never used: a slot that gets there is retired, so no pid ever comes back. */
const GENERATION_LAST = GENERATION_COUNT_MAX - 1

export function stateOf(word: number): number {
  return word & STATE_MASK
}

export function generationOf(word: number): number {
  return word >>> STATE_BITS
}

export function isAlive(word: number): boolean {
  return (word & ALIVE_BIT) !== 0
}

/** Whether the slot belongs to a process, be it a dying one: not free, and not retired. */
export function isTaken(word: number): boolean {
  return (word & TAKEN_BITS) !== 0
}

/** Whether this word is that of a live (or starting) process with this generation. */
export function isAliveAs(word: number, generation: number): boolean {
  return word >>> STATE_BITS === generation && (word & ALIVE_BIT) !== 0
}

export function ownerOf(ownerWord: number): number {
  return ownerWord & OWNER_MASK
}

/** Whether this is no endpoint: nobody runs the process yet. */
export function isUnassigned(owner: number): boolean {
  return owner >= UNASSIGNED && owner <= AWAITED
}

/** By whoever takes a process that has no owner. @returns whether somebody waits for that; undefined if it was taken before */
export function assign(words: Int32Array, at: number, owner: number): boolean | undefined {
  for (;;) {
    const word = Atomics.load(words, at)
    const before = ownerOf(word)
    if (!isUnassigned(before)) return undefined
    // Lost against `await`: one more look.
    if (Atomics.compareExchange(words, at, word, ownerWord(owner, birthEpochOf(word))) === word)
      return before === AWAITED
  }
}

/** By whoever holds signals for a process that has no owner. @returns false if it has one by now */
export function setAwaited(words: Int32Array, at: number): boolean {
  for (;;) {
    const word = Atomics.load(words, at)
    const owner = ownerOf(word)
    if (owner === AWAITED) return true
    if (owner !== UNASSIGNED) return false
    if (Atomics.compareExchange(words, at, word, ownerWord(AWAITED, birthEpochOf(word))) === word) return true
  }
}

/** The low 14 bits of the epoch of the home that allocated it. */
export function birthEpochOf(ownerWord: number): number {
  return ownerWord >>> EPOCH_SHIFT
}

export function ownerWord(owner: number, epoch: number): number {
  return (epoch << EPOCH_SHIFT) | owner
}

/** What `birthEpochOf` would give for this epoch. */
export function epochBits(epoch: number): number {
  return (epoch << EPOCH_SHIFT) >>> EPOCH_SHIFT
}

/** FREE -> STARTING, by the home. @returns whether it was free */
export function claim(words: Int32Array, at: number): boolean {
  const word = words[at]
  if (stateOf(word) !== FREE) return false
  words[at] = word | STARTING
  return true
}

/** STARTING -> LIVE, by the owner. */
export function goLive(words: Int32Array, at: number): void {
  const word = words[at]
  if (stateOf(word) !== STARTING) throw new Error(`a slot in state ${stateOf(word)} cannot go live`)
  words[at] = (word & ~STATE_MASK) | LIVE
}

/**
 * STARTING or LIVE -> EXITING, by the owner. Stored with a fence: it pairs with the load by which
 * `NameTable.register` makes sure that it has not named a process that is on its way out.
 */
export function beginExit(words: Int32Array, at: number): void {
  const word = words[at]
  if (!isAlive(word)) throw new Error(`a slot in state ${stateOf(word)} cannot exit`)
  Atomics.store(words, at, (word & ~STATE_MASK) | EXITING)
}

/** The same, by the host, for an owner whose thread has ended. @returns false if the home was faster */
export function seize(words: Int32Array, at: number, word: number): boolean {
  return Atomics.compareExchange(words, at, word, (word & ~STATE_MASK) | EXITING) === word
}

/**
 * EXITING, or STARTING if it never came to that, -> FREE with the next generation, or RETIRED.
 * @returns the new state, or -1 if another thread was faster
 */
export function release(words: Int32Array, at: number, word: number): number {
  const state = stateOf(word)
  if (state !== EXITING && state !== STARTING) throw new Error(`a slot in state ${state} cannot be freed`)
  const generation = generationOf(word) + 1
  const next = generation < GENERATION_LAST ? FREE : RETIRED
  const won = Atomics.compareExchange(words, at, word, (generation << STATE_BITS) | next) === word
  return won ? next : -1
}

/** Where the process of this slot is being moved to; 0 if it is not. */
export function heirOf(ownerWord: number): number {
  return (ownerWord >>> HEIR_SHIFT) & OWNER_MASK
}

/** Whether it died while it was being moved. */
export function isSealed(ownerWord: number): boolean {
  return (ownerWord & SEALED_BIT) !== 0
}

/** The owner names an heir. With a fence: it pairs with the look at the words in the sweep of a dead endpoint. */
export function bequeath(words: Int32Array, at: number, heir: number): void {
  const word = words[at]
  if (heir === 0 || heirOf(word) !== 0)
    throw new Error(`a slot of owner ${ownerOf(word)} cannot be left to ${heir}`)
  Atomics.store(words, at, word | (heir << HEIR_SHIFT))
}

/** The owner takes that back. @returns false if it is sealed */
export function takeBack(words: Int32Array, at: number): boolean {
  const word = Atomics.load(words, at)
  if (isSealed(word)) return false
  return Atomics.compareExchange(words, at, word, word & ~(OWNER_MASK << HEIR_SHIFT)) === word
}

/** The heir becomes the owner. @returns false if it is not the heir of this owner, or comes too late */
export function inherit(words: Int32Array, at: number, owner: number, heir: number): boolean {
  const word = Atomics.load(words, at)
  if (ownerOf(word) !== owner || heirOf(word) !== heir || isSealed(word)) return false
  return Atomics.compareExchange(words, at, word, ownerWord(heir, birthEpochOf(word))) === word
}

/** By the host, when the owner or the heir is dead: nobody inherits. @returns false if somebody was faster */
export function seal(words: Int32Array, at: number, word: number): boolean {
  return isSealed(word) || Atomics.compareExchange(words, at, word, word | SEALED_BIT) === word
}

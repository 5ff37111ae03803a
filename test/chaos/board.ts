// What all processes of a chaos run share: a board of words in shared memory. It outlives every one of them, so it is
// what their accounts are held against: counts, who holds which frequency, who is in the middle of a call.

const COUNTS = [
  'calls begun',
  'calls replied',
  'calls ended by an exit',
  'allocations',
  'frequencies given back',
  'messages in order',
  'allocator starts',
  'client starts',
  'source starts',
  'sink starts',
] as const
export type Count = (typeof COUNTS)[number]

export const FREQUENCY_COUNT = 32
/** A restarted allocator has frequencies of its own; nobody holds one for so many restarts. */
const LIFE_COUNT = 256
const HEADER_COUNT = 64
const STOPPED = HEADER_COUNT - 1
const FREE = 0

export class Board {
  readonly words: Int32Array

  constructor(words: Int32Array | undefined, clientCount = 0) {
    const length = HEADER_COUNT + LIFE_COUNT * FREQUENCY_COUNT + clientCount
    this.words = words ?? new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
  }

  /** Returns the count before. */
  add(count: Count, by = 1): number {
    return Atomics.add(this.words, COUNTS.indexOf(count), by)
  }

  counts(): [Count, number][] {
    return COUNTS.map((name, index) => [name, Atomics.load(this.words, index) >>> 0])
  }

  /** The load is over: who has nothing in hand rests. */
  stop(): void {
    Atomics.store(this.words, STOPPED, 1)
  }

  resume(): void {
    Atomics.store(this.words, STOPPED, 0)
  }

  get isStopped(): boolean {
    return Atomics.load(this.words, STOPPED) === 1
  }

  // ---- frequencies ----

  /** Returns who holds it already, or 0. */
  take(life: number, frequency: number, client: number): number {
    return Atomics.compareExchange(this.words, cellOf(life, frequency), FREE, client)
  }

  giveBack(life: number, frequency: number): void {
    Atomics.store(this.words, cellOf(life, frequency), FREE)
  }

  /** What nobody has given back in this life of the allocator. */
  heldIn(life: number): number[] {
    const all = Array.from({ length: FREQUENCY_COUNT }, (_, frequency) => frequency)
    return all.filter((frequency) => Atomics.load(this.words, cellOf(life, frequency)) !== FREE)
  }

  /** For a life that begins: the cells of one long past are its own now. */
  clear(life: number): void {
    this.words.fill(FREE, cellOf(life, 0), cellOf(life, 0) + FREQUENCY_COUNT)
  }

  // ---- calls ----

  /** A client begins a call, or is through with it. */
  mark(client: number, isInCall: boolean): void {
    Atomics.store(this.words, clientCell(client), isInCall ? 1 : 0)
  }

  isInCall(client: number): boolean {
    return Atomics.load(this.words, clientCell(client)) === 1
  }
}

function cellOf(life: number, frequency: number): number {
  return HEADER_COUNT + (life % LIFE_COUNT) * FREQUENCY_COUNT + frequency
}

function clientCell(client: number): number {
  return HEADER_COUNT + LIFE_COUNT * FREQUENCY_COUNT + client
}

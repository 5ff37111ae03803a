/** Chance for the programs: small, seeded, and plain enough to live in a process's state. */

export class Dice {
  state: number
  constructor(seed: number) {
    this.state = seed | 0
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let word = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }

  /** From 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  /** From `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** A seed for somebody else. */
  seed(): number {
    return this.below(2 ** 31)
  }
}

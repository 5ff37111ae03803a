/**
 * All chance in a simulation: one stream of numbers from one seed. A stream can give off others (`fork`), so that
 * what one part draws does not shift what another gets.
 *
 * The generator is sfc32: 128 bits of state, a few additions and shifts, no multiplication that could differ
 * between machines.
 */

export class Random {
  private a: number
  private b: number
  private c: number
  private d = 1

  constructor(seed: number) {
    this.a = seed | 0
    this.b = Math.floor(seed / 2 ** 32) | 0
    this.c = 0x9e3779b9 | 0
    // Close seeds must not give close streams.
    for (let round = 0; round < 15; round++) this.bits()
  }

  /** 32 random bits, signed. */
  bits(): number {
    const sum = (this.a + this.b + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + sum) | 0
    return sum
  }

  /** In [0, 1). */
  next(): number {
    return (this.bits() >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  /** In [from, to). */
  between([from, to]: readonly [from: number, to: number]): number {
    return from + this.next() * (to - from)
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  fork(): Random {
    return new Random((this.bits() >>> 0) * 2 ** 20 + (this.bits() >>> 12))
  }
}

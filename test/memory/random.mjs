/** Numbers that look random and are the same for the same seed. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed | 0
  }

  /** An integer in 0..below-1. @param {number} below */
  next(below) {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) | 0
    const mixed = Math.imul(this.state ^ (this.state >>> 15), 0x2c1b3c6d)
    return ((mixed ^ (mixed >>> 13)) >>> 0) % below
  }
}

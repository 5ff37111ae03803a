/**
 * Which schedulers sleep: a bit each, in words that all share. Whoever has work to give away looks here, and wakes one; that
 * costs it one load while nobody sleeps.
 *
 * A hint: a bit may still stand after its scheduler was woken, and for a moment after that has died. What nobody may miss is
 * work put in a queue as a scheduler goes to sleep. So it enters the set first and then looks at the queues once more, and
 * who puts something in one does that first and then looks at the set; all fenced: one of the two sees the other.
 *
 * Rejected: looking at every scheduler's PARKED word (64 loads for each spawn of a flood); a count of sleepers (it does not
 * say whom to wake).
 */

import type { Control } from './control.ts'
import { idleWords, type SharedMemory } from './layout.ts'
import { wake } from './park.ts'

export class IdleSet {
  private readonly words: Int32Array
  private readonly control: Control

  constructor(shared: SharedMemory, control: Control) {
    this.words = idleWords(shared)
    this.control = control
  }

  /** Before the last look at the queues. Pairs with the load in `wakeOne`. */
  enter(endpoint: number): void {
    Atomics.or(this.words, endpoint >> 5, 1 << (endpoint & 31))
  }

  leave(endpoint: number): void {
    Atomics.and(this.words, endpoint >> 5, ~(1 << (endpoint & 31)))
  }

  has(endpoint: number): boolean {
    return (Atomics.load(this.words, endpoint >> 5) & (1 << (endpoint & 31))) !== 0
  }

  /** Wakes one that sleeps; returns false if none does. */
  wakeOne(): boolean {
    for (let at = 0; at < this.words.length; at++) {
      // Pairs with `enter`.
      let bits = Atomics.load(this.words, at)
      while (bits !== 0) {
        const lowest = 31 - Math.clz32(bits & -bits)
        // Somebody else may have been faster: then the next one.
        if (wake(this.control, at * 32 + lowest)) return true
        bits &= bits - 1
      }
    }
    return false
  }
}

/**
 * The processes of one scheduler that have something to do: a queue, first in first out, for each priority.
 * `max` goes before `high`, `high` before the others; of those `low` gets one turn in eight, so that nothing
 * starves below a busy `normal` (OTP's rule). Nearly always only `normal` is in use, and costs nothing more.
 */

import { NORMAL } from '../process/limits.ts'
import type { Process } from '../process/process.ts'

const CAPACITY_MIN = 64
const LOW_TURN_EVERY = 8

/** A power-of-two ring. */
class Queue {
  private items: (Process | undefined)[]
  private head = 0
  private tail = 0

  constructor(capacity: number) {
    this.items = new Array<Process | undefined>(capacity).fill(undefined)
  }

  get length(): number {
    return this.tail - this.head
  }

  push(process: Process): void {
    if (this.tail - this.head === this.items.length) this.grow()
    this.items[this.tail++ & (this.items.length - 1)] = process
  }

  shift(): Process | undefined {
    if (this.head === this.tail) return undefined
    const at = this.head++ & (this.items.length - 1)
    const process = this.items[at]
    this.items[at] = undefined
    return process
  }

  /** From the one that was pushed last. */
  *backwards(): Iterable<Process> {
    for (let at = this.tail - 1; at >= this.head; at--) {
      const process = this.items[at & (this.items.length - 1)]
      if (process !== undefined) yield process
    }
  }

  private grow(): void {
    const grown = new Array<Process | undefined>(this.items.length * 2).fill(undefined)
    for (let at = this.head; at < this.tail; at++) {
      grown[at & (grown.length - 1)] = this.items[at & (this.items.length - 1)]
    }
    this.items = grown
  }
}

export class RunQueue {
  private readonly normal = new Queue(CAPACITY_MIN)
  private readonly low = new Queue(1)
  private readonly high = new Queue(1)
  private readonly max = new Queue(1)
  /** How many stand in another queue than `normal`. */
  private otherCount = 0
  private normalTurnCount = 0

  get length(): number {
    return this.normal.length + this.otherCount
  }

  /** Of usual priority, those that will wait longest first. */
  waitingLongest(): Iterable<Process> {
    return this.normal.backwards()
  }

  push(process: Process): void {
    if (process.priority === NORMAL) {
      this.normal.push(process)
      return
    }
    this.otherCount += 1
    if (process.priority < NORMAL) this.low.push(process)
    else if (process.priority === NORMAL + 1) this.high.push(process)
    else this.max.push(process)
  }

  shift(): Process | undefined {
    return this.otherCount === 0 ? this.normal.shift() : this.shiftRanked()
  }

  private shiftRanked(): Process | undefined {
    const urgent = this.max.shift() ?? this.high.shift()
    if (urgent !== undefined) {
      this.otherCount -= 1
      return urgent
    }
    const isLowsTurn = this.normal.length === 0 || ++this.normalTurnCount >= LOW_TURN_EVERY
    const chosen = isLowsTurn ? this.low.shift() : undefined
    if (chosen === undefined) return this.normal.shift()
    this.normalTurnCount = 0
    this.otherCount -= 1
    return chosen
  }
}

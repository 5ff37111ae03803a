/** The processes of one scheduler that have something to do, first in first out: a power-of-two ring. */

import type { Process } from '../process/process.ts'

const CAPACITY_MIN = 64

export class RunQueue {
  private items = new Array<Process | undefined>(CAPACITY_MIN).fill(undefined)
  private head = 0
  private tail = 0

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

  private grow(): void {
    const grown = new Array<Process | undefined>(this.items.length * 2).fill(undefined)
    for (let at = this.head; at < this.tail; at++) {
      grown[at & (grown.length - 1)] = this.items[at & (this.items.length - 1)]
    }
    this.items = grown
  }
}

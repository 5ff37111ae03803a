/**
 * Slots of processes that are dead, and have been told of. Before such a slot is used again all that its process
 * ever sent must be there for its readers to see, or an answer about the process could overtake it.
 */

import type { SlotTable } from '../memory/slots.ts'
import type { Outside } from './outside.ts'
import type { Unborn } from './unborn.ts'

interface Grave {
  readonly slot: number
  readonly pid: number
  /** Infinity: some of its signals have not been posted yet. */
  postedCount: number
}

export class Graves {
  private unfreed: Grave[] = []
  private readonly slots: SlotTable
  private readonly outside: Outside
  private readonly unborn: Unborn
  constructor(slots: SlotTable, outside: Outside, unborn: Unborn) {
    this.slots = slots
    this.outside = outside
    this.unborn = unborn
  }

  release(slot: number, pid: number): void {
    const postedCount = this.unborn.isHolding(pid) ? Infinity : this.outside.postedCount()
    if (postedCount === this.outside.publishedCount()) this.slots.free(slot)
    else this.unfreed.push({ slot, pid, postedCount })
  }

  /** To be called when signals have been published. */
  clear(): void {
    if (this.unfreed.length === 0) return
    const published = this.outside.publishedCount()
    const left: Grave[] = []
    for (const grave of this.unfreed) {
      if (grave.postedCount === Infinity && !this.unborn.isHolding(grave.pid))
        grave.postedCount = this.outside.postedCount()
      if (grave.postedCount <= published) this.slots.free(grave.slot)
      else left.push(grave)
    }
    this.unfreed = left
  }
}

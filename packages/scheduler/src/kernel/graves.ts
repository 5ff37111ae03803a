/**
 * Slots of processes that are dead, and have been told of. Before such a slot is used again all that its process
 * ever sent must be there for its readers to see, or an answer about the process could overtake it.
 */

import type { SlotTable } from '../memory/slots.ts'
import type { Outside } from './outside.ts'

export class Graves {
  private readonly unfreed: { readonly slot: number; readonly postedCount: number }[] = []
  private readonly slots: SlotTable
  private readonly outside: Outside
  constructor(slots: SlotTable, outside: Outside) {
    this.slots = slots
    this.outside = outside
  }

  release(slot: number): void {
    const postedCount = this.outside.postedCount()
    if (postedCount === this.outside.publishedCount()) this.slots.free(slot)
    else this.unfreed.push({ slot, postedCount })
  }

  /** To be called when signals have been published. */
  clear(): void {
    if (this.unfreed.length === 0) return
    const published = this.outside.publishedCount()
    const first = this.unfreed.findIndex(({ postedCount }) => postedCount > published)
    const due = this.unfreed.splice(0, first < 0 ? this.unfreed.length : first)
    for (const { slot } of due) this.slots.free(slot)
  }
}

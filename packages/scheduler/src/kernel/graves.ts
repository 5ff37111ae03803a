/**
 * Slots of processes that are dead, and have been told of. Before such a slot is used again all that its process
 * ever sent must be there for its readers to see, or an answer about the process could overtake it.
 */

import type { SlotTable } from '../memory/slots.ts'
import { Line } from './line.ts'
import type { Outside } from './outside.ts'
import type { Unborn } from './unborn.ts'

interface Grave {
  readonly slot: number
  /** When so many signals are published, all of its own are. */
  readonly postedCount: number
}

export class Graves {
  /** Those that died first have posted least. */
  private readonly unfreed = new Line<Grave>()
  /** Some of their signals have not been posted yet. */
  private holding: { readonly slot: number; readonly pid: number }[] = []
  private readonly slots: SlotTable
  private readonly outside: Outside
  private readonly unborn: Unborn
  constructor(slots: SlotTable, outside: Outside, unborn: Unborn) {
    this.slots = slots
    this.outside = outside
    this.unborn = unborn
  }

  release(slot: number, pid: number): void {
    if (this.unborn.isHolding(pid)) this.holding.push({ slot, pid })
    else this.bury(slot)
  }

  private bury(slot: number): void {
    const postedCount = this.outside.postedCount()
    if (postedCount === this.outside.publishedCount()) this.slots.free(slot)
    else this.unfreed.push({ slot, postedCount })
  }

  /** To be called when signals have been published. */
  clear(): void {
    if (this.holding.length > 0) this.buryHolding()
    if (this.unfreed.length === 0) return
    const published = this.outside.publishedCount()
    for (let { first } = this.unfreed; first !== undefined && first.postedCount <= published; ) {
      this.slots.free(first.slot)
      this.unfreed.shift()
      first = this.unfreed.first
    }
  }

  private buryHolding(): void {
    const { holding, unborn } = this
    this.holding = []
    for (const grave of holding) {
      if (unborn.isHolding(grave.pid)) this.holding.push(grave)
      else this.bury(grave.slot)
    }
  }
}

/**
 * The queues of unstarted spawns in the simulated world: a few cells each, so that they get full; and the ways in which a test
 * breaks them.
 */

import type { SharedMemory } from '../memory/layout.ts'
import { StealQueue, type StolenRequest } from '../memory/steal-queue.ts'
import type { Sabotage } from './sabotage.ts'

/** Requests in one queue. */
const CAPACITY = 4
/** The chance that a scheduler without work looks at what others have to give away. */
export const STEAL_PROBABILITY = 0.5
/** The chance that it dies of that, in a world in which schedulers die. */
export const STRIKE_PROBABILITY = 0.02

export class SimStealQueue extends StealQueue {
  private readonly sabotage: Sabotage
  private isOverwriting = false

  constructor(shared: SharedMemory, endpoint: number, sabotage: Sabotage) {
    super(shared, endpoint)
    this.sabotage = sabotage
  }

  override begin(): number {
    this.isOverwriting = false
    if (this.length < CAPACITY) return super.begin()
    if (this.sabotage.reusesCells !== true) return -1
    this.isOverwriting = true
    return this.cellAt(this.top)
  }

  override put(length: number, pid: number, parent: number, monitorRef: number): void {
    if (this.isOverwriting) this.write(this.top, length, pid, parent, monitorRef)
    else super.put(length, pid, parent, monitorRef)
  }

  override take(into: StolenRequest, thief: StealQueue, victim: number): boolean {
    if (this.sabotage.takesTwice?.() !== true || this.isEmpty()) return super.take(into, thief, victim)
    // As if the compareExchange of somebody else had not counted.
    this.copyOut(this.top, into)
    return true
  }
}

/** A scheduler ends where it stands: with a request in its hands, for one. */
export class Struck extends Error {}

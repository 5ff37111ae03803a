/**
 * Which processes want their senders held back: a byte for each slot, which senders everywhere look at.
 *
 * The owner of a process writes its byte, plainly; a sender reads it, plainly, with each message that leaves its
 * scheduler. An old value does no harm in either direction: one message more comes through, or a sender asks to be
 * let go and is, at once. So nothing is fenced, and what a dead scheduler left here needs no care but tidiness.
 */

import { pressureBytes, type SharedMemory } from './layout.ts'

/** Its senders are nobody's concern: nearly every process. */
export const NO_PRESSURE = 0
/** It holds its senders back when it is overloaded; now it is not. */
export const MUTES = 1
/** It is overloaded: whoever sends to it now is held. */
export const OVERLOADED = 2

export class Pressure {
  private readonly bytes: Uint8Array

  constructor(shared: SharedMemory) {
    this.bytes = pressureBytes(shared)
  }

  of(slot: number): number {
    return this.bytes[slot]
  }

  /** By the owner of the slot's process; by the host, for an owner that has died. */
  set(slot: number, pressure: number): void {
    this.bytes[slot] = pressure
  }
}

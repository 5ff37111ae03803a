/**
 * What an endpoint knows of the way of its signals, in numbers: which of those it sent can be seen by their readers, and
 * up to where it has read what others sent. A slot is used again only when its last user's signals can be seen, and
 * questions about the forgotten are answered when all that could be seen has been read.
 */

import type { Control } from '../memory/control.ts'

/** What there is to know of the ways from others. */
export interface Ways {
  /** Whether the way from this peer is open. */
  isReading(peer: number): boolean
  /** Whether something that this peer has published waits to be read. */
  isHolding(peer: number): boolean
}

export class Traffic {
  private posted = 0
  private published = 0
  private drains = 0
  /** By endpoint: the latest drain of which all that had come from it before is read. */
  private readonly emptiedBy: number[]
  private readonly control: Control
  private readonly endpoint: number

  constructor(control: Control, endpoint: number, endpointCount: number) {
    this.control = control
    this.endpoint = endpoint
    this.emptiedBy = new Array<number>(endpointCount).fill(0)
  }

  /** How many signals were ever posted. */
  get postedCount(): number {
    return this.posted
  }

  /** So many of them, the oldest, can be seen by their readers. */
  get publishedCount(): number {
    return this.published
  }

  /** The number of the latest reading of what came in from all others. */
  get drainCount(): number {
    return this.drains
  }

  notePosted(): void {
    this.posted += 1
  }

  /** All was published but what waits for room. `firstHeld`: the first of those is the how-manyth signal; Infinity if none. */
  noteFlushed(firstHeld: number): void {
    this.published = Math.min(this.posted, firstHeld - 1)
  }

  beginDrain(): void {
    this.drains += 1
  }

  /** What came from this peer has been read to the end; or at least all that had come before that drain. */
  noteEmptied(peer: number, drain: number = this.drains): void {
    this.emptiedBy[peer] = drain
  }

  /** All that was published before drain number so-and-so began has been read. */
  caughtUpCount(ways: Ways): number {
    let caughtUp = this.drains
    for (let peer = 0; peer < this.emptiedBy.length; peer++) {
      if (peer === this.endpoint) continue
      if (ways.isReading(peer)) caughtUp = Math.min(caughtUp, this.emptiedBy[peer] ?? 0)
      // A peer that is up may have written to this end already, though the way from it is not open yet; also one that was
      // up, and has died before this end has heard that it was: what it wrote is read when this end hears of its death.
      else if (this.control.isUp(peer) || ways.isHolding(peer)) return 0
    }
    return caughtUp
  }
}

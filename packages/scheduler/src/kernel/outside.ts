/**
 * All that a kernel has of the world: time, randomness, the way to other kernels, the way to code. It
 * comes in through this interface, so that one kernel runs the same on a worker thread, in the host's
 * own thread and in a simulation, and makes the same steps when given the same things.
 */

import type { Definition, DefinitionAddress } from '../process/define.ts'
import type { Transferable } from '../process/self.ts'
import type { SignalKind } from '../process/signals.ts'
import type { DirtyDesk } from './dirty.ts'

export interface Outside {
  /** Monotonic ms, with fractions. */
  now(): number
  /** In [0, 1). */
  random(): number
  /**
   * Takes a signal to another endpoint, behind all that went there before. It may lie unpublished until
   * `flush`. Never waits.
   * @throws HeddleError ERR_UNCLONABLE, and then nothing is sent
   */
  post(
    to: number,
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    transfer?: readonly Transferable[],
  ): void
  /** Publishes what was posted, as far as there is room. */
  flush(): void
  /** Publishes what was posted to one endpoint, now, though there may be more soon. */
  publish(to: number): void
  /** How many signals were posted so far. */
  postedCount(): number
  /** How many of them, the oldest, their readers can see. */
  publishedCount(): number
  /** The number of the latest reading of what came in from all others. */
  drainCount(): number
  /** The latest such number of which this is true: all that others had published before it began has been read. */
  caughtUpCount(): number
  /** Whether what is sent to this endpoint goes to the one that is up, and what that sends can be read. */
  reaches(endpoint: number): boolean
  /** There is work, and it came outside of a slice: from a promise, a timer of the event loop, the host. */
  kick(): void
  /** Signals for this endpoint that wait for room in its ring, or for it to come up. */
  heldFor(endpoint: number): number
  /** Collects the thread's garbage, where it is allowed to. */
  collectGarbage(): void
  /** The definition at this address: at once if its module is here, else once it is imported. */
  load(address: DefinitionAddress): Definition | Promise<Definition>
  /** Where dirty functions of the whole VM are run: the host has it. */
  readonly dirty?: DirtyDesk
}

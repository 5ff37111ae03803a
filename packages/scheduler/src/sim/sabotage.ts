/**
 * How a test breaks the simulated world on purpose, to see that the judge notices. No door leads here: a simulation
 * that users run has an empty one.
 */

import type { SignalKind } from '../process/signals.ts'
import type { Frame } from './wire.ts'

export interface Sabotage {
  /** Puts a frame somewhere in a ring itself, or nowhere; returns whether it did. `head`: what lies before is read. */
  readonly publish?: (ring: Frame[], frame: Frame, head: number) => boolean
  /** Does with a frame that finds the ring full what it likes; returns whether it did. */
  readonly overflow?: (overflow: Frame[], frame: Frame) => boolean
  /** Whether a signal that has arrived is lost, or comes twice. */
  readonly arrive?: (kind: SignalKind) => 'drop' | 'twice' | undefined
  /** Peers of a dead scheduler do not read what it had published. */
  readonly readsNoLastWords?: boolean
  /** Names of dead processes are freed when their slice is over. */
  readonly freesNamesLate?: boolean
  /** A dead process's signals are answered by the kernel that asks, at once. */
  readonly answersForTheDead?: boolean
  /** A link that was sent before its sender heard of the unlink makes a link again. */
  readonly heedsVoidLinks?: boolean
  /** An EXIT counts although its link was undone. */
  readonly ignoresUnlink?: boolean
  /** Peers of a dead scheduler do not break what was bound to its processes. */
  readonly breaksNothing?: boolean
  /** Slots are used again before the last signals of the process that had them are published. */
  readonly freesSlotsEarly?: boolean
  /** What is for a process that nobody runs yet goes to the scheduler that spawned it. */
  readonly sendsToTheSpawner?: boolean
  /** Who holds signals for such a process does not say so. */
  readonly awaitsNobody?: boolean
  /** A queue of unstarted spawns that is full takes one more, in the cell of one that nobody has taken. */
  readonly reusesCells?: boolean
  /** Whether a spawn is taken though somebody else has it. */
  readonly takesTwice?: () => boolean
  /** What a scheduler had taken from another as it died, and not begun, belongs to nobody. */
  readonly losesThefts?: boolean
  /** Slots of dead processes stay taken. */
  readonly keepsSlots?: boolean

  // What can be wrong about moves.

  /** The old owner lets go before the flushes are in. */
  readonly installsEarly?: boolean
  /** Who is told of a move says so, and goes on sending to the old owner. */
  readonly switchesNot?: boolean
  /** Signals have their effect on processes that are frozen. */
  readonly freezesNot?: boolean
  /** What comes for a process before itself is answered as for the dead. */
  readonly holdsNot?: boolean
  /** Two moves at once. */
  readonly locksNot?: boolean
  /** What has died on its way is taken in all the same. */
  readonly installsDead?: boolean
  /** Records of the dead are judged by where their peer was when they were made. */
  readonly judgesByBirth?: boolean
  /** A process that arrives does not part with those who have died meanwhile. */
  readonly arrivesUnparted?: boolean
  /** What was bound to processes that died on their way stays bound. */
  readonly keepsStrays?: boolean
}

export const HONEST: Sabotage = {}

/**
 * What few processes have: aliases, limits, suspensions, a group leader of their own. It stands apart from the
 * control block, so that the many that have none of it do not pay for it.
 */

import type { ExitReason } from '../term/exit-reason.ts'
import type { HeapLimit, MailboxLimit } from './limits.ts'
import { FIRST_STRIP } from './preempt.ts'

/**
 * How long an alias lives. `explicit_unalias`: until `unalias`; `reply`: until the first message that comes by it,
 * as well. The aliases of monitors also end with the monitor (`demonitor`), and `reply_demonitor` with the first
 * message, which ends the monitor, too. Source: `erlang:alias/1`, `erlang:monitor/3`.
 */
export type AliasMode = 'explicit_unalias' | 'reply' | 'demonitor' | 'reply_demonitor'

/** How often one process has suspended another. */
export interface Suspension {
  count: number
  /** The endpoint where the suspender runs. */
  readonly endpoint: number
}

export class Extras {
  aliases: Map<number, AliasMode> | null = null
  /** Who has suspended this process, by `$pid`. */
  suspenders: Map<number, Suspension> | null = null
  /** Whom this process has suspended, and how often. */
  suspended: Map<number, number> | null = null
  /** Who holds this process back because it sends too fast: by `$pid`, where they run. */
  mutedBy: Map<number, number> | null = null
  /** Whom this process holds back, by `$pid`. */
  muted: Set<number> | null = null
  /** With the mailbox policy `mute_senders`: more waits than its limit allows, and has not drained by half yet. */
  isOverloaded = false
  /** As long as it is: when it is looked at whether it stands still. */
  stallAlarm: object | null = null
  /** While it is suspended: it would run. */
  isDue = false
  /** While it is suspended: how what it awaits goes on. */
  onResume: (() => void)[] | null = null
  /** While it is suspended with its timers: those must go on with it. */
  hasPausedTimers = false
  mailboxLimit: MailboxLimit | undefined = undefined
  heapLimit: Required<HeapLimit> | undefined = undefined
  /** When so many reductions are spent, its heap is estimated again. */
  heapCheckAt = 0
  /** Whether the limit was passed already at the last estimate: a report tells it once. */
  isOverHeapLimit = false
  /** What closes what it holds outside of the VM, in the order in which it was opened. */
  readonly cleanups = new Set<(reason: ExitReason) => void>()
  /** `$pid` of the group leader; 0: the host. */
  groupLeader = 0
  /** Why it could not be moved when that was last tried. */
  pinned: string | undefined = undefined
  /** When it came here by a move. */
  arrivedMs = -Infinity
  /** Timers that it has started and that will not send to itself: they move with it, as those do. */
  startedTimers: Set<object> | null = null
  /** How many units an instrumented loop of this process may do before it asks again; shorter where they take long. */
  strip = FIRST_STRIP
}

/** What a kernel has to say to people: it goes to the host, and what becomes of it there is the embedder's choice. */

import type { DefinitionAddress } from '../process/define.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'

/** Something that people should hear of. */
export type Report =
  | CrashReport
  | HeapReport
  | SchedulerReport
  | LongScheduleReport
  | SchedulerHeapReport
  | GiveUpReport
  | DeadlockReport
  | OverflowReport

/** The code of a process threw what nobody caught. */
export interface CrashReport {
  readonly type: 'crash'
  readonly pid: Pid
  readonly scheduler: number
  readonly definition: DefinitionAddress
  readonly registeredName: string | undefined
  readonly reason: ExitReason
}

/** A process has outgrown its `maxHeapBytes`. */
export interface HeapReport {
  readonly type: 'max_heap'
  readonly pid: Pid
  readonly scheduler: number
  readonly definition: DefinitionAddress
  readonly registeredName: string | undefined
  /** The estimate. */
  readonly bytes: number
  readonly limitBytes: number
  readonly isKilled: boolean
}

/** The thread of a scheduler has ended, or could not be started. */
export interface SchedulerReport {
  readonly type: 'scheduler_down'
  readonly scheduler: number
  /** What ended it, if that is known: what the thread said last, or why the VM ended it. */
  readonly error: string | undefined
}

/**
 * A scheduler has been in one turn of one process for longer than `longScheduleMs`: nothing else runs there meanwhile. OTP:
 * `erlang:system_monitor` with `long_schedule`.
 */
export interface LongScheduleReport {
  readonly type: 'long_schedule'
  readonly scheduler: number
  /** `running`: told once, while it lasts. Then `over`, or `killed` if it passes `hogKillMs`: the scheduler is ended. */
  readonly stage: 'running' | 'over' | 'killed'
  /** So far, or in all: at least so long, since the host looks now and then. */
  readonly ms: number
  /** `undefined`: code that is in no process's turn, such as an async callback behind its `await`. */
  readonly pid: Pid | undefined
  readonly definition: DefinitionAddress | undefined
  readonly registeredName: string | undefined
}

/** The heap of a scheduler nears its limit. */
export interface SchedulerHeapReport {
  readonly type: 'scheduler_heap'
  readonly scheduler: number
  /** Alive after a collection. */
  readonly usedBytes: number
  /** What V8 would end the thread at, at the latest. */
  readonly limitBytes: number
  /**
   * `process_killed`: the one that grew most. `nobody_blamed`: none holds enough of it, or grows. `scheduler_replaced`: that went on, and
   * the scheduler is ended before V8 ends it.
   */
  readonly outcome: 'process_killed' | 'nobody_blamed' | 'scheduler_replaced'
  /** Whoever was killed, and what it held: an estimate. */
  readonly pid: Pid | undefined
  readonly definition: DefinitionAddress | undefined
  readonly registeredName: string | undefined
  readonly bytes: number
}

/** More schedulers died than `schedulerRestarts` allows: the VM has stopped. */
export interface GiveUpReport {
  readonly type: 'gave_up'
  /** The last that died. */
  readonly scheduler: number
  /** So many deaths in `periodMs`. */
  readonly deathCount: number
  readonly periodMs: number
  /** What ended the last, if that is known. */
  readonly error: string | undefined
}

/** Processes wait for each other's replies, in a circle: their calls will end by their timeouts, or never. */
export interface DeadlockReport {
  readonly type: 'deadlock'
  /** The scheduler of the one that found it. */
  readonly scheduler: number
  /** Each waits for the next, the last one for the first. */
  readonly circle: readonly { readonly pid: Pid; readonly registeredName: string | undefined }[]
}

/** Signals wait at a scheduler because the ring to another is full: told when they hold 64 MiB, then at each doubling. */
export interface OverflowReport {
  readonly type: 'ring_overflow'
  /** Where they wait. */
  readonly scheduler: number
  /** The scheduler that does not read as fast as it is written to. */
  readonly to: number
  readonly heldCount: number
  readonly heldBytes: number
}

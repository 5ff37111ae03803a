/** What a kernel has to say to people: it goes to the host, and what becomes of it there is the embedder's choice. */

import type { DefinitionAddress } from '../process/define.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'

/** Something that people should hear of. */
export type Report = CrashReport | SchedulerReport | HeapReport | DeadlockReport | OverflowReport

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

/** The thread of a scheduler ended by itself, or could not be started. */
export interface SchedulerReport {
  readonly type: 'scheduler_down'
  readonly scheduler: number
  /** What the thread said last, if anything. */
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

/** A wish from the host that a process moves: asked of the kernel that runs it, again and again until its time is up. */

import { Operation, type Task } from '../process/op.ts'
import type { PendingCall, Process } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import type { Alarm, AlarmTarget } from './alarms.ts'
import type { Kernel } from './kernel.ts'
import type { MoveOutcome } from './moves.ts'

/** What becomes of `vm.migrate`. */
export type Migration =
  | { readonly moved: true }
  | {
      readonly moved: false
      /**
       * `busy`: it was at no rest point in time, or others were being moved. `pinned`: it cannot move. `noproc`: it is dead.
       * `scheduler_down`: where it was to go nobody is up, or not any more; then the process has died with it.
       */
      readonly reason: 'busy' | 'pinned' | 'noproc' | 'scheduler_down'
      /** Why it is busy, or pinned. */
      readonly detail?: string
    }

/** What travels. */
export interface MoveWish {
  readonly to: number
  readonly timeoutMs: number
}

/** How long after its time is up an answer may take. */
const GRACE_MS = 1_000
const BUSY: Migration = { moved: false, reason: 'busy', detail: 'no answer' }

export function migrateOperation(
  kernel: Kernel,
  process: Process,
  pid: number,
  wish: MoveWish,
): Operation<Migration> {
  return new Operation<Migration>(process, kernel, new MigrateTask(kernel, process, pid, wish))
}

class MigrateTask implements Task, PendingCall, AlarmTarget {
  refNumber = 0
  /** Not the process: the kernel that was asked answers, wherever the process is by then. */
  readonly target = 0
  endpoint = 0
  alarm: Alarm | null = null
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly pid: number
  private readonly wish: MoveWish
  private readonly untilMs: number
  private operation: Operation<Migration> | null = null
  constructor(kernel: Kernel, process: Process, pid: number, wish: MoveWish) {
    this.kernel = kernel
    this.process = process
    this.pid = pid
    this.wish = wish
    this.untilMs = kernel.outside.now() + wish.timeoutMs
  }

  begin(operation: Operation<Migration>): void {
    this.operation = operation
    this.alarm = this.kernel.alarms.start(this, this.wish.timeoutMs + GRACE_MS)
    this.ask()
  }

  private ask(): void {
    const { kernel, process, pid } = this
    const timeoutMs = Math.max(0, this.untilMs - kernel.outside.now())
    this.refNumber = kernel.newRef()
    this.endpoint = kernel.locate(pid)
    process.addCall(this)
    kernel.signal(SIGNAL.migrate, pid, process.pid, this.refNumber, { to: this.wish.to, timeoutMs })
  }

  answer(value: unknown): void {
    const outcome = (value ?? { moved: false, reason: 'noproc' }) as MoveOutcome
    if (outcome.moved || outcome.reason !== 'elsewhere') this.operation?.complete(outcome as Migration)
    else this.askAgain()
  }

  /** The kernel that was asked is dead, and the process with it; unless it has gone elsewhere. */
  targetDown(): void {
    this.askAgain()
  }

  private askAgain(): void {
    if (this.kernel.outside.now() > this.untilMs) this.operation?.complete(BUSY)
    else this.ask()
  }

  timeUp(): void {
    this.operation?.complete(BUSY)
  }

  release(): void {
    this.process.takeCall(this.refNumber)
    if (this.alarm !== null) this.kernel.alarms.stop(this.alarm)
    this.alarm = null
  }
}

/** The wish has come to the process. The answer comes from nobody: what the process sends must not have to wait for it. */
export function receiveWish(
  kernel: Kernel,
  process: Process,
  asker: number,
  ref: number,
  value: unknown,
): void {
  const { to, timeoutMs } = value as MoveWish
  kernel.moves.request(process.pid, to, timeoutMs, (outcome) =>
    kernel.signal(SIGNAL.reply, asker, 0, ref, outcome),
  )
}

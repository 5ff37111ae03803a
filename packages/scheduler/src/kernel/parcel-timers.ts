/**
 * The timers of a process that moves. Those that it has started go with it, whoever they are addressed to: their
 * references name their maker, so that is where whoever cancels or reads one asks. Those that others have started for it
 * stay with their makers, and send to where it lives when they fire.
 */

import type { Process } from '../process/process.ts'
import type { Kernel } from './kernel.ts'
import { type TimerPlan, UserTimer } from './user-timers.ts'

export interface PackedTimer extends TimerPlan {
  /** A point in time. `undefined`: it was due when it was started, and fires with the next look at the clock. */
  readonly dueMs: number | undefined
}

/** In the order in which they are due; those that are due together, as they were started. */
export function packTimers(kernel: Kernel, process: Process): PackedTimer[] {
  const now = kernel.outside.now()
  const packed = startedBy(process).map((timer) => ({
    ...timer.plan,
    dueMs: timer.isPending ? kernel.timers.dueMs(timer, now) : undefined,
  }))
  return packed.sort((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0))
}

function startedBy(process: Process): UserTimer[] {
  const toItself = [...((process.timers ?? []) as Iterable<UserTimer>)].filter(
    ({ maker }) => maker === process.pid,
  )
  return [...toItself, ...((process.extras?.startedTimers ?? []) as Iterable<UserTimer>)]
}

/** The process has left: its own timers with it, those of others do not stand in its list any more. */
export function detachTimers(kernel: Kernel, process: Process): void {
  for (const timer of startedBy(process)) {
    kernel.timers.cancel(timer)
    timer.forget()
  }
  for (const timer of (process.timers ?? []) as Iterable<UserTimer>) timer.targetMoved()
  process.timers = null
}

/** The process is in the table already. */
export function unpackTimers(kernel: Kernel, packed: readonly PackedTimer[]): void {
  const now = kernel.outside.now()
  for (const plan of packed) {
    const timer = new UserTimer(kernel, plan)
    const { dueMs = now } = plan
    // The wheel would put off to the next tick what is due now.
    if (dueMs <= now) kernel.fireSoon(dueMs, () => timer.fireIfPending())
    else kernel.timers.start(timer, 0, dueMs)
  }
  if (packed.length > 0) kernel.timerStarted()
}

/**
 * Suspending: a process that is suspended does not run; its mailbox fills, signals to it are handled, and it goes on
 * when everyone who suspended it has resumed it, or has died. Source: `erlang:suspend_process/2`.
 *
 * An async callback cannot be stopped in the middle: it goes on until it waits for something of the VM's, or returns.
 * What it waits for comes when it is resumed.
 */

import type { Process } from '../process/process.ts'
import { STATUS } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import { HeddleError } from '../term/errors.ts'
import type { Alarm } from './alarms.ts'
import type { Kernel } from './kernel.ts'

export interface SuspendRequest {
  /** Whether its receive timeouts stand still as well. */
  readonly pausesTimers: boolean
}

// ---- who suspends ----

export function countSuspended(process: Process, target: number): number {
  return process.extras?.suspended?.get(target) ?? 0
}

/** Remembered at once, so that the end of this process resumes it, whenever that comes. */
export function rememberSuspended(process: Process, target: number): void {
  const extras = process.ownExtras()
  extras.suspended ??= new Map()
  extras.suspended.set(target, countSuspended(process, target) + 1)
}

export function forgetSuspended(process: Process, target: number): void {
  const left = countSuspended(process, target) - 1
  if (left > 0) process.extras?.suspended?.set(target, left)
  else process.extras?.suspended?.delete(target)
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function resume(kernel: Kernel, process: Process, target: number): void {
  if (countSuspended(process, target) === 0)
    throw new HeddleError('ERR_BAD_ARGUMENT', 'cannot resume a process that this one has not suspended')
  forgetSuspended(process, target)
  kernel.signal(SIGNAL.resume, target, process.pid, 0, false)
}

/** The end of a process is the end of all its suspensions. */
export function resumeAll(kernel: Kernel, process: Process): void {
  for (const target of process.extras?.suspended?.keys() ?? [])
    kernel.signal(SIGNAL.resume, target, process.pid, 0, true)
}

// ---- who is suspended ----

export function receiveSuspend(
  kernel: Kernel,
  process: Process,
  source: number,
  ref: number,
  value: unknown,
  from: number,
): void {
  // It is the embedder's, who would only see calls that never end.
  if (process.isHost) {
    kernel.signal(SIGNAL.reply, source, process.pid, ref, false)
    return
  }
  const { pausesTimers } = value as SuspendRequest
  const extras = process.ownExtras()
  extras.suspenders ??= new Map()
  const known = extras.suspenders.get(source)
  if (known === undefined) extras.suspenders.set(source, { count: 1, endpoint: from })
  else known.count += 1
  process.isSuspended = true
  if (pausesTimers && !extras.hasPausedTimers) {
    extras.hasPausedTimers = true
    for (const alarm of timeoutsOf(process)) kernel.alarms.pause(alarm)
  }
  kernel.signal(SIGNAL.reply, source, process.pid, ref, true)
}

/** `isAll`: the suspender is dead. */
export function receiveResume(kernel: Kernel, process: Process, source: number, isAll: unknown): void {
  const suspenders = process.extras?.suspenders
  const known = suspenders?.get(source)
  if (known === undefined || suspenders == null) return
  known.count -= 1
  if (isAll === true || known.count === 0) suspenders.delete(source)
  if (suspenders.size === 0 && (process.extras?.mutedBy?.size ?? 0) === 0) goOn(kernel, process)
}

/** The scheduler of some suspenders has died. */
export function resumeFor(
  kernel: Kernel,
  process: Process,
  isLost: (pid: number, where: number) => boolean,
): void {
  for (const [source, { endpoint }] of [...(process.extras?.suspenders ?? [])])
    if (isLost(source, endpoint)) receiveResume(kernel, process, source, true)
}

/** Nobody holds the process any more. */
export function goOn(kernel: Kernel, process: Process): void {
  const extras = process.ownExtras()
  process.isSuspended = false
  if (extras.hasPausedTimers) {
    extras.hasPausedTimers = false
    for (const alarm of timeoutsOf(process)) kernel.alarms.unpause(alarm)
  }
  // What came meanwhile was put in the mailbox; a receive that waits has not seen it.
  for (let operation = process.waiting; operation !== null; ) {
    const next = operation.nextWaiting
    operation.lookAgain()
    operation = next
  }
  const { onResume } = extras
  extras.onResume = null
  for (const action of onResume ?? []) action()
  if (!extras.isDue) return
  extras.isDue = false
  if (process.status === STATUS.runnable) kernel.enqueue(process)
}

function timeoutsOf(process: Process): Alarm[] {
  const alarms: Alarm[] = []
  if (process.restAlarm !== null) alarms.push(process.restAlarm as Alarm)
  for (let operation = process.waiting; operation !== null; operation = operation.nextWaiting) {
    if (operation.alarm !== null) alarms.push(operation.alarm as Alarm)
  }
  return alarms
}

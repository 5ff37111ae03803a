/**
 * Timers that processes hold a reference to: `sendAfter`, `startTimer`. A timer belongs to the scheduler
 * it was started on. One that is addressed to a process ends with it; one addressed to a name looks the
 * name up when it fires.
 */

import type { Process } from '../process/process.ts'
import type { Destination, TimeoutMessage } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { RefTerm, type TimerRef } from '../term/ref.ts'
import type { Kernel } from './kernel.ts'
import { Timer } from './timers.ts'

export class UserTimer extends Timer {
  readonly refNumber: number
  private readonly kernel: Kernel
  readonly delayMs: number
  private readonly to: number | string
  private readonly message: unknown
  /** The local process it is addressed to, if it is. */
  private readonly target: Process | undefined
  constructor(kernel: Kernel, refNumber: number, delayMs: number, to: number | string, message: unknown) {
    super()
    this.kernel = kernel
    this.refNumber = refNumber
    this.delayMs = delayMs
    this.to = to
    this.message = message
    this.target = typeof to === 'number' ? kernel.table.get(to) : undefined
    if (this.target !== undefined) (this.target.timers ??= new Set()).add(this)
    kernel.userTimers.set(refNumber, this)
  }

  /** Whether the process it is addressed to is dead: then there is no such timer any more. */
  get isInVain(): boolean {
    return typeof this.to === 'number' && !this.kernel.isAlivePid(this.to)
  }

  forget(): void {
    this.kernel.userTimers.delete(this.refNumber)
    this.target?.timers?.delete(this)
  }

  override fire(): void {
    this.forget()
    const pid = typeof this.to === 'number' ? this.to : this.kernel.pidOfName(this.to)
    if (pid === 0) this.kernel.droppedCount += 1
    else this.kernel.signal(SIGNAL.message, pid, 0, 0, this.message)
  }
}

const DELAY_MS_MAX = 2 ** 53

/** @param isBare the message as it is, rather than in a `timeout` message */
export function startTimer(
  kernel: Kernel,
  process: Process,
  ms: unknown,
  to: Destination,
  message: unknown,
  isBare: boolean,
): TimerRef {
  if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < 0 || ms > DELAY_MS_MAX) {
    throw new HeddleError('ERR_TIMEOUT_VALUE', `a timer takes a whole number of ms from 0, not ${String(ms)}`)
  }
  const ref = new RefTerm(kernel.newRef(), process.pid)
  const own = copy(message)
  const timeout: TimeoutMessage = { type: 'timeout', ref, message: own }
  const address = typeof to === 'string' ? to : to.$pid
  const timer = new UserTimer(kernel, ref.$ref, ms, address, isBare ? own : timeout)
  kernel.timers.start(timer, kernel.outside.now(), ms)
  kernel.timerStarted()
  process.mailbox.mark(ref.$ref)
  return ref
}

export function cancelTimer(kernel: Kernel, ref: TimerRef): number | false {
  const timer = find(kernel, ref)
  if (timer === undefined) return false
  const left = remaining(kernel, timer)
  kernel.timers.cancel(timer)
  timer.forget()
  return left
}

export function readTimer(kernel: Kernel, ref: TimerRef): number | false {
  const timer = find(kernel, ref)
  return timer === undefined ? false : remaining(kernel, timer)
}

/** @throws HeddleError ERR_WRONG_THREAD: the timer may be pending, but on another scheduler */
function find(kernel: Kernel, ref: TimerRef): UserTimer | undefined {
  const timer = kernel.userTimers.get(ref.$ref)
  if (timer === undefined) {
    if (!kernel.isAlivePid(ref.$of) || kernel.locate(ref.$of) === kernel.endpoint) return undefined
    const where = `scheduler ${kernel.locate(ref.$of)}, not on ${kernel.endpoint}`
    throw new HeddleError(
      'ERR_WRONG_THREAD',
      `this timer was started on ${where}: ask the process that started it`,
    )
  }
  if (!timer.isInVain) return timer
  kernel.timers.cancel(timer)
  timer.forget()
  return undefined
}

/** Deadlines are rounded up to a tick; what is left is never more than what was asked for. */
function remaining(kernel: Kernel, timer: UserTimer): number {
  const left = kernel.timers.remainingMs(timer, kernel.outside.now())
  return Math.min(timer.delayMs, Math.max(0, Math.ceil(left)))
}

/** The process is dead: what would have come to it is dropped. */
export function dropTimers(kernel: Kernel, process: Process): void {
  const timers = process.timers
  process.timers = null
  if (timers === null) return
  for (const timer of timers as Set<UserTimer>) {
    kernel.timers.cancel(timer)
    timer.forget()
  }
}

/**
 * Timers that processes hold a reference to: `sendAfter`, `startTimer`. A timer belongs to the scheduler
 * it was started on. One that is addressed to a process ends with it; one addressed to a name looks the
 * name up when it fires.
 */

import type { PackedRequest, PendingCall, Process } from '../process/process.ts'
import type { QuietTimerOptions, TimeoutMessage, TimerAnswer, TimerOptions } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { isPid, type Pid } from '../term/pid.ts'
import { isRef, type Ref, RefTerm, type TimerRef } from '../term/ref.ts'
import type { Kernel } from './kernel.ts'
import { checkOptions, refOf } from './self-checks.ts'
import { Timer } from './timers.ts'

/** A timer looks a name up itself, when it fires; a registry of the user's it could not ask. */
type Destination = Pid | Ref | string

/** All that a timer is, apart from its place in the wheel. */
export interface TimerPlan {
  readonly ref: number
  /** `$pid` of its maker. */
  readonly of: number
  readonly delayMs: number
  readonly to: Destination
  readonly message: unknown
}

export class UserTimer extends Timer {
  readonly refNumber: number
  /** `$pid` of who has started it: it stands where that process lives. */
  readonly maker: number
  private readonly kernel: Kernel
  readonly delayMs: number
  private readonly to: Destination
  private readonly message: unknown
  /** The local process it is addressed to, if it is. */
  private target: Process | undefined
  constructor(kernel: Kernel, { ref, of, delayMs, to, message }: TimerPlan) {
    super()
    this.kernel = kernel
    this.refNumber = ref
    this.maker = of
    this.delayMs = delayMs
    this.to = to
    this.message = message
    this.target = isPid(to) ? kernel.table.get(to.$pid) : undefined
    if (this.target !== undefined) (this.target.timers ??= new Set()).add(this)
    if (this.target?.pid !== of) {
      const extras = kernel.table.get(of)?.ownExtras()
      if (extras !== undefined) (extras.startedTimers ??= new Set()).add(this)
    }
    kernel.userTimers.set(ref, this)
  }

  get plan(): TimerPlan {
    const { refNumber: ref, maker: of, delayMs, to, message } = this
    return { ref, of, delayMs, to, message }
  }

  /** The process that it is addressed to lives elsewhere from now on. */
  targetMoved(): void {
    this.target = undefined
  }

  /** Whether the process it is addressed to is dead: then there is no such timer any more. */
  get isInVain(): boolean {
    return isPid(this.to) && !this.kernel.isAlivePid(this.to.$pid)
  }

  forget(): void {
    this.kernel.userTimers.delete(this.refNumber)
    this.target?.timers?.delete(this)
    if (this.target?.pid !== this.maker)
      this.kernel.table.get(this.maker)?.extras?.startedTimers?.delete(this)
  }

  fireIfPending(): void {
    if (this.kernel.userTimers.get(this.refNumber) === this) this.fire()
  }

  override fire(): void {
    this.forget()
    const { kernel, to, message } = this
    if (isRef(to)) {
      kernel.signal(SIGNAL.aliased, to.$of, 0, to.$ref, message)
      return
    }
    const pid = typeof to === 'string' ? kernel.pidOfName(to) : to.$pid
    if (pid === 0) kernel.droppedCount += 1
    else kernel.signal(SIGNAL.message, pid, 0, 0, message)
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
  options: TimerOptions | undefined,
): TimerRef {
  if (typeof ms !== 'number' || !isTime(ms, options?.abs === true)) {
    throw new HeddleError('ERR_TIMEOUT_VALUE', `a timer takes a whole number of ms from 0, not ${String(ms)}`)
  }
  const now = kernel.outside.now()
  const delayMs = options?.abs === true ? Math.max(0, ms - now) : ms
  const ref = new RefTerm(kernel.newRef(), process.pid)
  const timeout: TimeoutMessage = { type: 'timeout', ref, message }
  // As it will travel, so that whatever is wrong with it is the caller's error, and none when it fires.
  const content = copy(isBare ? message : timeout)
  const timer = new UserTimer(kernel, { ref: ref.$ref, of: process.pid, delayMs, to, message: content })
  if (delayMs === 0) {
    // With the next look at the clock, not with the next tick.
    kernel.fireSoon(now, () => timer.fireIfPending())
  } else {
    kernel.timers.start(timer, now, delayMs)
    kernel.timerStarted()
  }
  process.mailbox.mark(ref.$ref)
  return ref
}

/** A point in time may lie in the past, and between two ms. */
function isTime(ms: number, isPoint: boolean): boolean {
  return isPoint
    ? Number.isFinite(ms) && ms <= DELAY_MS_MAX
    : Number.isInteger(ms) && ms >= 0 && ms <= DELAY_MS_MAX
}

/** Cancels or reads a timer, and says what was left of it: now, by a message, or not at all. */
export function lookAtTimer(
  kernel: Kernel,
  process: Process,
  what: TimerRequest['do'],
  ref: TimerRef,
  options: QuietTimerOptions | undefined,
): number | false | 'ok' {
  refOf(ref, `${what}Timer`)
  checkOptions(options, ['async', 'info'], `${what}Timer`)
  if (options?.async === true) {
    requestTimer(kernel, process, ref, what, options.info !== false)
    return 'ok'
  }
  checkPlace(kernel, ref)
  const left = what === 'cancel' ? cancel(kernel, ref.$ref) : read(kernel, ref.$ref)
  return options?.info === false ? 'ok' : left
}

function cancel(kernel: Kernel, refNumber: number): number | false {
  const timer = find(kernel, refNumber)
  if (timer === undefined) return false
  const left = remaining(kernel, timer)
  kernel.timers.cancel(timer)
  timer.forget()
  return left
}

function read(kernel: Kernel, refNumber: number): number | false {
  const timer = find(kernel, refNumber)
  return timer === undefined ? false : remaining(kernel, timer)
}

function find(kernel: Kernel, refNumber: number): UserTimer | undefined {
  const timer = kernel.userTimers.get(refNumber)
  if (timer === undefined || !timer.isInVain) return timer
  kernel.timers.cancel(timer)
  timer.forget()
  return undefined
}

/** @throws HeddleError ERR_WRONG_THREAD: the timer may be pending, but on another scheduler */
function checkPlace(kernel: Kernel, ref: TimerRef): void {
  if (kernel.userTimers.has(ref.$ref) || !kernel.isAlivePid(ref.$of)) return
  const place = kernel.locate(ref.$of)
  if (place === kernel.endpoint) return
  throw new HeddleError(
    'ERR_WRONG_THREAD',
    `this timer was started on scheduler ${place}, not on ${kernel.endpoint}: use { async: true }`,
  )
}

// ---- asked from anywhere ----

interface TimerRequest {
  readonly do: 'cancel' | 'read'
  /** The number of the timer's reference. */
  readonly timer: number
}

interface TimerRequestPlan {
  readonly ref: number
  readonly endpoint: number
  readonly detail: { readonly what: TimerRequest['do']; readonly timer: TimerRef }
}

/** @internal One that has moved with its process. */
export function unpackTimerRequest(kernel: Kernel, process: Process, packed: PackedRequest): PendingCall {
  return new TimerRequestCall(kernel, process, packed as TimerRequestPlan)
}

/** The answer is still to come. */
class TimerRequestCall implements PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly what: TimerRequest['do']
  private readonly timer: TimerRef
  constructor(kernel: Kernel, process: Process, { ref, endpoint, detail }: TimerRequestPlan) {
    this.kernel = kernel
    this.process = process
    this.refNumber = ref
    this.target = detail.timer.$of
    this.endpoint = endpoint
    this.what = detail.what
    this.timer = detail.timer
  }

  pack(): PackedRequest {
    const { refNumber: ref, target, endpoint, what, timer } = this
    return {
      kind: 'timer',
      ref,
      target,
      endpoint,
      detail: { what, timer } satisfies TimerRequestPlan['detail'],
    }
  }

  answer(value: unknown): void {
    const left = value as number | false
    const answer: TimerAnswer = { type: `${this.what}_timer`, ref: this.timer, left }
    this.kernel.deliverOwn(this.process, answer)
  }

  /** The timer has died with its scheduler. */
  targetDown(): void {
    this.answer(false)
  }
}

/** Goes to the scheduler of the process that started the timer, which is where the timer is. */
function requestTimer(
  kernel: Kernel,
  process: Process,
  ref: TimerRef,
  what: TimerRequest['do'],
  wantsReply: boolean,
): void {
  const request: TimerRequest = { do: what, timer: ref.$ref }
  let refNumber = 0
  if (wantsReply) {
    refNumber = kernel.newRef()
    const plan = { ref: refNumber, endpoint: kernel.locate(ref.$of), detail: { what, timer: ref } }
    process.addCall(new TimerRequestCall(kernel, process, plan))
  }
  if (kernel.userTimers.has(ref.$ref))
    answerTimerRequest(kernel, process.pid, refNumber, request, process.pid)
  else kernel.signal(SIGNAL.timer, ref.$of, process.pid, refNumber, request)
}

/** `ref` 0: nobody wants to hear of it. */
export function answerTimerRequest(
  kernel: Kernel,
  asker: number,
  ref: number,
  value: unknown,
  answerer: number,
): void {
  const request = value as TimerRequest
  const left = request.do === 'cancel' ? cancel(kernel, request.timer) : read(kernel, request.timer)
  if (ref !== 0) kernel.signal(SIGNAL.reply, asker, answerer, ref, left)
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

/** What a process can wait for: a message, a reply, an answer about another process, a while, its next turn. */

import { CALL_TIMEOUT_MS, type CallEnvelope, type CallMessage } from '../process/call.ts'
import { NOTHING } from '../process/mailbox.ts'
import type { Matcher } from '../process/match.ts'
import { Operation, type Task } from '../process/op.ts'
import { type CallerNode, type PendingCall, type Process, STATUS } from '../process/process.ts'
import { TIMEOUT } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { ERROR_CODES, HeddleError } from '../term/errors.ts'
import { type ErrorReason, Exit, type ExitReason } from '../term/exit-reason.ts'
import { PidTerm } from '../term/pid.ts'
import { RefTerm } from '../term/ref.ts'
import type { Alarm, AlarmTarget } from './alarms.ts'
import { probeAfterMs, reportCircle, sendProbe } from './deadlock.ts'
import type { Kernel } from './kernel.ts'
import { type Spawning, spawn } from './lifecycle.ts'
import { releaseNeeded } from './muting.ts'
import { COLLECT } from './query.ts'
import { forgetCaller, rememberCaller } from './relations.ts'
import { forgetSuspended, rememberSuspended, type SuspendRequest } from './suspension.ts'

// ---- receive ----

/** `matcher` null: any message. */
export function receiveOperation(
  kernel: Kernel,
  process: Process,
  matcher: Matcher<unknown> | null,
  afterMs: number,
): Operation<unknown> {
  return new Operation<unknown>(process, kernel, new ReceiveTask(kernel, process, matcher, afterMs))
}

class ReceiveTask implements Task, AlarmTarget {
  readonly waitsForMessage = true
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly matcher: Matcher<unknown> | null
  private readonly afterMs: number
  private operation: Operation<unknown> | null = null
  alarm: Alarm | null = null
  constructor(kernel: Kernel, process: Process, matcher: Matcher<unknown> | null, afterMs: number) {
    this.kernel = kernel
    this.process = process
    this.matcher = matcher
    this.afterMs = afterMs
  }

  begin(operation: Operation<unknown>): void {
    if (this.find(operation)) return
    if (this.afterMs === 0) {
      operation.complete(TIMEOUT)
    } else if (this.afterMs !== Infinity) {
      this.operation = operation
      this.alarm = this.kernel.alarms.start(this, this.afterMs)
    }
  }

  /** Looks for a message that is there already. */
  private find(operation: Operation<unknown>): boolean {
    const { mailbox } = this.process
    if (mailbox.length === 0) return false
    const { matcher } = this
    const found = matcher === null ? mailbox.shift() : mailbox.take(matcher.test, matcher.refNumber)
    if (found === NOTHING) return false
    operation.complete(found)
    return true
  }

  lookAgain(operation: Operation<unknown>): void {
    try {
      this.find(operation)
    } catch (error) {
      operation.fail(error)
    }
  }

  offer(operation: Operation<unknown>, message: unknown): boolean {
    try {
      if (this.matcher !== null && !this.matcher.test(message)) return false
    } catch (error) {
      // The test is the receiver's code: so is its exception. The message stays.
      operation.fail(error)
      return false
    }
    operation.complete(message)
    return true
  }

  timeUp(): void {
    // On its way to another kernel: it waits on there.
    if (this.process.status !== STATUS.moving) this.operation?.complete(TIMEOUT)
  }

  release(): void {
    if (this.alarm === null) return
    this.kernel.alarms.stop(this.alarm)
    this.alarm = null
  }
}

// ---- sleep, yield ----

export function sleepOperation(kernel: Kernel, process: Process, ms: number): Operation<void> {
  return new Operation<void>(process, kernel, new SleepTask(kernel, ms))
}

class SleepTask implements Task, AlarmTarget {
  private readonly kernel: Kernel
  private readonly ms: number
  private operation: Operation<void> | null = null
  alarm: Alarm | null = null
  constructor(kernel: Kernel, ms: number) {
    this.kernel = kernel
    this.ms = ms
  }

  begin(operation: Operation<void>): void {
    if (this.ms === Infinity) return
    this.operation = operation
    this.alarm = this.kernel.alarms.start(this, this.ms)
  }

  timeUp(): void {
    this.operation?.complete(undefined)
  }

  release(): void {
    if (this.alarm === null) return
    this.kernel.alarms.stop(this.alarm)
    this.alarm = null
  }
}

/** Through as soon as it is looked at; but a process whose budget is spent is looked at in its next turn. */
export function yieldOperation(kernel: Kernel, process: Process): Operation<void> {
  return new Operation<void>(process, kernel, YIELD)
}

const YIELD: Task = {
  begin: (operation: Operation<void>) => operation.complete(undefined),
  release: () => {},
}

/** Is through with this value as soon as it is looked at. */
export function valueOperation<T>(kernel: Kernel, process: Process, value: T): Operation<T> {
  return new Operation<T>(process, kernel, {
    begin: (operation: Operation<T>) => operation.complete(value),
    release: () => {},
  })
}

export function neverOperation<T>(kernel: Kernel, process: Process): Operation<T> {
  return new Operation<T>(process, kernel, NEVER)
}

const NEVER: Task = { begin: () => {}, release: () => {} }

// ---- call ----

/** What a failed call tells it was: `[reason, [module, 'call', [to, message, timeoutMs?]]]`, as it was called. */
export interface CallSite {
  readonly to: unknown
  readonly message: CallMessage<never, unknown>
  readonly timeoutMs: number | undefined
}

export function callOperation(
  kernel: Kernel,
  process: Process,
  target: number,
  site: CallSite,
): Operation<unknown> {
  return new Operation<unknown>(process, kernel, new CallTask(kernel, process, target, site))
}

class CallTask implements Task, CallerNode, AlarmTarget {
  readonly target: number
  endpoint = 0
  previousCaller: CallerNode | null = null
  nextCaller: CallerNode | null = null
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly site: CallSite
  private readonly ref: RefTerm
  private operation: Operation<unknown> | null = null
  alarm: Alarm | null = null
  private localTarget: Process | null = null
  /** What is left of its time limit when its alarm goes off. */
  private leftMs = 0
  /** Who waits for whom, if that comes back to this process. */
  private circle: { readonly deadlock: readonly PidTerm[] } | null = null
  /** Whether the target's kernel watches this call until it hears of its end. */
  private isWatched = false

  constructor(kernel: Kernel, process: Process, target: number, site: CallSite) {
    this.kernel = kernel
    this.process = process
    this.target = target
    this.site = site
    this.ref = new RefTerm(kernel.newRef(), process.pid)
  }

  get refNumber(): number {
    return this.ref.$ref
  }

  get caller(): number {
    return this.process.pid
  }

  /** From now on a call between schedulers: the target's new kernel has a record of it. */
  targetMoved(to: number): void {
    this.localTarget = null
    this.isWatched = true
    this.endpoint = to
  }

  get call(): PendingCall {
    return this
  }

  begin(operation: Operation<unknown>): void {
    const { kernel, process, target, site } = this
    this.operation = operation
    const local = kernel.table.get(target)
    if (local === process) {
      operation.fail(this.failure('calling_self'))
      return
    }
    if (local === undefined) {
      if (!this.callAway(operation)) return
      process.addCall(this)
    } else {
      const request = copy(site.message)
      this.endpoint = kernel.endpoint
      this.localTarget = local
      rememberCaller(local, this)
      if (local.isSuspended) releaseNeeded(kernel, local)
      const envelope: CallEnvelope = { type: '$call', from: { pid: process.pidTerm, ref: this.ref }, request }
      process.addCall(this)
      kernel.deliver(local, envelope)
      // A full mailbox refuses it at once.
      if (process.findCall(this.ref.$ref) === undefined) return
    }
    const timeoutMs = site.timeoutMs ?? site.message?.$timeoutMs ?? CALL_TIMEOUT_MS
    const firstMs = probeAfterMs(timeoutMs)
    this.leftMs = timeoutMs - firstMs
    this.alarm = kernel.alarms.start(this, firstMs)
  }

  private callAway(operation: Operation<unknown>): boolean {
    const { kernel, process, target } = this
    this.endpoint = kernel.locate(target)
    // Nobody, or a process of this scheduler that is dead, and not one that is on its way here: known at once.
    if (
      this.endpoint === kernel.endpoint &&
      !kernel.isForgotten(target) &&
      !kernel.embryos.isExpected(target)
    ) {
      operation.fail(this.failure('noproc'))
      return false
    }
    kernel.signal(SIGNAL.call, target, process.pid, this.ref.$ref, this.site.message)
    this.isWatched = true
    return true
  }

  answer(value: unknown, source: number): void {
    // The target's own reply ended its watch.
    if (source === this.target) this.isWatched = false
    this.operation?.complete(value)
  }

  targetDown(reason: ExitReason): void {
    this.isWatched = false
    this.operation?.fail(this.failure(reason))
  }

  /** Half-way it looks whether the reply can come at all. */
  timeUp(): void {
    const { leftMs, alarm, kernel } = this
    if (leftMs === 0) {
      this.operation?.fail(this.failure(this.circle === null ? 'timeout' : ['timeout', this.circle]))
      return
    }
    this.leftMs = 0
    if (alarm !== null) kernel.alarms.stop(alarm)
    this.alarm = leftMs === Infinity ? null : kernel.alarms.start(this, leftMs)
    sendProbe(kernel, this.process, this)
  }

  inCircle(path: readonly number[]): void {
    this.circle = { deadlock: [...path, this.process.pid].map((pid) => new PidTerm(pid)) }
    reportCircle(this.kernel, this.process, path)
  }

  release(): void {
    const { kernel, process } = this
    if (this.alarm !== null) {
      kernel.alarms.stop(this.alarm)
      this.alarm = null
    }
    process.takeCall(this.ref.$ref)
    if (this.localTarget !== null) {
      forgetCaller(this.localTarget, this)
      this.localTarget = null
    } else if (this.isWatched) {
      this.isWatched = false
      kernel.signal(SIGNAL.demonitor, this.target, process.pid, this.ref.$ref, undefined)
    }
  }

  private failure(reason: ExitReason): Exit {
    const { to, message, timeoutMs } = this.site
    const module = message?.$module ?? 'gen_server'
    return new Exit([
      reason,
      [module, 'call', timeoutMs === undefined ? [to, message] : [to, message, timeoutMs]],
    ])
  }
}

// ---- questions, suspensions and spawns: answered by a reply ----

/** Asks the kernel that runs a process about it, behind all that the asker sent there. No items: whether it is alive. */
export function queryOperation(
  kernel: Kernel,
  process: Process,
  target: number,
  items: readonly string[],
): Operation<unknown> {
  return new Operation<unknown>(process, kernel, new QueryTask(kernel, process, target, items))
}

/** Asks for a collection of garbage; comes to whether the process is alive. */
export function collectOperation(kernel: Kernel, process: Process, target: number): Operation<boolean> {
  return new Operation<boolean>(process, kernel, new QueryTask(kernel, process, target, COLLECT))
}

class QueryTask implements Task, PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly items: readonly string[] | typeof COLLECT
  private operation: Operation<unknown> | null = null
  constructor(kernel: Kernel, process: Process, target: number, items: readonly string[] | typeof COLLECT) {
    this.kernel = kernel
    this.process = process
    this.refNumber = kernel.newRef()
    this.target = target
    this.endpoint = kernel.locate(target)
    this.items = items
  }

  begin(operation: Operation<unknown>): void {
    this.operation = operation
    this.process.addCall(this)
    this.kernel.signal(SIGNAL.query, this.target, this.process.pid, this.refNumber, this.items)
  }

  answer(value: unknown): void {
    const isYesOrNo = this.items === COLLECT || this.items.length === 0
    this.operation?.complete(isYesOrNo ? value === true : value)
  }

  targetDown(): void {
    this.answer(undefined)
  }

  release(): void {
    this.process.takeCall(this.refNumber)
  }
}

/** Suspends a process; through when it is. */
export function suspendOperation(
  kernel: Kernel,
  process: Process,
  target: number,
  request: SuspendRequest,
): Operation<boolean> {
  return new Operation<boolean>(process, kernel, new SuspendTask(kernel, process, target, request))
}

class SuspendTask implements Task, PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly request: SuspendRequest
  private operation: Operation<boolean> | null = null
  constructor(kernel: Kernel, process: Process, target: number, request: SuspendRequest) {
    this.kernel = kernel
    this.process = process
    this.refNumber = kernel.newRef()
    this.target = target
    this.endpoint = kernel.locate(target)
    this.request = request
  }

  begin(operation: Operation<boolean>): void {
    this.operation = operation
    this.process.addCall(this)
    rememberSuspended(this.process, this.target)
    this.kernel.signal(SIGNAL.suspend, this.target, this.process.pid, this.refNumber, this.request)
  }

  answer(value: unknown): void {
    if (value === true) this.operation?.complete(true)
    else if (value === false) this.fail(new HeddleError('ERR_BAD_ARGUMENT', 'the host cannot be suspended'))
    else this.targetDown()
  }

  targetDown(): void {
    this.fail(new HeddleError('ERR_NO_PROCESS', 'cannot suspend: the process is dead'))
  }

  private fail(error: HeddleError): void {
    forgetSuspended(this.process, this.target)
    this.operation?.fail(error)
  }

  release(): void {
    this.process.takeCall(this.refNumber)
  }
}

/** Starts a process and waits until it has its code; comes to its `$pid`. */
export function spawnOperation(
  kernel: Kernel,
  process: Process,
  spawning: Omit<Spawning, 'ackRef'>,
): Operation<number> {
  return new Operation<number>(process, kernel, new SpawnTask(kernel, process, spawning))
}

class SpawnTask implements Task, PendingCall {
  readonly refNumber: number
  target = 0
  endpoint = 0
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly spawning: Omit<Spawning, 'ackRef'>
  private operation: Operation<number> | null = null
  constructor(kernel: Kernel, process: Process, spawning: Omit<Spawning, 'ackRef'>) {
    this.kernel = kernel
    this.process = process
    this.refNumber = kernel.newRef()
    this.spawning = spawning
  }

  begin(operation: Operation<number>): void {
    const { kernel, process } = this
    this.operation = operation
    // First: a process that starts here has its code, and says so, before `spawn` returns.
    process.addCall(this)
    try {
      this.target = spawn(kernel, process, { ...this.spawning, ackRef: this.refNumber })
    } catch (error) {
      operation.fail(error)
      return
    }
    this.endpoint = kernel.locate(this.target)
  }

  /** `true`, from the process itself, or why its code could not be had. */
  answer(value: unknown, source: number): void {
    if (value === true) this.operation?.complete(source)
    else this.operation?.fail(loadError(value as ErrorReason))
  }

  targetDown(reason: ExitReason): void {
    this.operation?.fail(new Exit(reason))
  }

  release(): void {
    this.process.takeCall(this.refNumber)
  }
}

function loadError(cause: ErrorReason): HeddleError {
  const code = ERROR_CODES.find((one) => one === cause.fields?.code) ?? 'ERR_MODULE_LOAD'
  return new HeddleError(code, cause.message, { cause })
}

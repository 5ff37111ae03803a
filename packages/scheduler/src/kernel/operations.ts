/** What a process can wait for: a message, a reply, an answer about another process, a while, its next turn. */

import { NOTHING } from '../process/mailbox.ts'
import type { Matcher } from '../process/match.ts'
import { Operation } from '../process/op.ts'
import type { CallerNode, PendingCall, Process } from '../process/process.ts'
import { TIMEOUT } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { ERROR_CODES, HeddleError } from '../term/errors.ts'
import { type ErrorReason, Exit, type ExitReason } from '../term/exit-reason.ts'
import type { Kernel } from './kernel.ts'
import { type Spawning, spawn } from './lifecycle.ts'
import { callEnvelope, forgetCaller, rememberCaller } from './relations.ts'
import { Timer } from './timers.ts'

/** The time limit of an operation. */
class OperationTimer extends Timer {
  private readonly operation: { timeUp(): void }
  constructor(operation: { timeUp(): void }) {
    super()
    this.operation = operation
  }
  override fire(): void {
    this.operation.timeUp()
  }
}

abstract class TimedOperation<T> extends Operation<T> {
  protected readonly kernel: Kernel
  private timer: OperationTimer | null = null
  constructor(kernel: Kernel, process: Process) {
    super(process, kernel)
    this.kernel = kernel
  }

  abstract timeUp(): void

  protected startTimer(ms: number): void {
    if (ms === Infinity) return
    this.timer = new OperationTimer(this)
    this.kernel.timers.startLazily(this.timer, ms)
  }

  protected override release(): void {
    if (this.timer === null) return
    this.kernel.timers.cancel(this.timer)
    this.timer = null
  }
}

export class ReceiveOperation extends TimedOperation<unknown> {
  private readonly matcher: Matcher<unknown> | null
  private readonly afterMs: number
  constructor(kernel: Kernel, process: Process, matcher: Matcher<unknown> | null, afterMs: number) {
    super(kernel, process)
    this.matcher = matcher
    this.afterMs = afterMs
  }

  protected override begin(): void {
    const { mailbox } = this.process
    if (mailbox.length > 0) {
      const found =
        this.matcher === null ? mailbox.shift() : mailbox.take(this.matcher.test, this.matcher.refNumber)
      if (found !== NOTHING) {
        this.complete(found)
        return
      }
    }
    if (this.afterMs === 0) this.complete(TIMEOUT)
    else this.startTimer(this.afterMs)
  }

  override offer(message: unknown): boolean {
    try {
      if (this.matcher !== null && !this.matcher.test(message)) return false
    } catch (error) {
      // The test is the receiver's code: so is its exception. The message stays.
      this.fail(error)
      return false
    }
    this.complete(message)
    return true
  }

  override timeUp(): void {
    this.complete(TIMEOUT)
  }
}

export class SleepOperation extends TimedOperation<void> {
  private readonly ms: number
  constructor(kernel: Kernel, process: Process, ms: number) {
    super(kernel, process)
    this.ms = ms
  }
  protected override begin(): void {
    this.startTimer(this.ms)
  }
  override timeUp(): void {
    this.complete(undefined)
  }
}

/** Through as soon as it is looked at; but a process whose budget is spent is looked at in its next turn. */
export class YieldOperation extends Operation<void> {
  protected override begin(): void {
    this.complete(undefined)
  }
  protected override release(): void {}
}

/** How a failed call tells what it was: `[reason, [module, 'call', args]]`. */
export interface CallSite {
  readonly module: string
  readonly args: readonly unknown[]
}

export class CallOperation extends TimedOperation<unknown> implements CallerNode {
  readonly refNumber: number
  readonly target: number
  endpoint = 0
  previousCaller: CallerNode | null = null
  nextCaller: CallerNode | null = null
  private readonly request: unknown
  private readonly timeoutMs: number
  private readonly site: CallSite
  private localTarget: Process | undefined = undefined
  /** Whether the target's kernel watches this call until it hears of its end. */
  private isWatched = false

  constructor(
    kernel: Kernel,
    process: Process,
    target: number,
    request: unknown,
    timeoutMs: number,
    site: CallSite,
  ) {
    super(kernel, process)
    this.refNumber = kernel.newRef()
    this.target = target
    this.request = request
    this.timeoutMs = timeoutMs
    this.site = site
  }

  protected override begin(): void {
    const { kernel, process, target } = this
    if (target === process.pid) {
      this.fail(this.failure('calling_self'))
      return
    }
    const local = kernel.table.get(target)
    if (local === undefined) {
      this.endpoint = kernel.locate(target)
      // Nobody, or a process of this scheduler that is dead: known at once.
      if (this.endpoint === kernel.endpoint && !kernel.isAlivePid(target)) {
        this.fail(this.failure('noproc'))
        return
      }
      kernel.signal(SIGNAL.call, target, process.pid, this.refNumber, this.request)
      this.isWatched = true
    } else {
      const request = copy(this.request)
      this.endpoint = kernel.endpoint
      this.localTarget = local
      rememberCaller(local, this)
      kernel.deliver(local, callEnvelope(process.pidTerm, this.refNumber, request))
    }
    process.addCall(this)
    this.startTimer(this.timeoutMs)
  }

  answer(value: unknown, source: number): void {
    // The target's own reply ended its watch.
    if (source === this.target) this.isWatched = false
    this.complete(value)
  }

  targetDown(reason: ExitReason): void {
    this.isWatched = false
    this.fail(this.failure(reason))
  }

  override timeUp(): void {
    this.fail(this.failure('timeout'))
  }

  protected override release(): void {
    super.release()
    this.process.takeCall(this.refNumber)
    if (this.localTarget !== undefined) {
      forgetCaller(this.localTarget, this)
      this.localTarget = undefined
    } else if (this.isWatched) {
      this.isWatched = false
      this.kernel.signal(SIGNAL.demonitor, this.target, this.process.pid, this.refNumber, undefined)
    }
  }

  private failure(reason: ExitReason): Exit {
    return new Exit([reason, [this.site.module, 'call', this.site.args]])
  }
}

/** Asks the kernel that runs a process about it, behind all that the asker sent there. */
export class QueryOperation extends Operation<unknown> implements PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  private readonly kernel: Kernel
  private readonly items: readonly string[]
  constructor(kernel: Kernel, process: Process, target: number, items: readonly string[]) {
    super(process, kernel)
    this.kernel = kernel
    this.refNumber = kernel.newRef()
    this.target = target
    this.endpoint = kernel.locate(target)
    this.items = items
  }

  protected override begin(): void {
    this.process.addCall(this)
    this.kernel.signal(SIGNAL.query, this.target, this.process.pid, this.refNumber, this.items)
  }

  answer(value: unknown): void {
    this.complete(this.items.length === 0 ? value === true : value)
  }

  targetDown(): void {
    this.answer(undefined)
  }

  protected override release(): void {
    this.process.takeCall(this.refNumber)
  }
}

/** Starts a process and waits until it has its code. */
export class SpawnOperation extends Operation<number> implements PendingCall {
  readonly refNumber: number
  target = 0
  endpoint = 0
  private readonly kernel: Kernel
  private readonly spawning: Omit<Spawning, 'ackRef'>
  constructor(kernel: Kernel, process: Process, spawning: Omit<Spawning, 'ackRef'>) {
    super(process, kernel)
    this.kernel = kernel
    this.refNumber = kernel.newRef()
    this.spawning = spawning
  }

  protected override begin(): void {
    const { kernel, process } = this
    // First: a process that starts here has its code, and says so, before `spawn` returns.
    process.addCall(this)
    try {
      this.target = spawn(kernel, process, { ...this.spawning, ackRef: this.refNumber })
    } catch (error) {
      this.fail(error)
      return
    }
    this.endpoint = kernel.locate(this.target)
  }

  /** `true`, from the process itself, or why its code could not be had. */
  answer(value: unknown, source: number): void {
    if (value === true) this.complete(source)
    else this.fail(loadError(value as ErrorReason))
  }

  targetDown(reason: ExitReason): void {
    this.fail(new Exit(reason))
  }

  protected override release(): void {
    this.process.takeCall(this.refNumber)
  }
}

function loadError(cause: ErrorReason): HeddleError {
  const code = cause.fields?.code
  const known = ERROR_CODES.find((one) => one === code) ?? 'ERR_MODULE_LOAD'
  return new HeddleError(known, cause.message, { cause })
}

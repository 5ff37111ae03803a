/**
 * What `yield*` and `await` wait on. One object is the operation, its iterator and its iterator result
 * at once: `yield*` asks it `next()`, gets it back with `done` unset while it waits, and set with the
 * value when it is through. So a wait in a generator costs one allocation and no generator of its own
 * (a fresh generator per wait halves the message rate), and the same object is a thenable for async
 * callbacks.
 *
 *     IDLE --begin--> WAITING --complete--> DONE --taken--> SPENT
 *          \-- nothing to wait for -------/      \ fail --> FAILED --thrown--> SPENT
 */

import { HeddleError } from '../term/errors.ts'
import { type PendingCall, type Process, STATUS } from './process.ts'

/** A suspended operation: `yield*` it in a generator, `await` it in an async callback. Wait for it once. */
export interface Op<T> extends PromiseLike<T> {
  [Symbol.iterator](): Iterator<Op<unknown>, T, unknown>
}

/** A generator that waits with `yield*` and comes to a `T`: what a helper of a process returns. */
export type Steps<T> = Generator<Op<unknown>, T, unknown>

const IDLE = 0
const WAITING = 1
const DONE = 2
const FAILED = 3
const SPENT = 4

type Status = typeof IDLE | typeof WAITING | typeof DONE | typeof FAILED | typeof SPENT

/** What an operation needs of whoever runs its process. */
export interface Executive {
  /** The operation that this process waits on is through. */
  wake(process: Process): void
  /** Does it with the next slice, with a fresh budget. */
  later(process: Process, action: () => void): void
  /** Whether it has run for so long, by the clock, that others come first, however little it has done. */
  isTurnLong(process: Process): boolean
  /** Does it when this process, which is suspended, goes on. */
  onResume(process: Process, action: () => void): void
}

/** What an operation does; the operation itself only keeps account of who waits. */
export interface Task {
  /** Starts it; may complete or fail it at once. */
  begin(operation: Operation<never>): void
  /** Gives up whatever would complete it later: timers, table entries. Called once, when it is through or dropped. */
  release(): void
  /** Offered a message that has just arrived; true if it took it. */
  offer?(operation: Operation<never>, message: unknown): boolean
  /** Messages may have come that were not offered: looks into the mailbox again. */
  lookAgain?(operation: Operation<never>): void
  /** Its time limit, if it has one that runs. */
  readonly alarm?: object | null
  /** The call, if it is one. */
  readonly call?: PendingCall
  /** Whether it may take a message, of whomever. */
  readonly waitsForMessage?: boolean
}

interface Awaiter {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * One class for all operations, with a task in it: constructors of derived classes are not inlined by
 * the V8 of Node 20, and three levels of them cost more than the wait itself.
 */
export class Operation<T> implements Op<T> {
  /** Iterator result: whether the operation is through. */
  done = false
  /** Iterator result: what it came to; if it failed, the error. */
  value: unknown = undefined
  /** The next operation that the same process waits on; only an async callback can wait on several. */
  nextWaiting: Operation<unknown> | null = null

  private status: Status = IDLE
  /** Set if it is awaited, rather than iterated. */
  private awaiter: Awaiter | null = null

  private readonly process: Process
  private readonly executive: Executive
  private readonly task: Task
  constructor(process: Process, executive: Executive, task: Task) {
    this.process = process
    this.executive = executive
    this.task = task
  }

  /** Offers a message that has just arrived; true if the operation took it. */
  offer(message: unknown): boolean {
    return this.task.offer?.(this as Operation<unknown> as Operation<never>, message) === true
  }

  lookAgain(): void {
    this.task.lookAgain?.(this as Operation<unknown> as Operation<never>)
  }

  get alarm(): object | null {
    return this.task.alarm ?? null
  }

  get call(): PendingCall | null {
    return this.task.call ?? null
  }

  get waitsForMessage(): boolean {
    return this.task.waitsForMessage === true
  }

  get isWaiting(): boolean {
    return this.status === WAITING
  }

  complete(value: T): void {
    if (this.status !== IDLE && this.status !== WAITING) return
    const wasWaiting = this.status === WAITING
    this.status = DONE
    this.value = value
    this.task.release()
    if (wasWaiting) this.settle()
  }

  fail(error: unknown): void {
    if (this.status !== IDLE && this.status !== WAITING) return
    const wasWaiting = this.status === WAITING
    this.status = FAILED
    this.value = error
    this.task.release()
    if (wasWaiting) this.settle()
  }

  /** The process is gone: nobody will ask for the outcome. */
  drop(): void {
    if (this.status === WAITING) this.task.release()
    this.status = SPENT
  }

  // ---- as an iterator ----

  [Symbol.iterator](): Iterator<Op<unknown>, T, unknown> {
    return this as unknown as Iterator<Op<unknown>, T, unknown>
  }

  next(): this {
    if (this.status === IDLE) {
      // Not yet: the kernel sees an operation that does not wait, and comes back with the next turn.
      if (this.mustGiveWay()) return this
      this.start()
    }
    if (this.status === DONE) {
      this.status = SPENT
      this.done = true
      return this
    }
    if (this.status === WAITING) return this
    throw this.takeError()
  }

  // ---- as a thenable ----

  // biome-ignore lint/suspicious/noThenProperty: an operation is awaited in async callbacks.
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise<T>((resolve, reject) => {
      if (this.awaiter !== null) {
        reject(waitedTwice())
        return
      }
      this.awaiter = { resolve, reject }
      if (this.status === IDLE && this.mustGiveWay())
        this.executive.later(this.process, () => this.startAwaited())
      else this.startAwaited()
    }).then(onFulfilled, onRejected)
  }

  private startAwaited(): void {
    // Code of a dead process may still ask; it gets no answer.
    if (this.process.status === STATUS.dead) return
    if (this.process.isSuspended) {
      this.executive.onResume(this.process, () => this.startAwaited())
      return
    }
    try {
      if (this.status === IDLE) this.start()
    } catch (error) {
      this.fail(error)
    }
    if (this.awaiter !== null && this.status !== WAITING) this.settlePromise(this.awaiter)
  }

  /** Its budget or its time is spent, so others come first; or signals that came while its code ran must be handled first. */
  private mustGiveWay(): boolean {
    const { process } = this
    return --process.budget < 0 || process.deferred !== null || this.executive.isTurnLong(process)
  }

  private start(): void {
    this.task.begin(this as Operation<unknown> as Operation<never>)
    if (this.status !== IDLE) return
    this.status = WAITING
    this.process.addWaiting(this)
  }

  private settle(): void {
    this.process.removeWaiting(this)
    if (this.awaiter === null) this.executive.wake(this.process)
    else this.settlePromise(this.awaiter)
  }

  private settlePromise(awaiter: Awaiter): void {
    if (this.process.isSuspended) {
      this.executive.onResume(this.process, () => this.settlePromise(awaiter))
    } else if (this.status === DONE) {
      this.status = SPENT
      awaiter.resolve(this.value as never)
    } else {
      awaiter.reject(this.takeError())
    }
  }

  private takeError(): unknown {
    if (this.status === SPENT) return waitedTwice()
    this.status = SPENT
    return this.value
  }
}

function waitedTwice(): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', 'an operation can be waited for only once')
}

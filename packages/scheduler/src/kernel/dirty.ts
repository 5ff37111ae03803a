/**
 * Dirty tasks, from both ends. A process asks the host, by a signal to the host's own process, and waits for the reply;
 * the host keeps the one queue of the whole VM. Whoever stops waiting, for whatever reason, says so by a second signal;
 * whose scheduler dies cannot, so the host gives up those by itself.
 *
 *     process: DirtyTask --- dirty(request) --> host: DirtyDesk --> DirtyPool: its queue, its threads
 *                        --- dirty(GIVEN_UP) ->                <-- outcome, once
 *                       <-- reply(outcome) ---
 *
 * Rejected: a pool for each scheduler (threads that idle beside a queue that waits; N times the memory), and a port
 * between each scheduler and the pool (a second way for signals, with an order and a death of its own).
 */

import type { Definition, DefinitionAddress } from '../process/define.ts'
import {
  type DirtyDef,
  type DirtyOptions,
  type DirtyOutcome,
  type DirtyRequest,
  dirtyAddressOf,
  performDirty,
  refusedBy,
} from '../process/dirty.ts'
import { Operation, type Task } from '../process/op.ts'
import type { PendingCall, Process } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import { checkTimeout } from '../process/turn.ts'
import { HeddleError } from '../term/errors.ts'
import { Exit, type ExitReason } from '../term/exit-reason.ts'
import { PayloadCodec } from '../term/payload.ts'
import type { Alarm, AlarmTarget } from './alarms.ts'
import type { Kernel } from './kernel.ts'
import { checkOptions, refuseOperation } from './self-checks.ts'

const HOST = 0
/** In place of a request: nobody waits for this task any more. */
const GIVEN_UP = 'given_up'
const OPTIONS: readonly string[] = ['signal', 'timeoutMs']

// ---- the process's end ----

/** @throws HeddleError ERR_BAD_ARGUMENT, ERR_TIMEOUT_VALUE */
export function dirtyOperation<A, R>(
  kernel: Kernel,
  process: Process,
  definition: DirtyDef<A, R>,
  args: unknown,
  options: DirtyOptions,
): Operation<R> {
  const address = dirtyAddressOf(definition as DirtyDef<never, unknown>)
  refuseOperation(args, 'argument')
  checkOptions(options, OPTIONS, 'dirty')
  const { signal, timeoutMs } = options
  if (timeoutMs !== undefined) checkTimeout(timeoutMs)
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new HeddleError('ERR_BAD_ARGUMENT', "dirty() takes an AbortSignal as its option 'signal'")
  return new Operation<R>(process, kernel, new DirtyTask(kernel, process, address, args, options))
}

class DirtyTask implements Task, PendingCall, AlarmTarget {
  readonly refNumber: number
  readonly target: number
  readonly endpoint = HOST
  alarm: Alarm | null = null
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly address: DefinitionAddress
  private readonly args: unknown
  private readonly options: DirtyOptions
  private operation: Operation<unknown> | null = null
  /** Whether the host works on it, and will say what came of it. */
  private isUnderWay = false

  constructor(
    kernel: Kernel,
    process: Process,
    address: DefinitionAddress,
    args: unknown,
    options: DirtyOptions,
  ) {
    this.kernel = kernel
    this.process = process
    this.refNumber = kernel.newRef()
    this.target = kernel.hostPid()
    this.address = address
    this.args = args
    this.options = options
  }

  begin(operation: Operation<unknown>): void {
    const { kernel, process, options } = this
    const { signal, timeoutMs = Infinity } = options
    this.operation = operation
    if (signal?.aborted === true) {
      operation.fail(signal.reason)
      return
    }
    const { url, name } = this.address
    const request: DirtyRequest = { url, name, args: kernel.payloads.encode(this.args) }
    process.addCall(this)
    this.isUnderWay = true
    try {
      kernel.signal(SIGNAL.dirty, this.target, process.pid, this.refNumber, request)
    } catch (error) {
      this.isUnderWay = false
      process.takeCall(this.refNumber)
      throw error
    }
    // The host may have answered at once.
    if (!this.isUnderWay) return
    signal?.addEventListener('abort', this.onAbort)
    if (timeoutMs !== Infinity) this.alarm = kernel.alarms.start(this, timeoutMs)
  }

  answer(value: unknown): void {
    this.isUnderWay = false
    const outcome = value as DirtyOutcome
    switch (outcome.is) {
      case 'value':
        this.operation?.complete(this.kernel.payloads.decode(outcome.payload))
        break
      case 'thrown':
        this.operation?.fail(this.kernel.payloads.decode(outcome.payload))
        break
      case 'exit':
        this.operation?.fail(new Exit(this.kernel.payloads.decode(outcome.payload) as ExitReason))
        break
      case 'refused':
        this.operation?.fail(new HeddleError(outcome.code, outcome.message))
        break
      default:
        this.operation?.fail(this.failure(['dirty_thread_down', outcome.message]))
    }
  }

  /** The host does not die before its VM. */
  targetDown(reason: ExitReason): void {
    this.isUnderWay = false
    this.operation?.fail(this.failure(reason))
  }

  timeUp(): void {
    this.operation?.fail(this.failure('timeout'))
  }

  private readonly onAbort = (): void => {
    this.operation?.fail(this.options.signal?.reason)
  }

  release(): void {
    const { kernel, process } = this
    if (this.alarm !== null) {
      kernel.alarms.stop(this.alarm)
      this.alarm = null
    }
    this.options.signal?.removeEventListener('abort', this.onAbort)
    process.takeCall(this.refNumber)
    if (!this.isUnderWay) return
    this.isUnderWay = false
    kernel.signal(SIGNAL.dirty, this.target, process.pid, this.refNumber, GIVEN_UP)
  }

  /** As a failed call: why, and what was called. */
  private failure(reason: ExitReason): Exit {
    const { url, name } = this.address
    return new Exit([reason, [url, name, [this.args]]])
  }
}

// ---- the host's end ----

/** Where dirty functions run. */
export interface DirtyPool {
  /** Takes a task; `answer` is called once, now or later. Returns how to give it up: then it may be called or not. */
  run(request: DirtyRequest, answer: (outcome: DirtyOutcome) => void): () => void
}

/** Runs each task as it comes, on this very thread: where time and order must be a simulation's own. */
export function inThreadPool(lookUp: (url: string, name: string) => Definition | undefined): DirtyPool {
  const codec = new PayloadCodec()
  return {
    run({ url, name, args }, answer) {
      const definition = lookUp(url, name)
      const unknown = {
        is: 'refused',
        code: 'ERR_UNKNOWN_DEFINITION',
        message: `${url} does not define '${name}'`,
      } as const
      answer(definition === undefined ? unknown : performDirty(definition, args, codec))
      return () => {}
    },
  }
}

interface OpenTask {
  /** Where the process is that waits. */
  readonly endpoint: number
  cancel: () => void
}

/** The tasks that are under way, and who waits for them. */
export class DirtyDesk {
  private readonly pool: DirtyPool
  private readonly open = new Map<number, OpenTask>()

  constructor(pool: DirtyPool) {
    this.pool = pool
  }

  get openCount(): number {
    return this.open.size
  }

  begin(ref: number, endpoint: number, request: DirtyRequest, answer: (outcome: DirtyOutcome) => void): void {
    const task: OpenTask = { endpoint, cancel: () => {} }
    this.open.set(ref, task)
    task.cancel = this.pool.run(request, (outcome) => {
      if (this.open.get(ref) === task && this.open.delete(ref)) answer(outcome)
    })
  }

  giveUp(ref: number): void {
    const task = this.open.get(ref)
    this.open.delete(ref)
    task?.cancel()
  }

  /** A scheduler has died: nobody there waits any more. */
  partWith(endpoint: number): void {
    for (const [ref, task] of [...this.open]) if (task.endpoint === endpoint) this.giveUp(ref)
  }
}

/** A request, or that it is given up, has come to the host. */
export function receiveDirty(
  kernel: Kernel,
  host: Process,
  asker: number,
  ref: number,
  value: unknown,
  from: number,
): void {
  const desk = kernel.outside.dirty
  const reply = (outcome: DirtyOutcome): void => kernel.signal(SIGNAL.reply, asker, host.pid, ref, outcome)
  if (value === GIVEN_UP) desk?.giveUp(ref)
  else if (desk !== undefined) desk.begin(ref, from, value as DirtyRequest, reply)
  else reply(refusedBy(new HeddleError('ERR_WRONG_THREAD', 'there is no pool for dirty functions here')))
}

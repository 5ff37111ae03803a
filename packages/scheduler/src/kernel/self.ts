/**
 * `Self` over a kernel: checks what the process asks for, then hands it to the floors below. Every
 * method works in a callback, in a generator and after an `await`; once the process has ended (an async
 * callback may still run) every one of them throws.
 */

import type { CallMessage, CallOptions, CastMessage, From, ServerRef } from '../process/call.ts'
import { addressOf, type Spawnable } from '../process/define.ts'
import { INFO_ITEMS, type InfoItem, type ProcessInfo } from '../process/info.ts'
import { Matcher } from '../process/match.ts'
import { type Op, Operation, type Task } from '../process/op.ts'
import { type Process, STATUS } from '../process/process.ts'
import type {
  Destination,
  ReceiveOptions,
  Self,
  SendOptions,
  SpawnedMonitored,
  SpawnOptions,
  Timeout,
} from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { checkTimeout } from '../process/turn.ts'
import { copyTransferring } from '../term/codec-port.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { Exit, type ExitReason } from '../term/exit-reason.ts'
import { isPid, type Pid, PidTerm } from '../term/pid.ts'
import { isRef, type Ref, RefTerm } from '../term/ref.ts'
import { Doomed } from './doomed.ts'
import type { Kernel } from './kernel.ts'
import { checkName, registerName, spawn } from './lifecycle.ts'
import {
  callOperation,
  queryOperation,
  receiveOperation,
  sleepOperation,
  yieldOperation,
} from './operations.ts'
import { demonitor, link, monitor, unlink } from './relations.ts'
import { cancelTimer, readTimer, startTimer } from './user-timers.ts'

const NOBODY = 0
const NEVER: Task = { begin: () => {}, release: () => {} }

export class ProcessSelf implements Self {
  private readonly kernel: Kernel
  private readonly process: Process
  constructor(kernel: Kernel, process: Process) {
    this.kernel = kernel
    this.process = process
  }

  get pid(): Pid {
    return this.process.pidTerm
  }

  get scheduler(): number {
    return this.kernel.endpoint
  }

  // ---- messages ----

  send(to: Destination, message: unknown, options?: SendOptions): void {
    if (this.isMute()) return
    refuseOperation(message, 'message')
    const { kernel } = this
    const pid = typeof to === 'string' ? this.pidNamed(to) : pidOf(to, 'send')
    const target = kernel.table.get(pid)
    if (options?.transfer !== undefined) this.sendTransferring(pid, message, options.transfer)
    else if (target !== undefined) kernel.deliver(target, copy(message))
    else kernel.sendAway(pid, message)
  }

  private sendTransferring(pid: number, message: unknown, transfer: SendOptions['transfer'] & {}): void {
    const { kernel } = this
    const to = kernel.locate(pid)
    if (to !== kernel.endpoint) kernel.post(to, SIGNAL.message, pid, 0, 0, message, transfer)
    else kernel.receive(SIGNAL.message, pid, 0, 0, copyTransferring(message, transfer))
  }

  call<Api, R>(to: ServerRef<Api> | string, message: CallMessage<Api, R>, options?: CallOptions): Op<R> {
    if (this.isMute()) return this.never()
    const timeoutMs = options?.timeoutMs
    if (timeoutMs !== undefined) checkTimeout(timeoutMs)
    const target = typeof to === 'string' ? this.kernel.pidOfName(to) : pidOf(to, 'call')
    return callOperation(this.kernel, this.process, target, {
      to,
      message,
      timeoutMs,
    }) as Op<unknown> as Op<R>
  }

  cast<Api>(to: ServerRef<Api> | string, message: CastMessage<Api>): void {
    if (this.isMute()) return
    const { kernel } = this
    const pid = typeof to === 'string' ? kernel.pidOfName(to) : pidOf(to, 'cast')
    const target = kernel.table.get(pid)
    if (target !== undefined) kernel.deliver(target, copy(message))
    else kernel.sendAway(pid, message)
  }

  reply(from: From, value: unknown): void {
    if (this.isMute()) return
    refuseOperation(value, 'reply')
    if (!isPid(from?.pid) || !isRef(from.ref)) {
      throw new HeddleError('ERR_BAD_ARGUMENT', 'reply() takes the `from` of a call')
    }
    const { kernel, process } = this
    const ref = from.ref.$ref
    const caller = kernel.table.get(from.pid.$pid)
    if (caller === undefined || caller.status === STATUS.running || caller.deferred !== null) {
      kernel.signal(SIGNAL.reply, from.pid.$pid, process.pid, ref, value)
    } else {
      const reply = copy(value)
      caller.takeCall(ref)?.answer(reply, process.pid)
    }
    // If this process was the one called from afar, its watch ends here: not before the reply is under way.
    process.watchers?.delete(ref)
  }

  receive(): Op<unknown>
  receive<M>(match: Matcher<M>): Op<M>
  receive<M>(match: Matcher<M>, options: ReceiveOptions): Op<M | Timeout>
  receive(match?: Matcher<unknown>, options?: ReceiveOptions): Op<unknown> {
    if (this.isMute()) return this.never()
    if (match !== undefined && !(match instanceof Matcher)) {
      throw new HeddleError('ERR_BAD_ARGUMENT', 'receive() takes a matcher: tag(…), down(…), where(…), …')
    }
    const afterMs = options === undefined ? Infinity : checkTimeout(options.afterMs)
    return receiveOperation(this.kernel, this.process, match ?? null, afterMs)
  }

  sleep(ms: number): Op<void> {
    if (this.isMute()) return this.never()
    return sleepOperation(this.kernel, this.process, checkTimeout(ms))
  }

  yield(): Op<void> {
    if (this.isMute()) return this.never()
    this.process.budget = 0
    return yieldOperation(this.kernel, this.process)
  }

  // ---- processes ----

  spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid {
    return new PidTerm(this.start(definition, argument, options, options?.link === true, NOBODY))
  }

  spawnLink<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid {
    return new PidTerm(this.start(definition, argument, options, true, NOBODY))
  }

  spawnMonitor<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): SpawnedMonitored {
    const ref = this.kernel.newRef()
    this.process.mailbox.mark(ref)
    const pid = this.start(definition, argument, options, options?.link === true, ref)
    return { pid: new PidTerm(pid), monitor: new RefTerm(ref, this.process.pid) }
  }

  private start<A>(
    definition: Spawnable<A>,
    argument: A,
    options: SpawnOptions | undefined,
    isLinked: boolean,
    monitorRef: number,
  ): number {
    this.checkAlive()
    const address = addressOf(definition as Spawnable<never>)
    return spawn(this.kernel, this.process, {
      address,
      argument,
      options: options ?? {},
      isLinked,
      monitorRef,
      ackRef: NOBODY,
    })
  }

  link(pid: Pid): void {
    this.checkAlive()
    link(this.kernel, this.process, pidOf(pid, 'link'))
  }

  unlink(pid: Pid): void {
    if (this.isMute()) return
    unlink(this.kernel, this.process, pidOf(pid, 'unlink'))
  }

  monitor(target: Destination): Ref {
    this.checkAlive()
    const isNamed = typeof target === 'string'
    const pid = isNamed ? this.kernel.pidOfName(target) : pidOf(target, 'monitor')
    return new RefTerm(
      monitor(this.kernel, this.process, pid, isNamed ? target : undefined),
      this.process.pid,
    )
  }

  demonitor(ref: Ref, options?: { flush?: boolean }): boolean {
    this.checkAlive()
    const refNumber = refOf(ref, 'demonitor')
    const wasActive = demonitor(this.kernel, this.process, refNumber)
    if (wasActive || options?.flush !== true) return wasActive
    this.process.mailbox.take((message) => isDownOf(message, refNumber), 0)
    return false
  }

  exit(reason: ExitReason): never
  exit(pid: Pid, reason: ExitReason): void
  exit(...args: [reason: ExitReason] | [pid: Pid, reason: ExitReason]): void {
    if (this.isMute()) return
    if (args.length === 1) throw new Exit(args[0])
    const [pid, reason] = args
    this.kernel.signal(SIGNAL.exit, pidOf(pid, 'exit'), this.process.pid, 0, reason)
    // A signal to oneself takes effect before the call returns.
    if (pid.$pid === this.process.pid) this.kernel.applyToSelf(this.process)
  }

  trapExit(traps: boolean): boolean {
    this.checkAlive()
    if (typeof traps !== 'boolean') throw new HeddleError('ERR_BAD_ARGUMENT', 'trapExit() takes a boolean')
    const before = this.process.trapsExits
    this.process.trapsExits = traps
    return before
  }

  isAlive(pid: Pid): Op<boolean> {
    if (this.isMute()) return this.never()
    return queryOperation(this.kernel, this.process, pidOf(pid, 'isAlive'), []) as Op<unknown> as Op<boolean>
  }

  processInfo(pid: Pid): Op<ProcessInfo | undefined>
  processInfo<Item extends InfoItem>(
    pid: Pid,
    items: readonly Item[],
  ): Op<Pick<ProcessInfo, Item> | undefined>
  processInfo(pid: Pid, items: readonly InfoItem[] = INFO_ITEMS): Op<ProcessInfo | undefined> {
    if (this.isMute()) return this.never()
    const unknown = items.find((item) => !INFO_ITEMS.includes(item))
    if (unknown !== undefined || items.length === 0) {
      throw new HeddleError('ERR_BAD_ARGUMENT', `processInfo() knows no item '${String(unknown)}'`)
    }
    const operation = queryOperation(this.kernel, this.process, pidOf(pid, 'processInfo'), items)
    return operation as Op<unknown> as Op<ProcessInfo | undefined>
  }

  processes(): Pid[] {
    return this.kernel.allPids().map((pid) => new PidTerm(pid))
  }

  // ---- names ----

  register(name: string, pid: Pid = this.pid): void {
    this.checkAlive()
    registerName(this.kernel, name, pidOf(pid, 'register'))
  }

  unregister(name: string): void {
    this.checkAlive()
    checkName(name)
    if (!this.kernel.names.unregister(name)) throw unknownName(name)
  }

  whereis(name: string): Pid | undefined {
    checkName(name)
    const pid = this.kernel.pidOfName(name)
    return pid === NOBODY ? undefined : new PidTerm(pid)
  }

  // ---- timers ----

  sendAfter(ms: number, to: Destination, message: unknown): Ref {
    this.checkAlive()
    return startTimer(this.kernel, this.process, ms, checkDestination(to), message, true)
  }

  startTimer(ms: number, to: Destination, message: unknown): Ref {
    this.checkAlive()
    return startTimer(this.kernel, this.process, ms, checkDestination(to), message, false)
  }

  cancelTimer(ref: Ref): number | false {
    this.checkAlive()
    refOf(ref, 'cancelTimer')
    return cancelTimer(this.kernel, ref)
  }

  readTimer(ref: Ref): number | false {
    this.checkAlive()
    refOf(ref, 'readTimer')
    return readTimer(this.kernel, ref)
  }

  makeRef(): Ref {
    this.checkAlive()
    const ref = this.kernel.newRef()
    this.process.mailbox.mark(ref)
    return new RefTerm(ref, this.process.pid)
  }

  // ---- dictionary ----

  put(key: unknown, value: unknown): unknown {
    this.checkAlive()
    const dictionary = (this.process.dictionary ??= new Map())
    const before = dictionary.get(key)
    dictionary.set(key, value)
    return before
  }

  get(key: unknown): unknown {
    return this.process.dictionary?.get(key)
  }

  erase(key: unknown): unknown {
    this.checkAlive()
    const before = this.process.dictionary?.get(key)
    this.process.dictionary?.delete(key)
    return before
  }

  // ----

  /** For what cannot be asked without an answer. */
  private checkAlive(): void {
    if (this.process.doom !== null) throw new Doomed()
  }

  /**
   * Whether the process has ended, though code of it still runs: behind an `await`, in a callback of the event
   * loop. What it says then goes nowhere, and what it waits for never comes, so that it can hurt nobody. While
   * its code is on the kernel's stack it is thrown out instead.
   */
  private isMute(): boolean {
    if (this.process.doom === null) return false
    if (this.process.status !== STATUS.dead) throw new Doomed()
    return true
  }

  private never<T>(): Op<T> {
    return new Operation<T>(this.process, this.kernel, NEVER)
  }

  private pidNamed(name: string): number {
    checkName(name)
    const pid = this.kernel.pidOfName(name)
    if (pid === NOBODY) throw unknownName(name)
    return pid
  }
}

/** The commonest slip of all: the clone would be refused anyway, but would not say why. */
function refuseOperation(value: unknown, what: string): void {
  if (!(value instanceof Operation)) return
  const cure = 'write yield* self.call(…) in a generator, await self.call(…) in an async callback'
  throw new HeddleError('ERR_UNCLONABLE', `the ${what} is an operation that nobody waited for: ${cure}`)
}

function unknownName(name: string): HeddleError {
  return new HeddleError('ERR_UNKNOWN_NAME', `no process is registered as '${name}'`)
}

function pidOf(value: Pid, method: string): number {
  if (isPid(value)) return value.$pid
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    `${method}() takes a pid, not ${value === null ? 'null' : typeof value}`,
  )
}

function refOf(value: Ref, method: string): number {
  if (isRef(value)) return value.$ref
  throw new HeddleError('ERR_BAD_ARGUMENT', `${method}() takes a reference, not ${typeof value}`)
}

function checkDestination(to: Destination): Destination {
  if (typeof to === 'string') checkName(to)
  else pidOf(to, 'a timer')
  return to
}

function isDownOf(message: unknown, refNumber: number): boolean {
  const it = message as { type?: unknown; ref?: Partial<Ref> } | null
  return typeof it === 'object' && it !== null && it.type === 'DOWN' && it.ref?.$ref === refNumber
}

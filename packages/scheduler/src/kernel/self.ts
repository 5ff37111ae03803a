/**
 * `Self` over a kernel: checks what the process asks for, then hands it to the floors below. Every
 * method works in a callback, in a generator and after an `await`; once the process has ended (an async
 * callback may still run) every one of them throws.
 */

import type { CallMessage, CallOptions, CastMessage, From, ServerRef } from '../process/call.ts'
import { addressOf, type Spawnable } from '../process/define.ts'
import type { DirtyDef, DirtyOptions } from '../process/dirty.ts'
import { setFlag } from '../process/flags.ts'
import { INFO_ITEMS, type InfoItem, type ProcessInfo } from '../process/info.ts'
import { Matcher } from '../process/match.ts'
import type { Op } from '../process/op.ts'
import { type Process, STATUS } from '../process/process.ts'
import type {
  Destination,
  MonitorOptions,
  MonitorTarget,
  ProcessFlags,
  QuietTimerOptions,
  ReceiveOptions,
  Self,
  SendOptions,
  SpawnedMonitored,
  SpawnOptions,
  SpawnRequestOptions,
  SuspendOptions,
  Timeout,
  TimerOptions,
} from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { checkTimeout } from '../process/turn.ts'
import { isVia, registryOf, type Via } from '../process/via.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { Exit, type ExitReason } from '../term/exit-reason.ts'
import { isPid, type Pid, PidTerm, slotOf } from '../term/pid.ts'
import { isRef, type Ref, RefTerm } from '../term/ref.ts'
import { addAlias, makeAlias, removeAlias } from './aliases.ts'
import { applyToSelf } from './deferred.ts'
import { eraseEntry, getEntry, putEntry } from './dictionary.ts'
import { dirtyOperation } from './dirty.ts'
import { Doomed } from './doomed.ts'
import type { Kernel } from './kernel.ts'
import { groupLeaderOf, registerName, spawn } from './lifecycle.ts'
import { changeMuting } from './muting.ts'
import {
  callOperation,
  collectOperation,
  neverOperation,
  queryOperation,
  receiveOperation,
  sleepOperation,
  suspendOperation,
  valueOperation,
  yieldOperation,
} from './operations.ts'
import { checkItems, requestCollection } from './query.ts'
import { demonitor, link, monitor, receiveReply, unlink } from './relations.ts'
import {
  checkMonitorOptions,
  checkName,
  checkOptions,
  checkTimerOptions,
  isDownOf,
  pidOf,
  refOf,
  refuseOperation,
  unknownName,
} from './self-checks.ts'
import { sendElsewhere, sendMessage, sendTransferring } from './send.ts'
import { abandonSpawn, spawnRequest } from './spawn-request.ts'
import { countSuspended, resume } from './suspension.ts'
import { lookAtTimer, startTimer } from './user-timers.ts'

const NOBODY = 0
const CALL_OPTIONS: readonly string[] = ['timeoutMs']

export class ProcessSelf implements Self {
  private readonly kernel: Kernel
  readonly process: Process
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

  get schedulerCount(): number {
    return Math.max(1, this.kernel.endpointCount - 1)
  }

  get parent(): Pid | undefined {
    return this.process.parent === NOBODY ? undefined : new PidTerm(this.process.parent)
  }

  get registeredName(): string | undefined {
    return this.kernel.names.nameOf(slotOf(this.process.pid))
  }

  // ---- messages ----

  send(to: Destination, message: unknown, options?: SendOptions): void {
    if (this.isMute()) return
    refuseOperation(message, 'message')
    const { kernel } = this
    if (typeof to === 'object' && to !== null && !isPid(to)) {
      sendElsewhere(kernel, this.process, this, to, message, options)
      return
    }
    const pid = typeof to === 'string' ? this.pidNamed(to) : pidOf(to, 'send')
    if (options?.transfer !== undefined) sendTransferring(kernel, pid, message, options.transfer)
    else sendMessage(kernel, this.process, pid, message)
  }

  call<Api, R>(
    to: ServerRef<Api> | string | Via,
    message: CallMessage<Api, R>,
    options?: CallOptions,
  ): Op<R> {
    if (this.isMute()) return this.never()
    if (options !== undefined) checkOptions(options, CALL_OPTIONS, 'call')
    const timeoutMs = options?.timeoutMs
    if (timeoutMs !== undefined) checkTimeout(timeoutMs)
    const target = this.serverAt(to, 'call')
    return callOperation(this.kernel, this.process, target, {
      to,
      message,
      timeoutMs,
    }) as Op<unknown> as Op<R>
  }

  cast<Api>(to: ServerRef<Api> | string | Via, message: CastMessage<Api>): void {
    if (this.isMute()) return
    sendMessage(this.kernel, this.process, this.serverAt(to, 'cast'), message)
  }

  /** 0 if nobody has the name. */
  private serverAt(to: Pid | string | Via, method: string): number {
    if (typeof to === 'string') return this.kernel.pidOfName(to)
    if (!isVia(to)) return pidOf(to, method)
    return registryOf(to).whereisName(to.name, this)?.$pid ?? NOBODY
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
      const call = caller.takeCall(ref)
      if (call !== undefined) call.answer(reply, process.pid)
      else receiveReply(kernel, caller, process.pid, ref, reply)
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

  dirty<A, R>(definition: DirtyDef<A, R>, args: NoInfer<A>, options: DirtyOptions = {}): Op<R> {
    if (this.isMute()) return this.never()
    return dirtyOperation(this.kernel, this.process, definition, args, options)
  }

  yield(): Op<void> {
    if (this.isMute()) return this.never()
    this.process.budget = 0
    return yieldOperation(this.kernel, this.process)
  }

  bumpReductions(count: number): void {
    this.checkAlive()
    if (!Number.isInteger(count) || count < 0)
      throw new HeddleError(
        'ERR_BAD_ARGUMENT',
        `bumpReductions() takes a whole number from 0, not ${String(count)}`,
      )
    this.process.budget = Math.max(0, this.process.budget - count)
  }

  alias(options?: { reply?: boolean }): Ref {
    this.checkAlive()
    checkOptions(options, ['reply'], 'alias')
    const ref = makeAlias(this.kernel, this.process, options?.reply === true ? 'reply' : 'explicit_unalias')
    return new RefTerm(ref, this.process.pid)
  }

  unalias(alias: Ref): boolean {
    this.checkAlive()
    return removeAlias(this.process, refOf(alias, 'unalias'))
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
    const { monitor: how } = options ?? {}
    checkMonitorOptions(how)
    this.process.mailbox.mark(ref)
    const pid = this.start(definition, argument, options, options?.link === true, ref, how?.tag)
    if (how?.alias !== undefined) addAlias(this.process, ref, how.alias)
    return { pid: new PidTerm(pid), monitor: new RefTerm(ref, this.process.pid) }
  }

  spawnRequest<A>(definition: Spawnable<A>, argument: NoInfer<A>, options: SpawnRequestOptions = {}): Ref {
    this.checkAlive()
    const address = addressOf(definition as Spawnable<never>)
    return new RefTerm(spawnRequest(this.kernel, this.process, address, argument, options), this.process.pid)
  }

  abandonSpawn(request: Ref): boolean {
    this.checkAlive()
    return abandonSpawn(this.kernel, this.process, refOf(request, 'abandonSpawn'))
  }

  private start<A>(
    definition: Spawnable<A>,
    argument: A,
    options: SpawnOptions | undefined,
    isLinked: boolean,
    monitorRef: number,
    monitorTag?: unknown,
  ): number {
    this.checkAlive()
    const address = addressOf(definition as Spawnable<never>)
    return spawn(this.kernel, this.process, {
      address,
      argument,
      options: options ?? {},
      isLinked,
      monitorRef,
      monitorTag,
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

  monitor(target: MonitorTarget, options?: MonitorOptions): Ref {
    this.checkAlive()
    checkMonitorOptions(options)
    const isNamed = typeof target === 'string'
    if (isNamed) checkName(target)
    const pid = isNamed ? this.kernel.pidOfName(target) : pidOf(target, 'monitor')
    const ref = monitor(this.kernel, this.process, pid, isNamed ? target : undefined, options)
    return new RefTerm(ref, this.process.pid)
  }

  demonitor(ref: Ref, options?: { flush?: boolean }): boolean {
    this.checkAlive()
    checkOptions(options, ['flush'], 'demonitor')
    const refNumber = refOf(ref, 'demonitor')
    const wasActive = demonitor(this.kernel, this.process, refNumber)
    if (!wasActive && options?.flush === true) this.process.mailbox.take((it) => isDownOf(it, refNumber), 0)
    return wasActive
  }

  exit(reason: ExitReason): never
  exit(pid: Pid, reason: ExitReason): void
  exit(...args: [reason: ExitReason] | [pid: Pid, reason: ExitReason]): void {
    if (this.isMute()) return
    if (args.length === 1) throw new Exit(args[0])
    const [pid, reason] = args
    this.kernel.signal(SIGNAL.exit, pidOf(pid, 'exit'), this.process.pid, 0, reason)
    // A signal to oneself takes effect before the call returns.
    if (pid.$pid === this.process.pid) applyToSelf(this.kernel, this.process)
  }

  trapExit(traps: boolean): boolean {
    this.checkAlive()
    if (typeof traps !== 'boolean') throw new HeddleError('ERR_BAD_ARGUMENT', 'trapExit() takes a boolean')
    const before = this.process.trapsExits
    this.process.trapsExits = traps
    return before
  }

  processFlag<F extends keyof ProcessFlags>(flag: F, value: ProcessFlags[F]): ProcessFlags[F] {
    this.checkAlive()
    const before = setFlag(this.process, flag, value)
    if (flag === 'maxMailbox') changeMuting(this.kernel, this.process)
    return before
  }

  groupLeader(): Pid {
    return new PidTerm(groupLeaderOf(this.kernel, this.process))
  }

  setGroupLeader(leader: Pid, pid: Pid = this.pid): void {
    this.checkAlive()
    const own = pidOf(leader, 'setGroupLeader')
    if (pid.$pid === this.process.pid) this.process.ownExtras().groupLeader = own
    else this.kernel.signal(SIGNAL.groupLeader, pidOf(pid, 'setGroupLeader'), this.process.pid, 0, own)
  }

  suspend(pid: Pid, options?: SuspendOptions): Op<boolean> {
    if (this.isMute()) return this.never()
    checkOptions(options, ['unlessSuspending', 'pauseTimer'], 'suspend')
    const target = pidOf(pid, 'suspend')
    if (target === this.process.pid)
      throw new HeddleError('ERR_BAD_ARGUMENT', 'a process cannot suspend itself: use receive()')
    const isKnown = options?.unlessSuspending === true && countSuspended(this.process, target) > 0
    if (isKnown) return valueOperation(this.kernel, this.process, false)
    return suspendOperation(this.kernel, this.process, target, { pausesTimers: options?.pauseTimer === true })
  }

  resume(pid: Pid): void {
    this.checkAlive()
    resume(this.kernel, this.process, pidOf(pid, 'resume'))
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
    checkItems(items)
    const operation = queryOperation(this.kernel, this.process, pidOf(pid, 'processInfo'), items)
    return operation as Op<unknown> as Op<ProcessInfo | undefined>
  }

  processes(): Pid[] {
    return this.kernel.allPids().map((pid) => new PidTerm(pid))
  }

  garbageCollect(pid?: Pid): Op<boolean>
  garbageCollect(pid: Pid, options: { requestId: unknown }): void
  garbageCollect(pid: Pid = this.pid, options?: { requestId: unknown }): Op<boolean> | undefined {
    if (this.isMute()) return this.never()
    const target = pidOf(pid, 'garbageCollect')
    if (options === undefined) return collectOperation(this.kernel, this.process, target)
    requestCollection(this.kernel, this.process, target, options.requestId)
    return undefined
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

  registered(): string[] {
    return this.kernel.names.registered()
  }

  // ---- timers ----

  nowMs(): number {
    return this.kernel.outside.now()
  }

  sendAfter(ms: number, to: Pid | Ref | string, message: unknown, options?: TimerOptions): Ref {
    this.checkAlive()
    return startTimer(this.kernel, this.process, ms, checkTimerOptions(to, options), message, true, options)
  }

  startTimer(ms: number, to: Pid | Ref | string, message: unknown, options?: TimerOptions): Ref {
    this.checkAlive()
    return startTimer(this.kernel, this.process, ms, checkTimerOptions(to, options), message, false, options)
  }

  cancelTimer(ref: Ref): number | false
  cancelTimer(ref: Ref, options: QuietTimerOptions): 'ok'
  cancelTimer(ref: Ref, options?: QuietTimerOptions): number | false | 'ok' {
    this.checkAlive()
    return lookAtTimer(this.kernel, this.process, 'cancel', ref, options)
  }

  readTimer(ref: Ref): number | false
  readTimer(ref: Ref, options: QuietTimerOptions): 'ok'
  readTimer(ref: Ref, options?: QuietTimerOptions): number | false | 'ok' {
    this.checkAlive()
    return lookAtTimer(this.kernel, this.process, 'read', ref, options)
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
    return putEntry(this.process, key, value)
  }

  get(key: unknown): unknown
  get(): [key: unknown, value: unknown][]
  get(...key: [key?: unknown]): unknown {
    return getEntry(this.process, key)
  }

  erase(key: unknown): unknown
  erase(): [key: unknown, value: unknown][]
  erase(...key: [key?: unknown]): unknown {
    this.checkAlive()
    return eraseEntry(this.process, key)
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
    return neverOperation(this.kernel, this.process)
  }

  private pidNamed(name: string): number {
    checkName(name)
    const pid = this.kernel.pidOfName(name)
    if (pid === NOBODY) throw unknownName(name)
    return pid
  }
}

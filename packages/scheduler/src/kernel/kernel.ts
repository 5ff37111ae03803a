/**
 * One scheduler as a state machine: processes, a run queue, timers, and signals that come and go. It
 * has no clock, no thread and no globals; the shell around it (`worker/loop.ts`, the simulator) calls
 * `receive` for each signal that arrives, `runSlice` to work, and `settle` between slices.
 *
 *     signals in --> receive --> mailboxes, waiting operations --> run queue --> turn --> signals out
 *
 * Floors of this folder: `kernel` holds the state and routes; `drive` runs bodies; `lifecycle` starts
 * and ends processes; `relations` keeps links and monitors; `self` is what a process sees of it all.
 */

import { type Control, type EndpointCounters, REF_BLOCK_COUNT } from '../memory/control.ts'
import type { NameTable } from '../memory/names.ts'
import type { SlotTable } from '../memory/slots.ts'
import type { DefinitionAddress } from '../process/define.ts'
import type { Operation } from '../process/op.ts'
import { PHASE, type Process, type SignalRecord, STATUS } from '../process/process.ts'
import type { ExitMessage, Transferable } from '../process/self.ts'
import { exitEffect, SIGNAL, type SignalKind } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import { generationOf, type Pid, pidNumber, slotOf } from '../term/pid.ts'
import { Alarms } from './alarms.ts'
import { Doomed } from './doomed.ts'
import { REDUCTIONS_PER_TURN, takeTurn } from './drive.ts'
import { receiveExit, receiveSpawn } from './lifecycle.ts'
import type { Outside } from './outside.ts'
import { ProcessTable } from './process-table.ts'
import { answerQuery } from './query.ts'
import {
  receiveCall,
  receiveDown,
  receiveLink,
  receiveMonitor,
  receiveUnlink,
  receiveUnlinkAck,
} from './relations.ts'
import { RunQueue } from './run-queue.ts'
import { ProcessSelf } from './self.ts'
import { TimerWheel } from './timers.ts'
import type { UserTimer } from './user-timers.ts'

export interface KernelParts {
  /** This kernel's endpoint: 0 is the host thread's. */
  readonly endpoint: number
  readonly endpointCount: number
  readonly slots: SlotTable
  readonly names: NameTable
  readonly control: Control
  readonly outside: Outside
  /** What reports (crashes and the like) are handed to, on the host; elsewhere they travel there. */
  readonly onReport?: (report: Report) => void
}

/** Something that people should hear of. */
export type Report = CrashReport | SchedulerReport

/** The code of a process threw what nobody caught. */
export interface CrashReport {
  readonly type: 'crash'
  readonly pid: Pid
  readonly scheduler: number
  readonly definition: DefinitionAddress
  readonly registeredName: string | undefined
  readonly reason: ExitReason
}

/** The thread of a scheduler ended by itself, or could not be started. */
export interface SchedulerReport {
  readonly type: 'scheduler_down'
  readonly scheduler: number
  /** What the thread said last, if anything. */
  readonly error: string | undefined
}

const HOST = 0

export class Kernel {
  readonly endpoint: number
  readonly endpointCount: number
  readonly slots: SlotTable
  readonly names: NameTable
  readonly control: Control
  readonly counters: EndpointCounters
  readonly outside: Outside
  readonly table = new ProcessTable()
  readonly timers: TimerWheel
  readonly alarms: Alarms
  /** Timers that processes hold a reference to. */
  readonly userTimers = new Map<number, UserTimer>()

  /** Processes placed on each endpoint since the last publication. */
  readonly placedCounts: Int32Array
  reductionCount = 0
  messageCount = 0
  droppedCount = 0
  spawnCount = 0

  /** The process whose own code is on the stack. */
  private running: Process | null = null
  private readonly runQueue = new RunQueue()
  private readonly onReport: ((report: Report) => void) | undefined
  /** Signals for processes whose spawn request is still on its way through another ring. */
  private readonly embryos = new Map<number, SignalRecord[]>()
  /** Signals that a dying process sent: handled one after the other, or a long chain of links would nest. */
  private readonly cascade: (() => void)[] = []
  private isCascading = false
  private readonly late: (() => void)[] = []
  private isInSlice = false
  private refBlock = 0
  private refIndex = REF_BLOCK_COUNT

  constructor(parts: KernelParts) {
    this.endpoint = parts.endpoint
    this.endpointCount = parts.endpointCount
    this.placedCounts = new Int32Array(parts.endpointCount)
    this.slots = parts.slots
    this.names = parts.names
    this.control = parts.control
    this.counters = parts.control.counters(parts.endpoint)
    this.outside = parts.outside
    this.onReport = parts.onReport
    this.timers = new TimerWheel(parts.outside.now())
    this.alarms = new Alarms(this.timers, () => this.timerStarted())
  }

  // ---- driven by the shell ----

  /** Whether the code of a process is on the stack. */
  get isRunningProcess(): boolean {
    return this.running !== null
  }

  get runQueueLength(): number {
    return this.runQueue.length
  }

  /** Runs at most `turnCountMax` turns; returns whether something is left to run. */
  runSlice(turnCountMax: number): boolean {
    this.isInSlice = true
    try {
      if (this.late.length > 0) for (const action of this.late.splice(0)) action()
      for (let turn = 0; turn < turnCountMax; turn++) {
        const process = this.runQueue.shift()
        if (process === undefined) break
        // Killed while it stood in the queue.
        if (process.status !== STATUS.runnable) continue
        this.running = process
        takeTurn(this, process)
      }
    } finally {
      this.running = null
      this.isInSlice = false
    }
    return this.runQueue.length > 0 || this.late.length > 0
  }

  /** Lets time reach `nowMs`: what is due fires. */
  settle(nowMs: number): void {
    this.isInSlice = true
    try {
      this.timers.settle(nowMs)
      this.timers.advance(nowMs)
    } finally {
      this.isInSlice = false
    }
  }

  /** Between `beginDrain` and `endDrain` the shell hands over what came in, and asks for no wake-up of itself. */
  beginDrain(): void {
    this.isInSlice = true
  }

  endDrain(): void {
    this.isInSlice = false
  }

  publishCounters(): void {
    const counters = this.counters
    this.placedCounts.fill(0)
    counters.processCount = this.table.count
    counters.runQueueLength = this.runQueue.length
    counters.reductions = this.reductionCount
    counters.messageCount = this.messageCount
    counters.droppedCount = this.droppedCount
    counters.spawnCount = this.spawnCount
  }

  // ---- signals ----

  /**
   * A signal has arrived for a process that this kernel runs, or ran. The value is the receiver's own.
   * `from`: the endpoint it came from, where its source lives: what binds the two breaks with that endpoint.
   */
  receive(
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    from: number = this.endpoint,
  ): void {
    const process = this.table.get(target)
    if (process !== undefined) {
      if (kind === SIGNAL.message) this.deliver(process, value)
      else if (mustDefer(process, kind)) (process.deferred ??= []).push({ kind, source, ref, value, from })
      else this.apply(process, kind, source, ref, value, from)
    } else if (kind === SIGNAL.spawn) this.receiveSpawn(target, { kind, source, ref, value, from })
    else if (kind === SIGNAL.report) this.onReport?.(value as Report)
    else if (kind === SIGNAL.abandon) this.abandonEmbryo(target)
    else if (this.isExpected(target)) this.hold(target, { kind, source, ref, value, from })
    else this.receiveForDead(kind, target, source, ref)
  }

  private receiveSpawn(pid: number, { source, ref, value, from }: SignalRecord): void {
    receiveSpawn(this, pid, source, ref, value, from)
    this.releaseEmbryo(pid)
  }

  /** A message for a process of this kernel. */
  deliver(process: Process, message: unknown): void {
    this.messageCount += 1
    if (process.deferred !== null) {
      process.deferred.push({ kind: SIGNAL.message, source: 0, ref: 0, value: message, from: this.endpoint })
      return
    }
    for (let operation = process.waiting; operation !== null; ) {
      // An operation that fails leaves the list.
      const next: Operation<unknown> | null = operation.nextWaiting
      if (operation.offer(message)) return
      operation = next
    }
    process.mailbox.push(message)
    if (process.status === STATUS.waiting && process.phase === PHASE.rest) this.enqueue(process)
  }

  /** Sends a signal of this kernel's own, or of one of its processes, wherever the target lives; clones the value. */
  signal(kind: SignalKind, target: number, source: number, ref: number, value: unknown): void {
    const to = this.locate(target)
    if (to !== this.endpoint) this.post(to, kind, target, source, ref, value)
    else this.receive(kind, target, source, ref, copy(value))
  }

  /** A message for a process that this kernel does not run. Cloned by whoever takes it there. */
  sendAway(pid: number, message: unknown): void {
    const to = this.locate(pid)
    if (to !== this.endpoint) this.post(to, SIGNAL.message, pid, 0, 0, message)
    else this.receive(SIGNAL.message, pid, 0, 0, copy(message))
  }

  /** Signals that a running process sent to itself take effect at once; it may be doomed then. */
  applyToSelf(process: Process): void {
    if (process.status === STATUS.dead) throw new Doomed()
    const signals = process.deferred
    process.deferred = null
    for (const signal of signals ?? []) {
      if (signal.kind === SIGNAL.exit && signal.source === process.pid) this.exitOwn(process, signal.value)
      else (process.deferred ??= []).push(signal)
    }
    if (process.doom !== null) throw new Doomed()
  }

  private exitOwn(process: Process, reason: unknown): void {
    const effect = exitEffect(process.trapsExits, reason as ExitReason, false, true)
    if (effect.do === 'die') process.doom = { reason: effect.reason }
    else if (effect.do === 'deliver') {
      const message: ExitMessage = { type: 'EXIT', pid: process.pidTerm, reason: effect.reason }
      this.deliver(process, message)
    }
  }

  /** Hands a signal to another endpoint. */
  post(
    to: number,
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    transfer?: readonly Transferable[],
  ): void {
    this.outside.post(to, kind, target, source, ref, value, transfer)
    if (!this.isInSlice) this.outside.kick()
  }

  /**
   * The endpoint where signals for this pid are handled. A dead process's last owner answers for it
   * (with `noproc`), since the answer then stays behind what the process itself had sent.
   */
  locate(pid: number): number {
    const slot = slotOf(pid)
    if (this.table.get(pid) !== undefined) return this.endpoint
    if (slot >= this.slots.slotCount || pid <= 0) return this.endpoint
    const age = this.slots.generation(slot) - generationOf(pid)
    if (age === 0) return this.slots.owner(slot)
    // If the slot has been used again since, its home answers.
    const answering = age === 1 && this.slots.isFree(slot) ? this.slots.owner(slot) : this.slots.home(slot)
    return answering < 0 || this.control.isGone(answering) ? this.endpoint : answering
  }

  /** Does it now, or, while signals of a dying process are under way, right behind those. */
  inOrder(action: () => void): void {
    this.cascade.push(action)
    if (this.isCascading) return
    this.isCascading = true
    let failed: { readonly error: unknown } | undefined
    for (let index = 0; index < this.cascade.length; index++) {
      try {
        this.cascade[index]?.()
      } catch (error) {
        // The deaths behind it are others' business: they must be told all the same.
        failed ??= { error }
      }
    }
    this.cascade.length = 0
    this.isCascading = false
    if (failed !== undefined) throw failed.error
  }

  report(report: Report): void {
    if (this.endpoint === HOST) this.onReport?.(report)
    else this.post(HOST, SIGNAL.report, 0, 0, 0, report)
  }

  // ---- processes ----

  /** A timer started outside of a slice: whoever drives this kernel may sleep until a later one. */
  timerStarted(): void {
    if (!this.isInSlice) this.outside.kick()
  }

  /** Does it with the next slice, with a fresh budget: for an async callback that never waits by itself. */
  later(process: Process, action: () => void): void {
    this.late.push(() => {
      process.budget = Math.max(process.budget, REDUCTIONS_PER_TURN)
      action()
    })
    if (!this.isInSlice) this.outside.kick()
  }

  /** Puts a process in the run queue. */
  enqueue(process: Process): void {
    process.status = STATUS.runnable
    this.runQueue.push(process)
    if (!this.isInSlice) this.outside.kick()
  }

  /** An operation that the process waits on is through. @see Executive */
  wake(process: Process): void {
    if (process.status === STATUS.waiting) this.enqueue(process)
  }

  /** What the process gets as `self`. */
  makeSelf(process: Process): ProcessSelf {
    return new ProcessSelf(this, process)
  }

  newRef(): number {
    if (this.refIndex === REF_BLOCK_COUNT) {
      // Blocks are never given out twice, so neither is a reference, even after this thread has died.
      this.refBlock = this.control.takeRefBlock()
      this.refIndex = 0
    }
    return this.refBlock * REF_BLOCK_COUNT + this.refIndex++
  }

  pidOfName(name: string): number {
    return this.names.whereis(name)
  }

  isAlivePid(pid: number): boolean {
    const slot = slotOf(pid)
    return pid > 0 && slot < this.slots.slotCount && this.slots.isAlive(slot, generationOf(pid))
  }

  allPids(): number[] {
    const pids: number[] = []
    this.slots.forEachAlive((slot, generation) => pids.push(pidNumber(slot, generation)))
    return pids
  }

  /** Handles the signals that came while the process was running. */
  applyDeferred(process: Process): void {
    while (process.deferred !== null) {
      const signals = process.deferred
      process.deferred = null
      for (const signal of signals) {
        const { kind, source, ref, value, from } = signal
        if (process.status !== STATUS.dead) this.apply(process, kind, source, ref, value, from)
        else this.receiveForDead(kind, process.pid, source, ref)
      }
    }
  }

  private apply(
    process: Process,
    kind: SignalKind,
    source: number,
    ref: number,
    value: unknown,
    from: number,
  ): void {
    switch (kind) {
      case SIGNAL.message:
        this.deliver(process, value)
        break
      case SIGNAL.call:
        receiveCall(this, process, source, ref, value, from)
        break
      case SIGNAL.reply:
        process.takeCall(ref)?.answer(value, source)
        break
      case SIGNAL.link:
        receiveLink(process, source, from)
        break
      case SIGNAL.unlink:
        receiveUnlink(this, process, source, ref)
        break
      case SIGNAL.unlinkAck:
        receiveUnlinkAck(process, source, ref)
        break
      case SIGNAL.exit:
      case SIGNAL.exitLink:
        receiveExit(this, process, kind === SIGNAL.exitLink, source, value)
        break
      case SIGNAL.monitor:
        receiveMonitor(process, source, ref, from)
        break
      case SIGNAL.demonitor:
        process.watchers?.delete(ref)
        break
      case SIGNAL.down:
        receiveDown(this, process, source, ref, value)
        break
      case SIGNAL.query:
        answerQuery(this, process, source, ref, value)
        break
    }
  }

  /** What a dead process answers. */
  private receiveForDead(kind: SignalKind, target: number, source: number, ref: number): void {
    switch (kind) {
      case SIGNAL.message:
      case SIGNAL.reply:
        this.droppedCount += 1
        break
      case SIGNAL.call:
      case SIGNAL.monitor:
        this.signal(SIGNAL.down, source, target, ref, 'noproc')
        break
      case SIGNAL.link:
        this.signal(SIGNAL.exitLink, source, target, 0, 'noproc')
        break
      case SIGNAL.unlink:
        this.signal(SIGNAL.unlinkAck, source, target, ref, undefined)
        break
      case SIGNAL.query:
        this.signal(SIGNAL.reply, source, target, ref, undefined)
        break
      default:
        // Exit signals, demonitors and acknowledgements to the dead mean nothing.
        break
    }
  }

  // ---- embryos ----

  private isExpected(pid: number): boolean {
    const slot = slotOf(pid)
    return this.isAlivePid(pid) && this.slots.owner(slot) === this.endpoint && this.slots.isStarting(slot)
  }

  private hold(pid: number, signal: SignalRecord): void {
    const held = this.embryos.get(pid)
    if (held === undefined) this.embryos.set(pid, [signal])
    else held.push(signal)
  }

  private releaseEmbryo(pid: number): void {
    const held = this.embryos.get(pid)
    if (held === undefined) return
    this.embryos.delete(pid)
    for (const { kind, source, ref, value, from } of held) this.receive(kind, pid, source, ref, value, from)
  }

  /** The spawn request for this process will not come any more. */
  abandonEmbryo(pid: number): void {
    const held = this.embryos.get(pid) ?? []
    this.embryos.delete(pid)
    for (const { kind, source, ref } of held) this.receiveForDead(kind, pid, source, ref)
  }
}

/** Its own code is on the stack: signals are handled when that has returned, in order. Questions are not signals. */
function mustDefer(process: Process, kind: SignalKind): boolean {
  return process.deferred !== null || (process.status === STATUS.running && kind !== SIGNAL.query)
}

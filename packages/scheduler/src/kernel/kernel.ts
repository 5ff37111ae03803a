/**
 * One scheduler as a state machine: processes, a run queue, timers, and signals that come and go. It
 * has no clock, no thread and no globals; the shell around it (`worker/loop.ts`, the simulator) calls
 * `receive` for each signal that arrives, `runSlice` to work, and `settle` between slices.
 *
 *     signals in --> receive --> mailboxes, waiting operations --> run queue --> turn --> signals out
 *
 * Floors of this folder: `kernel` holds the state and routes; `arrival` is what each kind of signal does;
 * `drive` runs bodies; `lifecycle` starts and ends processes; `relations` keeps links and monitors; `self` is
 * what a process sees of it all.
 */

import type { Control, EndpointCounters } from '../memory/control.ts'
import type { NameTable } from '../memory/names.ts'
import type { SlotTable } from '../memory/slots.ts'
import { isUnassigned } from '../memory/state-word.ts'
import type { Operation } from '../process/op.ts'
import { PHASE, type Process, type SignalRecord, STATUS } from '../process/process.ts'
import type { Transferable } from '../process/self.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { PayloadCodec } from '../term/payload.ts'
import { generationOf, pidNumber, slotOf } from '../term/pid.ts'
import { Alarms } from './alarms.ts'
import { answerForDead, applySignal, wantsAnswer } from './arrival.ts'
import { Balancer } from './balance.ts'
import { Cascade } from './cascade.ts'
import { mustDefer } from './deferred.ts'
import { REDUCTIONS_PER_TURN, takeTurn } from './drive.ts'
import { Embryos } from './embryos.ts'
import { Forgotten } from './forgotten.ts'
import { Graves } from './graves.ts'
import { receiveSpawn } from './lifecycle.ts'
import { refuseByLimit } from './mailbox-limit.ts'
import { Moves } from './moves.ts'
import type { Outside } from './outside.ts'
import { Pace } from './pace.ts'
import type { KernelParts } from './parts.ts'
import { makePolicy, type Policy } from './placement.ts'
import { ProcessTable } from './process-table.ts'
import { RefSource } from './ref-source.ts'
import type { Report } from './report.ts'
import { RunQueue } from './run-queue.ts'
import { ProcessSelf } from './self.ts'
import { Stealing } from './steal.ts'
import { TimerWheel } from './timers.ts'
import { type HeldSignal, heldSignal, Unborn } from './unborn.ts'
import type { UserTimer } from './user-timers.ts'

const HOST = 0
const HOST_SLOT = 1

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
  /** How often one of its processes was held because it sent too fast. */
  mutedCount = 0
  spawnCount = 0
  /** Processes whose module is being imported. */
  loadingCount = 0
  /** Of those, the ones whose parent waits to hear that they have their code: by pid, the reference of the answer. */
  readonly unacknowledged = new Map<number, number>()
  private settledMs = 0

  /** The process whose own code is on the stack. */
  private running: Process | null = null
  private readonly runQueue = new RunQueue()
  private readonly balancer: Balancer | null
  private readonly onReport: ((report: Report) => void) | undefined
  readonly embryos: Embryos
  readonly forgotten: Forgotten
  readonly graves: Graves
  readonly unborn: Unborn
  /** Unset where there is nobody to take anything. */
  readonly stealing: Stealing | undefined
  placement: Policy
  readonly moves: Moves
  private readonly cascade = new Cascade()
  private readonly late: (() => void)[] = []
  /** Timers that were due as they were started. */
  private readonly overdue: { readonly dueMs: number; readonly fire: () => void }[] = []
  readonly pace: Pace
  private isInSlice = false
  private readonly refs: RefSource
  /** Of dirty functions. */
  readonly payloads = new PayloadCodec()

  constructor(parts: KernelParts) {
    this.endpoint = parts.endpoint
    this.endpointCount = parts.endpointCount
    this.placedCounts = new Int32Array(parts.endpointCount)
    this.slots = parts.slots
    this.names = parts.names
    this.control = parts.control
    this.counters = parts.control.counters(parts.endpoint)
    this.outside = parts.outside
    this.pace = new Pace(this.counters, parts.outside)
    this.onReport = parts.onReport
    this.refs = new RefSource(parts.control)
    this.embryos = new Embryos(this)
    this.forgotten = new Forgotten(this)
    this.unborn = new Unborn(this)
    this.graves = new Graves(parts.slots, parts.outside, this.unborn)
    this.placement = makePolicy(parts.placement ?? 'two-choices')
    if (parts.stealing !== undefined) this.stealing = new Stealing(this, parts.stealing)
    this.timers = new TimerWheel(parts.outside.now())
    this.moves = this.makeMoves()
    const { balance = 'off' } = parts
    this.balancer = balance === 'off' || parts.endpoint === HOST ? null : new Balancer(this, balance)
    this.alarms = new Alarms(
      this.timers,
      () => this.timerStarted(),
      () => this.outside.now(),
    )
  }

  protected makeMoves(): Moves {
    return new Moves(this)
  }

  // ---- driven by the shell ----

  /** Whether the code of a process is on the stack. */
  get isRunningProcess(): boolean {
    return this.running !== null
  }

  get runQueueLength(): number {
    return this.runQueue.length
  }

  /** Processes of the run queue, those that will wait longest first. */
  waitingLongest(): Iterable<Process> {
    return this.runQueue.waitingLongest()
  }

  /** Runs so many turns, or as many as handle a full turn's messages; returns whether something is left to run. */
  runSlice(turnCountMax: number): boolean {
    this.isInSlice = true
    try {
      if (this.late.length > 0) for (const action of this.late.splice(0)) action()
      this.stealing?.mix(turnCountMax)
      if (this.moves.isDue) this.moves.begin()
      const enough = this.reductionCount + REDUCTIONS_PER_TURN
      for (let turn = 0; turn < turnCountMax && this.reductionCount < enough; turn++) {
        const process = this.runQueue.shift()
        if (process === undefined && this.stealing?.takeOwn() === true) continue
        if (process === undefined) break
        if (process.status !== STATUS.runnable) continue // It was killed while it stood in the queue.
        if (process.isSuspended) {
          process.ownExtras().isDue = true
          continue
        }
        this.running = process
        takeTurn(this, process)
        // The event loop, and what others have sent, come first.
        if (this.pace.isSlow && this.pace.isSliceLong()) break
      }
    } finally {
      this.running = null
      this.isInSlice = false
    }
    return this.hasWork
  }

  /** @see Executive */
  isTurnLong({ budget }: Process): boolean {
    return this.pace.isTurnLong(budget)
  }

  /** Whether a slice would do something. */
  get hasWork(): boolean {
    return (
      this.runQueue.length > 0 ||
      (this.stealing !== undefined && this.stealing.count > 0) ||
      this.late.length > 0 ||
      this.moves.isDue ||
      this.overdue.length > 0 ||
      this.forgotten.hasQuestions
    )
  }

  /** What came in has been read, and it is `nowMs`: what is due fires. */
  settle(nowMs: number): void {
    this.isInSlice = true
    this.settledMs = nowMs
    if (this.balancer !== null && nowMs >= this.balancer.nextMs) this.balancer.look(nowMs)
    try {
      this.forgotten.answer()
      this.timers.settle(nowMs)
      if (this.overdue.length > 0) this.fireOverdue()
      this.timers.advance(nowMs)
    } finally {
      this.isInSlice = false
    }
  }

  private fireOverdue(): void {
    for (const { dueMs, fire } of this.overdue.splice(0)) {
      // What was due before it comes before it.
      this.timers.advance(dueMs)
      fire()
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
    counters.queuedCount = this.stealing?.count ?? 0
    counters.stealCount = this.stealing?.stealCount ?? 0
    counters.reductions = this.reductionCount
    counters.messageCount = this.messageCount
    counters.droppedCount = this.droppedCount
    counters.mutedCount = this.mutedCount
    counters.spawnCount = this.spawnCount
    counters.loadingCount = this.loadingCount
    counters.clockMs = this.settledMs
    counters.movedOutCount = this.moves.outCount
    counters.movedInCount = this.moves.inCount
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
    else if (kind === SIGNAL.born) this.unborn.release(ref, from)
    else if (kind === SIGNAL.abandon) this.embryos.abandon(target)
    else if (kind >= SIGNAL.moved && kind <= SIGNAL.arrived)
      this.moves.receive(kind, target, source, ref, value, from)
    else if (this.embryos.isExpected(target)) this.embryos.hold(target, { kind, source, ref, value, from })
    else if (from === this.endpoint && wantsAnswer(kind) && this.isForgotten(target))
      this.forgotten.ask(kind, target, source, ref, value)
    else this.answerForDead(kind, target, source, ref, value)
  }

  /** A signal has its effect. */
  apply(process: Process, kind: SignalKind, source: number, ref: number, value: unknown, from: number): void {
    applySignal(this, process, kind, source, ref, value, from)
  }

  /** A signal has come to nobody. */
  answerForDead(kind: SignalKind, target: number, source: number, ref: number, value: unknown): void {
    answerForDead(this, kind, target, source, ref, value)
  }

  private receiveSpawn(pid: number, { source, ref, value, from }: SignalRecord): void {
    receiveSpawn(this, pid, source, ref, value, from)
    this.embryos.release(pid)
  }

  /** A message that a process sent to one of this kernel. */
  deliver(process: Process, message: unknown): void {
    this.messageCount += 1
    if (process.deferred !== null) {
      process.deferred.push({ kind: SIGNAL.message, source: 0, ref: 0, value: message, from: this.endpoint })
      return
    }
    if (offer(process, message)) return
    if (process.extras !== null && refuseByLimit(this, process, process.extras, message)) return
    this.enqueueMessage(process, message)
  }

  /** A message of the VM's own: it is never refused, and comes at once. */
  deliverOwn(process: Process, message: unknown): void {
    this.messageCount += 1
    if (offer(process, message)) return
    if (process.extras?.mailboxLimit === undefined) process.mailbox.push(message)
    else process.mailbox.pushOwn(message)
    this.wakeAtRest(process)
  }

  private enqueueMessage(process: Process, message: unknown): void {
    process.mailbox.push(message)
    this.wakeAtRest(process)
  }

  private wakeAtRest(process: Process): void {
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
    if (isUnassigned(to)) {
      const sender = this.running?.pid ?? 0
      const held = heldSignal(kind, target, source, ref, value, transfer, sender)
      // It may have been born in this very moment.
      if (!this.holdBack(held)) this.sendHeld(held)
      return
    }
    // What was held for it goes first.
    if (this.unborn.count > 0) this.unborn.release(target)
    this.outside.post(to, kind, target, source, ref, value, transfer)
    if (!this.isInSlice) this.outside.kick()
  }

  protected holdBack(signal: HeldSignal): boolean {
    return this.unborn.hold(signal)
  }

  /** A signal that was held goes its way. Its value is the receiver's own. */
  sendHeld({ kind, target, source, ref, value, transfer }: HeldSignal): void {
    const to = this.locate(target)
    if (to !== this.endpoint) this.post(to, kind, target, source, ref, value, transfer)
    else this.receive(kind, target, source, ref, value)
  }

  /**
   * The endpoint where signals for this pid are handled. A dead process's last owner answers for it
   * (with `noproc`), since the answer then stays behind what the process itself had sent; when nobody knows any
   * more who that was, this kernel itself (see `forgotten`). Not an endpoint, if nobody runs it yet (see `unborn`).
   */
  locate(pid: number): number {
    if (this.table.get(pid) !== undefined) return this.endpoint
    const owner = this.lastOwner(pid)
    if (isUnassigned(owner)) return owner
    return owner < 0 || this.control.isGone(owner) ? this.endpoint : owner
  }

  /** Whether this pid is of a process that ran who knows where, and is dead; or that is on its way here, and has not come. */
  isForgotten(pid: number): boolean {
    const slot = slotOf(pid)
    if (pid <= 0 || slot >= this.slots.slotCount) return false
    return this.slots.lastOwner(slot, generationOf(pid)) !== this.endpoint
  }

  /** Who runs this process, or ran it, or `isUnassigned`; -1 if nobody knows. */
  lastOwner(pid: number): number {
    const slot = slotOf(pid)
    if (pid <= 0 || slot >= this.slots.slotCount) return -1
    const owner = this.slots.lastOwner(slot, generationOf(pid))
    const heir = owner < 0 ? 0 : this.slots.heir(slot)
    // On its way: who has been told of that sends to the new owner.
    return heir !== 0 && this.moves.routes.get(pid)?.to === heir ? heir : owner
  }

  /** Does it now, or, while signals of a dying process are under way, right behind those. */
  inOrder(action: () => void): void {
    this.cascade.run(action)
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

  /** @see Executive */
  onResume(process: Process, action: () => void): void {
    ;(process.ownExtras().onResume ??= []).push(action)
  }

  /** Does it at the next `settle`, in the order of time. */
  fireSoon(dueMs: number, fire: () => void): void {
    this.overdue.push({ dueMs, fire })
    this.timerStarted()
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
    return this.refs.next()
  }

  pidOfName(name: string): number {
    return this.names.whereis(name)
  }

  isAlivePid(pid: number): boolean {
    const slot = slotOf(pid)
    return pid > 0 && slot < this.slots.slotCount && this.slots.isAlive(slot, generationOf(pid))
  }

  /** The host's own process: its slot is the first of all. */
  hostPid(): number {
    return pidNumber(HOST_SLOT, this.slots.generation(HOST_SLOT))
  }

  allPids(): number[] {
    const pids: number[] = []
    this.slots.forEachAlive((slot, generation) => pids.push(pidNumber(slot, generation)))
    return pids
  }
}

/** Hands a message to a receive that waits for it. A suspended process takes nothing. */
function offer(process: Process, message: unknown): boolean {
  if (process.isSuspended) return false
  for (let operation = process.waiting; operation !== null; ) {
    // An operation that fails leaves the list.
    const next: Operation<unknown> | null = operation.nextWaiting
    if (operation.offer(message)) return true
    operation = next
  }
  return false
}

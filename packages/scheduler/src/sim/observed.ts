/**
 * The parts of a scheduler as they are, with the judge looking over their shoulder: what they do is told, nothing
 * is done otherwise (but for sabotage, in tests of the judge).
 */

import { Kernel } from '../kernel/kernel.ts'
import type { KernelParts } from '../kernel/parts.ts'
import { ProcessSelf } from '../kernel/self.ts'
import type { HeldSignal } from '../kernel/unborn.ts'
import type { SharedMemory } from '../memory/layout.ts'
import { NameTable, type RegisterOutcome } from '../memory/names.ts'
import { SlotTable } from '../memory/slots.ts'
import { isUnassigned } from '../memory/state-word.ts'
import type { From } from '../process/call.ts'
import type { Spawnable } from '../process/define.ts'
import { type Process, STATUS } from '../process/process.ts'
import type {
  Destination,
  MonitorOptions,
  MonitorTarget,
  SendOptions,
  SpawnedMonitored,
  SpawnOptions,
} from '../process/self.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { isPid, type Pid, pidNumber, slotOf } from '../term/pid.ts'
import type { Ref } from '../term/ref.ts'
import { type Judge, kindName } from './judge.ts'
import { SimMoves } from './observed-moves.ts'
import type { Sabotage } from './sabotage.ts'
import { pidText, type Trace, valueText } from './trace.ts'

export interface Watchers {
  readonly judge: Judge
  readonly trace: Trace
  readonly sabotage: Sabotage
  nowUs(): number
}

// ---- the tables ----

export class SimSlots extends SlotTable {
  private readonly judge: Judge
  private readonly sabotage: Sabotage

  constructor(shared: SharedMemory, me: number, { judge, sabotage }: Watchers) {
    super(shared, me)
    this.judge = judge
    this.sabotage = sabotage
  }

  /** Takes a slot for good, so that the table is smaller than a block: no process, to nobody. */
  waste(): void {
    const slot = super.allocate(NOBODYS)
    if (slot < 0) return
    super.markLive(slot)
    super.markExiting(slot)
  }

  /** Where a scheduler can be struck down that has just taken a request: it may throw. */
  onTake: (() => void) | undefined

  override take(slot: number, generation: number): 'taken' | 'awaited' | 'lost' {
    this.onTake?.()
    const outcome = super.take(slot, generation)
    return outcome === 'lost' && this.sabotage.takesTwice !== undefined ? 'taken' : outcome
  }

  override awaitOwner(slot: number, generation: number): boolean {
    if (this.sabotage.awaitsNobody === true)
      return this.isAlive(slot, generation) && isUnassigned(this.owner(slot))
    return super.awaitOwner(slot, generation)
  }

  override allocate(owner: number): number {
    const slot = super.allocate(owner)
    if (slot >= 0) this.judge.born(pidNumber(slot, this.generation(slot)))
    return slot
  }

  override markExiting(slot: number): void {
    super.markExiting(slot)
    this.judge.died(pidNumber(slot, this.generation(slot)))
  }

  override free(slot: number): void {
    if (this.isStarting(slot)) this.judge.died(pidNumber(slot, this.generation(slot)))
    if (this.sabotage.keepsSlots !== true) super.free(slot)
  }

  override sweepOwner(owner: number, visit: (slot: number, generation: number) => void): void {
    super.sweepOwner(owner, (slot, generation) => {
      this.judge.died(pidNumber(slot, generation))
      visit(slot, generation)
    })
  }
}

/** An owner that no endpoint is. */
const NOBODYS = 255

export class SimNames extends NameTable {
  private readonly judge: Judge
  private readonly sabotage: Sabotage
  private readonly slotTable: SlotTable
  private late: number[] = []

  constructor(shared: SharedMemory, me: number, { judge, sabotage }: Watchers, slots: SlotTable) {
    super(shared, me)
    this.judge = judge
    this.sabotage = sabotage
    this.slotTable = slots
  }

  override register(name: string, slot: number, generation: number): RegisterOutcome {
    const outcome = super.register(name, slot, generation)
    if (outcome === 'ok') this.judge.nameTaken(name, pidNumber(slot, generation))
    else if (outcome === 'name_taken') this.judge.nameRefused(name)
    return outcome
  }

  override unregister(name: string): boolean {
    const done = super.unregister(name)
    if (done) this.judge.nameGivenUp(name)
    else this.judge.nameUnknown(name)
    return done
  }

  override whereis(name: string): number {
    const found = super.whereis(name)
    this.judge.nameLookedUp(name, found)
    return found
  }

  override release(slot: number): void {
    if (this.sabotage.freesNamesLate === true) {
      this.late.push(slot)
      return
    }
    super.release(slot)
    this.judge.nameReleased(pidNumber(slot, this.slotTable.generation(slot)))
  }

  /** Sabotage: what should have been freed long ago. */
  releaseLate(): void {
    for (const slot of this.late) super.release(slot)
    this.late = []
  }
}

// ---- the kernel ----

export class SimKernel extends Kernel {
  /** The process whose `send` is on the stack. */
  sender = 0
  /** Processes of this kernel, dead ones included until they are weeded out. */
  processes: Process[] = []
  private readonly watchers: Watchers
  /** The judge's numbers of signals that wait for their target to be born. */
  private readonly heldIds = new Map<HeldSignal, number>()
  /** The kind of the signal whose effect is on the stack. */
  private applying = 0

  constructor(parts: KernelParts, watchers: Watchers) {
    super(parts)
    this.watchers = watchers
  }

  /** Signals held for processes that have not come yet. */
  get embryoCount(): number {
    return this.embryos.count
  }

  protected override makeMoves(): SimMoves {
    return new SimMoves(this, () => this.watchers)
  }

  override makeSelf(process: Process): SimSelf {
    this.processes.push(process)
    return new SimSelf(this, process, this.watchers.judge)
  }

  override signal(kind: SignalKind, target: number, source: number, ref: number, value: unknown): void {
    const { judge } = this.watchers
    const id = judge.posted(kind, source, target)
    judge.withSignal(id, () => super.signal(kind, target, source, ref, value))
  }

  override sendAway(pid: number, message: unknown): void {
    const { judge } = this.watchers
    const id = judge.posted(SIGNAL.message, this.sender, pid)
    judge.withSignal(id, () => super.sendAway(pid, message))
  }

  override post(...args: Parameters<Kernel['post']>): void {
    const { judge, trace } = this.watchers
    const [to, kind, target, source, ref, value] = args
    // What follows a process has its number already.
    const id =
      judge.takeSignal() || judge.posted(kind, source || this.sender, kind === SIGNAL.followed ? 0 : target)
    trace.note(kind, source, target, ref, 1_000 + to)
    if (trace.isKept) {
      const line = `s${this.endpoint}-> s${to} ${id} ${kindName(kind)} ${pidText(source || this.sender)} -> ${pidText(target)} ${ref} ${valueText(value)}`
      trace.line(this.watchers.nowUs(), line)
    }
    judge.withSignal(id, () => super.post(...args))
  }

  override locate(pid: number): number {
    const { sabotage } = this.watchers
    if (sabotage.answersForTheDead === true && !this.isAlivePid(pid)) return this.endpoint
    const place = super.locate(pid)
    return sabotage.sendsToTheSpawner === true && isUnassigned(place) ? this.slots.home(slotOf(pid)) : place
  }

  protected override holdBack(signal: HeldSignal): boolean {
    const { judge } = this.watchers
    const isHeld = super.holdBack(signal)
    if (isHeld) this.heldIds.set(signal, judge.takeSignal())
    return isHeld
  }

  override sendHeld(signal: HeldSignal): void {
    const id = this.heldIds.get(signal)
    if (id === undefined) super.sendHeld(signal)
    else {
      this.heldIds.delete(signal)
      this.watchers.judge.withSignal(id, () => super.sendHeld(signal))
    }
  }

  /** It is dead: what it held is lost. */
  loseHeld(): void {
    for (const id of this.heldIds.values()) this.watchers.judge.lost(id)
  }

  override receive(
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    from: number = this.endpoint,
  ): void {
    const { judge, sabotage } = this.watchers
    if (kind === SIGNAL.followed) {
      judge.takeSignal()
      super.receive(kind, target, source, ref, value, from)
      return
    }
    // Without a signal in hand: the kernel's own, for a peer that has died; or one it has held until now.
    const id =
      judge.takeSignal() ||
      judge.takeHanded(
        this.endpoint,
        target,
        (k, s, r, v) => k === kind && s === source && r === ref && Object.is(v, value),
      ) ||
      judge.posted(kind, source, target)
    if (kind === SIGNAL.spawn) {
      judge.handled(id, target)
      super.receive(kind, target, source, ref, value, from)
      return
    }
    if (sabotage.answersForTheDead === true && from === this.endpoint && !this.isAlivePid(target)) {
      this.answerForDead(kind, target, source, ref, value)
      return
    }
    const fate = sabotage.arrive?.(kind)
    if (fate === 'drop') {
      judge.lost(id)
      return
    }
    judge.handed(this.endpoint, id, target, kind, source, ref, value)
    super.receive(kind, target, source, ref, value, from)
    if (fate !== 'twice') return
    judge.handed(this.endpoint, id, target, kind, source, ref, value)
    super.receive(kind, target, source, ref, value, from)
  }

  override deliver(process: Process, message: unknown): void {
    const { judge, trace } = this.watchers
    const { pid } = process
    if (this.applying !== 0) {
      // What a signal's effect puts in the mailbox; unless something else must come first.
      if (process.deferred !== null)
        judge.handed(this.endpoint, judge.posted(SIGNAL.message, 0, pid), pid, SIGNAL.message, 0, 0, message)
      super.deliver(process, message)
      return
    }
    let id = judge.takeSignal()
    // One that is being sent has not been handed over before, even if one that looks like it has, and waits.
    if (id === 0 && this.sender === 0)
      id = judge.takeHanded(
        this.endpoint,
        pid,
        (k, _s, _r, v) => k === SIGNAL.message && Object.is(v, message),
      )
    if (id === 0) {
      const caller = callerOf(message)
      if (this.sender !== 0) id = judge.posted(SIGNAL.message, this.sender, pid)
      else if (caller !== 0) id = judge.posted(SIGNAL.call, caller, pid)
      else judge.invented(pid, message)
    }
    if (process.deferred !== null) judge.handed(this.endpoint, id, pid, SIGNAL.message, 0, 0, message)
    else if (id !== 0) {
      judge.handled(id, pid)
      if (trace.isKept)
        trace.line(
          this.watchers.nowUs(),
          `s${this.endpoint}   ${id} message -> ${pidText(pid)} ${valueText(message)}`,
        )
    }
    super.deliver(process, message)
  }

  override apply(
    process: Process,
    kind: SignalKind,
    source: number,
    ref: number,
    value: unknown,
    from: number,
  ): void {
    const { judge, trace, sabotage } = this.watchers
    if (kind === SIGNAL.message) {
      super.apply(process, kind, source, ref, value, from)
      return
    }
    const { pid } = process
    const id =
      judge.takeSignal() ||
      judge.takeHanded(
        this.endpoint,
        pid,
        (k, s, r, v) => k === kind && s === source && r === ref && Object.is(v, value),
      )
    const wasUnlinked = kind === SIGNAL.exitLink && judge.hasUnlinked(pid, source)
    if (id !== 0) judge.handled(id, pid)
    if (trace.isKept) {
      const line = `s${this.endpoint}   ${id} ${kindName(kind)} ${pidText(source)} -> ${pidText(pid)} ${ref} ${valueText(value)}`
      trace.line(this.watchers.nowUs(), line)
    }
    const watch = kind === SIGNAL.down ? process.monitors?.get(ref) : undefined
    const isByAlias = kind === SIGNAL.aliased || kind === SIGNAL.reply
    const aliased = isByAlias ? process.monitors?.get(ref) : undefined
    const link = kind === SIGNAL.exitLink ? process.links?.get(source) : undefined
    const unlinked = kind === SIGNAL.link ? process.links?.get(source) : undefined
    if (sabotage.heedsVoidLinks === true && unlinked !== undefined) unlinked.unlinkId = 0
    if (sabotage.ignoresUnlink === true && link !== undefined) link.unlinkId = 0
    const isActive = watch !== undefined || (link !== undefined && link.unlinkId === 0)
    const before = this.applying
    this.applying = kind
    try {
      super.apply(process, kind, source, ref, value, from)
    } finally {
      this.applying = before
    }
    if (aliased !== undefined && process.monitors?.has(ref) !== true) judge.unwatched(pid, ref)
    if (isActive && kind === SIGNAL.down) judge.downDelivered(pid, ref, source, value)
    else if (isActive) judge.exitDelivered(pid, source, wasUnlinked, value)
    if (kind === SIGNAL.exit && value === 'kill' && source !== pid && !process.isHost)
      judge.check('exits', process.status === STATUS.dead, () => `${pidText(pid)} lives on after kill`)
  }

  override answerForDead(
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
  ): void {
    const { judge } = this.watchers
    const id = judge.takeHanded(this.endpoint, target, (k, s, r) => k === kind && s === source && r === ref)
    if (id !== 0) judge.handled(id, target)
    super.answerForDead(kind, target, source, ref, value)
  }
}

/** The caller, if this is a call as it stands in a mailbox; else 0. */
function callerOf(message: unknown): number {
  const it = message as { type?: unknown; from?: Partial<From> } | null
  if (typeof it !== 'object' || it?.type !== '$call') return 0
  return it.from?.pid?.$pid ?? 0
}

// ---- what a process asks for ----

export class SimSelf extends ProcessSelf {
  private readonly sim: SimKernel
  private readonly own: Process
  private readonly judge: Judge

  constructor(kernel: SimKernel, process: Process, judge: Judge) {
    super(kernel, process)
    this.sim = kernel
    this.own = process
    this.judge = judge
  }

  override send(to: Destination, message: unknown, options?: SendOptions): void {
    this.asSender(() => super.send(to, message, options))
  }

  override cast(...args: Parameters<ProcessSelf['cast']>): void {
    this.asSender(() => super.cast(...args))
  }

  override reply(from: From, value: unknown): void {
    const { judge, own } = this
    const target = isPid(from?.pid) ? from.pid.$pid : 0
    const caller = this.sim.table.get(target)
    // Straight to the call that waits, past the signals: see `ProcessSelf.reply`.
    const isDirect = caller !== undefined && caller.status !== STATUS.running && caller.deferred === null
    const ref = from?.ref?.$ref
    const wasWatched = isDirect && caller.monitors?.has(ref) === true
    // A reply by an alias is a message.
    this.asSender(() => super.reply(from, value))
    if (wasWatched && caller.monitors?.has(ref) !== true) judge.unwatched(target, ref)
    if (isDirect && own.doom === null) judge.handled(judge.posted(SIGNAL.reply, own.pid, target), target)
  }

  override spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid {
    const pid = super.spawn(definition, argument, options)
    if (options?.link === true) this.judge.linked(this.own.pid, pid.$pid)
    return pid
  }

  override spawnLink<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid {
    const pid = super.spawnLink(definition, argument, options)
    this.judge.linked(this.own.pid, pid.$pid)
    return pid
  }

  override spawnMonitor<A>(
    definition: Spawnable<A>,
    argument: NoInfer<A>,
    options?: SpawnOptions,
  ): SpawnedMonitored {
    const spawned = super.spawnMonitor(definition, argument, options)
    this.judge.watched(this.own.pid, spawned.monitor.$ref, spawned.pid.$pid)
    if (options?.link === true) this.judge.linked(this.own.pid, spawned.pid.$pid)
    return spawned
  }

  override link(pid: Pid): void {
    super.link(pid)
    this.judge.linked(this.own.pid, pid.$pid)
  }

  override unlink(pid: Pid): void {
    super.unlink(pid)
    if (this.own.doom === null) this.judge.unlinked(this.own.pid, pid.$pid)
  }

  override monitor(target: MonitorTarget, options?: MonitorOptions): Ref {
    const watched = typeof target === 'string' ? this.sim.pidOfName(target) : target?.$pid
    const ref = super.monitor(target, options)
    this.judge.watched(this.own.pid, ref.$ref, watched)
    return ref
  }

  override demonitor(ref: Ref, options?: { flush?: boolean }): boolean {
    const wasActive = super.demonitor(ref, options)
    this.judge.unwatched(this.own.pid, ref.$ref)
    return wasActive
  }

  private asSender(action: () => void): void {
    const before = this.sim.sender
    this.sim.sender = this.own.pid
    try {
      action()
    } finally {
      this.sim.sender = before
    }
  }
}

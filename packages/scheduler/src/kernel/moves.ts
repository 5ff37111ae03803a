/**
 * Moving processes to other schedulers while they live. The protocol is told in docs/internals/migration.md; here is who
 * asks for moves, when one may begin, and what each endpoint does when it hears of one.
 *
 *     request --> wanted: waits for its rest point, and for the lock --> MoveOut --> moved elsewhere
 *
 * One move at a time in the whole VM, by a lock that nobody waits for: who does not get it tries again a little later. Two
 * at once could carry a route backwards: a process that has been told of a move would itself move to a kernel which has not.
 */

import type { Process, SignalRecord } from '../process/process.ts'
import { STATUS } from '../process/process.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { generationOf, slotOf } from '../term/pid.ts'
import type { Alarm } from './alarms.ts'
import type { Kernel } from './kernel.ts'
import { type Install, LOST_SOURCE, type Moved, MoveOut } from './move-out.ts'
import { type Parcel, packProcess, unpackProcess } from './parcel.ts'
import { breakProcessWith, breakProcessWithMoving } from './relations.ts'
import { Routes } from './routes.ts'

/** How a request ended. `elsewhere`: it has been moved by another one meanwhile. */
export type MoveOutcome =
  | { readonly moved: true }
  | {
      readonly moved: false
      readonly reason: 'busy' | 'pinned' | 'noproc' | 'scheduler_down' | 'elsewhere'
      /** Why it is busy, or pinned. */
      readonly detail?: string
    }

interface Request {
  readonly pid: number
  readonly to: number
  readonly untilMs: number
  readonly done: (outcome: MoveOutcome) => void
}

const HOST = 0
/** A process that is here but for what follows it. */
interface Arriving {
  readonly install: Install
  readonly from: number
  readonly signals: SignalRecord[]
}

/** Processes of one move. */
const BATCH_COUNT_MAX = 256
/** A request that has to wait is looked at so often. */
const RETRY_MS = 1
/** A scheduler in a slice of so long is stuck in a callback: it would delay the move, and all who wait for it. */
const STUCK_MS = 5

export class Moves {
  readonly routes: Routes
  /** Whether `begin` has something to look at. */
  isDue = false
  outCount = 0
  inCount = 0
  protected readonly kernel: Kernel
  private readonly epoch: number
  private requests: Request[] = []
  private out: MoveOut | null = null
  /** What the move that is under way was asked for by. */
  private asked: Request[] = []
  private arriving: Arriving | null = null
  private alarm: Alarm | null = null
  /** What waits until no move is under way. */
  private afterwards: (() => void)[] = []
  /** By endpoint, the life whose predecessor this kernel has parted with last. */
  private readonly partedEpochs: number[]

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.routes = this.makeRoutes(kernel)
    this.epoch = kernel.control.epoch(kernel.endpoint)
    this.partedEpochs = new Array<number>(kernel.endpointCount).fill(0)
  }

  /** Whether a move of this kernel's is under way. */
  get isMoving(): boolean {
    return this.out !== null
  }

  /** Whether a timer is set, for requests that have to wait. */
  get isWaiting(): boolean {
    return this.alarm !== null
  }

  protected makeRoutes(kernel: Kernel): Routes {
    return new Routes(kernel)
  }

  // ---- requests ----

  /** Moves a process of this kernel, as soon as that is possible; gives up after so many ms. */
  request(pid: number, to: number, timeoutMs: number, done: (outcome: MoveOutcome) => void): void {
    this.requests.push({ pid, to, untilMs: this.kernel.outside.now() + timeoutMs, done })
    this.lookSoon()
  }

  /** A process that is wanted has come to its rest point. */
  lookSoon(): void {
    this.isDue = true
    this.kernel.timerStarted()
  }

  /** In a slice, before any process runs. */
  begin(): void {
    this.isDue = false
    if (this.out !== null) return
    const { kernel } = this
    const requests = this.requests
    this.requests = []
    const nowMs = kernel.outside.now()
    const ready: Request[] = []
    for (const request of requests) {
      const outcome = this.judge(request)
      if (outcome === undefined) ready.push(request)
      else if (outcome.moved || outcome.reason !== 'busy' || nowMs >= request.untilMs)
        this.end(request, outcome)
      else this.requests.push(request)
    }
    const left = this.start(ready)
    for (const request of left) {
      if (nowMs < request.untilMs) this.requests.push(request)
      else this.end(request, { moved: false, reason: 'busy', detail: 'another move is under way' })
    }
    if (this.requests.length > 0 && this.alarm === null)
      this.alarm = kernel.alarms.start({ timeUp: () => this.retry() }, RETRY_MS)
  }

  private retry(): void {
    if (this.alarm !== null) this.kernel.alarms.stop(this.alarm)
    this.alarm = null
    this.isDue = true
  }

  private end(request: Request, outcome: MoveOutcome): void {
    const process = this.kernel.table.get(request.pid)
    if (process !== undefined) process.isWanted = false
    request.done(outcome)
  }

  /** `undefined`: it can go now. */
  private judge({ pid, to }: Request): MoveOutcome | undefined {
    const { kernel } = this
    const process = kernel.table.get(pid)
    if (process === undefined)
      return { moved: false, reason: kernel.isAlivePid(pid) ? 'elsewhere' : 'noproc' }
    if (to === kernel.endpoint) return { moved: true }
    if (!kernel.control.isUp(to)) return { moved: false, reason: 'scheduler_down' }
    if (isMuting(process)) return { moved: false, reason: 'busy', detail: 'muting' }
    // What it sent to one that nobody runs yet is still here: what it sends next, from elsewhere, would overtake that.
    if (kernel.unborn.isHolding(pid)) return { moved: false, reason: 'busy', detail: 'sending' }
    const packing = packProcess(kernel, process, this.whereabouts)
    if ('pinned' in packing) {
      process.ownExtras().pinned = packing.pinned
      return { moved: false, reason: 'pinned', detail: packing.pinned }
    }
    process.isWanted = 'busy' in packing
    if ('parcel' in packing && !travels(packing.parcel)) {
      process.ownExtras().pinned = 'not_cloneable: nested too deeply'
      return { moved: false, reason: 'pinned', detail: 'not_cloneable: nested too deeply' }
    }
    if ('busy' in packing) return { moved: false, reason: 'busy', detail: packing.busy }
    return undefined
  }

  private readonly whereabouts = (pid: number, endpoint: number): number => this.routes.where(pid, endpoint)

  /** Begins a move with those that go where the first does. Returns the others. */
  private start(ready: readonly Request[]): readonly Request[] {
    const [first] = ready
    if (first === undefined || !this.isCalm() || this.isSomebodyStuck()) return ready
    const { kernel } = this
    if (!this.takeLock()) return ready
    const batch = ready.filter(({ to }) => to === first.to).slice(0, BATCH_COUNT_MAX)
    const processes = new Set<Process>()
    for (const { pid } of batch) processes.add(kernel.table.get(pid) as Process)
    if (!this.bequeath([...processes], first.to)) {
      kernel.control.releaseMover(kernel.endpoint, this.epoch)
      return ready
    }
    this.asked = batch
    this.out = this.makeOut(first.to, [...processes], this.peers())
    this.out.begin()
    return ready.filter((request) => !batch.includes(request))
  }

  protected takeLock(): boolean {
    return this.kernel.control.takeMover(this.kernel.endpoint, this.epoch)
  }

  protected makeOut(to: number, processes: readonly Process[], peers: readonly number[]): MoveOut {
    return new MoveOut(this.kernel, to, processes, peers)
  }

  /**
   * Names the heir. Its end, from the instant at which it is not up any more, ends the processes, too; so that is
   * looked for once more behind it. Returns false if all stay.
   */
  private bequeath(processes: readonly Process[], to: number): boolean {
    const { kernel } = this
    for (const { pid } of processes) kernel.slots.bequeath(slotOf(pid), to)
    if (kernel.control.isUp(to)) return true
    // One that the host was faster with is sealed: it goes the way of all that was on its way there.
    const isSealed = processes.map(({ pid }) => !kernel.slots.keep(slotOf(pid)))
    const lost = processes.filter((_, index) => isSealed[index])
    if (lost.length > 0) new MoveOut(kernel, to, lost, []).lost()
    return false
  }

  /** No death is under way, and this kernel reaches all that are up. Then all know the same of who lives where. */
  private isCalm(): boolean {
    const { control, endpoint, endpointCount, outside } = this.kernel
    if (this.kernel.forgotten.hasQuestions || control.epoch(endpoint) !== this.epoch) return false
    for (let peer = 0; peer < endpointCount; peer++) {
      if (peer === endpoint) continue
      const isSettled = control.isGone(peer) && this.partedEpochs[peer] === control.epoch(peer)
      if (!isSettled && !(this.isUp(peer) && outside.reaches(peer))) return false
    }
    return true
  }

  private isSomebodyStuck(): boolean {
    const { control, outside } = this.kernel
    const nowMs = outside.now()
    return this.peers().some((peer) => {
      const { sliceStartMs } = control.counters(peer)
      return sliceStartMs !== 0 && nowMs - sliceStartMs > STUCK_MS
    })
  }

  private peers(): number[] {
    const { endpoint, endpointCount } = this.kernel
    const all = Array.from({ length: endpointCount }, (_, index) => index)
    return all.filter((peer) => peer !== endpoint && this.isUp(peer))
  }

  /** The host does not say that it is up: without it there is no VM. */
  private isUp(peer: number): boolean {
    return peer === HOST || this.kernel.control.isUp(peer)
  }

  // ---- what this kernel is told ----

  receive(kind: SignalKind, target: number, source: number, ref: number, value: unknown, from: number): void {
    switch (kind) {
      case SIGNAL.moved:
        this.receiveMoved(ref, value as Moved, from)
        break
      case SIGNAL.flush:
        if (this.out?.ref === ref) this.out.flushed(from)
        break
      case SIGNAL.install:
        this.arriving = { install: value as Install, from, signals: [] }
        this.installIfComplete()
        break
      case SIGNAL.followed:
        this.follow(target, { source, ref, value })
        break
      case SIGNAL.landed:
        // For an earlier life of this endpoint.
        if ((value as readonly number[])[this.kernel.endpoint] !== this.epoch) break
        this.kernel.post(from, SIGNAL.arrived, 0, 0, ref, undefined)
        break
      case SIGNAL.arrived:
        if (this.out?.ref === ref) this.finish(undefined)
        break
    }
  }

  protected receiveMoved(ref: number, { pids, to, epochs }: Moved, from: number): void {
    const { kernel } = this
    // For an earlier life of this endpoint.
    if (epochs[kernel.endpoint] !== this.epoch) return
    if (this.isCalm()) this.routes.weed()
    for (const pid of pids) this.routes.set(pid, to, from)
    // It has died since, and is parted with already. So it has not inherited, for which it needs the flush of this kernel.
    if (this.partedAfter(to, epochs[to] as number)) this.breakWithMoving(to, (pid) => pids.includes(pid))
    kernel.post(from, SIGNAL.flush, 0, 0, ref, undefined)
    // All that was ever sent to the old owner shall be there before anything goes to the new one.
    kernel.outside.flush()
  }

  private follow(pid: number, signal: Pick<SignalRecord, 'source' | 'ref' | 'value'>): void {
    const { arriving } = this
    // For an earlier life of this endpoint.
    if (arriving === null || arriving.install.parcel.pid !== pid) return
    const { signals, install } = arriving
    const known = install.following[signals.length]
    if (known === undefined) return
    signals.push({ ...known, ...signal })
    this.installIfComplete()
  }

  private installIfComplete(): void {
    const { arriving } = this
    if (arriving === null || arriving.signals.length < arriving.install.following.length) return
    this.arriving = null
    this.install(arriving)
  }

  private install({ install, from, signals }: Arriving): void {
    const { kernel } = this
    const { parcel, epochs } = install
    const { pid } = parcel
    if (!this.inherit(pid, from)) {
      for (const { kind, source, ref, value } of signals) kernel.answerForDead(kind, pid, source, ref, value)
      kernel.embryos.abandon(pid)
      return
    }
    this.inCount += 1
    const process = unpackProcess(kernel, parcel)
    process.ownExtras().arrivedMs = kernel.outside.now()
    process.ownExtras().pinned = undefined
    for (const signal of signals) this.takeUp(process, signal)
    kernel.embryos.release(pid)
    // Who has died since it was frozen, and whom this kernel has parted with already, is parted with by it as well.
    for (let peer = 0; peer < epochs.length; peer++)
      if (this.partedAfter(peer, epochs[peer] as number) && process.status !== STATUS.dead)
        breakProcessWith(kernel, process, peer)
  }

  protected inherit(pid: number, from: number): boolean {
    return this.kernel.slots.inherit(slotOf(pid), generationOf(pid), from)
  }

  protected partedAfter(peer: number, epoch: number): boolean {
    return (this.partedEpochs[peer] as number) > epoch
  }

  /** What came for it while it was on its way. */
  protected takeUp(process: Process, { kind, source, ref, value, from }: SignalRecord): void {
    const { kernel } = this
    if (source === LOST_SOURCE) return
    if (process.status === STATUS.dead) kernel.answerForDead(kind, process.pid, source, ref, value)
    else kernel.apply(process, kind, source, ref, value, from)
  }

  /** Whether this process is on its way to here. */
  isComing(pid: number): boolean {
    const { slots, endpoint } = this.kernel
    return slots.heir(slotOf(pid)) === endpoint && this.kernel.isAlivePid(pid)
  }

  // ---- ends ----

  /** This peer has died; all that it had published has been handled, and what was bound to it is broken. */
  partedWith(peer: number): void {
    const { kernel, out } = this
    this.partedEpochs[peer] = kernel.control.epoch(peer)
    if (this.arriving?.from === peer) this.arriving = null
    kernel.embryos.abandonLost()
    if (out !== null && peer === out.to) this.finish(peer)
    else out?.flushed(peer)
    if (!this.routes.hasStrays(peer)) return
    // Did it die with that peer, or arrive elsewhere and die there? In that case its last words lie in a ring.
    kernel.forgotten.whenCaughtUp(() => {
      this.breakWithMoving(peer, (pid) => this.routes.isStray(pid, peer))
      this.routes.forgetStrays(peer)
    })
  }

  /** What is here, or on its way to here, breaks with those that died on their way to or from `peer`. */
  private breakWithMoving(peer: number, hasDied: (pid: number) => boolean): void {
    const { kernel } = this
    const part = (process: Process): void => breakProcessWithMoving(kernel, process, peer, hasDied)
    for (const process of [...kernel.table]) part(process)
    kernel.embryos.whenThere(part)
  }

  /** Runs it when no move of this kernel's is under way: now, if none is. */
  whenOver(action: () => void): void {
    if (this.out === null) action()
    else this.afterwards.push(action)
  }

  /** The move is through; or the new owner is dead. */
  private finish(dead: number | undefined): void {
    const { kernel, out, asked } = this
    if (out === null) return
    this.out = null
    this.asked = []
    if (dead === undefined) this.outCount += out.processes.length
    else out.lost()
    kernel.control.releaseMover(kernel.endpoint, this.epoch)
    const outcome: MoveOutcome =
      dead === undefined ? { moved: true } : { moved: false, reason: 'scheduler_down' }
    for (const { done } of asked) done(outcome)
    for (const action of this.afterwards.splice(0)) action()
    if (this.requests.length > 0) this.lookSoon()
  }
}

/** It is held because it sends too fast, or holds others: that is between kernels, and soon over. */
function isMuting({ extras }: Process): boolean {
  return (
    extras !== null && (extras.isOverloaded || (extras.mutedBy?.size ?? 0) + (extras.muted?.size ?? 0) > 0)
  )
}

/** What is just clonable by itself may be nested too deeply as part of what is sent. */
function travels(parcel: Parcel): boolean {
  try {
    copy([parcel])
    return true
  } catch {
    return false
  }
}

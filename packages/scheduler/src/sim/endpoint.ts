/**
 * An endpoint of the simulated world: a kernel and its ends of the wires, driven in the order of `worker/loop.ts`. The
 * host's endpoint is one like the others.
 *
 *     REST --> READING: one wire after the other --> RUNNING: turns --> PUBLISHING: one wire after the other --> REST
 *
 * A thread may stand still between any two of these steps, while others go on; so it can be caught with signals of one
 * peer read and of another not, or published to one peer and not to another. (Not while a process of its own is in a
 * promise: that would go on meanwhile, which on a real thread it cannot.)
 *
 * What others have to give away, an endpoint with nothing to do finds as a thread does that spins: nobody sleeps here.
 */

import type { Balance } from '../kernel/balance.ts'
import { partWith } from '../kernel/deaths.ts'
import { DirtyDesk, inThreadPool } from '../kernel/dirty.ts'
import type { Outside } from '../kernel/outside.ts'
import type { PolicyName } from '../kernel/placement.ts'
import type { Report } from '../kernel/report.ts'
import { Traffic, type Ways } from '../kernel/traffic.ts'
import { Control } from '../memory/control.ts'
import type { SharedMemory } from '../memory/layout.ts'
import type { StealQueue } from '../memory/steal-queue.ts'
import { type Definition, type DefinitionAddress, lookUpDefinition } from '../process/define.ts'
import type { PlacementFunction } from '../process/placement.ts'
import { PHASE, type Process, STATUS } from '../process/process.ts'
import { SimKernel, SimNames, SimSlots, type Watchers } from './observed.ts'
import { Struck } from './thieves.ts'
import type { Receive, Wire } from './wire.ts'

/** What the host's thread tells an endpoint, and what it hears of it: not signals, and not by the wires. */
export type News =
  | { readonly type: 'connect'; readonly peer: number; readonly epoch: number }
  | { readonly type: 'disconnect'; readonly peer: number; readonly death: number }

interface Envelope {
  readonly news: News
  readonly visibleUs: number
}

export interface EndpointParts {
  readonly shared: SharedMemory
  readonly endpoint: number
  readonly endpointCount: number
  readonly watchers: Watchers
  readonly balance: Balance
  readonly random: () => number
  /** Of unstarted spawns; none if nothing is stolen in this world. */
  readonly queues: readonly StealQueue[]
  readonly shortQueueCount: number
  readonly placement: PolicyName | PlacementFunction
  /** Whether it ends here and now, with a request in its hands. */
  readonly isStruck: () => boolean
  readonly load: (address: DefinitionAddress) => Definition | Promise<Definition>
  readonly onReport: (report: Report) => void
  /** By peer; none to itself. */
  readonly outs: readonly (Wire | undefined)[]
  readonly ins: readonly (Wire | undefined)[]
}

/** What one slice is like; drawn by the world. */
export interface Slice {
  /** Signals read from one wire. */
  readonly inputCountMax: number
  readonly turnCountMax: number
  /** Whether it takes something of others' when there is nothing else to do. */
  readonly steals: boolean
  /** Whether to stand still before the next step. */
  pauses(): boolean
}

const REST = 0
const READING = 1
const RUNNING = 2
const PUBLISHING = 3

export class SimEndpoint {
  readonly index: number
  readonly kernel: SimKernel
  readonly slots: SimSlots
  readonly names: SimNames
  readonly control: Control
  stalledUntilUs = 0
  private readonly watchers: Watchers
  private readonly outs: readonly (Wire | undefined)[]
  private readonly ins: readonly (Wire | undefined)[]
  private inbox: Envelope[] = []
  /** Something came up outside of a slice, or was left over from the last one. */
  private isBusy = true
  private phase: typeof REST | typeof READING | typeof RUNNING | typeof PUBLISHING = REST
  /** The next wire to read, or to publish. */
  private nextWire = 0
  private readonly traffic: Traffic

  constructor(parts: EndpointParts) {
    const { shared, endpoint, endpointCount, watchers, outs, ins } = parts
    this.index = endpoint
    this.watchers = watchers
    this.outs = outs
    this.ins = ins
    this.control = new Control(shared)
    for (const wire of outs) wire?.beginOut()
    this.slots = new SimSlots(shared, endpoint, watchers)
    this.names = new SimNames(shared, endpoint, watchers, this.slots)
    this.traffic = new Traffic(this.control, endpoint, endpointCount)
    const ways: Ways = {
      isReading: (peer) => ins[peer]?.isReading === true,
      isHolding: (peer) => (ins[peer]?.inTransitCount ?? 0) > 0,
    }
    const outside: Outside = {
      now: () => watchers.nowUs() / 1_000,
      random: parts.random,
      post: (to, kind, target, source, ref, value, transfer) => {
        const wire = this.outs[to]
        if (wire === undefined) throw new RangeError(`there is no way from ${endpoint} to ${to}`)
        const id = watchers.judge.signalInHand
        wire.post(this.traffic.postedCount + 1, kind, target, source, ref, id, value, transfer)
        this.traffic.notePosted()
        watchers.judge.takeSignal()
      },
      flush() {},
      publish: (to) => this.outs[to]?.flush(),
      postedCount: () => this.traffic.postedCount,
      publishedCount: () =>
        watchers.sabotage.freesSlotsEarly === true ? this.traffic.postedCount : this.traffic.publishedCount,
      drainCount: () => this.traffic.drainCount,
      caughtUpCount: () => this.traffic.caughtUpCount(ways),
      heldFor: (to) => this.outs[to]?.heldCount ?? 0,
      collectGarbage() {},
      reaches: (peer) => outs[peer]?.isOpen === true && ways.isReading(peer),
      kick: () => {
        this.isBusy = true
      },
      load: parts.load,
      // No other thread, no time of its own: what a task costs is what its signals take.
      ...(endpoint === 0 ? { dirty: new DirtyDesk(inThreadPool(lookUpDefinition)) } : {}),
    }
    this.kernel = new SimKernel(
      {
        endpoint,
        endpointCount,
        slots: this.slots,
        names: this.names,
        control: this.control,
        balance: parts.balance,
        outside,
        ...(endpoint === 0 ? { onReport: parts.onReport } : {}),
        ...(endpoint > 0 && parts.queues.length > 2
          ? { stealing: { queues: parts.queues, shortQueueCount: parts.shortQueueCount, wakeOne() {} } }
          : {}),
        placement: parts.placement,
      },
      watchers,
    )
    const own = parts.queues[endpoint]
    this.slots.onTake = () => {
      if (own?.intent !== undefined && parts.isStruck()) throw new Struck()
    }
  }

  // ---- what it could do ----

  isReady(nowUs: number): boolean {
    if (this.stalledUntilUs > nowUs) return false
    return this.isBusy || this.phase !== REST || this.nextUs() <= nowUs
  }

  /** When it has something to do next; now or earlier if it has. Infinity if never, as things stand. */
  nextWorkUs(withTimers: boolean): number {
    const next = this.isBusy || this.phase !== REST ? 0 : this.nextUs(withTimers)
    return Math.max(next, this.stalledUntilUs)
  }

  private nextUs(withTimers = true): number {
    let next = withTimers ? this.kernel.timers.nextDeadlineMs() * 1_000 : Infinity
    const first = this.inbox[0]
    if (first !== undefined && first.visibleUs < next) next = first.visibleUs
    for (const wire of this.ins) if (wire?.hasInput === true) next = 0
    for (const wire of this.outs) if (wire?.hasRoomForOverflow === true) next = 0
    if (this.kernel.stealing?.hasLoot === true) next = 0
    return next
  }

  /** A process waits for a promise that is not an operation of the VM: real I/O, or a promise about to settle. */
  promisedProcess(givenUp: WeakMap<Process, number>): Process | undefined {
    return this.kernel.processes.find(
      (process) => isPromised(process) && givenUp.get(process) !== process.promiseId,
    )
  }

  // ---- what it does ----

  tell(news: News, visibleUs: number): void {
    const last = this.inbox[this.inbox.length - 1]
    this.inbox.push({ news, visibleUs: last === undefined ? visibleUs : Math.max(visibleUs, last.visibleUs) })
  }

  /** What has come from the host's thread by now: read between two slices. */
  *readNews(nowUs: number): Iterable<News> {
    while (this.phase === REST && this.inbox[0] !== undefined && this.inbox[0].visibleUs <= nowUs) {
      yield (this.inbox.shift() as Envelope).news
    }
  }

  /** Goes on from where it stands, until the slice is over or it stands still. Returns whether the slice is over. */
  work(nowUs: number, slice: Slice): boolean {
    if (this.phase === REST) {
      this.isBusy = false
      this.kernel.counters.sliceStartMs = nowUs / 1_000
      this.traffic.beginDrain()
      this.begin(READING)
    }
    if (this.phase === READING) {
      if (!this.eachWire(slice, () => this.read(slice.inputCountMax))) return false
      this.begin(RUNNING)
      this.kernel.settle(nowUs / 1_000)
    }
    if (this.phase === RUNNING) {
      const { kernel } = this
      const isMore =
        kernel.runSlice(slice.turnCountMax) || (slice.steals && kernel.stealing?.steal() === true)
      // The loop looks once more before it sleeps: what was started lazily gets its deadline now.
      this.kernel.timers.settle(nowUs / 1_000)
      this.names.releaseLate()
      if (slice.pauses()) return false
      if (isMore) this.isBusy = true
      this.begin(PUBLISHING)
    }
    if (!this.eachWire(slice, () => this.outs[this.nextWire]?.flush())) return false
    this.endSlice()
    return true
  }

  private begin(phase: SimEndpoint['phase']): void {
    this.phase = phase
    this.nextWire = 0
  }

  /** Returns false if it stands still in between. */
  private eachWire(slice: Slice, action: () => void): boolean {
    while (this.nextWire < this.ins.length) {
      action()
      this.nextWire += 1
      if (this.nextWire < this.ins.length && slice.pauses()) return false
    }
    return true
  }

  private read(countMax: number): void {
    const { kernel } = this
    const peer = this.nextWire
    const wire = this.ins[peer]
    if (wire === undefined) return
    kernel.beginDrain()
    const count = wire.drain(countMax, this.receive)
    kernel.endDrain()
    if (count < countMax) this.traffic.noteEmptied(peer)
  }

  private endSlice(): void {
    const { kernel } = this
    let firstHeld = Infinity
    for (const wire of this.outs) if (wire !== undefined) firstHeld = Math.min(firstHeld, wire.waitingOrder)
    this.traffic.noteFlushed(firstHeld)
    kernel.graves.clear()
    kernel.publishCounters()
    kernel.counters.sliceStartMs = 0
    if (kernel.processes.length > WEED_COUNT) kernel.processes = kernel.processes.filter(isPresent)
    this.phase = REST
  }

  /** Stands still, as in a long callback. */
  stall(nowUs: number, us: number): void {
    this.stalledUntilUs = nowUs + us
    if (this.index > 0) this.kernel.counters.sliceStartMs = nowUs / 1_000
  }

  connect(peer: number, epoch: number): void {
    this.outs[peer]?.openOut(epoch)
    this.ins[peer]?.openIn()
    this.isBusy = true
  }

  /** This peer has died. What it had published comes first, then the end of all that was bound to it. */
  disconnect(peer: number, done: () => void): void {
    const { kernel } = this
    const incoming = this.ins[peer]
    if (this.watchers.sabotage.readsNoLastWords !== true) {
      kernel.beginDrain()
      try {
        incoming?.drain(Infinity, this.receive)
      } finally {
        kernel.endDrain()
      }
    }
    const unread = incoming?.inTransitCount ?? 0
    this.watchers.judge.check(
      'delivery',
      unread === 0,
      () => `s${this.index} has not read ${unread} signals that s${peer} had published before it died`,
    )
    incoming?.closeIn()
    kernel.droppedCount += this.outs[peer]?.closeOut() ?? 0
    const waiting = this.outs[peer]?.waitingSpawns()
    if (this.watchers.sabotage.breaksNothing !== true)
      partWith(kernel, peer, (pid) => waiting?.has(pid) === true)
    kernel.moves.whenOver(done)
    this.isBusy = true
  }

  /** It is dead: what it had not published is lost. */
  abandon(): void {
    for (const wire of this.outs) wire?.abandon((frame) => this.watchers.judge.lost(frame.id))
    for (const wire of this.ins) wire?.closeIn()
    this.kernel.loseHeld()
    // Code of its that waits in a promise is still there, as it would not be with a thread: it can do nothing any more.
    for (const process of this.kernel.table) {
      process.status = STATUS.dead
      process.doom ??= { reason: ['scheduler_down', this.index] }
    }
  }

  /** Whether a process of its own is in a promise, and may go on between two steps of a slice. */
  get hasPromises(): boolean {
    return this.kernel.processes.some(isInPromise)
  }

  private readonly receive: Receive = ({ kind, target, source, ref, id }, value, from) => {
    this.watchers.judge.withSignal(id, () => this.kernel.receive(kind, target, source, ref, value, from))
  }
}

const WEED_COUNT = 64

function isPresent(process: Process): boolean {
  return process.status !== STATUS.dead
}

function isInPromise({ phase, status, isHost }: Process): boolean {
  return !isHost && status !== STATUS.dead && (phase === PHASE.promise || phase === PHASE.loading)
}

function isPromised(process: Process): boolean {
  if (process.status !== STATUS.waiting || process.isHost) return false
  return process.phase === PHASE.loading || (process.phase === PHASE.promise && process.waiting === null)
}

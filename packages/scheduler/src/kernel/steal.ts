/**
 * Spawn requests that have not started, shared with whoever is idle.
 *
 *     spawn, nothing said about where:
 *        run queue short   it is made here, and is this scheduler's, as any process is
 *        run queue long    it is a request: nobody's (UNASSIGNED), in the backlog, as what was asked for; the oldest of the
 *                          backlog stand encoded in this scheduler's queue (`memory/steal-queue.ts`) as long as that has room
 *     nothing left to run   here: takes one of its own. Elsewhere: takes some of somebody else's queue
 *
 *     backlog, here: | k | l | m | n |  -- encoded when there is room -->  queue, shared: | c | d | ... | j |
 *                      |                                                                    |
 *                      '-- this scheduler, mostly                                           '-- anyone, the oldest first
 *
 * So what is run where it was spawned is hardly ever encoded, whatever the flood; and while a scheduler stands in a long
 * callback, others have what its queue holds. Of its own queue it takes one of 32: the oldest must not wait for ever
 * where nobody is idle. As long as the run queue is not empty, requests take turns with it by their numbers, so neither starves.
 *
 * What does not fit a cell, or is no bytes at all, is made here.
 *
 * Rejected: all spawns as requests (each would cost a third more); taking back from the run queue (the process is there by
 * then, and known: what has happened to it since must be looked through, and others ask where it is); a queue of encoded
 * requests only (twice the cost of what runs here after all); pushing requests to idle schedulers, which may be busy by then.
 */

import { STEAL_REQUEST_BYTES_MAX } from '../memory/layout.ts'
import { type StealQueue, StolenRequest } from '../memory/steal-queue.ts'
import { lookUpDefinition } from '../process/define.ts'
import { SIGNAL } from '../process/signals.ts'
import { Decoder, Encoder } from '../term/codec.ts'
import { generationOf, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'
import { hasRelations, install, type SpawnRequest } from './lifecycle.ts'
import { Line } from './line.ts'

export interface StealParts {
  /** By endpoint. */
  readonly queues: readonly StealQueue[]
  /** A run queue of fewer is short. */
  readonly shortQueueCount: number
  /** Wakes a scheduler that sleeps, if one does. */
  wakeOne(): void
}

/** A request that only this scheduler knows. Its argument is a clone. */
interface Waiting {
  readonly pid: number
  readonly parent: number
  readonly monitorRef: number
  readonly request: SpawnRequest
}

/** A request as it is encoded: without keys, which each frame would have to tell anew. */
type Encoded = readonly [
  url: string,
  name: string,
  flags: number,
  ackRef: number,
  rare: SpawnRequest['rare'],
  argument: unknown,
]

/** Of so many that a scheduler takes of its own, while it has both, one comes from the queue that it shares. */
const OLDEST_EVERY = 32
/** Who steals takes one of so many, up to `TAKE_COUNT_MAX` at once: what it takes nobody else can have. */
const TAKE_SHARE = 8
const TAKE_COUNT_MAX = 8

export class Stealing {
  /** Requests taken from others. */
  stealCount = 0
  private readonly kernel: Kernel
  private readonly parts: StealParts
  private readonly queue: StealQueue
  private readonly encoder = new Encoder()
  private readonly decoder = new Decoder()
  private readonly stolen = new StolenRequest()
  private readonly backlog = new Line<Waiting>()
  /** Too long for a cell, or no bytes: nobody else can have them. */
  private readonly large = new Line<Waiting>()
  private ownCount = 0
  /** Whom to look at first for something to take. */
  private nextVictim = 1
  /** Turns that its own requests are due, while there is something else to run. */
  private turnCredit = 0

  constructor(kernel: Kernel, parts: StealParts) {
    this.kernel = kernel
    this.parts = parts
    this.queue = parts.queues[kernel.endpoint] as StealQueue
  }

  /** Requests of this scheduler that nobody has taken. */
  get count(): number {
    return Math.max(0, this.queue.length) + this.backlog.length + this.large.length
  }

  // ---- spawning ----

  /** A run queue of fewer is short. */
  get shortQueueCount(): number {
    return this.parts.shortQueueCount
  }

  /** Whether what is spawned now is to be a request, for anyone to take. */
  get isWanted(): boolean {
    return this.kernel.runQueueLength >= this.parts.shortQueueCount
  }

  /** This process is anybody's who can make it. The argument is a clone. */
  put(pid: number, parent: number, monitorRef: number, request: SpawnRequest): void {
    this.backlog.push({ pid, parent, monitorRef, request })
    this.refill()
  }

  /** A process that was to be a request is given up. */
  giveUp(pid: number): void {
    if (this.kernel.slots.take(slotOf(pid), generationOf(pid)) === 'awaited') this.tellAll(pid)
  }

  // ---- taking ----

  /** Before each slice: fills up what others have taken; takes of its own requests what is due, while there is something else to run. */
  mix(turnCount: number): void {
    if (this.backlog.length > 0) this.refill()
    const { count } = this
    const runnable = this.kernel.runQueueLength
    if (count === 0 || runnable === 0) return
    // Their part of the turns; no more than double what is there: what is taken here, idle schedulers cannot take.
    this.turnCredit += turnCount * (count / (runnable + count))
    let left = Math.min(runnable, Math.floor(this.turnCredit))
    for (; left > 0 && this.takeOwn(); left--) this.turnCredit -= 1
    this.turnCredit = Math.min(this.turnCredit, 1)
  }

  /** Makes one of its own requests; false if there is none. */
  takeOwn(): boolean {
    const { large, backlog } = this
    if (large.length > 0) return this.make(large.shift())
    if (backlog.length > 0 && (this.queue.length <= 0 || ++this.ownCount % OLDEST_EVERY !== 0))
      return this.make(backlog.shift())
    while (this.queue.take(this.stolen, this.queue, this.kernel.endpoint)) {
      this.refill()
      if (this.begin(this.kernel.endpoint)) return true
    }
    return this.make(backlog.shift())
  }

  /** Takes some of somebody else's requests, if there are any. */
  steal(): boolean {
    const { queues } = this.parts
    for (let step = 0; step < queues.length; step++) {
      const victim = this.nextVictim
      const loot = queues[victim] as StealQueue
      if (loot.length > 0 && this.isVictim(victim) && this.stealFrom(victim, loot)) return true
      this.nextVictim = victim + 1 < queues.length ? victim + 1 : 1
    }
    return false
  }

  private stealFrom(victim: number, loot: StealQueue): boolean {
    const count = Math.min(TAKE_COUNT_MAX, Math.max(1, Math.floor(loot.length / TAKE_SHARE)))
    for (let taken = 0; taken < count; taken++) {
      if (!loot.take(this.stolen, this.queue, victim)) return taken > 0
      // There may be more than one can do.
      if (taken === 0 && loot.length > 0) this.parts.wakeOne()
      if (this.begin(victim)) this.stealCount += 1
    }
    return true
  }

  /** Whether somebody else has something to give away: a plain look, which may be a moment late. */
  get hasLoot(): boolean {
    const { queues } = this.parts
    for (let victim = 1; victim < queues.length; victim++) {
      if ((queues[victim] as StealQueue).length > 0 && this.isVictim(victim)) return true
    }
    return false
  }

  /** The fenced look before going to sleep. */
  isNothingLeft(): boolean {
    return this.parts.queues.every((queue, victim) => !this.isVictim(victim) || queue.isEmpty())
  }

  /**
   * What a dead scheduler had to give away is void. And only who counts as up itself is told of deaths: a fresh scheduler that
   * is not must not have a process whose parent may be dead already.
   */
  private isVictim(endpoint: number): boolean {
    const { control, endpoint: me } = this.kernel
    return endpoint !== me && control.isUp(endpoint) && control.isUp(me)
  }

  /** Makes the process of the request that was just taken; false if somebody else has it, or it was given up. */
  private begin(victim: number): boolean {
    const { kernel, stolen } = this
    const { pid, parent, monitorRef } = stolen
    const outcome = kernel.slots.take(slotOf(pid), generationOf(pid))
    // From here on the host finds it by its owner.
    this.queue.forgetIntent()
    if (outcome === 'lost') return false
    const request = this.decode()
    if (victim === kernel.endpoint) {
      this.beginOwn({ pid, parent, monitorRef, request }, outcome === 'awaited')
      return true
    }
    if (outcome === 'awaited') this.tellAll(pid)
    else if (hasRelations(request, monitorRef)) this.tell(victim, pid)
    install(kernel, pid, parent, monitorRef, request, undefined, victim)
    kernel.unborn.release(pid)
    return true
  }

  private make(waiting: Waiting | undefined): boolean {
    if (waiting === undefined) return false
    const outcome = this.kernel.slots.take(slotOf(waiting.pid), generationOf(waiting.pid))
    if (outcome !== 'lost') this.beginOwn(waiting, outcome === 'awaited')
    return true
  }

  private beginOwn({ pid, parent, monitorRef, request }: Waiting, isAwaited: boolean): void {
    const { kernel } = this
    if (isAwaited) this.tellAll(pid)
    const known = lookUpDefinition(request.url, request.name)
    install(kernel, pid, parent, monitorRef, request, known, kernel.endpoint)
    kernel.unborn.release(pid)
  }

  private decode(): SpawnRequest {
    const { bytes, length } = this.stolen
    const [url, name, flags, ackRef, rare, argument] = this.decoder.decode(bytes, 0, length) as Encoded
    return { url, name, argument, flags, ackRef, rare }
  }

  private tellAll(pid: number): void {
    for (let to = 0; to < this.kernel.endpointCount; to++) this.tell(to, pid)
  }

  private tell(to: number, pid: number): void {
    const { kernel } = this
    if (to === kernel.endpoint || (to > 0 && !kernel.control.isUp(to))) return
    kernel.post(to, SIGNAL.born, 0, 0, pid, undefined)
  }

  // ---- the backlog ----

  /** What is oldest in the backlog stands in the queue, as far as that has room. */
  private refill(): void {
    while (this.backlog.length > 0) {
      const at = this.queue.begin()
      if (at < 0) return
      const waiting = this.backlog.shift() as Waiting
      const length = this.encode(waiting.request, at)
      if (length < 0) this.large.push(waiting)
      else {
        this.queue.put(length, waiting.pid, waiting.parent, waiting.monitorRef)
        this.parts.wakeOne()
      }
    }
  }

  /** Returns how many bytes; -1 if it does not fit, or is no bytes. */
  private encode({ url, name, flags, ackRef, rare, argument }: SpawnRequest, at: number): number {
    const encoded: Encoded = [url, name, flags, ackRef, rare, argument]
    try {
      const end = this.encoder.encodeAlone(encoded, this.queue.bytes, at, at + STEAL_REQUEST_BYTES_MAX)
      return end < 0 ? -1 : end - at
    } catch {
      // Just clonable by itself, too deeply nested as part of a request.
      return -1
    }
  }
}

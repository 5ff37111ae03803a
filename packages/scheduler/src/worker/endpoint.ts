/**
 * A thread with a place in the VM: a kernel, the channels to all others, and the loop that drives them.
 * Schedulers and the host are made of the same parts; the host's kernel runs no processes of the users'.
 */

import type { MessagePort } from 'node:worker_threads'
import type { Balance } from '../kernel/balance.ts'
import { cleanUpAfter } from '../kernel/cleanup.ts'
import { partWith } from '../kernel/deaths.ts'
import type { DirtyDesk } from '../kernel/dirty.ts'
import { Kernel } from '../kernel/kernel.ts'
import { makePolicy, type PolicyName, SHORT_QUEUE_COUNT } from '../kernel/placement.ts'
import type { Report } from '../kernel/report.ts'
import { Control } from '../memory/control.ts'
import { IdleSet } from '../memory/idle-set.ts'
import type { SharedMemory } from '../memory/layout.ts'
import { NameTable } from '../memory/names.ts'
import { Park } from '../memory/park.ts'
import { SlotTable } from '../memory/slots.ts'
import { type StealQueue, stealQueues } from '../memory/steal-queue.ts'
import { type Definition, type DefinitionAddress, lookUpDefinition, onDefinition } from '../process/define.ts'
import { HeddleError } from '../term/errors.ts'
import { type Clock, makeClock } from './clock.ts'
import { HeapWatch } from './heap-watch.ts'
import { ModuleLoader } from './load.ts'
import { Loop, type LoopOptions } from './loop.ts'
import { Gauge } from './measure.ts'
import { Mesh } from './mesh.ts'

const HOST = 0
/** With fewer endpoints there is nobody to take anything. */
const TWO_SCHEDULERS = 2

export interface EndpointParts {
  readonly shared: SharedMemory
  readonly endpoint: number
  readonly endpointCount: number
  readonly loop: LoopOptions
  /** When the VM started, by the system's clock; `undefined`: its time is set by hand. */
  readonly originMs: number | undefined
  /** Whether a definition that this thread has registered is as good as imported. */
  readonly trustsRegistry: boolean
  /** Unless it is `false`: what was spawned and has not started may be taken by schedulers that are idle. */
  readonly steals: boolean
  /** A policy of the user's is brought later: `loadPlacement`. */
  readonly placement: PolicyName
  readonly balance: Balance
  readonly onReport?: (report: Report) => void
  /** Where the VM's dirty functions run; the host's alone. */
  readonly dirty?: DirtyDesk
  /** Where the thread is the kernel's own: what its heap may grow to, and how it ends before that. */
  readonly heap?: { readonly limitBytes: number; readonly end: (why: string) => void }
}

export class Endpoint {
  readonly kernel: Kernel
  readonly control: Control
  readonly loader: ModuleLoader<Definition>
  readonly slots: SlotTable
  readonly names: NameTable
  readonly mesh: Mesh
  readonly clock: Clock
  /** Of spawn requests, by endpoint. */
  readonly queues: readonly StealQueue[]
  readonly idle: IdleSet
  readonly gauge: Gauge
  private readonly loop: Loop
  private readonly trustsRegistry: boolean

  constructor(parts: EndpointParts) {
    const { shared, endpoint, endpointCount } = parts
    this.control = new Control(shared)
    this.clock = makeClock(this.control, parts.originMs)
    this.slots = new SlotTable(shared, endpoint)
    this.names = new NameTable(shared, endpoint)
    this.mesh = new Mesh(shared, this.control, endpoint, endpointCount)
    this.loader = new ModuleLoader<Definition>({ lookUp: lookUpDefinition, onDefinition })
    this.trustsRegistry = parts.trustsRegistry
    this.queues = stealQueues(shared)
    const idle = new IdleSet(shared, this.control)
    this.idle = idle
    const mayBeIdle = parts.steals && endpoint !== HOST && endpointCount > TWO_SCHEDULERS
    this.kernel = new Kernel({
      endpoint,
      endpointCount,
      slots: this.slots,
      names: this.names,
      control: this.control,
      balance: parts.balance,
      outside: {
        now: () => this.clock.now(),
        random: Math.random,
        post: (to, kind, target, source, ref, value, transfer) =>
          this.mesh.post(to, kind, target, source, ref, value, transfer),
        flush: () => this.mesh.flush(),
        publish: (to) => this.mesh.publish(to),
        postedCount: () => this.mesh.postedCount,
        publishedCount: () => this.mesh.publishedCount,
        drainCount: () => this.mesh.drainCount,
        caughtUpCount: () => this.mesh.caughtUpCount,
        reaches: (peer) => this.mesh.reaches(peer),
        heldFor: (to) => this.mesh.heldFor(to),
        kick: () => this.loop.kick(),
        collectGarbage: () => (globalThis as { gc?: () => void }).gc?.(),
        load: (address) => this.load(address),
        ...(parts.dirty === undefined ? {} : { dirty: parts.dirty }),
      },
      ...(parts.onReport === undefined ? {} : { onReport: parts.onReport }),
      placement: parts.placement,
      ...(mayBeIdle
        ? {
            stealing: {
              queues: this.queues,
              shortQueueCount: SHORT_QUEUE_COUNT,
              wakeOne: () => idle.wakeOne(),
            },
          }
        : {}),
    })
    this.gauge = new Gauge(this.kernel.table, this.kernel.counters)
    const { kernel, mesh } = this
    const heap = parts.heap === undefined ? undefined : new HeapWatch({ kernel, ...parts.heap })
    const park = new Park(shared, endpoint)
    this.loop = new Loop(kernel, mesh, park, mayBeIdle ? idle : undefined, this.clock, parts.loop, heap)
    // The first look at the rings, and the first sleep.
    this.loop.kick()
  }

  /** The way to this peer is there: it is up, or up again. */
  connect(peer: number, port: MessagePort, epoch: number): void {
    this.mesh.open(peer, port, epoch)
    this.loop.kick()
  }

  /**
   * This peer has died. What it had published comes first, then the end of all that was bound to it. `done`: when this
   * endpoint is through with it; later, if it is moving processes.
   */
  disconnect(peer: number, done: () => void): void {
    this.kernel.beginDrain()
    try {
      this.kernel.droppedCount += this.mesh.close(peer, this.loop.deliver)
    } finally {
      this.kernel.endDrain()
    }
    const waiting = this.mesh.spawnsFor(peer)
    partWith(this.kernel, peer, (pid) => waiting.has(pid))
    this.kernel.moves.whenOver(done)
    this.loop.kick()
  }

  /** Rejects with HeddleError ERR_MODULE_LOAD, ERR_UNKNOWN_DEFINITION. */
  async loadPlacement(address: DefinitionAddress): Promise<void> {
    const { place } = await this.load(address)
    if (place === undefined) {
      const why = `'${address.name}' of ${address.url} is no placement policy: define it by placement()`
      throw new HeddleError('ERR_UNKNOWN_DEFINITION', why)
    }
    this.kernel.placement = makePolicy(place)
  }

  /** Whether nothing is to be done until something comes from outside. */
  get isAtRest(): boolean {
    return this.loop.isAtRest
  }

  /** Time was moved by hand, or this thread shall look at it for another reason. */
  kick(): void {
    this.loop.kick()
  }

  /** Publishes what was sent, as far as there is room: nothing will run any more. */
  lastFlush(): void {
    this.mesh.flush()
  }

  stop(): void {
    this.gauge.stop()
    this.loop.stop()
    // A thread takes what is open on it along; the host's lives on.
    for (const process of this.kernel.table) {
      cleanUpAfter(process, 'shutdown', (report) => this.kernel.report(report), this.kernel.endpoint)
    }
  }

  private load(address: DefinitionAddress): Definition | Promise<Definition> {
    const known = this.trustsRegistry ? lookUpDefinition(address.url, address.name) : undefined
    return known ?? this.loader.load(address.url, address.name)
  }
}

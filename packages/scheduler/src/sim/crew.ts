/**
 * Deaths and replacements of schedulers, as the host's crew (`vm/crew.ts`) goes about them with real threads: the
 * same steps (`kernel/deaths.ts`), with each piece of news on its way for a while.
 *
 *     ends ...> the host hears of it: buries it, tells all that are up ...> each peer reads its last words, parts
 *     with it, says so ...> the host has heard of all: a fresh one starts ...> it is ready: connected with all
 */

import { buryScheduler, Deaths, settleTheft } from '../kernel/deaths.ts'
import { type Control, DOWN, STARTING_UP, UP } from '../memory/control.ts'
import type { NameTable } from '../memory/names.ts'
import type { SlotTable } from '../memory/slots.ts'
import type { StealQueue } from '../memory/steal-queue.ts'
import type { News } from './endpoint.ts'

const HOST = 0

/** What the crew needs of the world. */
export interface CrewWorld {
  readonly schedulerCount: number
  readonly control: Control
  readonly names: NameTable
  readonly slots: SlotTable
  /** Of unstarted spawns. */
  readonly queues: readonly StealQueue[]
  /** Sabotage: see there. */
  readonly losesThefts: boolean
  nowUs(): number
  /** How long some news takes. */
  newsDelayUs(): number
  tell(endpoint: number, news: News, visibleUs: number): void
  /** Empties the wires from and to an endpoint. */
  resetWires(endpoint: number): void
  /** A fresh kernel takes this place. */
  place(endpoint: number): void
  died(endpoint: number): void
}

interface HostEvent {
  readonly atUs: number
  readonly run: () => void
}

export class SimCrew {
  private readonly world: CrewWorld
  private readonly up = new Set<number>()
  private readonly deaths = new Deaths()
  private events: HostEvent[] = []
  /** By endpoint: nothing it says is heard before what it said earlier. */
  private readonly lastSaidUs: number[] = []

  constructor(world: CrewWorld) {
    this.world = world
  }

  isUp(endpoint: number): boolean {
    return this.up.has(endpoint)
  }

  get upCount(): number {
    return this.up.size
  }

  /** When the host has news next. */
  nextUs(): number {
    return this.events[0]?.atUs ?? Infinity
  }

  /** The host hears what has come by now. */
  handleNews(nowUs: number): void {
    while (this.events[0] !== undefined && this.events[0].atUs <= nowUs) this.events.shift()?.run()
  }

  /** All start at once, and nothing runs before they are up. */
  startAll(): void {
    for (let endpoint = 1; endpoint <= this.world.schedulerCount; endpoint++) {
      this.world.place(endpoint)
      this.ready(endpoint, 0)
    }
  }

  /** The thread of a scheduler that is up has ended; the host does not know yet. */
  ended(endpoint: number): void {
    this.says(endpoint, () => this.beginDeath(endpoint))
  }

  /** A peer is through with a dead scheduler, and says so. */
  parted(peer: number, death: number): void {
    this.says(peer, () => this.finishDeath(death, peer))
  }

  private says(endpoint: number, run: () => void): void {
    const atUs = Math.max(this.world.nowUs() + this.world.newsDelayUs(), this.lastSaidUs[endpoint] ?? 0)
    this.lastSaidUs[endpoint] = atUs
    const index = this.events.findIndex((event) => event.atUs > atUs)
    this.events.splice(index < 0 ? this.events.length : index, 0, { atUs, run })
  }

  private beginDeath(endpoint: number): void {
    const { world } = this
    this.up.delete(endpoint)
    world.control.setStatus(endpoint, DOWN)
    world.control.nextEpoch(endpoint)
    world.died(endpoint)
    world.names.repair(endpoint)
    this.clearAway(endpoint)
  }

  private clearAway(endpoint: number): void {
    const { world } = this
    if (!world.losesThefts && !settleTheft(world.slots, world.queues, endpoint)) {
      // Another has died over the same: that is told first.
      this.says(endpoint, () => this.clearAway(endpoint))
      return
    }
    buryScheduler(world, endpoint, world.schedulerCount, (owner) => this.up.has(owner))
    // Whoever dies will not answer for other deaths any more; see `vm/crew.ts`.
    for (const id of this.deaths.ids()) this.finishDeath(id, endpoint)
    const peers = [HOST, ...this.up]
    const death = this.deaths.begin(endpoint, peers)
    for (const peer of peers) this.tell(peer, { type: 'disconnect', peer: endpoint, death })
  }

  private finishDeath(id: number, peer: number): void {
    const endpoint = this.deaths.finish(id, peer)
    if (endpoint === undefined) return
    const { world } = this
    world.resetWires(endpoint)
    world.control.breakMover(endpoint)
    world.control.counters(endpoint).reset()
    world.queues[endpoint]?.clear()
    world.control.setStatus(endpoint, STARTING_UP)
    world.place(endpoint)
    this.says(endpoint, () => this.ready(endpoint))
  }

  private ready(endpoint: number, delayUs?: number): void {
    this.world.control.setStatus(endpoint, UP)
    for (const peer of [HOST, ...this.up]) {
      const { control } = this.world
      this.tell(peer, { type: 'connect', peer: endpoint, epoch: control.epoch(endpoint) }, delayUs)
      this.tell(endpoint, { type: 'connect', peer, epoch: control.epoch(peer) }, delayUs)
    }
    this.up.add(endpoint)
  }

  private tell(endpoint: number, news: News, delayUs?: number): void {
    const { world } = this
    // The host is told by itself, at once.
    const delay = endpoint === HOST ? 0 : (delayUs ?? world.newsDelayUs())
    world.tell(endpoint, news, world.nowUs() + delay)
  }
}

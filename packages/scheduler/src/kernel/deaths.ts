/**
 * What is done when a scheduler has died, step by step; whoever drives the kernels (the host's crew with its
 * worker threads, the simulator) decides when.
 *
 *     1  the host: `buryScheduler`         its names are free, its slots are, too
 *     2  each peer: reads what the dead one had published to the end, then `partWith`
 *     3  the host: when `Deaths` says that all peers are through, a fresh kernel may take its place
 */

import type { NameTable } from '../memory/names.ts'
import type { SlotTable } from '../memory/slots.ts'
import { isUnassigned } from '../memory/state-word.ts'
import { abandonedBy, type StealQueue } from '../memory/steal-queue.ts'
import { generationOf, pidNumber, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'
import { breakWithScheduler } from './relations.ts'

/**
 * By the host, first of all when the thread of `endpoint` has ended: what it had taken from another's queue, and done nothing with
 * yet, is its own, and dies with it. Returns false if that cannot be said yet: then once more, a little later.
 */
export function settleTheft(slots: SlotTable, queues: readonly StealQueue[], endpoint: number): boolean {
  const pid = abandonedBy(queues, endpoint)
  if (pid === undefined) return false
  const slot = slotOf(pid)
  if (pid !== 0 && slots.isAlive(slot, generationOf(pid)) && isUnassigned(slots.owner(slot)))
    slots.assignToDead(slot, endpoint)
  queues[endpoint]?.forgetIntent()
  return true
}

/**
 * By the host, when the thread of `endpoint` has ended: frees what it held. `isUp`: who is there to learn by itself
 * that a spawn request will never come.
 */
export function buryScheduler(
  { names, slots }: { readonly names: NameTable; readonly slots: SlotTable },
  endpoint: number,
  schedulerCount: number,
  isUp: (endpoint: number) => boolean,
): void {
  slots.sweepOwner(endpoint, (slot) => names.release(slot))
  for (let owner = 1; owner <= schedulerCount; owner++) {
    if (isUp(owner)) continue
    slots.forEachStarting(endpoint, owner, (slot) => {
      names.release(slot)
      slots.free(slot)
    })
  }
}

/**
 * By each peer, when all that the dead one ever published has been handled here. `isForNext`: whether the request for
 * this process waits for whoever takes the dead one's place.
 */
export function partWith(kernel: Kernel, peer: number, isForNext: (pid: number) => boolean): void {
  const { names, slots } = kernel
  // What is told as dead must be dead, and its name free: so these come first.
  // Processes that were to be started there, whose request it did not read.
  slots.forEachUnstarted(peer, (slot, generation) => {
    if (isForNext(pidNumber(slot, generation))) return
    names.release(slot)
    slots.free(slot)
  })
  // Processes that it wanted started here, and did not live to ask for.
  slots.forEachUnborn(peer, (slot, generation) => {
    names.release(slot)
    slots.free(slot)
    kernel.embryos.abandon(pidNumber(slot, generation))
  })
  kernel.outside.dirty?.partWith(peer)
  kernel.unborn.settle()
  breakWithScheduler(kernel, peer)
  kernel.embryos.breakWith(peer)
  kernel.moves.partedWith(peer)
  kernel.unborn.forgetPlace(peer)
}

interface Death {
  readonly endpoint: number
  /** Peers that are not through with the dead one. */
  readonly waitingFor: Set<number>
}

/** Which deaths are under way, and who is still to be heard of each. */
export class Deaths {
  private readonly open = new Map<number, Death>()
  private count = 0

  /** Returns the number of this death, under which its peers answer. */
  begin(endpoint: number, peers: Iterable<number>): number {
    const id = ++this.count
    this.open.set(id, { endpoint, waitingFor: new Set(peers) })
    return id
  }

  /** `peer` is through with this death. Returns the dead endpoint when all are. */
  finish(id: number, peer: number): number | undefined {
    const death = this.open.get(id)
    if (death === undefined || !death.waitingFor.delete(peer) || death.waitingFor.size > 0) return undefined
    this.open.delete(id)
    return death.endpoint
  }

  /** The deaths under way. */
  ids(): number[] {
    return [...this.open.keys()]
  }
}

/**
 * Routes: where processes have moved to, as this kernel has been told. While a process is on its way, the route decides
 * where its signals go (`Kernel.locate`): to the old owner until this kernel has been told of the move, to the new one from
 * then on. After that the process table says so, too, and the route is needed for the records of links, monitors and
 * calls only: they name the endpoint where the peer lived when they were made, and what counts when an endpoint dies is where
 * it lived last.
 *
 * A route is forgotten when its process is dead, its slot free, and every ring has been read once since: then its end has
 * been told here. As many stand here as there are live processes that have ever moved, and at most as many dead ones again.
 *
 * Rejected: to write the new endpoint into the records (they are not found by peer: that is a walk through all processes
 * for each move); to ask the table at a death (the slot may have been used again by then).
 */

import { generationOf, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'

export interface Route {
  /** Where it lives. */
  readonly to: number
  /** Where it came from, by its last move. */
  readonly from: number
}

const WEED_COUNT_MIN = 64

export class Routes {
  private readonly routes = new Map<number, Route>()
  private readonly kernel: Kernel
  private weedAtCount = WEED_COUNT_MIN
  /** Those of processes found dead, and when that was. */
  private stale: { readonly pids: readonly number[]; readonly drainCount: number } | undefined

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  get size(): number {
    return this.routes.size
  }

  pids(): number[] {
    return [...this.routes.keys()]
  }

  set(pid: number, to: number, from: number): void {
    this.routes.set(pid, { to, from })
  }

  get(pid: number): Route | undefined {
    return this.routes.get(pid)
  }

  /** Where a process lives, or lived last, of which a record says that it was on `endpoint`. */
  where(pid: number, endpoint: number): number {
    const route = this.routes.size === 0 ? undefined : this.routes.get(pid)
    return route === undefined ? this.kernel.unborn.where(pid, endpoint) : route.to
  }

  /** Whether its slot has been given up: all that was ever sent by it is published, unless it died with its scheduler. */
  isGone(pid: number): boolean {
    const { slots } = this.kernel
    return slots.generation(slotOf(pid)) !== generationOf(pid)
  }

  /** Whether this process is gone, and was on its way from `endpoint` when this kernel last heard of it. */
  isStray(pid: number, endpoint: number): boolean {
    return this.routes.get(pid)?.from === endpoint && this.isGone(pid)
  }

  hasStrays(endpoint: number): boolean {
    for (const pid of this.routes.keys()) if (this.isStray(pid, endpoint)) return true
    return false
  }

  /**
   * When all that they could have said has been heard. Elsewhere such a process may be known where it came from, by a kernel that
   * was not told of the move; a process that moves here from there brings records which say so, and that break with `endpoint`.
   */
  forgetStrays(endpoint: number): void {
    for (const pid of this.pids()) if (this.isStray(pid, endpoint)) this.routes.delete(pid)
  }

  /** To be called now and then, when no death is under way. */
  weed(): void {
    const { outside } = this.kernel
    if (this.stale !== undefined) {
      if (outside.caughtUpCount() <= this.stale.drainCount) return
      for (const pid of this.stale.pids) if (this.isGone(pid)) this.routes.delete(pid)
      this.stale = undefined
      this.weedAtCount = Math.max(WEED_COUNT_MIN, this.routes.size * 2)
    }
    if (this.routes.size < this.weedAtCount) return
    const pids = [...this.routes.keys()].filter((pid) => this.isGone(pid))
    this.stale = { pids, drainCount: outside.drainCount() }
  }
}

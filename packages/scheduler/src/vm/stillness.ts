/**
 * When nothing moves: no process runs or could, no signal is on its way. And time that is moved by hand, from one
 * stillness to the next.
 *
 * A thread parks when it has nothing to do: it announces that, sees its rings empty, says that it rests, and sleeps until
 * somebody rings; every park is counted. So if each thread is found at rest twice, with the same count, all of them slept
 * between the two looks: nobody was left to send, and whatever was sent before had rung a bell.
 */

import { isParked, wake } from '../memory/park.ts'
import type { Endpoint } from '../worker/endpoint.ts'

const HOST = 0

export class Stillness {
  private readonly host: Endpoint
  private readonly endpointCount: number
  /** The last of the moves that were asked for: each begins when the one before it is through. */
  private lastMove: Promise<void> = Promise.resolve()
  private stopError: Error | undefined
  constructor(host: Endpoint, endpointCount: number) {
    this.host = host
    this.endpointCount = endpointCount
  }

  /** Nothing will come to rest any more: whoever waits for it gets this error. */
  stop(error: Error): void {
    this.stopError = error
  }

  /** Resolves when nothing moves. */
  async reached(): Promise<void> {
    for (let seen: number | undefined; ; ) {
      if (this.stopError !== undefined) throw this.stopError
      const now = this.look()
      if (now !== undefined && now === seen) return
      seen = now
      // What promises and the event loop still have for the host comes in between.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** From now on, by so many ms: from one deadline to the next, each from stillness to stillness. */
  advance(ms: number): Promise<void> {
    const move = this.lastMove.then(() => this.move(ms))
    this.lastMove = move.catch(() => {})
    return move
  }

  private async move(ms: number): Promise<void> {
    const { control } = this.host
    await this.reached()
    const target = control.clockMs + ms
    for (;;) {
      const next = Math.max(control.clockMs, this.nextDeadlineMs())
      this.setTime(Math.min(next, target))
      await this.reached()
      if (next >= target && this.nextDeadlineMs() > target) return
    }
  }

  /** How often all threads together have parked; `undefined` if one of them is not parked now. */
  private look(): number | undefined {
    const { control, clock } = this.host
    if (!this.host.isAtRest) return undefined
    let parkCount = 0
    for (let endpoint = HOST; endpoint < this.endpointCount; endpoint++) {
      if (control.isGone(endpoint)) continue
      if (endpoint !== HOST && !control.isUp(endpoint)) return undefined
      if (!isParked(control, endpoint)) return undefined
      const counters = control.counters(endpoint)
      if (counters.loadingCount > 0 || counters.heldCount > 0) return undefined
      if (clock.isManual && counters.clockMs !== clock.now()) return undefined
      // Announced, but still looking at its rings.
      if (counters.restCount !== counters.parkCount) return undefined
      parkCount += counters.parkCount
    }
    return parkCount
  }

  private nextDeadlineMs(): number {
    const { control } = this.host
    let next = Infinity
    for (let endpoint = HOST; endpoint < this.endpointCount; endpoint++) {
      if (!control.isGone(endpoint)) next = Math.min(next, control.counters(endpoint).nextDeadlineMs)
    }
    return next
  }

  private setTime(ms: number): void {
    const { control } = this.host
    control.clockMs = ms
    for (let endpoint = HOST + 1; endpoint < this.endpointCount; endpoint++) wake(control, endpoint)
    this.host.kick()
  }
}

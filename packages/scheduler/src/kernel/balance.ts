/**
 * Balancing: a scheduler with a long run queue gives some of its processes to one with a short one. Each looks for itself, on
 * a fixed rhythm, at what the others publish; nobody is in charge, and nobody is asked.
 *
 *     look: my queue (smoothed) against the shortest of the others ---- even ----> nothing
 *           uneven twice in a row, or once, and that queue is empty --> half of the difference goes there, those that would
 *                                                                       wait longest first
 *
 * Against ping-pong: what is published is old by up to a slice, so one look proves nothing, unless there is nothing at all
 * to run; and who has just arrived stays for a while. Who was spawned with `scheduler: n` stays for good. Half makes both
 * even. Two who give to the same one would overshoot, but one move is under way in the whole VM, and who did not get the
 * lock looks again. Nothing moves while some scheduler is stuck in a callback (`Moves` sees to that): it would hold up the
 * move.
 *
 * Rejected: pulling by the idle (it would have to find out what is at rest elsewhere); counting processes rather than those
 * that would run (a million idle ones are no load).
 */

import { PHASE, type Process, RESIDENCE, STATUS } from '../process/process.ts'
import type { Kernel } from './kernel.ts'

export type Balance = 'off' | 'on' | 'aggressive'

interface Rhythm {
  /** Between two looks. */
  readonly periodMs: number
  /** So much longer than the shortest, and twice as long, is uneven. */
  readonly differenceMin: number
  /** Who has arrived stays so long. */
  readonly stayMs: number
}

const RHYTHMS: Readonly<Record<Exclude<Balance, 'off'>, Rhythm>> = {
  on: { periodMs: 10, differenceMin: 8, stayMs: 200 },
  aggressive: { periodMs: 2, differenceMin: 2, stayMs: 20 },
}

const FIRST_SCHEDULER = 1
const GIVEN_COUNT_MAX = 128
/** Of a queue full of those that cannot go (new ones, bound or pinned ones), no more are looked at than this. */
const LOOKED_AT_COUNT_MAX = 512
const LOOK_COUNT_MIN = 2

export class Balancer {
  /** When to look again. */
  nextMs = 0
  private readonly kernel: Kernel
  private readonly rhythm: Rhythm
  private load = 0
  private unevenCount = 0
  /** Requests of its own that have not ended: what the others publish says nothing of those yet. */
  private askedCount = 0

  constructor(kernel: Kernel, balance: Exclude<Balance, 'off'>) {
    this.kernel = kernel
    this.rhythm = RHYTHMS[balance]
  }

  look(nowMs: number): void {
    const { kernel, rhythm } = this
    this.nextMs = nowMs + rhythm.periodMs
    if (this.askedCount > 0) return
    this.load = (this.load + kernel.runQueueLength) / 2
    const to = this.shortest()
    const length = to === 0 ? Infinity : kernel.control.counters(to).runQueueLength
    const difference = (length === 0 ? kernel.runQueueLength : this.load) - length
    if (difference < rhythm.differenceMin || difference * 2 < this.load) {
      this.unevenCount = 0
      return
    }
    this.unevenCount += 1
    if (this.unevenCount < LOOK_COUNT_MIN && length > 0) return
    this.unevenCount = 0
    this.give(to, Math.min(Math.floor(difference / 2), GIVEN_COUNT_MAX), nowMs)
  }

  /** The scheduler with the shortest queue but this one; 0 if there is none. */
  private shortest(): number {
    const { control, endpoint, endpointCount } = this.kernel
    let best = 0
    let bestLength = Infinity
    for (let other = FIRST_SCHEDULER; other < endpointCount; other++) {
      if (other === endpoint || !control.isUp(other)) continue
      const { runQueueLength } = control.counters(other)
      if (runQueueLength >= bestLength) continue
      best = other
      bestLength = runQueueLength
    }
    return best
  }

  private give(to: number, count: number, nowMs: number): void {
    const { kernel } = this
    let left = count
    let lookedAtCount = 0
    for (const process of kernel.waitingLongest()) {
      if (left === 0 || lookedAtCount === LOOKED_AT_COUNT_MAX) return
      lookedAtCount += 1
      if (!this.mayGo(process, nowMs)) continue
      left -= 1
      this.askedCount += 1
      kernel.moves.request(process.pid, to, 0, this.moved)
    }
  }

  /** One has moved, or cannot: when all have, the queue is another one. */
  private readonly moved = (): void => {
    this.askedCount -= 1
    if (this.askedCount > 0) return
    const { kernel, rhythm } = this
    this.load = kernel.runQueueLength
    this.nextMs = kernel.outside.now() + rhythm.periodMs
  }

  private mayGo({ status, phase, residence, extras }: Process, nowMs: number): boolean {
    if (status !== STATUS.runnable || phase !== PHASE.rest || residence !== RESIDENCE.free) return false
    return extras === null || (extras.pinned === undefined && nowMs - extras.arrivedMs >= this.rhythm.stayMs)
  }
}

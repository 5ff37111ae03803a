/**
 * Balancing: a scheduler with a long run queue gives some of its processes to one with a short one. Each looks for itself, on
 * a fixed rhythm, at what the others publish; nobody is in charge, and nobody is asked.
 *
 *     look: my queue (smoothed) against the shortest of the others ---- even ----> nothing
 *           uneven twice in a row --> a quarter of the difference goes there, those that would wait longest first
 *
 * Against ping-pong: what is published is old by up to a slice, so one look proves nothing; a quarter leaves room for what
 * others send there at the same time (half would overshoot as soon as two do); and who has just arrived stays for a
 * while. Nothing moves while some scheduler is stuck in a callback (`Moves` sees to that): it would hold up the move.
 *
 * Rejected: pulling by the idle (it would have to find out what is at rest elsewhere); counting processes rather than those
 * that would run (a million idle ones are no load).
 */

import { PHASE, type Process, STATUS } from '../process/process.ts'
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
  on: { periodMs: 10, differenceMin: 32, stayMs: 200 },
  aggressive: { periodMs: 2, differenceMin: 4, stayMs: 20 },
}

const FIRST_SCHEDULER = 1
const GIVEN_COUNT_MAX = 64
const LOOK_COUNT_MIN = 2

export class Balancer {
  /** When to look again. */
  nextMs = 0
  private readonly kernel: Kernel
  private readonly rhythm: Rhythm
  private load = 0
  private unevenCount = 0

  constructor(kernel: Kernel, balance: Exclude<Balance, 'off'>) {
    this.kernel = kernel
    this.rhythm = RHYTHMS[balance]
  }

  look(nowMs: number): void {
    const { kernel, rhythm } = this
    this.nextMs = nowMs + rhythm.periodMs
    this.load = (this.load + kernel.runQueueLength) / 2
    const to = this.shortest()
    const difference = to === 0 ? 0 : this.load - kernel.control.counters(to).runQueueLength
    if (difference < rhythm.differenceMin || difference * 2 < this.load) {
      this.unevenCount = 0
      return
    }
    this.unevenCount += 1
    if (this.unevenCount < LOOK_COUNT_MIN) return
    this.unevenCount = 0
    this.give(to, Math.min(Math.floor(difference / 4), GIVEN_COUNT_MAX), nowMs)
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
    for (const process of kernel.waitingLongest()) {
      if (left === 0) return
      if (!this.mayGo(process, nowMs)) continue
      left -= 1
      kernel.moves.request(process.pid, to, 0, () => {})
    }
  }

  private mayGo({ status, phase, isHost, extras }: Process, nowMs: number): boolean {
    if (status !== STATUS.runnable || phase !== PHASE.rest || isHost) return false
    return extras === null || (extras.pinned === undefined && nowMs - extras.arrivedMs >= this.rhythm.stayMs)
  }
}

/**
 * The time limits of operations. Most are set and taken back in the same slice (the call was answered),
 * so the timers themselves are used again and again; nobody else ever holds one.
 */

import { Timer, type TimerWheel } from './timers.ts'

export interface AlarmTarget {
  timeUp(): void
}

export class Alarm extends Timer {
  target: AlarmTarget | null = null
  /** While it is paused: how long it still has. */
  leftMs = 0

  override fire(): void {
    this.target?.timeUp()
  }
}

const SPARE_COUNT_MAX = 1_024

export class Alarms {
  private readonly wheel: TimerWheel
  private readonly onStart: () => void
  private readonly now: () => number
  private readonly spares: Alarm[] = []

  constructor(wheel: TimerWheel, onStart: () => void, now: () => number) {
    this.wheel = wheel
    this.onStart = onStart
    this.now = now
  }

  /** Time stands still for it. */
  pause(alarm: Alarm): void {
    alarm.leftMs = this.wheel.remainingMs(alarm, this.now())
    this.wheel.cancel(alarm)
  }

  unpause(alarm: Alarm): void {
    // Started since the pause.
    if (alarm.isPending) return
    this.wheel.startLazily(alarm, alarm.leftMs)
    this.onStart()
  }

  /** The target must `stop` it when it is through, also when the time was up. */
  start(target: AlarmTarget, ms: number): Alarm {
    const alarm = this.spares.pop() ?? new Alarm()
    alarm.target = target
    this.wheel.startLazily(alarm, ms)
    this.onStart()
    return alarm
  }

  /** At a point in time that is still to come. */
  startAt(target: AlarmTarget, dueMs: number): Alarm {
    const alarm = this.spares.pop() ?? new Alarm()
    alarm.target = target
    this.wheel.start(alarm, 0, dueMs)
    this.onStart()
    return alarm
  }

  /** For which time stands still. */
  makePaused(target: AlarmTarget, leftMs: number): Alarm {
    const alarm = this.spares.pop() ?? new Alarm()
    alarm.target = target
    alarm.leftMs = leftMs
    return alarm
  }

  /** When it is up. */
  dueMs(alarm: Alarm): number {
    return this.wheel.dueMs(alarm, this.now())
  }

  stop(alarm: Alarm): void {
    this.wheel.cancel(alarm)
    alarm.target = null
    if (this.spares.length < SPARE_COUNT_MAX) this.spares.push(alarm)
  }
}

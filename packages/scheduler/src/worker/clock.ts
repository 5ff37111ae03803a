/**
 * The VM's time: one for all threads, in ms from its start, so that a point in time means the same everywhere. Either it
 * runs, or it stands still until the host moves it (for tests).
 */

import { performance } from 'node:perf_hooks'
import type { Control } from '../memory/control.ts'

export interface Clock {
  readonly isManual: boolean
  now(): number
  /** The same, for a `performance.now()` that was just read. */
  at(threadMs: number): number
}

/** The system's monotonic clock, which all threads share; `performance.now()` starts anew in each. */
export function systemMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** `originMs`: the VM's start, by `systemMs`. */
export class RunningClock implements Clock {
  readonly isManual = false
  private readonly offsetMs: number

  constructor(originMs: number) {
    this.offsetMs = systemMs() - performance.now() - originMs
  }

  now(): number {
    return performance.now() + this.offsetMs
  }

  at(threadMs: number): number {
    return threadMs + this.offsetMs
  }
}

export class ManualClock implements Clock {
  readonly isManual = true
  private readonly control: Control

  constructor(control: Control) {
    this.control = control
  }

  now(): number {
    return this.control.clockMs
  }

  at(): number {
    return this.now()
  }
}

/** `originMs`: see `RunningClock`; `undefined`: time is set by hand. */
export function makeClock(control: Control, originMs: number | undefined): Clock {
  return originMs === undefined ? new ManualClock(control) : new RunningClock(originMs)
}

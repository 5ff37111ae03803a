/**
 * How many schedulers may die before the VM gives up: what OTP's supervisors have for their children, for the threads below all
 * supervisors. Without it a process that ends its thread as soon as it starts, and is started again by a supervisor elsewhere,
 * would have threads die and start for ever.
 */

/** OTP: `intensity` and `period` of a supervisor. */
export interface SchedulerRestarts {
  /** So many deaths are made good for... */
  readonly intensity: number
  /** ...in any stretch of so many ms. One more, and the VM stops. */
  readonly periodMs: number
}

/** A cascade that takes each of a handful of schedulers a few times is survived; ten a second are not. */
export const RESTARTS_DEFAULT: SchedulerRestarts = { intensity: 20, periodMs: 10_000 }

export class RestartWindow {
  private readonly allowed: SchedulerRestarts
  private deathsMs: number[] = []

  constructor(allowed: SchedulerRestarts) {
    this.allowed = allowed
  }

  /** Deaths in the current period. */
  get deathCount(): number {
    return this.deathsMs.length
  }

  /** A scheduler has died; returns whether that is one too many. */
  isTooMany(nowMs: number): boolean {
    const { intensity, periodMs } = this.allowed
    this.deathsMs = this.deathsMs.filter((ms) => nowMs - ms <= periodMs)
    this.deathsMs.push(nowMs)
    return this.deathsMs.length > intensity
  }
}

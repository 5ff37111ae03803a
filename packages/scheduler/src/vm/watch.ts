/**
 * Who holds a scheduler. The host looks at each one now and then; a *stint* is the time that a scheduler has been in one
 * step: a turn of a process, a stretch of a slice between two turns, or whatever else runs on its thread.
 *
 *     step stands still, a process has its turn   that process holds it
 *     step stands still, in a slice               the VM itself does: reading, decoding, collecting
 *     step stands still, no slice, not idle       code outside of turns does: an async callback behind its `await`,
 *                                                 a module that is being evaluated
 *     step stands still, no slice, idle           it sleeps
 *
 * The scheduler counts its steps and says whose turn it is by plain stores (`EndpointCounters.beginStep`), and reads no clock for
 * that: a look at the clock for each turn would cost a sixth of a message. What the host has seen to stand still from one
 * look to the next has stood still all that time; so a stint is never overrated. It is underrated by up to a look at
 * each end, and when the host itself was not there to look (or the whole OS process stood still), that gap
 * counts for two looks at most: nobody is ended for what was a laptop's sleep.
 *
 * A thread that seems to be busy outside of slices is rung once: if its event loop turns, however full it is, the next
 * look finds another step.
 */

import type { LongScheduleReport } from '../kernel/report.ts'
import type { Control } from '../memory/control.ts'
import type { DefinitionAddress } from '../process/define.ts'
import { formatPid, PidTerm } from '../term/pid.ts'

const LOOKS_PER_LIMIT = 4
const LOOK_MS_MIN = 5
const LOOK_MS_MAX = 100

/** What the watch sees of the schedulers, and does to them. */
export interface WatchedSchedulers {
  readonly control: Control
  readonly schedulerCount: number
  isUp(endpoint: number): boolean
  /** How long its event loop has been idle since it started. */
  idleMs(endpoint: number): number
  /** Makes its event loop turn. */
  ring(endpoint: number): void
  definitionOf(endpoint: number, number: number): DefinitionAddress | undefined
  nameOf(pid: number): string | undefined
  kill(endpoint: number, why: string): void
}

export interface WatchLimits {
  readonly longScheduleMs: number
  readonly hogKillMs: number
}

/** Whose turn it is. */
type Culprit = Pick<LongScheduleReport, 'pid' | 'definition' | 'registeredName'>

const NOBODY: Culprit = { pid: undefined, definition: undefined, registeredName: undefined }

interface Stint {
  /** In which life of the scheduler. */
  readonly epoch: number
  readonly step: number
  /** Of the event loop, when this was seen first. */
  readonly idleMs: number
  ms: number
  culprit: Culprit | undefined
  isReported: boolean
  isKilled: boolean
}

/** How often to look; Infinity: never. */
export function lookEveryMs({ longScheduleMs, hogKillMs }: WatchLimits): number {
  const least = Math.min(longScheduleMs, hogKillMs)
  if (least === Infinity) return Infinity
  return Math.min(Math.max(least / LOOKS_PER_LIMIT, LOOK_MS_MIN), LOOK_MS_MAX)
}

export class Watch {
  private readonly schedulers: WatchedSchedulers
  private readonly limits: WatchLimits
  private readonly report: (report: LongScheduleReport) => void
  private readonly stints = new Map<number, Stint>()
  private lookedAtMs: number | undefined

  constructor(
    schedulers: WatchedSchedulers,
    limits: WatchLimits,
    report: (report: LongScheduleReport) => void,
  ) {
    this.schedulers = schedulers
    this.limits = limits
    this.report = report
  }

  look(nowMs: number): void {
    const gapMs = Math.min(nowMs - (this.lookedAtMs ?? nowMs), 2 * lookEveryMs(this.limits))
    this.lookedAtMs = nowMs
    for (let endpoint = 1; endpoint <= this.schedulers.schedulerCount; endpoint++) {
      if (this.schedulers.isUp(endpoint)) this.lookAt(endpoint, gapMs)
      else this.forget(endpoint)
    }
  }

  private lookAt(endpoint: number, gapMs: number): void {
    const { control } = this.schedulers
    const counters = control.counters(endpoint)
    const epoch = control.epoch(endpoint)
    const step = counters.stepCount
    const stint = this.stints.get(endpoint)
    if (stint?.epoch !== epoch || stint.step !== step || this.isSleeping(endpoint, stint)) {
      this.forget(endpoint)
      if (stint?.epoch === epoch && stint.isReported) this.tell(endpoint, stint, 'over')
      const idleMs = this.schedulers.idleMs(endpoint)
      const fresh = { epoch, step, idleMs, ms: 0, culprit: undefined, isReported: false, isKilled: false }
      this.stints.set(endpoint, fresh)
      return
    }
    // Its bell has not been answered since: not even a full event loop takes that long.
    if (counters.runningPid === 0 && stint.ms === 0) this.schedulers.ring(endpoint)
    stint.ms += gapMs
    this.judge(endpoint, stint)
  }

  /** No slice is on, and the event loop has had nothing to do for a while. */
  private isSleeping(endpoint: number, stint: Stint): boolean {
    const { control } = this.schedulers
    return control.counters(endpoint).runningPid === 0 && this.schedulers.idleMs(endpoint) !== stint.idleMs
  }

  private judge(endpoint: number, stint: Stint): void {
    const { longScheduleMs, hogKillMs } = this.limits
    if (stint.ms >= longScheduleMs) this.schedulers.control.setStuck(endpoint, true)
    if (this.isLoading(endpoint)) return
    if (stint.ms >= longScheduleMs && !stint.isReported) {
      stint.isReported = true
      stint.culprit = this.culprit(endpoint)
      this.tell(endpoint, stint, 'running')
    }
    if (stint.ms >= hogKillMs && !stint.isKilled) {
      stint.isKilled = true
      stint.culprit ??= this.culprit(endpoint)
      this.tell(endpoint, stint, 'killed')
      const { pid } = stint.culprit
      const who = pid === undefined ? 'code outside of turns' : `process ${formatPid(pid)}`
      this.schedulers.kill(endpoint, `ended by the VM: ${who} held it for ${Math.round(stint.ms)} ms`)
    }
  }

  /** It evaluates modules: nobody's fault, and its successor would have to do it again, for as long. */
  private isLoading(endpoint: number): boolean {
    const counters = this.schedulers.control.counters(endpoint)
    return counters.runningPid === 0 && counters.loadingCount > 0
  }

  private forget(endpoint: number): void {
    this.stints.delete(endpoint)
    this.schedulers.control.setStuck(endpoint, false)
  }

  private tell(scheduler: number, { ms, culprit }: Stint, stage: LongScheduleReport['stage']): void {
    this.report({ type: 'long_schedule', scheduler, stage, ms: Math.round(ms), ...(culprit ?? NOBODY) })
  }

  private culprit(endpoint: number): Culprit {
    const counters = this.schedulers.control.counters(endpoint)
    const pid = counters.runningPid
    if (pid <= 0) return NOBODY
    return {
      pid: new PidTerm(pid),
      definition: this.schedulers.definitionOf(endpoint, counters.runningDefinition),
      registeredName: this.schedulers.nameOf(pid),
    }
  }
}

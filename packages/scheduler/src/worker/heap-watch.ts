/**
 * Watches the heap of its thread. V8 ends a thread whose heap is full, and on some paths (an array that is filled, a `Map` or a
 * string that grows) the whole OS process. So before that the process that grows is killed; if none can be blamed,
 * the thread ends by itself, with everything published that it had sent.
 *
 * What counts is what is alive after a full collection: what is used between two of them is mostly garbage. Full collections come
 * the closer together the fuller the heap is (V8 halves what is left from one to the next), so looks come when they are
 * needed, and an idle heap costs nothing.
 *
 *     alive, of the limit:      0.5                0.75                         0.8
 *     ----------------------------|-------------------|----------------------------|------------------>
 *     all is forgotten            note who holds what  kill who has grown most      twice, and rising,
 *                                                      since then                   and nobody to blame: end
 *
 * Rejected: `v8.getHeapStatistics` alone (garbage looks like growth), a finalizer that tells of collections (what was made while V8
 * marks survives that round: of five collections it told of two), a heap snapshot (takes as much memory again).
 */

import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { HeapSurvey, type Holder } from '../kernel/heap-survey.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { SchedulerHeapReport } from '../kernel/report.ts'

const NOTED_FROM = 0.5
const KILLED_FROM = 0.75
const ENDED_FROM = 0.8
/** Between two looks for the counters: two microseconds each. */
const LOOK_MS = 50

const NOBODY = { pid: undefined, definition: undefined, registeredName: undefined, bytes: 0 }

export interface HeapWatchParts {
  readonly kernel: Kernel
  /** What its long-lived part may grow to. */
  readonly limitBytes: number
  /** Publishes what was sent and ends the thread. */
  readonly end: (why: string) => void
  /** For tests. */
  readonly usedBytes?: () => number
  /** Calls back whenever a full collection is through. */
  readonly onCollection?: (callback: () => void) => void
}

export class HeapWatch {
  private readonly kernel: Kernel
  private readonly limitBytes: number
  private readonly end: (why: string) => void
  private readonly usedBytes: () => number
  private readonly survey: HeapSurvey
  private lookedAtMs = -LOOK_MS
  /** What was alive after the last collection. */
  private aliveBytes = 0
  private isSurveying = false
  private hasReported = false
  /** A collection that had begun when somebody was killed takes what he held for alive. */
  private passedOver = 0

  constructor(parts: HeapWatchParts) {
    this.kernel = parts.kernel
    this.limitBytes = parts.limitBytes
    this.end = parts.end
    this.usedBytes = parts.usedBytes ?? (() => getHeapStatistics().used_heap_size)
    this.survey = new HeapSurvey(parts.kernel, parts.limitBytes)
    this.kernel.counters.heapLimitBytes = this.limitBytes
    const onCollection = parts.onCollection ?? watchCollections
    onCollection(() => this.collected())
  }

  /** Publishes what is used, now and then. */
  look(nowMs: number): void {
    if (nowMs - this.lookedAtMs < LOOK_MS) return
    this.lookedAtMs = nowMs
    this.kernel.counters.heapUsedBytes = this.usedBytes()
  }

  private collected(): void {
    const before = this.aliveBytes
    const alive = this.usedBytes()
    this.aliveBytes = alive
    this.kernel.counters.heapUsedBytes = alive
    if (this.passedOver > 0) this.passedOver -= 1
    else if (alive < this.limitBytes * NOTED_FROM) {
      this.survey.forget()
      this.hasReported = false
    } else if (!this.isSurveying) {
      this.isSurveying = true
      this.stride(this.survey.look(), alive, before)
    }
  }

  /** One stride of the survey; others run before the next. */
  private stride(survey: Generator<void, Holder | undefined>, alive: number, before: number): void {
    const step = survey.next()
    if (step.done !== true) {
      setImmediate(() => this.stride(survey, alive, before))
      return
    }
    this.isSurveying = false
    if (alive >= this.limitBytes * KILLED_FROM) this.judge(step.value, alive, before)
  }

  private judge(culprit: Holder | undefined, alive: number, before: number): void {
    if (culprit !== undefined) {
      this.report(alive, 'process_killed', this.survey.describe(culprit))
      this.survey.kill(culprit)
      this.passedOver = 1
      this.aliveBytes = 0
    } else if (before >= this.limitBytes * ENDED_FROM && alive > before) {
      this.report(alive, 'scheduler_replaced', NOBODY)
      this.end('its heap was nearly full')
    } else if (!this.hasReported) {
      this.hasReported = true
      this.report(alive, 'nobody_blamed', NOBODY)
    }
  }

  private report(
    usedBytes: number,
    outcome: SchedulerHeapReport['outcome'],
    whom: Pick<SchedulerHeapReport, 'pid' | 'definition' | 'registeredName' | 'bytes'>,
  ): void {
    const { limitBytes, kernel } = this
    kernel.report({
      type: 'scheduler_heap',
      scheduler: kernel.endpoint,
      usedBytes,
      limitBytes,
      outcome,
      ...whom,
    })
  }
}

/** What Node's types leave out. */
type Collection = PerformanceEntry & { readonly detail?: { readonly kind?: number } }

function watchCollections(callback: () => void): void {
  const observer = new PerformanceObserver((list) => {
    const isFull = list
      .getEntries()
      .some((entry) => (entry as Collection).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
    if (isFull) callback()
  })
  observer.observe({ entryTypes: ['gc'] })
}

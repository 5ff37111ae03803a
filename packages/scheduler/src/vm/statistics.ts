/**
 * The VM in numbers. Three sources, by what they cost whom:
 *
 *     counters in shared memory, published by each scheduler with plain stores       free, also of one that is stuck
 *     what the platform knows of a worker from outside (its event loop's idle time)  free, also of one that is stuck
 *     what only the thread itself can tell                                           a question, which it may not answer
 *
 * Names and meanings are OTP's where it has them: `erlang:statistics/1`, `erlang:memory/0`, recon's `scheduler_usage`.
 */

import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedMemory } from '../memory/layout.ts'
import { ringDepthBytes } from '../memory/ring.ts'
import { HeddleError } from '../term/errors.ts'
import { systemMs } from '../worker/clock.ts'
import type { Endpoint } from '../worker/endpoint.ts'
import type { ThreadMeasured } from '../worker/measure.ts'
import type { Crew } from './crew.ts'

/** What a scheduler does, part of `SchedulerInfo`. A fresh worker in a dead one's place begins anew. */
export interface SchedulerLoad {
  /**
   * Time, in ms, that it spent in slices: turns of processes, signals, timers; the slice that is under way included, so
   * that of a stuck one grows. Not: looking out for signals, sleep, and what runs in between (continuations of
   * promises, sockets, timers of Node's), which `eventLoopUtilisation` has.
   */
  readonly activeMs: number
  /** Time since its thread began, in ms. */
  readonly totalMs: number
  /** `activeMs / totalMs`: 0 to 1, since its thread began. For now, rather than ever: `vm.schedulerUsage`. */
  readonly utilisation: number
  /** How much of its time its event loop was not idle, 0 to 1, by Node's account: all that runs on the thread. */
  readonly eventLoopUtilisation: number
  /** Turns of processes, and the slices of the thread that they are in. */
  readonly contextSwitchCount: number
  /** Bytes of signals that lie in rings for it, published by others and not read. */
  readonly ringDepthBytes: number
  /** Signals that wait here for room in a ring, or for its other end, now. */
  readonly heldCount: number
  /** Processes that came here from other schedulers while they ran. */
  readonly migrationCount: number
  /** Spawn requests that it took from others. */
  readonly stealCount: number
}

/** One scheduler in `statistics('scheduler_wall_time')`; two samples make a measurement. */
export interface SchedulerWallTime {
  readonly scheduler: number
  /** Which worker in this place: 0 at first. */
  readonly life: number
  /** ms; see `SchedulerLoad`. */
  readonly activeMs: number
  /** ms. */
  readonly totalMs: number
}

/** How busy a scheduler was between two samples. */
export interface SchedulerUsage {
  readonly scheduler: number
  /** 0 to 1. */
  readonly usage: number
}

/** Bytes, by kind; OTP's names where they fit. */
export interface MemoryInfo {
  /** Of the whole OS process, as the operating system counts it (resident set size). */
  readonly totalBytes: number
  /** The heaps of the schedulers, as V8 has reserved them. */
  readonly processesBytes: number
  /** Of these, what is in use, garbage included; code is not in it. */
  readonly processesUsedBytes: number
  /** All but `processesBytes`. */
  readonly systemBytes: number
  /** Typed arrays and buffers of the schedulers, beside their heaps. */
  readonly binaryBytes: number
  /** Compiled code in the heaps of the schedulers. */
  readonly codeBytes: number
  /** What all threads share: rings, process table, name table, control words; as reserved, touched or not. */
  readonly sharedBytes: number
  /** The heap of the host's thread, where it is none of the schedulers, as reserved. */
  readonly hostBytes: number
  /** Schedulers that did not answer: stuck, or down. What they hold is missing above, but not in `totalBytes`. */
  readonly unanswered: readonly number[]
}

/** What `vm.statistics(item)` gives, by item. */
export interface StatisticsItems {
  /** Processes that could run and do not, on all schedulers. */
  run_queue: number
  /** The same, scheduler by scheduler. */
  run_queue_lengths: readonly number[]
  total_run_queue_lengths: number
  /** Reductions since the VM started, and since this was last asked. */
  reductions: { readonly total: number; readonly sinceLastCall: number }
  /** Turns of processes, on all schedulers. */
  context_switches: number
  /** Collections of garbage on all schedulers and the ms they took, from the first time that this is asked. */
  garbage_collection: { readonly count: number; readonly ms: number }
  /** CPU time of the OS process in ms, all threads and the pool included. */
  runtime: { readonly totalMs: number; readonly sinceLastCallMs: number }
  /** ms since the VM started, by the system's clock. */
  wall_clock: { readonly totalMs: number; readonly sinceLastCallMs: number }
  scheduler_wall_time: readonly SchedulerWallTime[]
}

const TIMEOUT_MS = 1_000

export interface MeasureOptions {
  /** How long to wait for the schedulers' answers; default 1,000. */
  readonly timeoutMs?: number
}

/**
 * How busy each scheduler was between two samples; one that was replaced in between, since then. In the order of the
 * second. Source: `recon:scheduler_usage_diff/2`.
 * @example const usage = schedulerUsageDiff(before, vm.statistics('scheduler_wall_time'))
 */
export function schedulerUsageDiff(
  before: readonly SchedulerWallTime[],
  after: readonly SchedulerWallTime[],
): SchedulerUsage[] {
  return after.map(({ scheduler, life, activeMs, totalMs }) => {
    const earlier = before.find((one) => one.scheduler === scheduler && one.life === life)
    const active = activeMs - (earlier?.activeMs ?? 0)
    const total = totalMs - (earlier?.totalMs ?? 0)
    return { scheduler, usage: total <= 0 ? 0 : Math.min(1, Math.max(0, active / total)) }
  })
}

/** Where the numbers come from, on the host's side. */
export class Statistics {
  private readonly host: Endpoint
  private readonly crew: Crew | undefined
  private readonly shared: SharedMemory
  private readonly startedMs = systemMs()
  private readonly offsetMs = systemMs() - performance.now()
  private readonly ending = new AbortController()
  private lastReductions = 0
  private lastRuntimeMs = 0
  private lastWallMs = 0

  constructor(host: Endpoint, crew: Crew | undefined, shared: SharedMemory) {
    this.host = host
    this.crew = crew
    this.shared = shared
  }

  /** The VM has stopped: whoever still waits for a number gets this error. */
  stop(error: Error): void {
    this.ending.abort(error)
  }

  /** The endpoints that run processes. */
  private get indexes(): number[] {
    const { endpointCount } = this.host.control
    return this.crew === undefined ? [0] : Array.from({ length: endpointCount - 1 }, (_, index) => index + 1)
  }

  load(index: number): SchedulerLoad {
    const { control } = this.host
    const counters = control.counters(index)
    const { activeMs, totalMs } = this.wallTime(index)
    let ringDepth = 0
    for (let from = 0; from < control.endpointCount; from++)
      if (from !== index) ringDepth += ringDepthBytes(this.shared, from, index)
    return {
      activeMs,
      totalMs,
      utilisation: totalMs <= 0 ? 0 : Math.min(1, activeMs / totalMs),
      eventLoopUtilisation: this.eventLoop(index)?.utilization ?? 0,
      contextSwitchCount: counters.stepCount,
      ringDepthBytes: ringDepth,
      heldCount: counters.heldCount,
      migrationCount: counters.movedInCount,
      stealCount: counters.stealCount,
    }
  }

  /** A recent value; never less than 0, nor more active than it is old. */
  wallTime(index: number): SchedulerWallTime {
    const { control, clock } = this.host
    const counters = control.counters(index)
    const life = control.epoch(index)
    const { startedMs, sliceStartMs } = counters
    // Between a worker's death and the start of the next.
    if (startedMs === 0) return { scheduler: index, life, activeMs: 0, totalMs: 0 }
    // One look at the clock for both: this thread may be put aside between two.
    const now = performance.now()
    const totalMs = Math.max(0, now + this.offsetMs - startedMs)
    const runningMs = sliceStartMs === 0 || clock.isManual ? 0 : Math.max(0, clock.at(now) - sliceStartMs)
    return { scheduler: index, life, activeMs: Math.min(totalMs, counters.activeMs + runningMs), totalMs }
  }

  wallTimes(): SchedulerWallTime[] {
    return this.indexes.map((index) => this.wallTime(index))
  }

  /** Rejects with HeddleError ERR_BAD_ARGUMENT. */
  async usage(windowMs: number): Promise<SchedulerUsage[]> {
    if (!Number.isInteger(windowMs) || windowMs < 1 || windowMs >= 2 ** 31)
      throw new HeddleError(
        'ERR_BAD_ARGUMENT',
        `a window is a whole number of ms from 1, not ${String(windowMs)}`,
      )
    const before = this.wallTimes()
    const { signal } = this.ending
    await sleep(windowMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    return schedulerUsageDiff(before, this.wallTimes())
  }

  private eventLoop(index: number): EventLoopUtilization | undefined {
    return index === 0 ? performance.eventLoopUtilization() : this.crew?.eventLoop(index)
  }

  /** What each scheduler itself says, in the order of `indexes`; `undefined` where it does not. */
  async measure(
    timeoutMs = TIMEOUT_MS,
  ): Promise<{ readonly index: number; readonly own: ThreadMeasured | undefined }[]> {
    const measured = await Promise.all(
      this.indexes.map(async (index) => {
        const own = index === 0 ? this.host.gauge.measure() : this.crew?.measure(index, timeoutMs)
        return { index, own: await own }
      }),
    )
    this.ending.signal.throwIfAborted()
    return measured
  }

  async memory(timeoutMs = TIMEOUT_MS): Promise<MemoryInfo> {
    const measured = await this.measure(timeoutMs)
    const host = this.crew === undefined ? undefined : await this.host.gauge.measure()
    const sum = (of: (own: ThreadMeasured) => number): number =>
      measured.reduce((total, { own }) => total + (own === undefined ? 0 : of(own)), 0)
    const totalBytes = process.memoryUsage.rss()
    const processesBytes = sum((own) => own.heapTotalBytes)
    const { control, slots, names, rings } = this.shared
    return {
      totalBytes,
      processesBytes,
      processesUsedBytes: sum((own) => own.heapUsedBytes - own.codeBytes),
      systemBytes: Math.max(0, totalBytes - processesBytes),
      binaryBytes: sum((own) => own.arrayBufferBytes),
      codeBytes: sum((own) => own.codeBytes),
      sharedBytes: control.byteLength + slots.byteLength + names.byteLength + rings.byteLength,
      hostBytes: host?.heapTotalBytes ?? 0,
      unanswered: measured.filter(({ own }) => own === undefined).map(({ index }) => index),
    }
  }

  /** @throws HeddleError ERR_BAD_ARGUMENT */
  item<Item extends keyof StatisticsItems>(item: Item): StatisticsItems[Item] {
    const take = Object.hasOwn(this.items, item) ? this.items[item] : undefined
    if (take === undefined)
      throw new HeddleError('ERR_BAD_ARGUMENT', `statistics() knows no item '${String(item)}'`)
    return take()
  }

  private readonly items: { readonly [Item in keyof StatisticsItems]: () => StatisticsItems[Item] } = {
    run_queue: () => this.sum((counters) => counters.runQueueLength),
    run_queue_lengths: () => this.indexes.map((index) => this.host.control.counters(index).runQueueLength),
    total_run_queue_lengths: () => this.sum((counters) => counters.runQueueLength),
    reductions: () => {
      const total = this.sum((counters) => counters.reductions)
      const sinceLastCall = Math.max(0, total - this.lastReductions)
      this.lastReductions = total
      return { total, sinceLastCall }
    },
    context_switches: () => this.sum((counters) => counters.stepCount),
    garbage_collection: () => {
      this.host.gauge.watch()
      this.crew?.watch()
      return { count: this.sum((counters) => counters.gcCount), ms: this.sum((counters) => counters.gcMs) }
    },
    runtime: () => {
      const { user, system } = process.cpuUsage()
      const totalMs = (user + system) / 1_000
      const sinceLastCallMs = totalMs - this.lastRuntimeMs
      this.lastRuntimeMs = totalMs
      return { totalMs, sinceLastCallMs }
    },
    wall_clock: () => {
      const totalMs = systemMs() - this.startedMs
      const sinceLastCallMs = totalMs - this.lastWallMs
      this.lastWallMs = totalMs
      return { totalMs, sinceLastCallMs }
    },
    scheduler_wall_time: () => this.wallTimes(),
  }

  private sum(of: (counters: ReturnType<Endpoint['control']['counters']>) => number): number {
    return this.indexes.reduce((total, index) => total + of(this.host.control.counters(index)), 0)
  }
}

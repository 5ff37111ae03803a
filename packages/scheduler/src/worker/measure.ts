/**
 * What only a thread itself can tell: its heap, what waits in its mailboxes, how late its event loop is. Made for the
 * asking, between two slices, and in small steps: nothing here costs a scheduler more than a fraction of a slice at a
 * time, and what would cost something all the time (a native timer for the delay of the event loop, an observer of
 * collections) begins when somebody has asked for it.
 */

import { type IntervalHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import process from 'node:process'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import type { EndpointCounters } from '../memory/control.ts'
import type { Process } from '../process/process.ts'

/** Lateness of the event loop, in ms, over so many samples; one is taken every 20 ms. */
export interface EventLoopDelay {
  readonly sampleCount: number
  readonly minMs: number
  readonly meanMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** A thread's own account of itself, at one moment. */
export interface ThreadMeasured {
  /** What V8's heap of this thread holds, garbage included: processes' states, mailboxes and stacks, and code. */
  readonly heapUsedBytes: number
  /** What V8 has reserved for it. */
  readonly heapTotalBytes: number
  readonly heapLimitBytes: number
  /** Compiled code, part of the heap. */
  readonly codeBytes: number
  /** Typed arrays and buffers, beside the heap; what threads share is not in it. */
  readonly arrayBufferBytes: number
  /** Messages that wait in the mailboxes of all its processes. */
  readonly mailboxMessageCount: number
  /** Of these, in the fullest one. */
  readonly mailboxMessageCountMax: number
  /** Since the last time somebody asked; `undefined` the first time. */
  readonly eventLoopDelay: EventLoopDelay | undefined
}

/** Processes looked at before the event loop has its turn. */
const PROCESSES_PER_STEP = 2_048
const DELAY_RESOLUTION_MS = 20

export class Gauge {
  private readonly processes: Iterable<Process>
  private readonly counters: EndpointCounters
  private delay: IntervalHistogram | undefined
  private observer: PerformanceObserver | undefined

  constructor(processes: Iterable<Process>, counters: EndpointCounters) {
    this.processes = processes
    this.counters = counters
  }

  /** From now on collections of garbage are counted. */
  watch(): void {
    if (this.observer !== undefined) return
    this.observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.counters.gcCount += 1
        this.counters.gcMs += duration
      }
    })
    this.observer.observe({ entryTypes: ['gc'] })
  }

  stop(): void {
    this.observer?.disconnect()
    this.delay?.disable()
  }

  async measure(): Promise<ThreadMeasured> {
    const eventLoopDelay = this.takeDelay()
    const mailboxes = await this.countMailboxes()
    const heap = getHeapStatistics()
    let codeBytes = 0
    for (const { space_name: name, space_used_size: bytes } of getHeapSpaceStatistics())
      if (name.startsWith('code_')) codeBytes += bytes
    return {
      heapUsedBytes: heap.used_heap_size,
      heapTotalBytes: heap.total_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      codeBytes,
      arrayBufferBytes: process.memoryUsage().arrayBuffers,
      ...mailboxes,
      eventLoopDelay,
    }
  }

  private takeDelay(): EventLoopDelay | undefined {
    const { delay } = this
    if (delay === undefined) {
      this.delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
      this.delay.enable()
      return undefined
    }
    // Its samples are the whole intervals, in ns.
    const late = (ns: number): number => Math.max(0, ns / 1e6 - DELAY_RESOLUTION_MS)
    const { count, min, mean, max } = delay
    // Too soon: it goes on counting, or whoever asks often would never hear of anything.
    if (count === 0) return { sampleCount: 0, minMs: 0, meanMs: 0, p99Ms: 0, maxMs: 0 }
    const p99Ms = late(delay.percentile(99))
    delay.reset()
    return { sampleCount: count, minMs: late(min), meanMs: late(mean), p99Ms, maxMs: late(max) }
  }

  /** Step by step, so what it comes to is of no single moment. */
  private async countMailboxes(): Promise<{ mailboxMessageCount: number; mailboxMessageCountMax: number }> {
    let sum = 0
    let max = 0
    let looked = 0
    for (const { mailbox } of this.processes) {
      sum += mailbox.length
      max = Math.max(max, mailbox.length)
      looked += 1
      if (looked % PROCESSES_PER_STEP === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return { mailboxMessageCount: sum, mailboxMessageCountMax: max }
  }
}

// What the watch does at which fill of the heap, with collections and sizes made up by the test.

import { expect, test } from 'vitest'
import type { Kernel } from '../kernel/kernel.ts'
import type { SchedulerHeapReport } from '../kernel/report.ts'
import { HeapWatch } from './heap-watch.ts'

const MB = 2 ** 20
const LIMIT = 100 * MB

/** As much of a kernel as a heap without processes needs. */
class Stage {
  readonly reports: SchedulerHeapReport[] = []
  readonly ends: string[] = []
  readonly counters = { heapUsedBytes: 0, heapLimitBytes: 0 }
  private used = 0
  private collected: () => void = () => {}
  readonly watch: HeapWatch

  constructor() {
    const kernel = {
      endpoint: 3,
      table: [],
      counters: this.counters,
      report: (report: SchedulerHeapReport) => this.reports.push(report),
    }
    this.watch = new HeapWatch({
      kernel: kernel as unknown as Kernel,
      limitBytes: LIMIT,
      end: (why) => this.ends.push(why),
      usedBytes: () => this.used,
      onCollection: (callback) => {
        this.collected = callback
      },
    })
  }

  /** So many MB are alive after each collection. */
  alive(...amounts: number[]): string[] {
    this.reports.length = 0
    for (const amount of amounts) {
      this.used = amount * MB
      this.collected()
    }
    return this.reports.map(({ outcome }) => outcome)
  }
}

test('below three quarters nothing is said, whatever comes and goes', () => {
  expect(new Stage().alive(10, 49, 51, 74, 40, 74, 74)).toEqual([])
})

test('above them it is said once that nobody can be blamed, and once more when there was room meanwhile', () => {
  const stage = new Stage()
  expect(stage.alive(76, 77, 78, 79)).toEqual(['nobody_blamed'])
  expect(stage.alive(76, 45, 76)).toEqual(['nobody_blamed'])
  expect(stage.ends).toEqual([])
})

test('twice above four fifths, and rising, the scheduler ends; standing still it does not', () => {
  const stage = new Stage()
  expect(stage.alive(81, 81, 80, 79, 82)).toEqual(['nobody_blamed'])
  expect(stage.ends).toEqual([])
  expect(stage.alive(83)).toEqual(['scheduler_replaced'])
  expect(stage.ends).toEqual(['its heap was nearly full'])
})

test('counters say what is used and what the limit is', () => {
  const stage = new Stage()
  expect(stage.counters.heapLimitBytes).toBe(LIMIT)
  stage.alive(12)
  expect(stage.counters.heapUsedBytes).toBe(12 * MB)
  stage.watch.look(1_000)
  expect(stage.counters.heapUsedBytes).toBe(12 * MB)
})

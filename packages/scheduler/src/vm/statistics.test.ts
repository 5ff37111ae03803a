import { describe, expect, test } from 'vitest'
import { type SchedulerWallTime, schedulerUsageDiff } from './statistics.ts'

const sample = (scheduler: number, life: number, activeMs: number, totalMs: number): SchedulerWallTime => ({
  scheduler,
  life,
  activeMs,
  totalMs,
})

describe('how busy a scheduler was between two samples', () => {
  test('is the share of the time between them in which it was active', () => {
    const before = [sample(1, 0, 100, 1_000), sample(2, 0, 0, 1_000)]
    const after = [sample(2, 0, 0, 1_400), sample(1, 0, 200, 1_400)]
    expect(schedulerUsageDiff(before, after)).toEqual([
      { scheduler: 2, usage: 0 },
      { scheduler: 1, usage: 0.25 },
    ])
  })

  test('counts from its start, if it was replaced in between', () => {
    expect(schedulerUsageDiff([sample(1, 0, 900, 1_000)], [sample(1, 1, 5, 10)])).toEqual([
      { scheduler: 1, usage: 0.5 },
    ])
  })

  test('is between 0 and 1, also where nothing was measured', () => {
    const same = [sample(1, 0, 10, 10)]
    expect(schedulerUsageDiff(same, same)).toEqual([{ scheduler: 1, usage: 0 }])
    expect(schedulerUsageDiff([sample(1, 0, 10, 10)], [sample(1, 0, 13, 12)])).toEqual([
      { scheduler: 1, usage: 1 },
    ])
  })
})

import { expect, test } from 'vitest'
import { RestartWindow } from './restarts.ts'

test('so many deaths in a period are made good for, one more is too many', () => {
  const window = new RestartWindow({ intensity: 2, periodMs: 1_000 })
  expect([0, 10, 900].map((ms) => window.isTooMany(ms))).toEqual([false, false, true])
  expect(window.deathCount).toBe(3)
})

test('what is longer ago than the period does not count', () => {
  const window = new RestartWindow({ intensity: 1, periodMs: 1_000 })
  expect([0, 1_001, 2_002, 3_002].map((ms) => window.isTooMany(ms))).toEqual([false, false, false, true])
})

test('with intensity 0 the first is too many, without a bound none is', () => {
  expect(new RestartWindow({ intensity: 0, periodMs: 1 }).isTooMany(5)).toBe(true)
  const free = new RestartWindow({ intensity: Infinity, periodMs: 1_000_000 })
  expect(Array.from({ length: 1_000 }, (_, ms) => free.isTooMany(ms))).not.toContain(true)
})

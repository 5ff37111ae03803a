import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRestart } from './intensity.ts'

test('intensity n allows n restarts within the period, and one more exceeds it', () => {
  const limits = { intensity: 2, periodMs: 1_000 }
  const one = addRestart([], 0, limits)
  const two = addRestart(one.restarts, 500, limits)
  const three = addRestart(two.restarts, 900, limits)
  expect([one, two, three].map(({ isExceeded }) => isExceeded)).toEqual([false, false, true])
})

test('the window slides: what is older than the period is forgotten', () => {
  const limits = { intensity: 1, periodMs: 1_000 }
  expect(addRestart([0], 1_000, limits).isExceeded).toBe(true)
  expect(addRestart([0], 1_001, limits)).toEqual({ restarts: [1_001], isExceeded: false })
})

test('intensity 0 allows none', () => {
  expect(addRestart([], 0, { intensity: 0, periodMs: 1_000 }).isExceeded).toBe(true)
})

test('it is exceeded exactly when more than intensity lie in the window that ends now', () => {
  const gaps = fc.array(fc.nat(700), { maxLength: 30 })
  fc.assert(
    fc.property(gaps, fc.nat(5), (steps, intensity) => {
      const limits = { intensity, periodMs: 1_000 }
      const times: number[] = []
      let restarts: readonly number[] = []
      for (const gap of steps) {
        const now = (times.at(-1) ?? 0) + gap
        times.push(now)
        const result = addRestart(restarts, now, limits)
        restarts = result.restarts
        const inWindow = times.filter((time) => now - time <= limits.periodMs).length
        expect(result.isExceeded).toBe(inWindow > intensity)
      }
    }),
  )
})

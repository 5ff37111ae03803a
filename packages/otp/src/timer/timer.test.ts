// What of the module needs no timer.

import type { Self } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import * as timer from './timer.ts'

test('what something took: a function, a promise, steps', async () => {
  let nowMs = 5
  const self = { nowMs: () => nowMs } as Self
  const work = () => {
    nowMs += 1.5
    return 'worked'
  }
  expect(timer.tc(self, work)).toEqual({ micros: 1_500, value: 'worked' })
  expect(await timer.tc(self, async () => work())).toEqual({ micros: 1_500, value: 'worked' })
  // biome-ignore lint/correctness/useYield: steps that do not wait are steps all the same.
  const steps = timer.tc(self, function* () {
    return work()
  })
  expect(steps.next()).toEqual({ done: true, value: { micros: 1_500, value: 'worked' } })
  const fail = () => {
    throw new RangeError('no')
  }
  expect(() => timer.tc(self, fail)).toThrow(RangeError)
  await expect(timer.tc(self, async () => fail())).rejects.toThrow(RangeError)
})

test('hours, minutes and seconds are ms', () => {
  expect(timer.hms(1, 2, 3)).toBe(3_723_000)
  expect([timer.hours(2), timer.minutes(2), timer.seconds(2)]).toEqual([7_200_000, 120_000, 2_000])
})

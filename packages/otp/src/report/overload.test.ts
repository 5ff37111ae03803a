// A handler's overload protection decides by what waits, loses nothing from its counts, and comes back when it is over.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  arrive,
  checkLimits,
  KILL_DEFAULTS,
  newLoad,
  OVERLOAD_DEFAULTS,
  type OverloadLimits,
  taken,
  untold,
  type Verdict,
} from './overload.ts'

const limits: OverloadLimits = { ...OVERLOAD_DEFAULTS, burst: false }

function arriveMany(count: number, within: OverloadLimits) {
  const load = newLoad(0)
  const verdicts = Array.from({ length: count }, () => arrive(load, within, 0))
  return { load, verdicts }
}

const countOf = (verdicts: readonly Verdict[], which: Verdict): number =>
  verdicts.filter((it) => it === which).length

describe('by default', () => {
  test('10 that wait mean sync, 200 drop, and with 1,000 all are thrown away', () => {
    expect(arriveMany(10, limits).load.mode).toBe('async')
    expect(arriveMany(11, limits).load.mode).toBe('sync')
    expect(arriveMany(200, limits).load).toMatchObject({ mode: 'sync', accepted: 200, dropped: 0 })
    expect(arriveMany(201, limits).load).toMatchObject({ mode: 'drop', accepted: 200, dropped: 1 })
    const { load, verdicts } = arriveMany(1_001, limits)
    expect(verdicts.at(-1)).toBe('flush')
    expect(load).toMatchObject({ mode: 'async', waiting: 0, flushed: 1_001, dropped: 0 })
  })

  test('500 in a second are a burst, and the next second is another', () => {
    const load = newLoad(0)
    const verdicts: Verdict[] = []
    const burst = (nowMs: number): void => {
      for (let n = 0; n < 600; n++) {
        verdicts.push(arrive(load, OVERLOAD_DEFAULTS, nowMs))
        taken(load, OVERLOAD_DEFAULTS, load.waiting)
      }
    }
    burst(5)
    expect(countOf(verdicts, 'accept')).toBe(500)
    burst(999)
    expect(countOf(verdicts, 'accept')).toBe(500)
    burst(1_000)
    expect(countOf(verdicts, 'accept')).toBe(1_000)
    expect(untold(load)).toEqual({ dropped: 0, burst: 800 })
    expect(untold(load)).toEqual({ dropped: 0, burst: 0 })
  })

  test('too many end the handler, if that is switched on, before they are thrown away', () => {
    const kill = { ...KILL_DEFAULTS, queueLength: 300 }
    expect(arriveMany(301, { ...limits, kill }).verdicts.at(-1)).toBe('kill')
  })
})

test('every event is accepted, dropped, flushed, or beyond a burst, and counted so', () => {
  const steps = fc.array(fc.oneof(fc.constant('come' as const), fc.integer({ min: 1, max: 30 })), {
    maxLength: 400,
  })
  const small: OverloadLimits = {
    syncQueueLength: 3,
    dropQueueLength: 8,
    flushQueueLength: 20,
    burst: { countMax: 50, windowMs: 10 },
    kill: false,
  }
  fc.assert(
    fc.property(steps, (all) => {
      const load = newLoad(0)
      let come = 0
      let written = 0
      for (const [nowMs, step] of all.entries()) {
        if (step === 'come') {
          come += 1
          arrive(load, small, nowMs)
        } else {
          const count = Math.min(step, load.waiting)
          written += count
          taken(load, small, count)
          expect(load.mode).not.toBe(load.waiting === 0 ? 'drop' : undefined)
        }
        expect(load.waiting).toBeLessThanOrEqual(small.dropQueueLength)
        expect(load.dropped).toBeGreaterThanOrEqual(0)
        expect(written + load.waiting + load.dropped + load.flushed + load.burst).toBe(come)
      }
    }),
  )
})

test('limits that make no sense are refused, in words', () => {
  expect(checkLimits({})).toBeUndefined()
  expect(checkLimits({ burst: false, kill: KILL_DEFAULTS })).toBeUndefined()
  expect(checkLimits({ syncQueueLength: -1 })).toEqual(['invalid_olp_config', ['syncQueueLength', -1]])
  expect(checkLimits({ colour: 1 })).toEqual(['invalid_olp_config', ['colour', 1]])
  expect(checkLimits({ syncQueueLength: 300 })).toMatchObject([
    'invalid_olp_levels',
    { dropQueueLength: 200 },
  ])
})

import { describe, expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { dirtyFunction } from '../process/dirty.ts'
import { tag } from '../process/match.ts'
import { done } from '../process/turn.ts'
import type { Pid } from '../term/pid.ts'
import { simulate } from './simulate.ts'

const double = dirtyFunction(import.meta.url, 'double', (n: number) => {
  if (n < 0) throw new RangeError(`${n} is negative`)
  return { n: 2 * n }
})

interface Order {
  readonly to: Pid
  readonly n: number
}

const worker = process(import.meta.url, 'worker', {
  init: (order: Order) => order,
  *run({ to, n }, self) {
    try {
      self.send(to, { type: 'result', n, value: yield* self.dirty(double, n) })
    } catch (error) {
      self.send(to, { type: 'result', n, value: String(error) })
    }
    return done()
  },
})

describe('in a simulation, dirty functions run in its one thread', () => {
  test('and come to the same as in a pool', async () => {
    const { value, reports } = await simulate({ seed: 1, schedulers: 2 }, function* (self) {
      const results = new Map<number, unknown>()
      for (const n of [1, 2, -3]) self.spawn(worker, { to: self.pid, n })
      while (results.size < 3) {
        const { n, value } = yield* self.receive(tag<{ type: 'result'; n: number; value: unknown }>('result'))
        results.set(n, value)
      }
      return { results, own: yield* self.dirty(double, 21) }
    })
    expect(value?.own).toEqual({ n: 42 })
    const expected = [
      [1, { n: 2 }],
      [2, { n: 4 }],
      [-3, 'RangeError: -3 is negative'],
    ]
    expect([...(value?.results ?? [])].sort()).toEqual([...expected].sort())
    expect(reports).toEqual([])
  })

  test('whoever asks and dies leaves nothing behind, and a seed runs the same way again', async () => {
    for (const seed of [3, 4, 5, 6]) {
      const run = () =>
        simulate({ seed, schedulers: 3, faults: { deathsPerSecond: 200 } }, function* (self, simulation) {
          for (let n = 0; n < 40; n++) {
            const pid = self.spawn(worker, { to: self.pid, n })
            if (simulation.random() < 0.3) self.exit(pid, 'kill')
          }
          yield* simulation.settled()
        })
      const [first, again] = [await run(), await run()]
      expect(first.traceHash).toBe(again.traceHash)
      expect(first.violations).toEqual([])
      expect(first.signalCount).toBeGreaterThan(80)
    }
  })

  test('one that no module of this thread has defined is unknown', async () => {
    const { value } = await simulate({ seed: 2 }, function* (self) {
      try {
        return yield* self.dirty({ $dirty: { url: import.meta.url, name: 'nothing' } }, 1)
      } catch (error) {
        return (error as { code?: string }).code
      }
    })
    expect(value).toBe('ERR_UNKNOWN_DEFINITION')
  })
})

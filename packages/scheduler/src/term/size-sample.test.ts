import { describe, expect, test } from 'vitest'
import { estimateBytes } from './size.ts'
import { sampleBytes } from './size-sample.ts'

const STEPS = 2_000
const sampled = (value: unknown) => sampleBytes([{ value, weight: 1 }], STEPS)
const item = (n: number) => ({ n, text: `item ${n}`, more: [n, n, n] })
const items = Array.from({ length: 20_000 }, (_, n) => item(n))

describe('an estimate by samples', () => {
  test.each([
    ['an array', items],
    ['a Map', new Map(items.map((it) => [it.n, it]))],
    ['a Set', new Set(items)],
    ['an object with many keys', Object.fromEntries(items.map((it) => [it.text, it]))],
    ['arrays of arrays', Array.from({ length: 200 }, (_, n) => items.slice(n * 100, n * 100 + 100))],
    ['something in something', { state: { queue: { waiting: items }, count: 3 } }],
  ])('of %s is good to a factor of two, and looks at few', (_, value) => {
    const exact = estimateBytes([value], Infinity).bytes
    const { bytes, stepCount } = sampled(value)
    expect(bytes / exact).toBeGreaterThan(0.5)
    expect(bytes / exact).toBeLessThan(2)
    expect(stepCount).toBeLessThanOrEqual(STEPS)
  })

  test('takes no more steps than it may, and what it did not see for as large as what it saw', () => {
    const nested = Array.from({ length: 24 }, () => Array.from({ length: 24 }, () => items.slice(0, 24)))
    const { bytes, stepCount } = sampleBytes([{ value: nested, weight: 1 }], 100)
    expect(stepCount).toBe(100)
    expect(bytes).toBeGreaterThan(sampleBytes([{ value: nested[0], weight: 1 }], 100).bytes)
  })

  test('of a root that stands for others counts for them', () => {
    const one = sampled(item(1)).bytes
    expect(sampleBytes([{ value: item(1), weight: 1_000 }], STEPS).bytes).toBeCloseTo(1_000 * one)
  })

  test('leaves out what is not in V8’s heap, counts what is shared once, and ends in a circle', () => {
    expect(sampled(new Uint8Array(1e6)).bytes).toBeLessThan(100)
    const shared = item(1)
    expect(sampled([shared, shared]).bytes).toBeLessThan(2 * sampled([shared]).bytes)
    const circle: unknown[] = []
    circle.push(circle)
    expect(sampled(circle).stepCount).toBe(1)
  })

  test('runs no code of what it looks at', () => {
    const thrower = (): never => {
      throw new Error('looked at')
    }
    class Evil extends Map<number, number> {
      override [Symbol.iterator] = thrower
      override entries = thrower
      override get size(): never {
        return thrower()
      }
    }
    const values = [
      new Evil([[1, 2]]),
      {
        get field(): never {
          return thrower()
        },
      },
      Object.defineProperty([], 0, { get: thrower }),
      new Proxy({}, { ownKeys: thrower, get: thrower, getOwnPropertyDescriptor: thrower }),
    ]
    for (const value of values) expect(() => sampled({ value })).not.toThrow()
  })
})

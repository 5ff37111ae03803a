import { describe, expect, test } from 'vitest'
import { estimateBytes } from './size.ts'

const ENOUGH = 2 ** 30

describe('an estimate', () => {
  test('grows with what there is, and counts what is shared once', () => {
    const item = { text: 'x'.repeat(1_000) }
    const one = estimateBytes([[item]], ENOUGH).bytes
    expect(one).toBeGreaterThan(1_000)
    expect(estimateBytes([[item, item]], ENOUGH).bytes).toBeLessThan(one + 100)
    expect(estimateBytes([[item, { ...item, text: 'y'.repeat(1_000) }]], ENOUGH).bytes).toBeGreaterThan(2_000)
    expect(estimateBytes([new Map([['key', item]]), new Set([item])], ENOUGH).bytes).toBeGreaterThan(one)
    expect(estimateBytes([new Uint8Array(5_000), new ArrayBuffer(5_000)], ENOUGH).bytes).toBeGreaterThan(
      10_000,
    )
  })

  test('stops where it is known to be too much', () => {
    const large = Array.from({ length: 100_000 }, () => ({}))
    expect(estimateBytes([large], 1_000).stepCount).toBe(1)
    const list = large.slice(0, 1_000).map((each) => [each])
    const { bytes, stepCount } = estimateBytes(list, 1_000)
    expect(bytes).toBeGreaterThan(1_000)
    expect(stepCount).toBeLessThan(100)
  })

  test('does not walk an array that is long by its length alone', () => {
    const sparse: number[] = []
    sparse[2 ** 32 - 2] = 1
    expect(estimateBytes([{ sparse }], ENOUGH).bytes).toBeGreaterThan(ENOUGH)
  })

  test('runs no code of what it looks at', () => {
    const thrower = (): never => {
      throw new Error('looked at')
    }
    class Evil extends Map<number, number> {
      override [Symbol.iterator] = thrower
      override forEach = thrower
      override get size(): never {
        return thrower()
      }
    }
    const gone = Proxy.revocable({}, {})
    gone.revoke()
    const values = [
      new Evil([[1, 2]]),
      {
        get field(): never {
          return thrower()
        },
      },
      Object.defineProperty([], 0, { get: thrower }),
      gone.proxy,
      new Proxy({}, { ownKeys: thrower, getPrototypeOf: thrower, get: thrower }),
      new Proxy([1, 2], { ownKeys: thrower, get: thrower }),
    ]
    for (const value of values) expect(() => estimateBytes([{ value }], ENOUGH)).not.toThrow()
  })
})

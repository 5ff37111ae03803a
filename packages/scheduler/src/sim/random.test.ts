import { describe, expect, test } from 'vitest'
import { Random } from './random.ts'

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.bits())

describe('a stream of chance', () => {
  test('is the same for the same seed, and another for any other, however close or large', () => {
    const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
    for (const seed of seeds) expect(draw(new Random(seed), 20)).toEqual(draw(new Random(seed), 20))
    const first = seeds.map((seed) => new Random(seed).bits())
    expect(new Set(first).size).toBe(seeds.length)
  })

  test('gives off others that neither shift it nor each other', () => {
    const random = new Random(7)
    const fork = random.fork()
    const rest = draw(random, 10)
    const again = new Random(7)
    draw(again.fork(), 100)
    expect(draw(again, 10)).toEqual(rest)
    expect(draw(fork, 10)).not.toEqual(rest)
  })

  test('stays in its ranges and reaches their ends', () => {
    const random = new Random(3)
    const seen = new Set(Array.from({ length: 1_000 }, () => random.below(5)))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4])
    for (let index = 0; index < 1_000; index++) {
      const value = random.between([2, 3])
      expect(value).toBeGreaterThanOrEqual(2)
      expect(value).toBeLessThan(3)
    }
    expect(random.chance(0)).toBe(false)
    expect(random.chance(1)).toBe(true)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { percentile, summarize } from './statistics.ts'

const series = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 })

describe('a series in three numbers', () => {
  test('an odd count has a middle value, an even one the mean of two', () => {
    expect(summarize([3, 1, 2])).toEqual({ count: 3, min: 1, median: 2, max: 3 })
    expect(summarize([4, 1, 2, 3])).toEqual({ count: 4, min: 1, median: 2.5, max: 4 })
    expect(summarize([7])).toEqual({ count: 1, min: 7, median: 7, max: 7 })
  })

  test('the order of the rounds does not matter, and they keep theirs', () => {
    const values = [10, 9, 100, 1]
    expect(summarize(values)).toEqual(summarize([...values].reverse()))
    expect(values).toEqual([10, 9, 100, 1])
  })

  test('as many values lie above the median as below', () => {
    fc.assert(
      fc.property(series, (values) => {
        const { min, median, max } = summarize(values)
        expect(min <= median && median <= max).toBe(true)
        const below = values.filter((value) => value < median).length
        const above = values.filter((value) => value > median).length
        expect(Math.max(below, above) * 2 <= values.length).toBe(true)
      }),
    )
  })

  test('nothing measured is an error, not a zero', () => {
    expect(() => summarize([])).toThrow(/at least one/)
    expect(() => summarize([1, Number.NaN])).toThrow(/numbers/)
  })
})

describe('a percentile', () => {
  test('is a value that was measured', () => {
    expect(percentile([40, 10, 30, 20], 0.5)).toBe(20)
    expect(percentile([40, 10, 30, 20], 0.51)).toBe(30)
    expect(percentile([40, 10, 30, 20], 0)).toBe(10)
    expect(percentile([40, 10, 30, 20], 1)).toBe(40)
  })

  test('is not exceeded by the share that it names, and is the smallest such value', () => {
    fc.assert(
      fc.property(series, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const value = percentile(values, share)
        expect(values).toContain(value)
        expect(values.filter((each) => each <= value).length).toBeGreaterThanOrEqual(share * values.length)
        const smaller = values.filter((each) => each < value).length
        expect(smaller === 0 || smaller < share * values.length).toBe(true)
      }),
    )
  })

  test('a share is between 0 and 1', () => {
    expect(() => percentile([1], 99)).toThrow(/0 to 1/)
    expect(() => percentile([1], Number.NaN)).toThrow(/0 to 1/)
  })
})

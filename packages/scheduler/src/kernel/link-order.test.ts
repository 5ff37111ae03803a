// Held to what a BEAM (OTP 25, one scheduler) showed when a process with so many linked children was killed.

import { expect, test } from 'vitest'
import { breakingOrder } from './link-order.ts'

const seen: readonly (readonly number[])[] = [
  [1],
  [2, 1],
  [1, 3, 2],
  [1, 4, 3, 2],
  [1, 3, 5, 4, 2],
  [1, 3, 6, 5, 4, 2],
  [1, 3, 5, 7, 6, 4, 2],
  [1, 3, 2, 5, 8, 7, 6, 4],
  [1, 3, 2, 5, 7, 9, 8, 6, 4],
  [1, 3, 2, 5, 7, 10, 9, 8, 6, 4],
  [1, 3, 2, 5, 7, 6, 9, 12, 11, 10, 8, 4],
  [1, 3, 2, 5, 7, 6, 9, 11, 10, 13, 16, 15, 14, 12, 8, 4],
]

test.each(seen.map((order) => [order.length, order] as const))(
  '%d links break as on a BEAM',
  (count, order) => {
    expect(breakingOrder(count).map((position) => position + 1)).toEqual(order)
  },
)

test('no link is forgotten, however many there are', () => {
  expect(breakingOrder(0)).toEqual([])
  expect([...breakingOrder(10_000)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 10_000 }, (_, i) => i),
  )
})

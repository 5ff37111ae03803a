import { expect, test } from 'vitest'
import { formatHeading, formatQuantity, formatRow } from './table.ts'

test('a quantity keeps three significant digits at every scale', () => {
  const shown = [0, 0.0384, 0.9996, 1.2345, 12.345, 123.45, 999.6, 1_000, 12_345, 999_600, 8_123_456, 2e9]
  expect(shown.map(formatQuantity)).toEqual([
    '0',
    '0.038',
    '1.00',
    '1.23',
    '12.3',
    '123',
    '1.00 k',
    '1 k',
    '12.3 k',
    '1.00 M',
    '8.12 M',
    '2 G',
  ])
  expect(formatQuantity(-1_500)).toBe('-1.50 k')
})

test('numbers line up on the right, names on the left, and nothing is cut', () => {
  const columns = [
    { title: 'figure', width: 8 },
    { title: 'value', width: 6, align: 'right' as const },
  ]
  expect(formatHeading(columns)).toBe('figure     value\n--------  ------')
  expect(formatRow(columns, ['ring', '9'])).toBe('ring           9')
  expect(formatRow(columns, ['a_long_figure', '12'])).toBe('a_long_figure      12')
  expect(formatRow(columns, ['ring'])).toBe('ring')
})

// The budget of the types is held: a kind within it passes, one over it fails and says which and by how much.

import { expect, test } from 'vitest'
import { budgets, judge, newMeter } from '../scripts/type-cost.mjs'

const { budget, count } = budgets.machines

test('a cost within its budget is printed with it', () => {
  const { lines, failed } = judge([{ kind: 'machines', cost: { ...budget, types: 5 }, errors: '' }])
  expect(failed).toBe(false)
  expect(lines).toEqual([
    `ok      ${count} machines: 5 types of ${budget.types}`,
    `ok      ${count} machines: ${budget.instantiations} instantiations of ${budget.instantiations}`,
  ])
})

test('a cost above its budget fails, and says by how much and where the budget stands', () => {
  const cost = { ...budget, instantiations: budget.instantiations + 7 }
  const { lines, failed } = judge([{ kind: 'machines', cost, errors: '' }])
  expect(failed).toBe(true)
  expect(lines[1]).toMatch(
    /^FAILED .*machines: \d+ instantiations of \d+: 7 too many; .*scripts\/type-cost\.mjs$/,
  )
})

test('a program that a user should be able to write, and cannot, fails with the errors', () => {
  const cost = { types: 0, instantiations: 0 }
  const { lines, failed } = judge([{ kind: 'servers', cost, errors: 'error TS2322: no' }])
  expect(failed).toBe(true)
  expect(lines[0]).toContain('error TS2322: no')
})

test('the meter counts the same twice, counts more for more, and sees errors', () => {
  const meter = newMeter()
  const first = meter('export const a = { b: 1 }\n')
  expect(first.errors).toBe('')
  expect(meter('export const a = { b: 1 }\n')).toEqual(first)
  expect(meter('export const a = { b: 1 }\nexport const c = { d: [a] }\n').types).toBeGreaterThan(first.types)
  expect(meter(`export const a: number = 'b'\n`).errors).toMatch(/TS2322/)
})

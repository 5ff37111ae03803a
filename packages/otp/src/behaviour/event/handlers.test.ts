// The list of a manager's handlers: who is found, who goes.

import { expect, test } from 'vitest'
import { drop, find, newHandler, supervisedBy, supervisorsOf } from './handlers.ts'

const key = (name: string, mark?: string | number | { $pid: number }) => ({ url: 'file:///m.js', name, mark })
const one = { $pid: 1 }
const two = { $pid: 2 }

test('a handler is found by its module, its name and its mark', () => {
  const list = [newHandler(key('a', 'x'), 0), newHandler(key('a'), 1), newHandler(key('b', one), 2)]
  expect(find(list, key('a'))?.state).toBe(1)
  expect(find(list, key('a', 'x'))?.state).toBe(0)
  // Clones of a pid are equal, not identical.
  expect(find(list, key('b', { $pid: 1 }))?.state).toBe(2)
  expect(find(list, key('b'))).toBe(undefined)
  expect(find(list, key('a', 'y'))).toBe(undefined)
  expect(find(list, { ...key('a'), url: 'file:///other.js' })).toBe(undefined)
})

test('of two with the same key the newest is found, and only that one goes', () => {
  const list = [newHandler(key('a'), 'new'), newHandler(key('a'), 'old')]
  const found = find(list, key('a'))
  expect(found?.state).toBe('new')
  if (found !== undefined) drop(list, found)
  expect(list.map(({ state }) => state)).toEqual(['old'])
})

test('one that is not in the list does not go', () => {
  const list = [newHandler(key('a'), 0)]
  drop(list, newHandler(key('a'), 0))
  expect(list).toHaveLength(1)
})

test('those that a process supervises are known, and each supervisor once', () => {
  const list = [newHandler(key('a'), 0, one), newHandler(key('b'), 1), newHandler(key('c'), 2, two)]
  list.push(newHandler(key('d'), 3, { $pid: 1 }))
  expect(supervisedBy(list, one).map(({ name }) => name)).toEqual(['a', 'd'])
  expect(supervisorsOf(list).map(({ $pid }) => $pid)).toEqual([1, 2])
})

test('what a handler is travels as plain data, without its code', () => {
  const handler = newHandler(key('a', 7), { total: 1 }, one)
  expect(structuredClone(handler)).toEqual({ ...key('a', 7), state: { total: 1 }, supervisor: one })
})

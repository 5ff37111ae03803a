import { afterEach, expect, test } from 'vitest'
import { claimThread, isSchedulerThread, schedulerThread } from './role.ts'

afterEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for('heddle.schedulerThread'))
})

test('a thread that Heddle did not start is no scheduler, worker or not', () => {
  expect(isSchedulerThread()).toBe(false)
  expect(schedulerThread()).toBeUndefined()
})

test('one copy of the package drives a thread: the first that claims it', () => {
  const first = { holdStart: () => new Promise<never>(() => {}) }
  const second = { holdStart: () => new Promise<never>(() => {}) }
  expect(claimThread(first)).toBe(true)
  expect(claimThread(second)).toBe(false)
  expect(schedulerThread()).toBe(first)
})

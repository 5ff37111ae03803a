import nodeTest from 'node:test'
import * as vitest from 'vitest'
import { expect, test } from 'vitest'
import * as stub from './test-runner-stub.ts'

const stubbed: Record<string, unknown> = stub

test('everything that a test file may import is there', () => {
  const offered = Object.keys(stub)
  const isClass = (name: string): boolean => /^[A-Z]/.test(name)
  expect(Object.keys(vitest).filter((name) => !offered.includes(name) && !isClass(name))).toEqual([])
  const fromNode = [
    'after',
    'afterEach',
    'before',
    'beforeEach',
    'default',
    'describe',
    'it',
    'mock',
    'suite',
    'test',
  ]
  expect(fromNode.filter((name) => !offered.includes(name))).toEqual([])
  expect(nodeTest).toBeTypeOf('function')
})

test('declaring tests does nothing, in whatever style', async () => {
  const { describe, test: declared, it, vi: mocks, expect: expected } = stub as unknown as typeof vitest
  let ran = 0
  const count = (): void => {
    ran++
  }
  describe('a', count)
  describe.each([1, 2])('b', count)
  declared('c', count)
  it.for([1])('d', count)
  declared.extend({ fixture: 1 })('e', count)
  mocks.mock('./module')
  expected.extend({})
  await (mocks.importActual('./module') as unknown)
  expect(ran).toBe(0)
})

test('asserting on a scheduler throws: it would pass unseen', () => {
  const { expect: expected, assert } = stubbed as unknown as typeof vitest
  expect(() => expected(1).toBe(2)).toThrow('not there on a scheduler')
  expect(() => assert(false)).toThrow('not there on a scheduler')
})

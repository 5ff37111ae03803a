import { describe, expect, test } from 'vitest'
import { copy } from './copy.ts'
import { immutable } from './immutable.ts'
import { PidTerm } from './pid.ts'

describe('immutable', () => {
  test('freezes plain data all the way down, cycles too, and returns it', () => {
    const value: Record<string, unknown> = { list: [{ n: 1 }], pid: new PidTerm(1), text: 'x', none: null }
    value.self = value
    expect(immutable(value)).toBe(value)
    const { list } = value as { list: [{ n: number }] }
    expect([value, list, list[0], value.pid].every(Object.isFrozen)).toBe(true)
    expect(copy(list)).toBe(list)
  })

  test('primitives are immutable as they are', () => {
    expect([immutable(1), immutable('x'), immutable(null), immutable(undefined)]).toEqual([
      1,
      'x',
      null,
      undefined,
    ])
  })

  test('immutable parts may be built into larger ones', () => {
    const part = immutable({ n: 1 })
    const whole = immutable({ part })
    expect(copy(whole).part).toBe(part)
  })

  test('a frozen value that was not declared so is copied', () => {
    const frozen = Object.freeze({ n: 1 })
    expect(copy(frozen)).not.toBe(frozen)
  })

  class Point {
    x = 1
  }

  test.each<[string, unknown, string]>([
    ['functions', { f: () => 1 }, 'value["f"] is a function'],
    ['symbols', [Symbol('s')], 'value["0"] is a symbol'],
    ['typed arrays', { bytes: new Uint8Array(1) }, 'value["bytes"] is not a plain object or array'],
    ['Maps', new Map(), 'value is not a plain object or array'],
    ['Dates', new Date(0), 'value is not a plain object or array'],
    ['instances of classes', new Point(), 'value is not a plain object or array'],
    ['objects without a prototype', Object.create(null), 'value is not a plain object or array'],
    ['proxies', new Proxy({}, {}), 'value is not a plain object or array'],
    ['arrays of a subclass', new (class extends Array {})(), 'value is not a plain object or array'],
    ['symbol keys', { [Symbol('s')]: 1 }, 'value has the property Symbol(s)'],
    ['hidden properties', Object.defineProperty({}, 'h', { value: 1 }), 'value has the property h'],
    ['getters', { get g() { return 1 } }, 'value has the property g'], // biome-ignore format: a table
  ])('refuses %s, and then freezes nothing', (_, content, words) => {
    const outer = { first: {}, content }
    const error = expect.objectContaining({
      code: 'ERR_UNCLONABLE',
      message: expect.stringContaining(words.replace('value', 'value["content"]')),
    })
    expect(() => immutable(outer)).toThrow(error)
    expect([outer, outer.first].some(Object.isFrozen)).toBe(false)
    expect(copy(outer.first)).not.toBe(outer.first)
  })
})

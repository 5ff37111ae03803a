// Terms keep their kinds while they travel, and observations have one form only.

import { describe, expect, test } from 'vitest'
import {
  canonical,
  type Json,
  type Labels,
  labelsIn,
  type Part,
  resolve,
  sorted,
  toJson,
  toTuple,
  toValue,
} from '#fixtures/differential/terms'

const labels: Labels = {
  ofPid: ({ $pid }) => `p${$pid}`,
  ofRef: ({ $ref }) => `m${$ref}`,
  ofName: (atom) => atom.replace(/^~/, ''),
}
const lookup = {
  pid: (label: string) => ({ $pid: Number(label.slice(1)) }),
  ref: (label: string) => ({ $ref: Number(label.slice(1)), $of: 1 }),
  name: (name: string) => `~${name}`,
}

const there = (json: unknown): unknown => toValue(resolve(json as Part, lookup))
const back = (json: unknown): Json => toJson(structuredClone(there(json)), labels)

describe('terms', () => {
  test.each<[unknown]>([
    ['abc'],
    [true],
    [-3],
    [{ f: 1 }],
    [{ f: 1.5 }],
    [{ b: 'abc' }],
    [{ b: '' }],
    [[]],
    [[1, [2]]],
    [{ t: [] }],
    [{ t: ['a', ['b'], { t: [1] }] }],
    [
      {
        m: [
          ['a', { t: [1] }],
          [{ b: 'k' }, []],
        ],
      },
    ],
    [{ t: [{ p: 'p7' }, { r: 'm9' }] }],
    [{ t: ['exc', 1] }],
  ])('%j comes back as it was', (term) => {
    expect(back(term)).toEqual(term)
  })

  test('an atom, a string, a list and a tuple of the same are four values', () => {
    const values = ['a', { b: 'a' }, ['a'], { t: ['a'] }].map((term) => JSON.stringify(there(term)))
    expect(new Set(values).size).toBe(4)
  })

  test('tuples are arrays and atoms strings, as the VM’s own exit reasons are', () => {
    expect(there({ t: ['shutdown', { b: 'x' }] })).toEqual(['shutdown', { binary: 'x' }])
  })

  test('names are unique in a run, and read plainly in observations', () => {
    expect(there({ t: [{ n: 'n1' }] })).toEqual(['~n1'])
    expect(back({ t: [{ n: 'n1' }] })).toEqual({ t: ['n1'] })
  })

  test('the labels of a part are found at any depth', () => {
    const { pids, refs } = labelsIn([
      { p: 'p1' },
      { t: [{ m: [[{ r: 'm1' }, { p: 'self' }]] }] },
      { p: 'x', q: 1 },
    ] as Part)
    expect([...pids, ...refs]).toEqual(['p1', 'self', 'm1'])
  })
})

describe('what the VM says', () => {
  const pid = { $pid: 1 }
  const ref = { $ref: 2, $of: 1 }

  test.each<[unknown, Json]>([
    [{ type: 'EXIT', pid, reason: 'noproc' }, { t: ['EXIT', { p: 'p1' }, 'noproc'] }],
    [
      { type: 'DOWN', ref, pid, reason: ['a', 1] },
      { t: ['DOWN', { r: 'm2' }, 'process', { p: 'p1' }, { t: ['a', 1] }] },
    ],
    [
      { type: 'DOWN', ref, pid, name: '~n1', reason: 'x' },
      { t: ['DOWN', { r: 'm2' }, 'process', { t: ['n1', '$node'] }, 'x'] },
    ],
    [{ type: 'timeout', ref, message: { list: [1] } }, { t: ['timeout', { r: 'm2' }, [1]] }],
  ])('the message %j is a tuple', (message, tuple) => {
    expect(toJson(toTuple(message), labels)).toEqual(tuple)
  })

  test.each<[string, unknown, Json]>([
    [
      'an error',
      { error: 'Raised', message: '', stack: 'at x', fields: { term: 'oops' } },
      { t: ['oops', '$stack'] },
    ],
    ['a throw', [['nocatch', 'ball'], 'Error\n at x'], { t: [{ t: ['nocatch', 'ball'] }, '$stack'] }],
    [
      'a failed call',
      ['noproc', ['gen_server', 'call', ['s', 1]]],
      { t: ['noproc', { t: ['gen_server', 'call', '$args'] }] },
    ],
    ['a child', ['x', { id: 'c', start: {}, restart: 'permanent', shutdown: 1 }], { t: ['x', '$child'] }],
    ['a bug', { error: 'TypeError', message: 'no', stack: 's' }, { t: [{ '?': 'TypeError: no' }, '$stack'] }],
    ['nonsense', { some: 1 }, { '?': '{"some":1}' }],
    ['no value', undefined, { '?': 'undefined' }],
  ])('%s', (_name, reason, json) => {
    expect(toJson(reason, labels)).toEqual(json)
  })
})

describe('canonical JSON', () => {
  test('no white space, keys in byte order, floats with a fraction', () => {
    expect(canonical({ b: [1, { z: true, a: 'x y' }], a: { f: 2 } })).toBe(
      '{"a":{"f":2.0},"b":[1,{"a":"x y","z":true}]}',
    )
    expect(canonical({ f: 0.5 })).toBe('{"f":0.5}')
  })

  test('sorts bytewise, by a key if one is given, and keeps equal ones in order', () => {
    expect(sorted(['b', 10, 9, { t: [] }, 'B', [1]])).toEqual(['B', 'b', 10, 9, [1], { t: [] }])
    expect(sorted([{ f: 1.5 }, { f: 1 }])).toEqual([{ f: 1 }, { f: 1.5 }])
    expect(
      sorted(
        [
          [2, 'a'],
          [1, 'b'],
          [2, 'c'],
          [1, 'a'],
        ],
        (pair) => (pair as Json[])[0] as Json,
      ),
    ).toEqual([
      [1, 'b'],
      [1, 'a'],
      [2, 'a'],
      [2, 'c'],
    ])
  })
})

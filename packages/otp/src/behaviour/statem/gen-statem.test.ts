import { HeddleError } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { postpone, replyTo } from './actions.ts'
import { genStatem } from './gen-statem.ts'
import { beginIn, keepStateAndData, nextState } from './next.ts'

const url = import.meta.url

const door = genStatem(url, 'door', {
  init: (code: string) => beginIn('locked', code),
  states: {
    locked: {
      call: { open: (code, key: string) => (key === code ? nextState('open', code) : keepStateAndData()) },
    },
    open: {
      call: { open: () => keepStateAndData(postpone()) },
      cast: { shut: (code) => nextState('locked', code) },
    },
  },
  call: { look: (state, _data, _: void, _self, from) => keepStateAndData(replyTo(from, state)) },
})

describe('a definition', () => {
  test('is its address and the constructors of the messages of all its states', () => {
    expect(door.$).toEqual({ url, name: 'door', behaviour: 'gen_statem' })
    expect(Object.keys(door)).toEqual(['$', 'look', 'open', 'shut'])
  })

  test('makes calls that wait for ever, and casts', () => {
    const call = { $module: 'gen_statem', $timeoutMs: Infinity }
    expect(door.open('123')).toEqual({ $call: 'open', arg: '123', ...call })
    expect(door.shut()).toEqual({ $cast: 'shut', arg: undefined })
  })
})

const wrong: [string, unknown, string][] = [
  ['no object', undefined, 'takes import.meta.url'],
  ['no callbacks', { init: () => 0 }, 'neither states nor callbacks'],
  ['no states', { init: () => 0, states: {} }, 'it has no states'],
  ['no init', { states: { a: {} } }, 'init is not a function'],
  [
    'an unknown callback of a state',
    { init: () => 0, states: { a: { calls: {} } } },
    "state 'a': there is no callback 'calls'",
  ],
  ['an unknown callback', { init: () => 0, info: () => 0, enters: () => 0 }, "there is no callback 'enters'"],
  [
    'a call that is no function',
    { init: () => 0, states: { a: { call: { x: 1 } } } },
    "state 'a': its call 'x' is not a function",
  ],
  [
    'a name for both',
    { init: () => 0, states: { a: { call: { x: () => 0 } }, b: { cast: { x: () => 0 } } } },
    "'x' is both",
  ],
  ['a name with a $', { init: () => 0, cast: { $x: () => 0 } }, "cannot be named '$x'"],
  // biome-ignore lint/suspicious/noThenProperty: that is the mistake.
  ['then', { init: () => 0, cast: { then: () => 0 } }, "cannot be named 'then'"],
]

describe.each(wrong)('a definition with %s', (_what, callbacks, words) => {
  test('is refused, and says why', () => {
    const define = () => genStatem(url, 'bad', callbacks as never)
    expect(define).toThrow(HeddleError)
    expect(define).toThrow(words)
  })
})

test('two definitions of one name are an error, the same one twice is none', () => {
  const init = (_: void) => beginIn('a', 0)
  const define = (callbacks: object) => genStatem(url, 'twice', { init, ...callbacks } as never)
  const same = () => define({ info: () => keepStateAndData() })
  expect(same().$).toEqual(same().$)
  expect(() => define({ states: { a: {} } })).toThrow(/twice/)
})

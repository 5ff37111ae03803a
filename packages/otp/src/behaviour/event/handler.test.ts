// What a definition of a handler refuses, and what names a handler.

import { describe, expect, test } from 'vitest'
import { ok, reply } from '../next.ts'
import { codeAt } from './code.ts'
import { keyOf } from './definition.ts'
import { eventHandler } from './handler.ts'
import { eventManager, handler } from './manager.ts'

const url = import.meta.url
const init = () => ok(0)
const handleEvent = (state: number) => ok(state)

describe('a handler', () => {
  test.each([
    ['no callbacks', undefined],
    ['no init', { handleEvent }],
    ['a callback that is no function', { init, handleEvent, terminate: 'stop' }],
    ['calls that are no object', { init, handleEvent, handleCall: 5 }],
    ['a call that is no function', { init, handleEvent, handleCall: { get: 5 } }],
    [
      'a call that would make it a thenable',
      { init, handleEvent, handleCall: { ['then' as string]: () => reply(0, 0) } },
    ],
    ['a call with a name of the house', { init, handleEvent, handleCall: { $: () => reply(0, 0) } }],
  ])('is refused with %s', (_, callbacks) => {
    expect(() => eventHandler(url, 'refused', callbacks as never)).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' }),
    )
    expect(codeAt({ url, name: 'refused' })).toBe(undefined)
  })

  test('is defined once in its module, unless it is the same code', () => {
    eventHandler(url, 'twice', { init, handleEvent })
    eventHandler(url, 'twice', { init, handleEvent })
    expect(() => eventHandler(url, 'twice', { init, handleEvent: () => ok(5) })).toThrow(
      expect.objectContaining({ code: 'ERR_DUPLICATE_DEFINITION' }),
    )
  })

  test('makes the requests for its calls, plain data', () => {
    const it = eventHandler(url, 'asked', { init, handleEvent, handleCall: { get: (n) => reply(n, n) } })
    expect(it.get()).toEqual({ $request: 'get', arg: undefined })
  })

  test('is named by its definition, or by that and a mark', () => {
    const it = eventHandler(url, 'named', { init, handleEvent })
    expect(keyOf(it)).toEqual({ url, name: 'named', mark: undefined })
    expect(keyOf([it, { $pid: 7 }])).toEqual({ url, name: 'named', mark: { $pid: 7 } })
    expect(handler([it, 3])).toEqual({ handler: { url, name: 'named', mark: 3 }, argument: undefined })
    for (const wrong of ['named', undefined, {}, [it, {}], [it, 1, 2]]) {
      expect(() => keyOf(wrong as never)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' }))
    }
  })
})

test('a manager takes a function for the handlers that it begins with', () => {
  expect(() => eventManager(url, 'manager', [] as never)).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' }),
  )
})

// What an event does to the list of handlers, and when a manager is to hibernate. Callbacks here return at once.

import type { Self } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { newCore } from '../../gen/core.ts'
import { ok } from '../next.ts'
import type { HandlerCode } from './code.ts'
import { CODE, type Handler, type Manager, newHandler } from './handlers.ts'
import { removeHandler } from './next.ts'
import { notify } from './run.ts'

/** Nobody is registered, so nobody hears of a failure. */
const nobody = { pid: { $pid: 1 }, whereis: () => undefined } as unknown as Self

function handlerThat(name: string, event: HandlerCode['event'], state: unknown = 0): Handler {
  const handler = newHandler({ url: 'file:///m.js', name, mark: undefined }, state)
  handler[CODE] = { event } as HandlerCode
  return handler
}

function managerOf(...handlers: Handler[]): Manager {
  return { ...newCore({ parent: 0, extras: undefined }), handlers }
}

const counting = (state: number) => ok(state + 1)

describe('an event', () => {
  test('changes the state of every handler, and costs no step', () => {
    const manager = managerOf(handlerThat('a', counting, 1), handlerThat('b', counting, 5))
    expect(notify(manager, 'event', 'x', nobody)).toBe(false)
    expect(manager.handlers.map(({ state }) => state)).toEqual([2, 6])
  })

  test('after which one handler asks for it hibernates the manager, when all have run', () => {
    const rests = handlerThat('rests', (state: number) => ok(state + 1, { hibernate: true }))
    const manager = managerOf(rests, handlerThat('b', counting))
    expect(notify(manager, 'event', 'x', nobody)).toBe(true)
    expect(manager.handlers.map(({ state }) => state)).toEqual([1, 1])
  })

  test('takes out who wants to go, and nobody is left out', () => {
    const manager = managerOf(
      handlerThat('a', counting),
      handlerThat('b', () => removeHandler()),
      handlerThat('c', () => {
        throw new Error('boom')
      }),
      handlerThat('d', counting),
    )
    expect(notify(manager, 'event', 'x', nobody)).toBe(false)
    expect(manager.handlers.map(({ name, state }) => [name, state])).toEqual([
      ['a', 1],
      ['d', 1],
    ])
  })
})

// From what a handler's callback came to, to what becomes of the handler.

import { Exit } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { failInit } from '../../gen/initialise.ts'
import { noreply, ok, reply } from '../next.ts'
import { begun, fateOfCall, fateOfEvent, isFailure, noticeOf, outcomeOfThrown } from './fate.ts'
import { newHandler } from './handlers.ts'
import { removeHandler, swapHandler } from './next.ts'

const other = { $: { url: 'file:///m.js', name: 'other', isEventHandler: true as const } }
const boom = new Error('boom')

describe('an event', () => {
  test('that a handler keeps at changes its state', () => {
    const fate = { do: 'keep', state: 7, hibernates: false, answer: undefined }
    expect(fateOfEvent(ok(7))).toEqual(fate)
    expect(fateOfEvent(ok(7, { hibernate: true }))).toEqual({ ...fate, hibernates: true })
  })

  test('after which a handler wants to be removed ends it as a normal end', () => {
    const fate = { do: 'end', argument: 'remove_handler', reason: 'normal', answer: undefined }
    expect(fateOfEvent(removeHandler())).toEqual(fate)
  })

  test('after which a handler wants to be replaced says by whom, and with what', () => {
    expect(fateOfEvent(swapHandler('args', 'state', [other, 'b'], 'init' as never))).toEqual({
      do: 'swap',
      argument: 'args',
      state: 'state',
      next: { url: 'file:///m.js', name: 'other', mark: 'b' },
      init: 'init',
      answer: undefined,
    })
  })

  test.each([
    ['an exception', outcomeOfThrown(new Exit('ex')), ['EXIT', 'ex']],
    ['a value that is none of these', 'nonsense', 'nonsense'],
    ['nothing', undefined, undefined],
    ['a reply', reply(1, 2), reply(1, 2)],
    ['a removal with a reply', removeHandler(1), removeHandler(1)],
    ['the next value of a server', noreply(1), noreply(1)],
    ['a time limit, which handlers do not have', ok(1, { timeoutMs: 5 }), ok(1, { timeoutMs: 5 })],
  ])('that comes to %s ends the handler', (_, outcome, reason) => {
    expect(fateOfEvent(outcome)).toEqual({
      do: 'end',
      argument: ['error', reason],
      reason,
      answer: undefined,
    })
  })
})

describe('a call', () => {
  test('that is replied to changes the state', () => {
    const answer = { status: 'ok', reply: 'r' }
    expect(fateOfCall(reply('r', 7))).toEqual({ do: 'keep', state: 7, hibernates: false, answer })
  })

  test('can remove the handler, or replace it, and is replied to', () => {
    const answer = { status: 'ok', reply: 'last' }
    expect(fateOfCall(removeHandler('last'))).toMatchObject({ do: 'end', reason: 'normal', answer })
    expect(fateOfCall(swapHandler('a', 's', other, 0 as never, 'last'))).toMatchObject({ do: 'swap', answer })
  })

  test.each([
    ['an exception', outcomeOfThrown(new Exit('ex')), ['EXIT', 'ex']],
    ['what an event may come to', ok(1), ok(1)],
    ['a removal without a reply', removeHandler(), removeHandler()],
  ])('that comes to %s ends the handler, and the caller is told why', (_, outcome, reason) => {
    const answer = { status: 'error', reason }
    expect(fateOfCall(outcome)).toEqual({ do: 'end', argument: ['error', reason], reason, answer })
  })
})

describe('an init', () => {
  test.each([
    ['ok', ok('state'), { isOk: true, state: 'state', hibernates: false }],
    ['rest', ok(1, { hibernate: true }), { isOk: true, state: 1, hibernates: true }],
    ['a refusal', failInit('no'), { isOk: false, reason: ['error', 'no'] }],
    ['an exit', outcomeOfThrown(new Exit('ex')), { isOk: false, reason: ['EXIT', 'ex'] }],
    ['a bare state', { total: 0 }, { isOk: false, reason: { total: 0 } }],
  ])('that comes to %s', (_, outcome, wanted) => {
    expect(begun(outcome)).toEqual(wanted)
  })
})

describe('what is thrown', () => {
  test('is told if it is an error, and counts as returned if it is not', () => {
    expect(outcomeOfThrown(boom)).toEqual(['EXIT', expect.objectContaining({ message: 'boom' })])
    const next = ok(1)
    expect(outcomeOfThrown(next)).toBe(next)
  })

  test('goes on where it is the end of the process itself', () => {
    const doomed = Object.assign(new Error(), { name: 'Doomed' })
    expect(() => outcomeOfThrown(doomed)).toThrow(doomed)
  })
})

describe('an end', () => {
  test('is told to the supervisor by the name of the handler, with its mark if it has one', () => {
    const manager = { $pid: 5 }
    const plain = newHandler({ url: 'u', name: 'h', mark: undefined }, 0)
    const marked = newHandler({ url: 'u', name: 'h', mark: 3 }, 0)
    expect(noticeOf(plain, manager, 'normal').handler).toBe('h')
    expect(noticeOf(marked, manager, 'normal').handler).toEqual(['h', 3])
  })

  test('is for people only if the handler failed', () => {
    for (const reason of ['normal', 'shutdown', ['swapped', 'h', { $pid: 1 }]])
      expect(isFailure(reason)).toBe(false)
    for (const reason of [['EXIT', 'normal'], 'crash', undefined, ['swapped']])
      expect(isFailure(reason)).toBe(true)
  })
})

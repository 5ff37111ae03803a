import type { Ref } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import {
  type Actions,
  eventTimeout,
  genericTimeout,
  hibernate,
  nextEvent,
  popCallbackModule,
  postpone,
  pushCallbackModule,
  replyTo,
  stateTimeout,
} from './actions.ts'
import {
  begin,
  CALL,
  END,
  ENTER,
  expire,
  type Machine,
  newMachine,
  type Outside,
  REST,
  settle,
  skipEnter,
  take,
  type Verdict,
} from './engine.ts'
import { describeEvent, type MachineEvent } from './events.ts'
import {
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  stopAndReply,
} from './next.ts'

const from = { pid: { $pid: 7 }, ref: { $ref: 9, $of: 7 } } as never

/** A machine, what it asked of the outside, and its steps. */
class Bench implements Outside {
  readonly machine: Machine = newMachine()
  readonly pid = { $pid: 1 } as never
  readonly asked: unknown[] = []
  private refCount = 0
  verdict: Verdict = REST

  reply(_from: unknown, value: unknown): void {
    this.asked.push(['reply', value])
  }
  startTimer(ms: number, _to: unknown, message: unknown): Ref {
    const $ref = ++this.refCount
    this.asked.push(['start', (message as { $timeout: string }).$timeout, ms, $ref])
    return { $ref, $of: 1 } as Ref
  }
  cancelTimer(ref: Ref): never {
    this.asked.push(['cancel', ref.$ref])
    return 'ok' as never
  }

  begin(state: unknown, data: unknown, actions?: Actions): this {
    this.verdict = begin(this.machine, state, data, actions, this)
    return this
  }
  message(content: unknown): this {
    this.verdict = take(this.machine, { type: 'info', content })
    return this
  }
  returns(result: unknown): this {
    this.verdict = settle(this.machine, result, this)
    return this
  }
  noEnter(): this {
    expect(this.verdict).toBe(ENTER)
    this.verdict = skipEnter(this.machine, this)
    return this
  }
  expire(key: string, $ref: number): MachineEvent | undefined {
    const event = expire(this.machine, key, { $ref, $of: 1 } as Ref)
    if (event !== undefined) this.verdict = take(this.machine, event)
    return event
  }
  /** Which callback is to be run, or that none is. */
  get now(): unknown {
    if (this.verdict === REST) return this.machine.hibernates ? 'hibernate' : 'rest'
    if (this.verdict === END) return this.machine.end
    if (this.verdict === ENTER) return ['enter', this.machine.transition.state, this.machine.state]
    return [this.machine.state, ...(describeEvent(this.machine.current as MachineEvent) as unknown[])]
  }
}

const started = (actions?: Actions): Bench => new Bench().begin('a', 0, actions).noEnter()

describe('a state', () => {
  test('is entered first of all, from itself', () => {
    expect(new Bench().begin('a', 0).now).toEqual(['enter', 'a', 'a'])
  })

  test('that is another is entered, before what the transition led to', () => {
    const bench = started()
      .message(1)
      .returns(nextState('b', 1, nextEvent('internal', 'x')))
    expect(bench.now).toEqual(['enter', 'b', 'a'])
    expect(bench.returns(keepState(2)).now).toEqual(['b', 'internal', 'x'])
    expect(bench.machine.data).toBe(2)
  })

  test('that is the same, by structure, is not entered', () => {
    const bench = new Bench().begin({ at: [1, new Map([['x', 2]])] }, 0).noEnter()
    bench.message(1).returns(nextState({ at: [1, new Map([['x', 2]])] }, 1))
    expect(bench.now).toBe('rest')
    expect(bench.message(1).returns(nextState({ at: [1, new Map([['x', 3]])] }, 1)).verdict).toBe(ENTER)
  })

  test('that is repeated is entered from itself, as often as the enter callback repeats it', () => {
    const bench = started().message(1).returns(repeatState(1))
    expect(bench.now).toEqual(['enter', 'a', 'a'])
    expect(bench.returns(repeatStateAndData()).now).toEqual(['enter', 'a', 'a'])
    expect(bench.returns(keepStateAndData()).now).toBe('rest')
  })

  test.each([
    [
      'another state',
      nextState('b', 0),
      'bad_state_enter_return_from_state_function',
      ['next_state', 'b', 0],
    ],
    ['postponing', keepState(0, postpone()), 'bad_state_enter_action_from_state_function', 'postpone'],
    [
      'an event',
      keepState(0, nextEvent('internal', 1)),
      'bad_state_enter_action_from_state_function',
      ['next_event', 'internal', 1],
    ],
  ])('cannot be entered with %s', (_what, result, word, value) => {
    expect(new Bench().begin('a', 0).returns(result).now).toEqual({ reason: [word, value], isError: true })
  })

  test('may be named again by its enter callback', () => {
    expect(new Bench().begin('a', 0).returns(nextState('a', 5)).now).toBe('rest')
  })
})

describe('the order', () => {
  test('is: inserted, postponed, queued, zero time-outs', () => {
    const bench = started()
    for (const n of [1, 2]) bench.message(n).returns(keepStateAndData(postpone()))
    bench
      .message(3)
      .returns(
        nextState('b', 0, [
          eventTimeout(0, 'never'),
          stateTimeout(0, 'last'),
          nextEvent('cast', { $cast: 'c', arg: 1 }),
          nextEvent('internal', 'i'),
        ]),
      )
    bench.noEnter()
    const seen: unknown[] = []
    while (bench.verdict === CALL) {
      seen.push(bench.now)
      bench.returns(keepStateAndData())
    }
    expect(seen).toEqual([
      ['b', 'cast', ['c', 1]],
      ['b', 'internal', 'i'],
      ['b', 'info', 1],
      ['b', 'info', 2],
      ['b', 'state_timeout', 'last'],
    ])
  })

  test('of postponed events is that of their coming, however often they are postponed', () => {
    const bench = started()
    for (const n of [1, 2, 3]) bench.message(n).returns(keepStateAndData(postpone()))
    bench.message('go').returns(nextState('b', 0)).noEnter()
    expect(bench.now).toEqual(['b', 'info', 1])
    bench.returns(keepStateAndData(postpone()))
    expect(bench.now).toEqual(['b', 'info', 2])
    bench.returns(nextState('c', 0)).noEnter()
    expect(bench.now).toEqual(['c', 'info', 1])
    expect(bench.returns(keepStateAndData()).now).toEqual(['c', 'info', 3])
  })

  test.each([
    ['kept', keepState(1)],
    ['repeated', repeatState(1)],
    ['the same', nextState('a', 1)],
  ])('what is postponed stays so while the state is %s', (_how, result) => {
    const bench = started().message(1).returns(keepStateAndData(postpone()))
    bench.message(2).returns(result)
    if (bench.verdict === ENTER) bench.noEnter()
    expect(bench.now).toBe('rest')
    expect(bench.machine.postponed).toHaveLength(1)
  })
})

describe('a time-out', () => {
  test('of the state ends with the state, and goes on when it stays', () => {
    const bench = started(stateTimeout(5, 'x'))
    bench.message(1).returns(nextState('a', 1))
    expect(bench.asked).toEqual([['start', 'state_timeout', 5, 1]])
    bench.message(2).returns(nextState('b', 1)).noEnter()
    expect(bench.asked.at(-1)).toEqual(['cancel', 1])
    expect(bench.expire('state_timeout', 1)).toBeUndefined()
  })

  test('of an event ends with any event, a generic one with none', () => {
    const bench = started([eventTimeout(5, 'x'), genericTimeout('g', 6, 'y')])
    bench.message(1).returns(nextState('b', 1)).noEnter()
    expect(bench.asked.at(-1)).toEqual(['cancel', 1])
    expect(bench.expire('timeout:g', 2)).toEqual({ type: 'timeout', name: 'g', content: 'y' })
  })

  test('is not delivered when it was set again, updated to what it was, or cancelled, after it fired', () => {
    const bench = started(genericTimeout('g', 6, 'y'))
    bench.message(1).returns(keepStateAndData(genericTimeout('g', 7, 'z')))
    expect(bench.expire('timeout:g', 1)).toBeUndefined()
    bench.message(1).returns(keepStateAndData(genericTimeout('g', 'update', 'u')))
    expect(bench.expire('timeout:g', 2)).toMatchObject({ content: 'u' })
    bench.returns(keepStateAndData(genericTimeout('g', 'cancel')))
    expect(bench.now).toBe('rest')
  })

  test('that is updated and does not run is due at once', () => {
    const bench = started()
      .message(1)
      .returns(keepStateAndData(stateTimeout('update', 'u')))
    expect(bench.now).toEqual(['a', 'state_timeout', 'u'])
  })

  test('of zero can be updated, set anew, put off and cancelled while it waits', () => {
    const bench = started().message(1)
    bench.returns(
      keepStateAndData([genericTimeout('g', 0, 1), genericTimeout('h', 0, 2), nextEvent('internal', 0)]),
    )
    bench.returns(
      keepStateAndData([
        genericTimeout('g', 0, 3),
        genericTimeout('h', 'update', 4),
        nextEvent('internal', 0),
      ]),
    )
    bench.returns(keepStateAndData(nextEvent('internal', 0)))
    bench.returns(keepStateAndData())
    expect(bench.now).toEqual(['a', ['timeout', 'h'], 4])
    bench.returns(keepStateAndData(genericTimeout('g', 9, 5)))
    expect(bench.now).toBe('rest')
    expect(bench.expire('timeout:g', 1)).toMatchObject({ content: 5 })
    bench.returns(keepStateAndData([genericTimeout('g', 0, 1), nextEvent('internal', 0)]))
    expect(bench.returns(keepStateAndData(genericTimeout('g', 'cancel'))).now).toBe('rest')
  })

  test('set by the enter callback wins over the one of the transition', () => {
    const bench = started()
      .message(1)
      .returns(nextState('b', 0, stateTimeout(5, 'x')))
    bench.returns(keepStateAndData(stateTimeout(8, 'y')))
    expect(bench.asked).toEqual([['start', 'state_timeout', 8, 1]])
  })

  test.each([
    [-1, undefined],
    [1.5, undefined],
    [2 ** 32, undefined],
    ['soon', undefined],
    [5, 'yes'],
  ])('of %s (abs: %s) is a bad action', (ms, abs) => {
    const action = stateTimeout(ms as number, 'x', { abs: abs as never })
    const described =
      abs === undefined ? ['state_timeout', ms, 'x'] : ['state_timeout', ms, 'x', ['abs', abs]]
    const end = { reason: ['bad_action_from_state_function', described], isError: true }
    expect(started().message(1).returns(keepStateAndData(action)).now).toEqual(end)
  })
})

describe('other actions', () => {
  test('hibernate counts when nothing is to be done', () => {
    const bench = started()
      .message(1)
      .returns(keepStateAndData([hibernate(), nextEvent('internal', 1)]))
    expect(bench.now).toEqual(['a', 'internal', 1])
    expect(bench.returns(keepStateAndData(hibernate())).now).toBe('hibernate')
    expect(bench.message(1).returns(keepStateAndData()).now).toBe('rest')
  })

  test('replies go out before a later action is found to be bad', () => {
    const bench = started()
      .message(1)
      .returns(nextState('b', 1, [replyTo(from, 'yes'), 'x' as never]))
    expect(bench.asked).toEqual([['reply', 'yes']])
    expect(bench.now).toEqual({ reason: ['bad_action_from_state_function', 'x'], isError: true })
    expect([bench.machine.state, bench.machine.data]).toEqual(['b', 1])
  })

  test('modules are pushed and popped, the first never', () => {
    const other = { $: { url: 'data:,', name: 'other' } }
    const bench = started()
      .message(1)
      .returns(keepStateAndData(pushCallbackModule(other)))
    expect(bench.machine.modules).toEqual([other.$])
    bench.message(1).returns(keepStateAndData(popCallbackModule()))
    expect(bench.machine.modules).toEqual([])
    bench.message(1).returns(keepStateAndData(popCallbackModule()))
    expect(bench.now).toMatchObject({ reason: ['bad_action_from_state_function', 'pop_callback_module'] })
  })

  test('to stop is to reply first', () => {
    const bench = started()
      .message(1)
      .returns(stopAndReply('enough', [replyTo(from, 1), replyTo(from, 2)], 5))
    expect(bench.asked).toEqual([
      ['reply', 1],
      ['reply', 2],
    ])
    expect(bench.now).toEqual({ reason: 'enough', isError: false })
    expect(bench.machine.data).toBe(5)
  })

  test('anything else is a bad return', () => {
    const end = { reason: ['bad_return_from_state_function', 7], isError: true }
    expect(started().message(1).returns(7).now).toEqual(end)
  })
})

test('a machine at rest is plain data', () => {
  const bench = started([stateTimeout(5, 'x'), genericTimeout('g', 5, 'x')])
  bench.message(1).returns(keepStateAndData(postpone()))
  expect(structuredClone(bench.machine)).toEqual(bench.machine)
})

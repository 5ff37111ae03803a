// The engine beside a model of OTP's gen_statem that is written as its documentation reads: lists in the order in which
// things are handled, everything made anew for each event. Random programs; fast-check prints the seed of one that
// tells them apart.

import type { Ref } from '@heddle/scheduler'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Action,
  eventTimeout,
  genericTimeout,
  hibernate,
  nextEvent,
  postpone,
  replyTo,
  stateTimeout,
} from './actions.ts'
import {
  begin,
  END,
  ENTER,
  expire,
  newMachine,
  type Outside,
  REST,
  settle,
  skipEnter,
  take,
  type Verdict,
} from './engine.ts'
import { describeEvent, type MachineEvent } from './events.ts'
import { keepState, keepStateAndData, nextState, repeatState, repeatStateAndData } from './next.ts'

type Key = 'state_timeout' | 'timeout' | 'timeout:g' | 'timeout:h'
type Act =
  | readonly ['reply', number]
  | readonly ['time', Key, number | 'update' | 'cancel', number]
  | readonly ['insert', number]
  | readonly ['postpone' | 'hibernate' | 'bad']

interface Return {
  readonly ret: 'next' | 'keep' | 'keepAll' | 'repeat' | 'repeatAll'
  readonly state: string | { readonly at: string }
  readonly acts: readonly Act[]
}
/** A message comes, or the timer runs out that was started under this key last but `age`. */
type Stimulus = readonly ['message', number] | readonly ['expire', Key, age: number]
interface Program {
  readonly hasEnter: boolean
  readonly first: Return
  readonly returns: readonly Return[]
  /** Those of enter callbacks. */
  readonly enters: readonly Return[]
  readonly stimuli: readonly Stimulus[]
}

/** What is seen of a run; the same of both. */
type Seen = unknown[]

// ---- the engine ----

const from = { pid: { $pid: 7 }, ref: { $ref: 9, $of: 7 } } as never

function runEngine(program: Program): Seen {
  const seen: Seen = []
  const machine = newMachine()
  const refs: Partial<Record<Key, Ref[]>> = {}
  let refCount = 0
  const outside: Outside = {
    pid: { $pid: 1 } as never,
    reply: (_from, value) => void seen.push(['reply', value]),
    startTimer: (ms, _to, message) => {
      const { $timeout } = message as { $timeout: Key }
      const ref = { $ref: ++refCount, $of: 1 } as Ref
      refs[$timeout] = [ref, ...(refs[$timeout] ?? [])]
      seen.push(['start', $timeout, ms, refCount])
      return ref
    },
    cancelTimer: ((ref: Ref) => void seen.push(['cancel', ref.$ref])) as never,
  }
  const returns = [...program.returns]
  const enters = [...program.enters]
  const drain = (verdict: Verdict): boolean => {
    let now = verdict
    for (;;) {
      if (now === REST) {
        seen.push([
          'rest',
          machine.state,
          machine.data,
          machine.hibernates,
          machine.postponed.map(describeEvent),
        ])
        return true
      }
      if (now === END) {
        seen.push(['end', machine.end, machine.state, machine.data])
        return false
      }
      if (now === ENTER) {
        const { state, data } = machine.transition
        if (program.hasEnter) {
          seen.push(['enter', state, data, machine.state])
          now = settle(machine, resultOf(enters.shift()), outside)
        } else now = skipEnter(machine, outside)
      } else {
        seen.push(['call', machine.state, machine.data, describeEvent(machine.current as MachineEvent)])
        now = settle(machine, resultOf(returns.shift()), outside)
      }
    }
  }
  if (!drain(begin(machine, program.first.state, 0, actionsOf(program.first), outside))) return seen
  for (const stimulus of program.stimuli) {
    let event: MachineEvent | undefined
    if (stimulus[0] === 'message') event = { type: 'info', content: stimulus[1] }
    else {
      const ref = refs[stimulus[1]]?.[stimulus[2]]
      event = ref && expire(machine, stimulus[1], ref)
    }
    if (event !== undefined && !drain(take(machine, event))) return seen
  }
  return seen
}

let count = 0
function resultOf(given: Return | undefined): unknown {
  if (given === undefined) return keepStateAndData()
  const actions = actionsOf(given)
  // Not the same object twice: what is equal need not be identical.
  const state = structuredClone(given.state)
  const results = {
    next: () => nextState(state, dataOf(given), actions),
    keep: () => keepState(dataOf(given), actions),
    keepAll: () => keepStateAndData(actions),
    repeat: () => repeatState(dataOf(given), actions),
    repeatAll: () => repeatStateAndData(actions),
  }
  return results[given.ret]()
}

/** Any number that tells returns apart. */
const dataOf = ({ acts, ret }: Return): number => acts.length * 10 + ret.length

function actionsOf({ acts }: Return): readonly Action[] | Action | undefined {
  // OTP takes one action for a list of one.
  count += 1
  const all = acts.map(actionOf)
  if (all.length === 0 && count % 2 === 0) return undefined
  return all.length === 1 && count % 2 === 0 ? all[0] : all
}

function actionOf(act: Act): Action {
  if (act[0] === 'reply') return replyTo(from, act[1])
  if (act[0] === 'insert') return nextEvent('internal', act[1])
  if (act[0] === 'bad') return 'bad' as never
  if (act[0] !== 'time') return act[0] === 'postpone' ? postpone() : hibernate()
  const [, key, time, content] = act
  if (key === 'state_timeout') return stateTimeout(time as number, content)
  if (key === 'timeout') return eventTimeout(time as number, content)
  return genericTimeout(key.slice(-1), time as number, content)
}

// ---- the model ----

interface Model {
  state: Return['state']
  data: number
  queue: unknown[]
  postponed: unknown[]
  timers: { readonly key: Key; readonly ref: number; readonly content: number }[]
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const eventOf = (key: Key, content: number) =>
  key.includes(':') ? [['timeout', key.slice(-1)], content] : [key, content]

class ModelEnd extends Error {
  readonly what: unknown[]
  constructor(what: unknown[]) {
    super('end')
    this.what = what
  }
}

function runModel(program: Program): Seen {
  const seen: Seen = []
  const refs: Partial<Record<Key, number[]>> = {}
  let refCount = 0
  const returns = [...program.returns]
  const entering = [...program.enters]
  const none: Return = { ret: 'keepAll', state: 'a', acts: [] }
  const m: Model = { state: program.first.state, data: 0, queue: [], postponed: [], timers: [] }
  let hibernates = false

  const transition = (event: unknown, first: Return | undefined): void => {
    let { state, data } = m
    const done = { postpones: false, hibernates: false, inserted: [] as unknown[], times: [] as Act[] }
    const apply = (it: Return, isEnter: boolean): boolean => {
      const isNew = it.ret === 'next' && !equal(it.state, state)
      if (isNew && isEnter) throw new ModelEnd(['bad_state_enter_return_from_state_function', state, data])
      if (it.ret === 'next') state = it.state
      if (it.ret === 'next' || it.ret === 'keep' || it.ret === 'repeat') data = dataOf(it)
      for (const act of it.acts) {
        if (act[0] === 'bad') throw new ModelEnd(['bad_action_from_state_function', state, data])
        if (act[0] === 'reply') seen.push(['reply', act[1]])
        if (act[0] === 'time') done.times.push(act)
        if (act[0] === 'hibernate') done.hibernates = true
        if (act[0] !== 'insert' && act[0] !== 'postpone') continue
        if (isEnter) throw new ModelEnd(['bad_state_enter_action_from_state_function', state, data])
        if (act[0] === 'insert') done.inserted.push(['internal', act[1]])
        else done.postpones = true
      }
      return isNew || it.ret === 'repeat' || it.ret === 'repeatAll'
    }
    let enters = true
    if (first === undefined) {
      seen.push(['call', state, data, event])
      enters = apply(returns.shift() ?? none, false)
    } else apply({ ...first, ret: 'keepAll' }, false)
    while (enters && program.hasEnter) {
      seen.push(['enter', state, data, m.state])
      enters = apply(entering.shift() ?? none, true)
    }
    const changes = !equal(state, m.state)
    if (done.postpones && event !== undefined) m.postponed = [...m.postponed, event]
    m.queue = [...done.inserted, ...(changes ? m.postponed : []), ...m.queue]
    if (changes) m.postponed = []
    cancel('timeout')
    if (changes) cancel('state_timeout')
    const last = done.times.filter((act, n) => !done.times.slice(n + 1).some((later) => later[1] === act[1]))
    for (const act of last) setTime(act)
    m.state = state
    m.data = data
    hibernates = done.hibernates
  }

  const cancel = (key: Key): void => {
    const timer = m.timers.find((it) => it.key === key)
    m.timers = m.timers.filter((it) => it.key !== key)
    if (timer !== undefined && timer.ref !== 0) seen.push(['cancel', timer.ref])
  }
  const setTime = ([, key, time, content]: Act): void => {
    const its = { key: key as Key, content: content as number }
    const isThere = m.timers.some((it) => it.key === key)
    if (time === 'update' && isThere) {
      m.timers = m.timers.map((it) => (it.key === key ? { ...it, content: its.content } : it))
      return
    }
    cancel(its.key)
    if (time === 'cancel' || time === Infinity) return
    const isZero = time === 0 || time === 'update'
    if (!isZero) {
      refCount += 1
      refs[its.key] = [refCount, ...(refs[its.key] ?? [])]
      seen.push(['start', key, time, refCount])
    }
    // Zero time-outs are due in the order in which they were set.
    m.timers = [...m.timers, { ...its, ref: isZero ? 0 : refCount }]
  }
  const drain = (): void => {
    for (;;) {
      const [event, ...rest] = m.queue
      const due = m.timers.find(({ ref }) => ref === 0)
      if (event !== undefined) {
        m.queue = rest
        transition(event, undefined)
      } else if (due !== undefined) {
        cancel(due.key)
        transition(eventOf(due.key, due.content), undefined)
      } else break
    }
    seen.push(['rest', m.state, m.data, hibernates, m.postponed])
  }

  try {
    transition(undefined, program.first)
    drain()
    for (const stimulus of program.stimuli) {
      if (stimulus[0] === 'message') transition(['info', stimulus[1]], undefined)
      else {
        const ref = refs[stimulus[1]]?.[stimulus[2]]
        const timer = m.timers.find((it) => it.key === stimulus[1] && it.ref === ref)
        if (timer === undefined) continue
        m.timers = m.timers.filter((it) => it !== timer)
        transition(eventOf(timer.key, timer.content), undefined)
      }
      drain()
    }
  } catch (end) {
    if (!(end instanceof ModelEnd)) throw end
    const [reason, state, data] = end.what
    seen.push(['end', reason, state, data])
  }
  return seen
}

// ---- programs ----

const keys = fc.constantFrom<Key>('state_timeout', 'timeout', 'timeout:g', 'timeout:h')
const small = fc.integer({ min: 0, max: 9 })
const time = fc.tuple(
  fc.constant('time' as const),
  keys,
  fc.constantFrom<number | 'update' | 'cancel'>(0, 0, 5, 9, Infinity, 'update', 'cancel'),
  small,
)
const always = [
  { weight: 6, arbitrary: time },
  { weight: 2, arbitrary: fc.tuple(fc.constant('reply' as const), small) },
  { weight: 1, arbitrary: fc.constant(['hibernate'] as const) },
] as const
const act: fc.Arbitrary<Act> = fc.oneof(
  ...always,
  { weight: 2, arbitrary: fc.tuple(fc.constant('insert' as const), small) },
  { weight: 3, arbitrary: fc.constant(['postpone'] as const) },
)
const state = fc.constantFrom<Return['state']>('a', 'b', { at: 'a' }, { at: 'b' })
const kinds = fc.constantFrom<Return['ret']>('next', 'next', 'keep', 'keepAll', 'repeat', 'repeatAll')
const returned = fc.record({ ret: kinds, state, acts: fc.array(act, { maxLength: 4 }) })
const enterKinds = fc.constantFrom<Return['ret']>('keep', 'keepAll', 'keepAll', 'repeatAll')
const entered = fc.record({ ret: enterKinds, state, acts: fc.array(fc.oneof(...always), { maxLength: 3 }) })
/** Now and then what ends it. */
const bad = fc.record({ ret: kinds, state, acts: fc.tuple(act, fc.constant(['bad'] as const)) })
const stimulus: fc.Arbitrary<Stimulus> = fc.oneof(
  fc.tuple(fc.constant('message' as const), small),
  fc.tuple(fc.constant('expire' as const), keys, fc.integer({ min: 0, max: 1 })),
)
const programs: fc.Arbitrary<Program> = fc.record({
  hasEnter: fc.boolean(),
  first: returned,
  returns: fc.array(fc.oneof({ weight: 40, arbitrary: returned }, { weight: 1, arbitrary: bad }), {
    maxLength: 40,
  }),
  enters: fc.array(fc.oneof({ weight: 40, arbitrary: entered }, { weight: 1, arbitrary: returned }), {
    maxLength: 30,
  }),
  stimuli: fc.array(stimulus, { maxLength: 20 }),
})

/** An end is told by its word alone. */
const worded = (seen: Seen): Seen =>
  seen.map((it) => {
    const [what, end, ...rest] = it as [string, { reason: [string] }, ...unknown[]]
    return what === 'end' && typeof end === 'object' ? [what, end.reason[0], ...rest] : it
  })

test('the engine does what the model does', () => {
  fc.assert(
    fc.property(programs, (program) => {
      expect(worded(runEngine(program))).toEqual(runModel(program))
    }),
    { numRuns: 1_000 },
  )
})

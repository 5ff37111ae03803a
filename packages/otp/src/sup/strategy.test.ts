// The strategies as pure decisions: the cases of each, and what must hold for any sequence of events.

import type { ExitReason } from '@heddle/scheduler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Flags, Strategy } from './flags.ts'
import type { ChildSpec, RestartType } from './spec.ts'
import { type Action, type Child, decide, type Event, type Situation } from './strategy.ts'

const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one']

function specOf(id: string, restart: RestartType = 'permanent', significant = false): ChildSpec {
  const start = { definition: { url: 'file:///x', name: 'x' }, argument: undefined }
  return { id, start, restart, significant, shutdown: 5_000, type: 'worker', modules: [] }
}

function situationOf(specs: readonly ChildSpec[], flags: Partial<Flags> = {}): Situation {
  const children = new Map<string, Child>()
  for (const spec of specs) children.set(spec.id, { spec, status: 'running', pid: { $pid: 1 } })
  const full: Flags = {
    strategy: 'one_for_one',
    intensity: 1,
    periodMs: 5_000,
    autoShutdown: 'never',
    ...flags,
  }
  return { flags: full, children, restarts: [] }
}

function withStatus(situation: Situation, id: string, status: Child['status']): Situation {
  const children = new Map(situation.children)
  const child = children.get(id) as Child
  children.set(id, { ...child, status, pid: status === 'running' ? child.pid : undefined })
  return { ...situation, children }
}

/** The actions in short: `-b` stop, `+b` start, `!b` forget, `?b` retry. */
function short(actions: readonly Action[]): string {
  const signs = { stop: '-', start: '+', forget: '!', retry: '?' }
  return actions
    .flatMap((action) => {
      if (action.do === 'report') return []
      return action.do === 'giveUp'
        ? [`exit ${JSON.stringify(action.reason)}`]
        : [signs[action.do] + action.id]
    })
    .join(' ')
}

function endOf(situation: Situation, ids: readonly string[], reason: ExitReason = 'boom'): string {
  let after = situation
  for (const id of ids) after = withStatus(after, id, 'stopped')
  return short(decide(after, { type: 'ended', ids, reason, nowMs: 0 }).actions)
}

describe('a decision', () => {
  const abc = ['a', 'b', 'c'].map((id) => specOf(id))

  test('at the beginning: all, in order', () => {
    expect(short(decide(situationOf(abc), { type: 'begin' }).actions)).toBe('+a +b +c')
  })

  test('at the end: those that run, in reverse', () => {
    const situation = withStatus(situationOf(abc), 'b', 'stopped')
    expect(short(decide(situation, { type: 'end' }).actions)).toBe('-c -a')
  })

  test.each([
    ['one_for_one', '+b'],
    ['one_for_all', '-c -a +a +b +c'],
    ['rest_for_one', '-c +b +c'],
  ] as const)('%s: b ends', (strategy, expected) => {
    expect(endOf(situationOf(abc, { strategy }), ['b'])).toBe(expected)
  })

  test.each([
    ['one_for_one', '+a +c'],
    ['one_for_all', '-d -b +a +b +c +d'],
    ['rest_for_one', '-d -b +a +b +c +d'],
  ] as const)('%s: a and c end of one fault, which counts once', (strategy, expected) => {
    const situation = situationOf([...abc, specOf('d')], { strategy, intensity: 1 })
    expect(endOf(situation, ['a', 'c'], ['scheduler_down', 2])).toBe(expected)
  })

  test.each(STRATEGIES)('%s: a child that need not be restarted changes nothing else', (strategy) => {
    const specs = [specOf('a'), specOf('b', 'transient'), specOf('c', 'temporary')]
    const situation = situationOf(specs, { strategy })
    expect(endOf(situation, ['b'], 'normal')).toBe('')
    expect(endOf(situation, ['b'], ['shutdown', 1])).toBe('')
    expect(endOf(situation, ['c'], 'boom')).toBe('!c')
  })

  test('one_for_all and rest_for_one forget temporary siblings', () => {
    const specs = [specOf('a'), specOf('b', 'temporary'), specOf('c')]
    expect(endOf(situationOf(specs, { strategy: 'one_for_all' }), ['a'])).toBe('-c -b !b +a +c')
    expect(endOf(situationOf(specs, { strategy: 'rest_for_one' }), ['a'])).toBe('-c -b !b +a +c')
    expect(endOf(situationOf(specs, { strategy: 'rest_for_one' }), ['c'])).toBe('+c')
  })

  test('intensity 0 allows no restart', () => {
    expect(endOf(situationOf(abc, { intensity: 0 }), ['b'])).toBe('exit "shutdown"')
    expect(endOf(situationOf([specOf('a', 'temporary')], { intensity: 0 }), ['a'])).toBe('!a')
  })

  test('a start that fails at the beginning stops those that run, and names it', () => {
    const situation = withStatus(withStatus(situationOf(abc), 'b', 'stopped'), 'c', 'stopped')
    const rest: Action[] = [{ do: 'start', id: 'c' }]
    const event: Event = { type: 'startFailed', id: 'b', reason: 'no', isBeginning: true, rest }
    const reason = ['shutdown', ['failed_to_start_child', 'b', 'no']]
    expect(short(decide(situation, event).actions)).toBe(`-a exit ${JSON.stringify(reason)}`)
  })

  test.each([
    ['one_for_one', '?b +c'],
    ['one_for_all', '?b'],
    ['rest_for_one', '?b'],
  ] as const)('%s: a start that fails later is tried again', (strategy, expected) => {
    const rest: Action[] = [{ do: 'start', id: 'c' }]
    const event: Event = { type: 'startFailed', id: 'b', reason: 'no', isBeginning: false, rest }
    expect(short(decide(situationOf(abc, { strategy }), event).actions)).toBe(expected)
  })

  test('a retry is void when the child was started or stopped meanwhile', () => {
    const situation = withStatus(situationOf(abc), 'b', 'restarting')
    const retry = (id: string): Event => ({ type: 'retry', id, nowMs: 0 })
    expect(short(decide(situation, retry('b')).actions)).toBe('+b')
    expect(short(decide(situation, retry('a')).actions)).toBe('')
    expect(short(decide(withStatus(situation, 'b', 'stopped'), retry('b')).actions)).toBe('')
    expect(short(decide(situation, retry('nobody')).actions)).toBe('')
  })

  test('significant children that end by themselves end the supervisor', () => {
    const specs = [specOf('a'), specOf('b', 'transient', true), specOf('c', 'temporary', true)]
    const any = situationOf(specs, { autoShutdown: 'any_significant' })
    expect(endOf(any, ['b'], 'normal')).toBe('exit "shutdown"')
    expect(endOf(any, ['c'], 'boom')).toBe('!c exit "shutdown"')
    expect(endOf(any, ['b'], 'boom')).toBe('+b')
    const all = situationOf(specs, { autoShutdown: 'all_significant' })
    expect(endOf(all, ['b'], 'normal')).toBe('')
    expect(endOf(withStatus(all, 'c', 'stopped'), ['b'], 'normal')).toBe('exit "shutdown"')
    expect(endOf(withStatus(all, 'c', 'restarting'), ['b'], 'normal')).toBe('')
    expect(endOf(all, ['b', 'c'], ['scheduler_down', 1])).toBe('!c +b')
  })
})

// ---- any sequence of events ----

const restartType = fc.constantFrom<RestartType>('permanent', 'transient', 'temporary')
const happening = fc.record({
  victims: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
  reason: fc.constantFrom<ExitReason>('normal', 'shutdown', 'boom'),
  laterMs: fc.nat(4_000),
  /** How the next starts go. */
  starts: fc.array(fc.constantFrom('ok', 'ok', 'ok', 'error', 'ignore'), { maxLength: 8 }),
})

/** Carries decisions out on a table of its own, and checks each action as it comes. */
class Model {
  readonly children = new Map<string, Child>()
  /** Which incarnation of each child runs. */
  readonly incarnations = new Map<string, number>()
  readonly restartTimes: number[] = []
  restarts: readonly number[] = []
  gaveUp: ExitReason
  nowMs = 0
  readonly flags: Flags
  constructor(flags: Flags, specs: readonly ChildSpec[]) {
    this.flags = flags
    for (const spec of specs) this.children.set(spec.id, { spec, status: 'stopped', pid: undefined })
  }

  carryOut(event: Event, starts: string[]): Action[] {
    const done: Action[] = []
    let actions = this.decide(event)
    for (let index = 0; index < actions.length && this.gaveUp === undefined; index++) {
      const action = actions[index] as Action
      done.push(action)
      if (action.do === 'giveUp') this.gaveUp = action.reason
      if (action.do === 'stop') this.stop(action.id)
      if (action.do === 'forget') this.forget(action.id)
      if (action.do === 'retry') this.set(action.id, 'restarting')
      if (action.do !== 'start' || this.start(action.id, starts.shift() ?? 'ok')) continue
      const rest = actions.slice(index + 1)
      const isBeginning = event.type === 'begin'
      actions = this.decide({ type: 'startFailed', id: action.id, reason: 'no', isBeginning, rest })
      index = -1
    }
    return done
  }

  set(id: string, status: Child['status']): void {
    const child = this.children.get(id) as Child
    this.children.set(id, { ...child, status, pid: status === 'running' ? { $pid: 1 } : undefined })
  }

  private decide(event: Event): readonly Action[] {
    const { actions, restarts } = decide(this, event)
    if (restarts.length > 0 && restarts !== this.restarts && !actions.some(({ do: it }) => it === 'giveUp')) {
      this.restartTimes.push(this.nowMs)
    }
    this.restarts = restarts
    return actions
  }

  private stop(id: string): void {
    expect(this.children.get(id)?.status, `${id} is stopped though it does not run`).toBe('running')
    this.set(id, 'stopped')
  }

  private forget(id: string): void {
    const child = this.children.get(id)
    expect(child?.status, `${id} is forgotten though it runs`).not.toBe('running')
    expect(child?.spec.restart).toBe('temporary')
    this.children.delete(id)
  }

  private start(id: string, outcome: string): boolean {
    const child = this.children.get(id) as Child
    expect(child.status, `${id} is started though it runs`).not.toBe('running')
    if (outcome === 'error') return false
    if (outcome === 'ignore' && child.spec.restart === 'temporary') this.children.delete(id)
    else this.set(id, outcome === 'ok' ? 'running' : 'stopped')
    if (outcome === 'ok') this.incarnations.set(id, (this.incarnations.get(id) ?? 0) + 1)
    return true
  }
}

function indicesOf(actions: readonly Action[], what: 'stop' | 'start', ids: readonly string[]): number[] {
  return actions.flatMap((action) => (action.do === what ? [ids.indexOf(action.id)] : []))
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((each, index) => index === 0 || (numbers[index - 1] as number) < each)
}

test('whatever happens, children start in order, stop in reverse, and only those that should', () => {
  const scenario = fc.record({
    strategy: fc.constantFrom(...STRATEGIES),
    intensity: fc.nat(4),
    restarts: fc.array(restartType, { minLength: 1, maxLength: 6 }),
    happenings: fc.array(happening, { maxLength: 12 }),
  })
  fc.assert(
    fc.property(scenario, ({ strategy, intensity, restarts, happenings }) => {
      const specs = restarts.map((restart, index) => specOf(`c${index}`, restart))
      const ids = specs.map(({ id }) => id)
      const model = new Model({ strategy, intensity, periodMs: 5_000, autoShutdown: 'never' }, specs)
      model.carryOut({ type: 'begin' }, [])
      for (const { victims, reason, laterMs, starts } of happenings) {
        if (model.gaveUp !== undefined) break
        model.nowMs += laterMs
        step(model, ids, victims, reason, [...starts])
      }
      checkIntensity(model)
      model.gaveUp = undefined
      const stops = indicesOf(model.carryOut({ type: 'end' }, []), 'stop', ids)
      expect(isRising(stops.toReversed())).toBe(true)
      expect([...model.children.values()].filter(({ status }) => status === 'running')).toEqual([])
    }),
    { numRuns: 500 },
  )
})

function step(
  model: Model,
  ids: readonly string[],
  victims: readonly number[],
  reason: ExitReason,
  starts: string[],
): void {
  const ended = ids.filter(
    (id, index) => victims.includes(index) && model.children.get(id)?.status === 'running',
  )
  if (ended.length === 0) return
  const given = [...starts]
  const before = new Map(model.incarnations)
  const statuses = new Map([...model.children].map(([id, { status }]) => [id, status]))
  for (const id of ended) model.set(id, 'stopped')
  const actions = model.carryOut({ type: 'ended', ids: ended, reason, nowMs: model.nowMs }, starts)
  const failed = actions.some((action) => action.do === 'retry')
  // Children that ignored their start stay away.
  const hasRefused = given.slice(0, given.length - starts.length).includes('ignore')
  expect(isRising(indicesOf(actions, 'stop', ids).toReversed())).toBe(true)
  expect(isRising(indicesOf(actions, 'start', ids))).toBe(true)
  // The table keeps its order.
  expect(isRising([...model.children.keys()].map((id) => ids.indexOf(id)))).toBe(true)
  const isTouched = (id: string): boolean => model.incarnations.get(id) !== before.get(id)
  if (model.flags.strategy === 'one_for_one') {
    for (const id of ids.filter(isTouched)) expect(ended).toContain(id)
  }
  if (model.flags.strategy === 'rest_for_one') {
    const first = ids.indexOf(ended[0] as string)
    for (const id of ids.filter(isTouched)) expect(ids.indexOf(id)).toBeGreaterThanOrEqual(first)
  }
  if (!failed && !hasRefused && model.gaveUp === undefined) {
    for (const [id, { spec, status }] of model.children) {
      if (spec.restart === 'permanent' && statuses.get(id) === 'running') expect(status).toBe('running')
    }
  }
  retryAll(model, actions)
}

/** What a supervisor does next: it comes back to what failed, and this time it works. */
function retryAll(model: Model, actions: readonly Action[]): void {
  for (const action of actions) {
    if (action.do !== 'retry' || model.gaveUp !== undefined) continue
    model.carryOut({ type: 'retry', id: action.id, nowMs: model.nowMs }, [])
    if (model.gaveUp === undefined) expect(model.children.get(action.id)?.status).toBe('running')
  }
}

function checkIntensity({ restartTimes, flags }: Model): void {
  for (const at of restartTimes) {
    const inWindow = restartTimes.filter((each) => each <= at && at - each <= flags.periodMs)
    expect(inWindow.length).toBeLessThanOrEqual(flags.intensity)
  }
}

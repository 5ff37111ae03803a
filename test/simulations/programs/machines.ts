/**
 * State machines that are moved and suspended while their time-outs run: every state time-out fires once and not early, of named ones
 * the last that was set does, and what was postponed is handled once, in order.
 */

import {
  beginIn,
  genericTimeout,
  genStatem,
  keepState,
  keepStateAndData,
  nextState,
  postpone,
  replyTo,
  start,
  stateTimeout,
  sys,
} from '@heddle/otp'
import type { Self } from '@heddle/scheduler'
import { drawFaults, expect, type Program } from '../program.ts'

const STEP_COUNT = 30
const PATIENCE = { timeoutMs: 60_000 }

interface Plan {
  readonly id: number
  readonly ms: number
  readonly dueMs: number
}

interface Data {
  readonly stateFired: readonly number[]
  readonly namedFired: readonly number[]
  readonly held: readonly number[]
}

const TIMER_NAMES = ['a', 'b', 'c'] as const
const nameOf = (id: number): string => TIMER_NAMES[id % TIMER_NAMES.length] as string

function inTime(self: Self, { id, dueMs }: Plan): number {
  expect(self.nowMs() >= dueMs, () => `nothing of what is due at ${dueMs} at ${self.nowMs()}`)
  return id
}

const planned = (data: Data, plan: Plan) => keepState(data, genericTimeout(nameOf(plan.id), plan.ms, plan))
const fired = (_state: unknown, data: Data, plan: unknown, self: Self) =>
  keepState({ ...data, namedFired: [...data.namedFired, inTime(self, plan as Plan)] })

export const lamp = genStatem(import.meta.url, 'lamp', {
  init: (_: void) => beginIn('off' as 'off' | 'on', { stateFired: [], namedFired: [], held: [] } as Data),
  states: {
    off: {
      cast: {
        plan: (data, plan: Plan) => planned(data, plan),
        on: (data, plan: Plan) => nextState('on', data, stateTimeout(plan.ms, plan)),
        hold: (_data, _n: number) => keepStateAndData(postpone()),
      },
    },
    on: {
      cast: {
        plan: (data, plan: Plan) => planned(data, plan),
        on: (_data, _plan: Plan) => keepStateAndData(postpone()),
        hold: (data, n: number) => keepState({ ...data, held: [...data.held, n] }),
      },
      stateTimeout: (data, plan, self) =>
        nextState('off', { ...data, stateFired: [...data.stateFired, inTime(self, plan as Plan)] }),
    },
  },
  timeouts: { a: fired, b: fired, c: fired },
  call: { look: (state, data, _: void, _self, from) => keepState(data, replyTo(from, { state, ...data })) },
})

const upTo = (count: number): string => Array.from({ length: count }, (_, index) => index + 1).join()

export const machines: Program = {
  name: 'machines',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const started = yield* start(self, lamp, undefined, {
        name: 'lamp',
        scheduler: dice.between(1, schedulers),
      })
      if (started.status !== 'ok') throw new Error('expected a machine')
      const { pid } = started
      const ons: number[] = []
      const lastNamed = new Map<string, number>()
      let heldCount = 0
      for (let id = 1; id <= STEP_COUNT; id++) {
        const ms = dice.below(12)
        const plan = { id, ms, dueMs: self.nowMs() + ms }
        const what = id === STEP_COUNT ? 0 : dice.below(4)
        if (what === 0) {
          ons.push(id)
          self.cast(pid, lamp.on(plan))
        } else if (what === 1) self.cast('lamp', lamp.hold(++heldCount))
        else if (what === 2) {
          lastNamed.set(nameOf(id), id)
          self.cast(pid, lamp.plan(plan))
        } else {
          yield* sys.suspend(self, pid, PATIENCE)
          yield* self.sleep(dice.below(8))
          yield* sys.resume(self, pid, PATIENCE)
        }
        if (dice.chance(0.4)) yield* self.sleep(dice.below(10))
      }
      yield* self.sleep(2_000)
      const { state, stateFired, namedFired, held } = yield* self.call(pid, lamp.look(), PATIENCE)
      expect(state === 'off', () => `off, not ${state}`)
      expect(stateFired.join() === ons.join(), () => `state time-outs ${ons}, not ${stateFired}`)
      expect(held.join() === upTo(heldCount), () => `${heldCount} in order, not ${held}`)
      expect(new Set(namedFired).size === namedFired.length, () => `each once, not ${namedFired}`)
      for (const id of lastNamed.values())
        expect(namedFired.includes(id), () => `the last of its name, ${id}, in ${namedFired}`)
    },
}

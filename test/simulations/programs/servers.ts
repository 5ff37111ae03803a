/**
 * A server with all that can be under way in one, moved all the time: callbacks that wait in a generator or a promise, replies
 * that come later, hibernation, time limits, timers, a dictionary, a name in a registry; called by pid, by name and by `via` from
 * all schedulers, suspended and debugged meanwhile. Each client's numbers come in order, each call gets its own reply, each
 * timer fires once.
 */

import { genServer, named, noreply, receiveResponse, reply, sendRequest, startLink, sys } from '@heddle/otp'
import {
  done,
  down,
  type From,
  type Pid,
  process,
  type Self,
  type ServerRef,
  samePid,
  TIMEOUT,
  tag,
  type Via,
  via,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { drawFaults, expect, type Program } from '../program.ts'

const KEY = 'pigeon 7'
const TIMER_COUNT = 8
const CLIENT_COUNT = 4
const STEP_COUNT = 12
const PATIENCE = { timeoutMs: 60_000 }

interface Ask {
  readonly who: number
  readonly n: number
  readonly ms: number
}

interface State {
  /** By client: its last number. */
  readonly lines: Readonly<Record<number, number>>
  readonly callCount: number
  readonly timers: readonly number[]
}

type Own =
  | { readonly type: 'answer'; readonly from: From; readonly value: number }
  | { readonly type: 'tick'; readonly id: number; readonly dueMs: number }

export const pigeonhole = via(import.meta.url, 'pigeonhole', {
  registerName(key: string, pid: Pid, self: Self) {
    try {
      self.register(key, pid)
      return 'yes'
    } catch {
      return 'no'
    }
  },
  unregisterName: (key: string, self: Self) => self.unregister(key),
  whereisName: (key: string, self: Self) => self.whereis(key),
})

function noted(state: State, { who, n }: Pick<Ask, 'who' | 'n'>): State {
  const last = state.lines[who] ?? 0
  expect(n === last + 1, () => `${last + 1} of client ${who}, not ${n}`)
  return { ...state, lines: { ...state.lines, [who]: n } }
}

function counted(state: State, ask: Ask, self: Self): State {
  self.put('count', (self.get('count') as number) + 1)
  return { ...noted(state, ask), callCount: state.callCount + 1 }
}

export const book = genServer(import.meta.url, 'book', {
  init: (_: void, self): State => {
    self.put('count', 0)
    return { lines: {}, callCount: 0, timers: [] }
  },
  call: {
    now: (state, ask: Ask, self) => reply(ask.n * 2, counted(state, ask, self)),
    *slowly(state, ask: Ask, self) {
      const next = counted(state, ask, self)
      yield* self.sleep(ask.ms)
      return reply(ask.n * 2, next)
    },
    async promised(state, ask: Ask, self) {
      const next = counted(state, ask, self)
      await self.sleep(ask.ms)
      return reply(ask.n * 2, next)
    },
    later(state, ask: Ask, self, from) {
      self.sendAfter(ask.ms, self.pid, { type: 'answer', from, value: ask.n * 2 } satisfies Own)
      return noreply(counted(state, ask, self))
    },
    napping: (state, ask: Ask, self) => reply(ask.n * 2, counted(state, ask, self), { hibernate: true }),
    limited: (state, ask: Ask, self) => reply(ask.n * 2, counted(state, ask, self), { timeoutMs: ask.ms }),
    further: (state, ask: Ask, self) => reply(ask.n * 2, counted(state, ask, self), { continue: ask.n }),
    sum: (state, _: void, self) => reply({ ...state, inDictionary: self.get('count') as number }, state),
  },
  cast: { tell: (state, ask: Pick<Ask, 'who' | 'n'>) => noreply(noted(state, ask)) },
  continue: (state) => noreply(state),
  info(state, message, self) {
    if (message === TIMEOUT) return noreply(state)
    const own = message as Own
    if (own.type === 'answer') {
      self.reply(own.from, own.value as never)
      return noreply(state)
    }
    expect(self.nowMs() >= own.dueMs, () => `nothing of what is due at ${own.dueMs} at ${self.nowMs()}`)
    return noreply({ ...state, timers: [...state.timers, own.id] })
  },
})

type Address = ServerRef<never> | string | Via
const KINDS = [
  'now',
  'slowly',
  'promised',
  'later',
  'napping',
  'limited',
  'further',
  'tell',
  'request',
] as const

export const reader = process(import.meta.url, 'reader', {
  init: (argument: { seed: number; who: number; to: readonly Address[] }) => argument,
  *run({ seed, who, to }, self: Self) {
    const dice = new Dice(seed)
    for (let n = 1; n <= STEP_COUNT; n++) {
      const address = dice.pick(to) as ServerRef<never>
      const ask = { who, n, ms: dice.below(4) }
      const kind = dice.pick(KINDS)
      if (kind === 'tell') self.cast(address, book.tell({ who, n }) as never)
      else if (kind === 'request') {
        const id = sendRequest(self, address, book.promised(ask) as never)
        const response = yield* receiveResponse(self, id, PATIENCE.timeoutMs)
        const value = typeof response !== 'string' && response.status === 'reply' ? response.reply : response
        expect(value === n * 2, () => `the response ${n * 2}, not ${JSON.stringify(value)}`)
      } else {
        const value = yield* self.call(address, book[kind](ask) as never, PATIENCE)
        expect(value === n * 2, () => `the reply ${n * 2} to ${kind}, not ${value}`)
      }
      if (dice.chance(0.3)) yield* self.sleep(dice.below(3))
    }
    return done()
  },
})

export const eventCount = named(import.meta.url, 'eventCount', (count: number): number => count + 1)

function* disturb(self: Self, pid: Pid, dice: Dice) {
  const what = dice.below(8)
  if (what === 0) {
    yield* sys.suspend(self, pid, PATIENCE)
    yield* self.sleep(dice.below(10))
    yield* sys.resume(self, pid, PATIENCE)
  } else if (what === 1) {
    yield* sys.install(self, pid, { id: 'count', function: eventCount, state: 0 }, PATIENCE)
    yield* sys.log(self, pid, true, PATIENCE)
  } else if (what === 2) yield* sys.noDebug(self, pid, PATIENCE)
  else if (what === 3) yield* sys.getStatus(self, pid, PATIENCE)
}

export const servers: Program = {
  name: 'servers',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    balance: dice.pick(['off', 'aggressive']),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      self.trapExit(true)
      const name = pigeonhole(KEY)
      const started = yield* startLink(self, book, undefined, {
        name,
        scheduler: dice.between(1, schedulers),
      })
      if (started.status !== 'ok') throw new Error('expected a server')
      const { pid } = started
      const monitor = self.monitor(pid)
      const addresses = dice.chance(0.5) ? [pid] : [pid, name, KEY]
      const readers = Array.from({ length: CLIENT_COUNT }, (_, who) =>
        self.spawnLink(
          reader,
          { seed: dice.seed(), who, to: addresses as readonly Address[] },
          { scheduler: dice.between(1, schedulers) },
        ),
      )
      for (let id = 0; id < TIMER_COUNT; id++) {
        const ms = dice.below(20)
        const tick: Own = { type: 'tick', id, dueMs: self.nowMs() + ms }
        self.sendAfter(ms, dice.pick([KEY, pid]), tick)
        yield* disturb(self, pid, dice)
        yield* self.sleep(dice.below(6))
      }
      for (const _ of readers) {
        const { pid: ended, reason } = yield* self.receive(
          tag<{ type: 'EXIT'; pid: Pid; reason: unknown }>('EXIT'),
        )
        expect(!samePid(ended, pid) && reason === 'normal', () => `nobody to fail: ${JSON.stringify(reason)}`)
      }
      yield* self.sleep(100)
      const sum = yield* self.call(pid, book.sum(), PATIENCE)
      expect(sum.callCount === sum.inDictionary, () => `${sum.callCount} calls, not ${sum.inDictionary}`)
      const fired = [...sum.timers].sort().join()
      expect(fired === '0,1,2,3,4,5,6,7', () => `each timer once, not ${fired}`)
      self.exit(pid, 'kill')
      expect((yield* self.receive(down(monitor))).reason === 'killed', () => 'DOWN, killed')
      expect(
        (yield* self.receive(tag<{ type: 'EXIT'; reason: unknown }>('EXIT'))).reason === 'killed',
        () => 'EXIT, killed',
      )
    },
}

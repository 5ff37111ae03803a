/**
 * Requests in collections, between servers that move and die: of each comes one response, its own; whatever comes besides is a fault.
 */

import {
  checkResponse,
  genServer,
  newRequestIds,
  noreply,
  type RefOf,
  type RequestIds,
  reply,
  requestIdCount,
  sendRequest,
  start,
  stop,
} from '@heddle/otp'
import { type From, type Pid, type Self, tag } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { drawFaults, expect, type Program } from '../program.ts'

const REQUEST_COUNT = 12

interface Ask {
  readonly n: number
  readonly ms: number
}

interface Late {
  readonly type: 'late'
  readonly from: From
  readonly n: number
}

export const oracle = genServer(import.meta.url, 'oracle', {
  init: (_: void) => 0,
  call: {
    now: (state, { n }: Ask) => reply(n, state),
    *slowly(state, { n, ms }: Ask, self) {
      yield* self.sleep(ms)
      return reply(n, state)
    },
    async promised(state, { n, ms }: Ask, self) {
      await self.sleep(ms)
      return reply(n, state)
    },
    later(state, { n, ms }: Ask, self, from) {
      self.sendAfter(ms, self.pid, { type: 'late', from, n } satisfies Late)
      return noreply(state)
    },
    twice(state, { n }: Ask, self, from) {
      self.reply(from, n as never)
      self.reply(from, n as never)
      return noreply(state)
    },
    never: (state, _ask: Ask) => stop('asked too much', state),
  },
  info(state, message, self) {
    const { from, n } = message as Late
    self.reply(from, n as never)
    return noreply(state)
  },
})

type OracleRef = RefOf<typeof oracle> | string
const KINDS = ['now', 'slowly', 'promised', 'later', 'twice', 'twice', 'never'] as const

interface Pilgrim {
  readonly to: readonly OracleRef[]
  readonly host: Pid
  readonly seed: number
  readonly sentCount: number
  readonly got: readonly number[]
  readonly open: RequestIds<number, unknown>
}

function askSome(state: Pilgrim, self: Self): Pilgrim {
  const dice = new Dice(state.seed)
  let { open, sentCount } = state
  for (let count = 0; count < 3 && sentCount < REQUEST_COUNT; count++) {
    const ask = { n: ++sentCount, ms: dice.below(5) }
    open = sendRequest(self, dice.pick(state.to), oracle[dice.pick(KINDS)](ask) as never, ask.n, open)
  }
  if (sentCount < REQUEST_COUNT) self.sendAfter(dice.below(3), self.pid, 'go')
  return { ...state, open, sentCount, seed: dice.seed() }
}

export const pilgrim = genServer(import.meta.url, 'pilgrim', {
  init: ({ to, host, seed }: Pick<Pilgrim, 'to' | 'host' | 'seed'>, self): Pilgrim => {
    self.send(self.pid, 'go')
    return { to, host, seed, sentCount: 0, got: [], open: newRequestIds() }
  },
  info(state, message, self) {
    if (message === 'go') return noreply(askSome(state, self))
    const next = checkResponse(self, message, state.open)
    if (typeof next === 'string') throw new Error(`expected a response, not ${JSON.stringify(message)}`)
    const { response, label, requests } = next
    const isOwn = response.status === 'error' || response.reply === label
    expect(isOwn, () => `the reply ${label}, not ${JSON.stringify(response)}`)
    const got = [...state.got, label]
    expect(new Set(got).size === got.length, () => `each response once, not ${got}`)
    const openCount = requestIdCount(requests)
    expect(
      openCount + got.length === state.sentCount,
      () => `${state.sentCount} requests, not ${openCount} and ${got}`,
    )
    if (got.length === REQUEST_COUNT) self.send(state.host, { type: 'through', pid: self.pid })
    return noreply({ ...state, got, open: requests })
  },
})

export const requests: Program = {
  name: 'requests',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 10), moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const to: OracleRef[] = []
      for (let index = 0; index < 4; index++) {
        const name = `oracle ${index}`
        const started = yield* start(self, oracle, undefined, {
          name,
          scheduler: dice.between(1, schedulers),
        })
        if (started.status === 'ok') to.push(dice.chance(0.5) ? started.pid : name)
      }
      if (to.length === 0) return
      const monitors = new Map<number, ReturnType<Self['monitor']>>()
      for (let count = 0; count < 3; count++) {
        const started = yield* start(
          self,
          pilgrim,
          { to, host: self.pid, seed: dice.seed() },
          { scheduler: dice.between(1, schedulers) },
        )
        if (started.status === 'ok') monitors.set(started.pid.$pid, self.monitor(started.pid))
      }
      while (monitors.size > 0) {
        const news = yield* self.receive(
          tag<{ type: 'DOWN'; pid: Pid; reason: unknown } | { type: 'through'; pid: Pid }>('DOWN', 'through'),
        )
        const monitor = monitors.get(news.pid.$pid)
        if (news.type === 'DOWN') {
          const why = Array.isArray(news.reason) ? news.reason[0] : news.reason
          const isDeath = why === 'scheduler_down' || why === 'noproc'
          expect(isDeath, () => `nobody to fail: ${JSON.stringify(news.reason)}`)
        } else if (monitor !== undefined) self.demonitor(monitor, { flush: true })
        monitors.delete(news.pid.$pid)
      }
    },
}

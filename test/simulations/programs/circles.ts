/**
 * Processes that flood each other in circles, with mailboxes that hold their senders back, limits that change on the way, calls against
 * the stream, suspensions, moves and deaths. Nobody is held for ever: each comes to the end of what it has to say, or dies with its
 * scheduler. Where nobody dies, a receiver that holds its senders gets all words, in order.
 */

import {
  again,
  done,
  Exit,
  HeddleError,
  type Pid,
  process,
  type Self,
  samePid,
  TIMEOUT,
  tag,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { drawFaults, expect, type Program } from '../program.ts'

const ROUND_COUNT = 30
const WORD_COUNT = 30
const TALKER_COUNT = 3
const QUIET_MS = 60_000

const HOLDING = [1, 2, 5].map((count) => ({ count, onFull: 'mute_senders' as const }))

interface Gossip {
  readonly seed: number
  readonly host: Pid
  readonly ring: readonly Pid[]
  readonly left: number
  readonly gotCount: number
}

export const gossip = process(import.meta.url, 'gossip', {
  init: ({ seed, host }: Pick<Gossip, 'seed' | 'host'>): Gossip => ({
    seed,
    host,
    ring: [],
    left: ROUND_COUNT,
    gotCount: 0,
  }),
  *handle(given, message, self: Self) {
    const it = message as { type: string; ring: readonly Pid[]; from: never }
    const state = { ...given, gotCount: given.gotCount + 1 }
    const dice = new Dice(state.seed + state.gotCount * 7_919)
    if (it.type === '$call') self.reply(it.from, 'yes' as never)
    if (it.type === 'word' && dice.chance(0.1)) yield* self.sleep(dice.below(2))
    if (it.type !== 'go') return again(state)
    const ring = it.ring ?? state.ring
    if (state.left === 0) {
      self.send(state.host, { type: 'quiet', pid: self.pid })
      return again(state)
    }
    for (let count = dice.between(1, 6); count > 0; count--) self.send(dice.pick(ring), { type: 'word' })
    const what = dice.below(10)
    if (what === 0) yield* self.sleep(dice.below(5))
    else if (what === 1) self.processFlag('maxMailbox', dice.pick([undefined, ...HOLDING]))
    else if (what === 2) yield* askOne(self, dice.pick(ring.filter((pid) => !samePid(pid, self.pid))))
    else if (what === 3) yield* self.yield()
    self.send(self.pid, { type: 'go' })
    return again({ ...state, ring, left: state.left - 1 })
  },
})

function* askOne(self: Self, peer: Pid) {
  try {
    yield* self.call(peer, { $call: 'hm', arg: 0 }, { timeoutMs: 50 })
  } catch (error) {
    expect(error instanceof Exit, () => `an answer or an exit, not ${error}`)
  }
}

/** Holds its senders to their numbers. */
export const audience = process(import.meta.url, 'audience', {
  init: (_: void): Record<number, number> => ({}),
  handle(state, message, self) {
    const it = message as { type: string; who: number; n: number; from: never }
    if (it.type === '$call') {
      self.reply(it.from, Object.values(state).reduce((sum, n) => sum + n, 0) as never)
      return again(state)
    }
    const last = state[it.who] ?? 0
    expect(it.n === last + 1, () => `${last + 1} of ${it.who}, not ${it.n}`)
    return again({ ...state, [it.who]: it.n })
  },
})

export const talker = process(import.meta.url, 'talker', {
  init: (argument: { to: Pid; who: number; seed: number; host: Pid }) => argument,
  *run({ to, who, seed, host }, self: Self) {
    const dice = new Dice(seed)
    for (let n = 1; n <= WORD_COUNT; n++) {
      self.send(to, { type: 'word', who, n })
      if (dice.chance(0.3)) yield* self.yield()
      if (dice.chance(0.1)) yield* self.sleep(dice.below(3))
    }
    // Behind all its words.
    const sum = yield* self.call(to, { $call: 'sum', arg: 0 }, { timeoutMs: QUIET_MS })
    self.send(host, { type: 'said', sum })
    return done()
  },
})

function* halt(self: Self, pid: Pid, ms: number) {
  try {
    yield* self.suspend(pid)
  } catch (error) {
    if (error instanceof HeddleError && error.code === 'ERR_NO_PROCESS') return
    throw error
  }
  yield* self.sleep(ms)
  self.resume(pid)
}

export const circles: Program = {
  name: 'circles',
  options: (dice) => ({
    schedulers: dice.between(1, 4),
    balance: dice.pick(['off', 'aggressive']),
    faults: { ...drawFaults(dice, 15), moveProbability: dice.pick([0, 0.05, 0.3]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const ring = Array.from({ length: dice.between(2, 6) }, () =>
        self.spawn(
          gossip,
          { seed: dice.seed(), host: self.pid },
          { scheduler: dice.between(1, schedulers), maxMailbox: dice.pick(HOLDING) },
        ),
      )
      const left = new Set(ring.map((pid) => pid.$pid))
      for (const pid of ring) {
        self.monitor(pid)
        self.send(pid, { type: 'go', ring })
      }
      while (left.size > 0) {
        const news = yield* self.receive(
          tag<{ type: 'quiet' | 'DOWN'; pid: Pid; reason: unknown }>('quiet', 'DOWN'),
          { afterMs: QUIET_MS },
        )
        if (news === TIMEOUT) throw new Error(`expected nobody to be held for ever: ${[...left]}`)
        const why = Array.isArray(news.reason) ? news.reason[0] : news.reason
        const isFine = news.type === 'quiet' || why === 'scheduler_down' || why === 'noproc'
        expect(isFine, () => `nobody to fail: ${JSON.stringify(news.reason)}`)
        left.delete(news.pid.$pid)
        if (dice.chance(0.2)) yield* halt(self, dice.pick(ring), dice.below(20))
      }
    },
}

export const audiences: Program = {
  name: 'audiences',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const to = self.spawn(audience, undefined, {
        scheduler: dice.between(1, schedulers),
        maxMailbox: dice.pick(HOLDING),
        link: true,
      })
      for (let who = 0; who < TALKER_COUNT; who++) {
        const argument = { to, who, seed: dice.seed(), host: self.pid }
        self.spawnLink(talker, argument, { scheduler: dice.between(1, schedulers) })
      }
      if (dice.chance(0.3)) yield* halt(self, to, dice.below(20))
      let most = 0
      for (let count = 0; count < TALKER_COUNT; count++)
        most = Math.max(most, (yield* self.receive(tag<{ type: 'said'; sum: number }>('said'))).sum)
      expect(most === TALKER_COUNT * WORD_COUNT, () => `${TALKER_COUNT * WORD_COUNT} words, not ${most}`)
      self.unlink(to)
    },
}

/**
 * Supervisors of each strategy whose children, and they themselves, are moved, suspended, killed: after each end exactly those are shut
 * down that the strategy says, in reverse order; the others keep their pids, all have their names, and `whichChildren` tells the truth.
 */

import {
  type ChildInfo,
  child,
  genServer,
  noreply,
  type RefOf,
  reply,
  start,
  startLink,
  stopServer,
  supervisor,
  sys,
} from '@heddle/otp'
import { down, exit, isPid, type Pid, type Self, samePid } from '@heddle/scheduler'
import { drawFaults, expect, type Program } from '../program.ts'

const ROUND_COUNT = 5
const PATIENCE = { timeoutMs: 60_000 }
const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const

/** Keeps what the children write as they end. */
export const diary = genServer(import.meta.url, 'diary', {
  init: (_: void): number[] => [],
  call: {
    write: (state, id: number) => reply('ok', [...state, id]),
    take: (state) => reply(state, []),
  },
})

type DiaryRef = RefOf<typeof diary>

export const sibling = genServer(import.meta.url, 'sibling', {
  init: (argument: { id: number; diary: DiaryRef }, self) => {
    self.trapExit(true)
    return argument
  },
  call: { id: (state) => reply(state.id, state) },
  cast: {
    crash: (): never => {
      throw new RangeError('unlucky')
    },
  },
  info: (state) => noreply(state),
  *terminate(reason, state, self) {
    if (reason === 'shutdown') yield* self.call(state.diary, diary.write(state.id), PATIENCE)
  },
})

interface FamilyArgument {
  readonly strategy: (typeof STRATEGIES)[number]
  readonly count: number
  readonly diary: DiaryRef
  readonly schedulers: number
}

export const family = supervisor(import.meta.url, 'family', (it: FamilyArgument) => ({
  strategy: it.strategy,
  intensity: 1_000,
  periodMs: 1_000,
  children: Array.from({ length: it.count }, (_, id) =>
    child(
      sibling,
      { id, diary: it.diary },
      { id: `k${id}`, name: `k${id}`, shutdown: PATIENCE.timeoutMs, scheduler: 1 + (id % it.schedulers) },
    ),
  ),
}))

type Kids = readonly ChildInfo[]
const pidOf = (kids: Kids, id: number): unknown => kids.find((kid) => kid.id === `k${id}`)?.pid
const isSame = (a: unknown, b: unknown): boolean => isPid(a) && isPid(b) && samePid(a, b)

/** Until all are there, and this one is another than it was. */
function* awaitKids(self: Self, of: RefOf<typeof family> | string, before: Kids, victim: number) {
  for (let waitedMs = 0; ; waitedMs++) {
    const kids: Kids = yield* self.call(of, family.whichChildren(), PATIENCE)
    const isBack = kids.every(({ pid }) => isPid(pid))
    if (isBack && !isSame(pidOf(kids, victim), pidOf(before, victim))) return kids
    expect(waitedMs < 10_000, () => `k${victim} to come back`)
    yield* self.sleep(1)
  }
}

export const families: Program = {
  name: 'families',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      self.trapExit(true)
      const count = dice.between(2, 5)
      const strategy = dice.pick(STRATEGIES)
      const book = yield* start(self, diary, undefined)
      if (book.status !== 'ok') throw new Error('expected a diary')
      const started = yield* startLink(
        self,
        family,
        { strategy, count, diary: book.pid, schedulers },
        { name: 'family', scheduler: dice.between(1, schedulers) },
      )
      if (started.status !== 'ok') throw new Error('expected a supervisor')
      const parent = started.pid
      const all = Array.from({ length: count }, (_, id) => count - 1 - id)
      let kids: Kids = yield* self.call(parent, family.whichChildren(), PATIENCE)
      for (let round = 0; round < ROUND_COUNT; round++) {
        const victim = dice.below(count)
        const pid = self.whereis(`k${victim}`) as Pid
        const monitor = self.monitor(pid)
        if (dice.chance(0.5)) self.exit(pid, 'kill')
        else self.cast(`k${victim}`, sibling.crash())
        yield* self.receive(down(monitor))
        const after = yield* awaitKids(self, dice.chance(0.5) ? parent : 'family', kids, victim)
        const others = all.filter((id) => id > victim || (id < victim && strategy === 'one_for_all'))
        const expected = strategy === 'one_for_one' ? [] : others
        const ended = yield* self.call(book.pid, diary.take(), PATIENCE)
        expect(ended.join() === expected.join(), () => `${strategy} of k${victim}: ${expected}, not ${ended}`)
        for (const id of all) {
          const stays = id !== victim && !expected.includes(id)
          expect(isSame(pidOf(kids, id), pidOf(after, id)) === stays, () => `k${id} to stay: ${stays}`)
          expect(isSame(self.whereis(`k${id}`), pidOf(after, id)), () => `the name of k${id}`)
          const said = yield* self.call(`k${id}`, sibling.id(), PATIENCE)
          expect(said === id, () => `${id} behind its name, not ${said}`)
        }
        kids = after
        if (dice.chance(0.3)) {
          yield* sys.suspend(self, parent, PATIENCE)
          yield* self.sleep(dice.below(5))
          yield* sys.resume(self, parent, PATIENCE)
        }
      }
      yield* stopServer(self, parent, 'shutdown', PATIENCE.timeoutMs)
      expect((yield* self.receive(exit(parent))).reason === 'shutdown', () => 'an end by shutdown')
      const ended = yield* self.call(book.pid, diary.take(), PATIENCE)
      expect(ended.join() === all.join(), () => `all in reverse, not ${ended}`)
    },
}

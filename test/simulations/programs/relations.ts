/**
 * Servers that link, monitor, name and spawn each other while all of them are moved; a table of main's own says what holds between whom.
 * In the end one is killed, and each of the others hears of it exactly as often as that table says.
 */

import { genServer, noreply, type RefOf, reply, start } from '@heddle/otp'
import { HeddleError, type MonitorRef, type Pid, type Self, type Steps } from '@heddle/scheduler'
import { drawFaults, expect, type Program } from '../program.ts'

const STEP_COUNT = 50
const PATIENCE = { timeoutMs: 60_000 }

interface State {
  readonly monitors: readonly (readonly [pid: number, ref: MonitorRef])[]
  readonly heard: readonly (readonly [type: string, pid: number])[]
}

function attempt(action: () => void): string {
  try {
    action()
    return 'ok'
  } catch (error) {
    if (error instanceof HeddleError) return error.code
    throw error
  }
}

type News =
  | { readonly type: 'EXIT'; readonly pid: Pid }
  | { readonly type: 'DOWN'; readonly pid: Pid; readonly ref: MonitorRef }

export const pal = genServer(import.meta.url, 'pal', {
  init: (_: void, self): State => {
    self.trapExit(true)
    return { monitors: [], heard: [] }
  },
  call: {
    link: (state, pid: Pid, self) =>
      reply(
        attempt(() => self.link(pid)),
        state,
      ),
    unlink: (state, pid: Pid, self) =>
      reply(
        attempt(() => self.unlink(pid)),
        state,
      ),
    monitor: (state, pid: Pid, self) =>
      reply('ok', { ...state, monitors: [...state.monitors, [pid.$pid, self.monitor(pid)] as const] }),
    demonitor: (state, pid: Pid, self) => {
      const found = state.monitors.find(([each]) => each === pid.$pid)
      if (found === undefined) return reply('none', state)
      self.demonitor(found[1], { flush: true })
      return reply('ok', { ...state, monitors: state.monitors.filter((each) => each !== found) })
    },
    register: (state, name: string, self) =>
      reply(
        attempt(() => self.register(name)),
        state,
      ),
    unregister: (state, name: string, self) =>
      reply(
        attempt(() => self.unregister(name)),
        state,
      ),
    spawn: (state, _: void, self) => reply(spawnPal(self), state),
    heard: (state) => reply(state, state),
  },
  info(state, message) {
    const news = message as News
    const heard = [...state.heard, [news.type, news.pid.$pid] as const]
    if (news.type === 'EXIT') return noreply({ ...state, heard })
    const left = state.monitors.filter(([, ref]) => ref.$ref !== news.ref.$ref)
    expect(left.length < state.monitors.length, () => 'no DOWN of a monitor that is not there')
    return noreply({ monitors: left, heard })
  },
})

type PalRef = RefOf<typeof pal>

function spawnPal(self: Self): Pid {
  return self.spawnLink(pal, undefined)
}

/** What holds, as main knows it. */
class Table {
  readonly pals: PalRef[] = []
  readonly parents = new Set<Pid>()
  readonly links = new Set<string>()
  readonly monitors = new Map<Pid, number[]>()
  readonly names = new Map<string, Pid>()

  add(pid: PalRef): void {
    this.pals.push(pid)
    this.monitors.set(pid, [])
  }

  key(a: Pid, b: Pid): string {
    return [a.$pid, b.$pid].sort((one, other) => one - other).join()
  }

  monitorsOf(pid: Pid): number[] {
    return this.monitors.get(pid) as number[]
  }
}

const agree = (said: string, isRight: boolean, what: string) =>
  expect((said === 'ok') === isRight, () => `${what} to be ${isRight}, not ${said}`)

type Move = (self: Self, table: Table, a: PalRef, b: PalRef, name: string) => Steps<void>

const unlink: Move = function* (self, { links, key }, a, b) {
  agree(yield* self.call(a, pal.unlink(b), PATIENCE), true, 'unlink')
  links.delete(key(a, b))
}

const STEPS: readonly Move[] = [
  unlink,
  function* (self, { links, key }, a, b) {
    agree(yield* self.call(a, pal.link(b), PATIENCE), true, 'link')
    links.add(key(a, b))
  },
  function* (self, table, a, b) {
    agree(yield* self.call(a, pal.monitor(b), PATIENCE), true, 'monitor')
    table.monitorsOf(a).push(b.$pid)
  },
  function* (self, table, a, b) {
    const mine = table.monitorsOf(a)
    const at = mine.indexOf(b.$pid)
    agree(yield* self.call(a, pal.demonitor(b), PATIENCE), at >= 0, 'demonitor')
    if (at >= 0) mine.splice(at, 1)
  },
  function* (self, { names }, a, _b, name) {
    const isFree = !names.has(name) && ![...names.values()].includes(a)
    agree(yield* self.call(a, pal.register(name), PATIENCE), isFree, 'register')
    if (isFree) names.set(name, a)
  },
  function* (self, { names }, a, _b, name) {
    agree(yield* self.call(a, pal.unregister(name), PATIENCE), names.delete(name), 'unregister')
  },
  function* (self, table, a) {
    const child = yield* self.call(a, pal.spawn(), PATIENCE)
    table.parents.add(a)
    table.add(child as PalRef)
    table.links.add(table.key(a, child))
  },
]

export const relations: Program = {
  name: 'relations',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    balance: dice.pick(['off', 'aggressive']),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, simulation) {
      const table = new Table()
      for (let count = 0; count < 5; count++) {
        const started = yield* start(self, pal, undefined, {
          scheduler: dice.between(1, simulation.schedulers),
        })
        if (started.status === 'ok') table.add(started.pid)
      }
      for (let step = 0; step < STEP_COUNT; step++) {
        const a = dice.pick(table.pals)
        const b = dice.pick(table.pals.filter((pid) => pid !== a))
        const move = dice.pick(STEPS)
        yield* move(self, table, a, b, `x${dice.below(3)}`)
        // The other one, asked to link before it hears of that, is linked already, does nothing, and then is not.
        if (move === unlink) yield* simulation.settled()
      }
      yield* simulation.settled()
      // Whose parent ends ends, too.
      const childless = table.pals.filter((pid) => !table.parents.has(pid))
      if (childless.length === 0) return
      const victim = dice.pick(childless)
      self.exit(victim, 'kill')
      yield* self.sleep(500)
      for (const pid of table.pals.filter((each) => each !== victim)) {
        const { heard, monitors } = yield* self.call(pid, pal.heard(), PATIENCE)
        const isLinked = table.links.has(table.key(pid, victim))
        const expected = [
          ...(isLinked ? ['EXIT'] : []),
          ...table.monitorsOf(pid).flatMap((watched) => (watched === victim.$pid ? ['DOWN'] : [])),
        ]
        const told = heard.map(([type, who]) => (who === victim.$pid ? type : `${type} of another`))
        expect(told.sort().join() === expected.sort().join(), () => `${expected}, not ${told}`)
        const left = table.monitorsOf(pid).filter((watched) => watched !== victim.$pid)
        expect(monitors.map(([watched]) => watched).join() === left.join(), () => `monitors of ${left}`)
      }
    },
}

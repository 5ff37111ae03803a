// Spawns that have not started, in worlds of their own: who gets them, and what may be done with them before. Each under many
// seeds; the judge looks on.

import { describe, expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { down, exit, tag, withRef } from '../process/match.ts'
import { placement } from '../process/placement.ts'
import type { Self, SpawnReply } from '../process/self.ts'
import { again, done } from '../process/turn.ts'
import type { Pid } from '../term/pid.ts'
import { type Simulation, type SimulationResult, simulate } from './simulate.ts'

const SEED_COUNT = 40

/** Says where it is, notes what it gets, and tells when asked. */
const pupil = process(import.meta.url, 'pupil', {
  init: ({ to, name }: { to: Pid; name?: string }, self): unknown[] => {
    self.send(to, { type: 'here', scheduler: self.scheduler, named: self.registeredName === name })
    return []
  },
  handle(seen, message, self) {
    const it = message as { type: string; from: Pid; reason: string }
    if (it.type === 'stop') return done(it.reason)
    if (it.type !== 'tell') return again([...seen, message])
    self.send(it.from, { type: 'told', seen })
    return again(seen)
  },
})

interface Lesson {
  readonly to: Pid
  readonly does: keyof typeof lessons
}

/** Spawns more than it can run, does something with the last of them at once, and says what came of it. */
const teacher = process(import.meta.url, 'teacher', {
  init: (argument: Lesson) => argument,
  *run({ to, does }: Lesson, self: Self) {
    self.trapExit(true)
    self.send(to, { type: 'result', value: yield* lessons[does](self) })
    // As long as it is needed.
    yield* self.receive(tag('never'))
    return done()
  },
})

function spawnMany(self: Self, count = 12): Pid[] {
  return Array.from({ length: count }, () => self.spawn(pupil, { to: self.pid }))
}

const last = (pids: readonly Pid[]): Pid => pids[pids.length - 1] as Pid

const lessons = {
  *spread(self: Self) {
    const places: number[] = []
    for (const _ of spawnMany(self, 40)) places.push((yield* self.receive(tag<Here>('here'))).scheduler)
    return new Set(places).size
  },
  *order(self: Self) {
    const pupils = spawnMany(self)
    for (let number = 0; number < 20; number++)
      for (const pid of pupils) self.send(pid, { type: 'word', number })
    const seen: unknown[] = []
    for (const pid of pupils) {
      self.send(pid, { type: 'tell', from: self.pid })
      const { seen: words } = yield* self.receive(tag<{ type: 'told'; seen: { number: number }[] }>('told'))
      seen.push(words.map(({ number }) => number).join())
    }
    return [...new Set(seen)]
  },
  *kill(self: Self) {
    const pupils = spawnMany(self)
    const refs = pupils.map((pid) => self.monitor(pid))
    for (const pid of pupils) self.exit(pid, 'kill')
    const reasons = new Set<unknown>()
    for (const ref of refs) reasons.add((yield* self.receive(down(ref))).reason)
    return [...reasons].filter((reason) => reason !== 'killed')
  },
  *links(self: Self) {
    spawnMany(self)
    const pid = self.spawnLink(pupil, { to: self.pid })
    self.send(pid, { type: 'stop', reason: 'tired' })
    const ended = yield* self.receive(exit(pid))
    const loner = self.spawnLink(pupil, { to: self.pid })
    self.unlink(loner)
    self.exit(loner, 'kill')
    const ref = self.monitor(loner)
    yield* self.receive(down(ref))
    return [ended.reason]
  },
  *monitors(self: Self) {
    spawnMany(self)
    const { pid, monitor } = self.spawnMonitor(pupil, { to: self.pid })
    self.send(pid, { type: 'stop', reason: 'tired' })
    const ended = yield* self.receive(down(monitor))
    return [ended.reason, ended.pid.$pid === pid.$pid]
  },
  *requests(self: Self) {
    spawnMany(self)
    const ref = self.spawnRequest(pupil, { to: self.pid }, { link: true, monitor: true })
    const reply = (yield* self.receive(withRef(ref))) as SpawnReply
    if (reply.result !== 'ok') return reply.reason
    self.send(reply.pid, { type: 'stop', reason: 'tired' })
    const ended = yield* self.receive(down(ref))
    return [ended.reason, (yield* self.receive(exit(reply.pid))).reason]
  },
  *abandons(self: Self) {
    spawnMany(self)
    const ref = self.spawnRequest(pupil, { to: self.pid }, { link: true })
    const wasPending = self.abandonSpawn(ref)
    for (let left = 12; left > 0; left--) yield* self.receive(tag<Here>('here'))
    return wasPending
  },
  *names(self: Self) {
    spawnMany(self)
    const pid = self.spawn(pupil, { to: self.pid, name: 'the last' }, { name: 'the last' })
    const found = self.whereis('the last')?.$pid === pid.$pid
    self.send('the last', { type: 'tell', from: self.pid })
    yield* self.receive(tag('told'))
    const named: boolean[] = []
    for (let left = 13; left > 0; left--) named.push((yield* self.receive(tag<Here>('here'))).named)
    return [found, named.filter((is) => !is).length]
  },
  *questions(self: Self) {
    const pid = last(spawnMany(self))
    const isAlive = yield* self.isAlive(pid)
    const info = yield* self.processInfo(pid, ['status', 'registeredName'])
    yield* self.suspend(pid)
    const suspended = yield* self.processInfo(pid, ['status'])
    self.resume(pid)
    return [isAlive, info === undefined, suspended?.status]
  },
  *values(self: Self) {
    const pid = last(spawnMany(self))
    const word = { type: 'word', text: 'before' }
    self.send(pid, word)
    word.text = 'after'
    const buffer = new ArrayBuffer(8)
    self.send(pid, { type: 'word', buffer }, { transfer: [buffer] })
    let code: unknown
    try {
      self.send(pid, { type: 'word', bad: () => 0 })
    } catch (error) {
      code = (error as { code: string }).code
    }
    self.send(pid, { type: 'tell', from: self.pid })
    const { seen } = yield* self.receive(tag<{ type: 'told'; seen: (typeof word)[] }>('told'))
    return [seen.length, seen[0]?.text, buffer.byteLength, code]
  },
  *large(self: Self) {
    spawnMany(self)
    const name = 'x'.repeat(5_000)
    self.spawn(pupil, { to: self.pid, name })
    const bad = () => self.spawn(pupil, { to: self.pid, name: (() => 0) as never })
    let code: unknown
    try {
      bad()
    } catch (error) {
      code = (error as { code: string }).code
    }
    for (let left = 13; left > 0; left--) yield* self.receive(tag<Here>('here'))
    return code
  },
} satisfies Record<string, (self: Self) => Generator<unknown, unknown, never>>

interface Here {
  readonly type: 'here'
  readonly scheduler: number
  readonly named: boolean
}

function teach(does: keyof typeof lessons, seed: number): Promise<SimulationResult<unknown>> {
  return simulate({ seed, schedulers: 3, trace: false }, function* (self) {
    self.spawn(teacher, { to: self.pid, does }, { scheduler: 1 })
    return (yield* self.receive(tag<{ type: 'result'; value: unknown }>('result'))).value
  })
}

describe('what was spawned and has not started', () => {
  test.each([
    ['gets its messages in order', 'order', [Array.from({ length: 20 }, (_, number) => number).join()]],
    ['is killed', 'kill', []],
    ['is linked', 'links', ['tired']],
    ['is monitored', 'monitors', ['tired', true]],
    ['is asked for', 'requests', ['tired', 'tired']],
    ['has its name', 'names', [true, 0]],
    ['answers questions, and can be suspended', 'questions', [true, false, 'suspended']],
    ['gets values of its own', 'values', [2, 'before', 0, 'ERR_UNCLONABLE']],
    ['may have a long argument, and not one that cannot be cloned', 'large', 'ERR_UNCLONABLE'],
  ] as const)('%s', async (_, does, expected) => {
    for (let seed = 0; seed < SEED_COUNT; seed++)
      expect((await teach(does, seed)).value, `seed ${seed}`).toEqual(expected)
  })

  test('can be given up', async () => {
    for (let seed = 0; seed < SEED_COUNT; seed++) await teach('abandons', seed)
  })

  test('is taken by those who have nothing to do', async () => {
    const counts = await Promise.all(Array.from({ length: 10 }, (_, seed) => teach('spread', seed)))
    expect(counts.map(({ value }) => value)).toEqual(counts.map(() => 3))
  })
})

describe('deaths', () => {
  /** All pupils are watched by their teacher's friend, on scheduler 3, and someone dies while some have not started. */
  const friend = process(import.meta.url, 'friend', {
    init: (to: Pid) => to,
    *run(to: Pid, self: Self) {
      const { pids } = yield* self.receive(tag<{ type: 'watch'; pids: Pid[] }>('watch'))
      const refs = pids.map((pid) => self.monitor(pid))
      self.send(to, { type: 'watching' })
      const reasons: string[] = []
      for (const ref of refs) {
        const { reason } = yield* self.receive(down(ref))
        reasons.push(Array.isArray(reason) ? String(reason[0]) : String(reason))
      }
      self.send(to, { type: 'reasons', reasons })
      return done()
    },
  })

  const hurried = process(import.meta.url, 'hurried', {
    init: (argument: { to: Pid; friend: Pid }) => argument,
    *run({ to, friend: watcher }: { to: Pid; friend: Pid }, self: Self) {
      self.trapExit(true)
      const pids = Array.from({ length: 30 }, () => self.spawnLink(pupil, { to }))
      self.send(watcher, { type: 'watch', pids })
      yield* self.receive(tag('never'))
      return done()
    },
  })

  function* dying(self: Self, simulation: Simulation, victim: number) {
    const watcher = self.spawn(friend, self.pid, { scheduler: 3 })
    self.spawn(hurried, { to: self.pid, friend: watcher }, { scheduler: 1 })
    yield* self.receive(tag('watching'))
    simulation.killScheduler(victim)
    // What lives on is told to end.
    for (const pid of self.processes())
      if (pid.$pid !== self.pid.$pid && pid.$pid !== watcher.$pid) self.exit(pid, 'kill')
    return (yield* self.receive(tag<{ type: 'reasons'; reasons: string[] }>('reasons'))).reasons
  }

  test.each([
    ['of the scheduler that spawned them', 1],
    ['of one that takes them', 2],
  ])('%s: every monitor is told, once', async (_, victim) => {
    for (let seed = 0; seed < SEED_COUNT; seed++) {
      const { value } = await simulate({ seed, schedulers: 3, trace: false }, (self, simulation) =>
        dying(self, simulation, victim),
      )
      expect(value, `seed ${seed}`).toHaveLength(30)
      for (const reason of value ?? []) expect(['killed', 'noproc', 'scheduler_down']).toContain(reason)
    }
  })
})

describe('placement', () => {
  const picky = placement(import.meta.url, 'picky', (loads, { priority }, random) => {
    if (priority === 'low') throw new RangeError('not today')
    if (priority === 'high') return 99
    expect(random()).toBeLessThan(1)
    return loads[loads.length - 1]?.scheduler ?? 0
  })

  const lastChoices: number[] = []
  const fewest = placement(import.meta.url, 'fewest', (loads) => {
    const sizes = loads.map(({ processCount, queuedCount }) => processCount + queuedCount)
    const chosen = loads[sizes.indexOf(Math.min(...sizes))]?.scheduler ?? 0
    lastChoices.push(chosen)
    return chosen
  })

  /** Spawns more than it can run, without giving way, and says where they went. */
  const planner = process(import.meta.url, 'planner', {
    init: (to: Pid) => to,
    *run(to: Pid, self: Self) {
      lastChoices.length = 0
      spawnMany(self, 119)
      const counts = [1, 2].map((scheduler) => lastChoices.filter((chosen) => chosen === scheduler).length)
      self.send(to, { type: 'planned', counts })
      yield* self.receive(tag('never'))
      return done()
    },
  })

  const asker = process(import.meta.url, 'asker', {
    init: (to: Pid) => to,
    *run(to: Pid, self: Self) {
      const codes = (['low', 'high'] as const).map((priority) => {
        try {
          return self.spawn(pupil, { to: self.pid }, { priority })
        } catch (error) {
          return (error as { code: string }).code
        }
      })
      self.spawn(pupil, { to: self.pid })
      const { scheduler } = yield* self.receive(tag<Here>('here'))
      self.send(to, { type: 'codes', codes, scheduler, count: self.processes().length })
      return done()
    },
  })

  test("a policy of the user's own chooses, and its errors are the spawner's", async () => {
    const { value } = await simulate(
      { seed: 1, schedulers: 3, placement: picky, stealing: false },
      function* (self) {
        self.spawn(asker, self.pid, { scheduler: 1 })
        return yield* self.receive(tag('codes'))
      },
    )
    // The host, main, the asker, and one pupil: those that were refused are not there.
    expect(value).toEqual({
      type: 'codes',
      codes: ['ERR_PLACEMENT', 'ERR_PLACEMENT'],
      scheduler: 3,
      count: 4,
    })
  })

  const counter = process(import.meta.url, 'counter', {
    init: ({ to }: { to: Pid }) => to,
    *run(to: Pid, self: Self) {
      for (const _ of spawnMany(self, 30)) self.send(to, yield* self.receive(tag<Here>('here')))
      return done()
    },
  })

  test('round-robin gives each the same number', async () => {
    const { value } = await simulate(
      { seed: 2, schedulers: 3, placement: 'round-robin', stealing: false },
      function* (self) {
        self.spawn(counter, { to: self.pid }, { scheduler: 2 })
        const counts = [0, 0, 0]
        for (let left = 30; left > 0; left--) {
          const { scheduler } = yield* self.receive(tag<Here>('here'))
          counts[scheduler - 1] = (counts[scheduler - 1] ?? 0) + 1
        }
        return counts
      },
    )
    expect(value).toEqual([10, 10, 10])
  })

  test("what it goes by counts the spawner's own choices of this callback", async () => {
    for (const stealing of [false, true]) {
      const { value } = await simulate(
        { seed: 2, schedulers: 2, placement: fewest, stealing, faults: { stallProbability: 0 } },
        function* (self) {
          self.spawn(planner, self.pid, { scheduler: 1 })
          return (yield* self.receive(tag<{ type: 'planned'; counts: number[] }>('planned'))).counts
        },
      )
      // The planner is a process, too.
      expect(value).toEqual([59, 60])
    }
  })

  test('who has been in one callback for long gets nothing from any policy', async () => {
    for (const policy of ['two-choices', 'round-robin', 'least-loaded', picky] as const) {
      const { value } = await simulate(
        { seed: 3, schedulers: 3, placement: policy, stealing: false, faults: { stallProbability: 0 } },
        function* (self, simulation) {
          yield* self.sleep(1)
          simulation.stall(3, 1_000)
          yield* self.sleep(50)
          const places: number[] = []
          for (const _ of spawnMany(self, 20)) places.push((yield* self.receive(tag<Here>('here'))).scheduler)
          return places
        },
      )
      expect(value).toHaveLength(20)
      expect(value).not.toContain(3)
    }
  })
})

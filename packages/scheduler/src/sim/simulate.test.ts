import { describe, expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { down, exit, tag } from '../process/match.ts'
import { TIMEOUT } from '../process/self.ts'
import { again, done } from '../process/turn.ts'
import { type SimulationError, simulate } from './simulate.ts'

const echo = process(import.meta.url, 'echo', {
  init: (count: number) => count,
  handle(count, message, self) {
    const { from } = message as { from: { $pid: number } }
    self.send(from, { type: 'echo', count, scheduler: self.scheduler })
    return again(count + 1)
  },
})

const sleeper = process(import.meta.url, 'sleeper', {
  init: (ms: number) => ms,
  async handle(ms, message, self) {
    await self.sleep(ms)
    // A promise of the outside world.
    await new Promise((resolve) => setImmediate(resolve))
    self.send((message as { from: { $pid: number } }).from, { type: 'awake', atMs: self.nowMs() })
    return done()
  },
})

const thrower = process(import.meta.url, 'thrower', {
  init: (): number => {
    throw new RangeError('not today')
  },
  handle: () => done(),
})

const failure = (promise: Promise<unknown>): Promise<SimulationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as SimulationError,
  )

describe('a simulation', () => {
  test('runs processes on its schedulers, and gives what main returned', async () => {
    const { value, outcome, violations } = await simulate({ seed: 1, schedulers: 3 }, function* (self) {
      const places: number[] = []
      for (const scheduler of [1, 2, 3]) {
        self.send(self.spawn(echo, 0, { scheduler }), { from: self.pid })
        places.push((yield* self.receive(tag<{ type: 'echo'; scheduler: number }>('echo'))).scheduler)
      }
      return [self.scheduler, ...places]
    })
    expect({ value, outcome, violations }).toEqual({
      value: [0, 1, 2, 3],
      outcome: 'returned',
      violations: [],
    })
  })

  test('main may be an async function', async () => {
    const { value } = await simulate({ seed: 1 }, async (self) => {
      self.send(self.spawn(echo, 41), { from: self.pid })
      return (
        ((await self.receive(tag<{ type: 'echo'; count: number }>('echo'))) as { count: number }).count + 1
      )
    })
    expect(value).toBe(42)
  })

  test('an hour passes in no time', async () => {
    const { value, elapsedMs } = await simulate({ seed: 1, limitMs: 1e8 }, function* (self) {
      self.sendAfter(1_800_000, self.pid, { type: 'late' })
      yield* self.sleep(1_000_000)
      yield* self.receive(tag('late'))
      const first = self.nowMs()
      expect(yield* self.receive(tag('never'), { afterMs: 1_800_000 })).toBe(TIMEOUT)
      return self.nowMs() - first
    })
    expect(value).toBeGreaterThanOrEqual(1_800_000)
    expect(elapsedMs).toBeGreaterThanOrEqual(3_600_000)
    expect(elapsedMs).toBeLessThan(3_700_000)
  })

  test('waits for promises of the outside world', async () => {
    const { value } = await simulate({ seed: 5 }, function* (self) {
      self.send(self.spawn(sleeper, 50), { from: self.pid })
      return (yield* self.receive(tag<{ type: 'awake'; atMs: number }>('awake'))).atMs
    })
    expect(value).toBeGreaterThanOrEqual(50)
    expect(value).toBeLessThan(70)
  })

  test('a scheduler that main kills takes its processes along, and another takes its place', async () => {
    const { value, reports, deathCount } = await simulate({ seed: 3 }, function* (self, simulation) {
      const { monitor } = self.spawnMonitor(echo, 0, { scheduler: 2 })
      simulation.killScheduler(2)
      const { reason } = yield* self.receive(down(monitor))
      self.send(self.spawn(echo, 7, { scheduler: 2 }), { from: self.pid })
      const answer = yield* self.receive(tag<{ type: 'echo'; scheduler: number }>('echo'))
      return [reason, answer.scheduler]
    })
    expect(value).toEqual([['scheduler_down', 2], 2])
    expect(reports).toEqual([{ type: 'scheduler_down', scheduler: 2, error: undefined }])
    expect(deathCount).toBe(1)
  })

  test('the same seed gives the same trace, another seed another', async () => {
    const run = (seed: number) =>
      simulate({ seed, schedulers: 3, faults: { deathsPerSecond: 50 } }, function* (self) {
        for (let index = 0; index < 20; index++) {
          const { pid, monitor } = self.spawnMonitor(echo, index)
          self.send(pid, { from: self.pid })
          self.exit(pid, index % 2 === 0 ? 'kill' : 'shutdown')
          yield* self.receive(down(monitor))
        }
      })
    const [one, same, other] = [await run(11), await run(11), await run(12)]
    expect(same.trace).toEqual(one.trace)
    expect(same.traceHash).toBe(one.traceHash)
    expect(other.traceHash).not.toBe(one.traceHash)
  })

  test('without lines the hash is the same', async () => {
    const run = (trace: boolean) =>
      simulate({ seed: 4, trace }, function* (self) {
        self.send(self.spawn(echo, 0), { from: self.pid })
        yield* self.receive()
      })
    const [told, silent] = [await run(true), await run(false)]
    expect(told.trace.length).toBeGreaterThan(0)
    expect(silent.trace).toEqual([])
    expect(silent.traceHash).toBe(told.traceHash)
  })

  test('crashes are reported, in a run that goes well otherwise', async () => {
    const { reports } = await simulate({ seed: 2 }, function* (self, simulation) {
      self.trapExit(true)
      const pid = self.spawnLink(thrower, undefined)
      yield* self.receive(exit(pid))
      // A report is another signal than the EXIT.
      yield* simulation.settled()
    })
    expect(reports).toMatchObject([{ type: 'crash', reason: { error: 'RangeError', message: 'not today' } }])
  })
})

describe('a simulation fails, and says from which seed,', () => {
  test('when main throws', async () => {
    const error = await failure(
      simulate({ seed: 77 }, () => {
        throw new TypeError('no good')
      }),
    )
    expect(error).toMatchObject({ code: 'ERR_SIMULATION', seed: 77, result: { outcome: 'failed' } })
    expect(error.message).toMatch(/^seed 77: main ended with TypeError: no good/)
  })

  test('when something that main is linked to crashes', async () => {
    const error = await failure(
      simulate({ seed: 78 }, function* (self) {
        self.spawnLink(thrower, undefined)
        yield* self.receive()
      }),
    )
    expect(error.message).toMatch(/seed 78: main ended with RangeError: not today/)
  })

  test('when main waits for what will never come', async () => {
    const error = await failure(
      simulate({ seed: 79 }, function* (self) {
        yield* self.receive(tag('never'))
      }),
    )
    expect(error.result.outcome).toBe('stuck')
    expect(error.message).toMatch(/seed 79: main waits/)
  })

  test('when virtual time runs out', async () => {
    const error = await failure(
      simulate({ seed: 80, limitMs: 100 }, function* (self) {
        for (;;) yield* self.sleep(10)
      }),
    )
    expect(error.result.outcome).toBe('limit')
  })

  test('when it is asked for nonsense', async () => {
    const main = () => 0
    await expect(simulate({ seed: -1 }, main)).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    await expect(simulate({ seed: 1, schedulers: 0 }, main)).rejects.toMatchObject({
      code: 'ERR_BAD_ARGUMENT',
    })
    await expect(simulate({ seed: 1, faults: { deaths: 1 } as never }, main)).rejects.toThrow(
      "no option 'deaths'",
    )
    await expect(simulate({ seed: 1, faults: { stallMs: [2, 1] } }, main)).rejects.toThrow('faults.stallMs')
  })
})

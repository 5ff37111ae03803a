import { describe, expect, test } from 'vitest'
import { process } from '../process/define.ts'
import type { ProcessInfo } from '../process/info.ts'
import { tag } from '../process/match.ts'
import type { Op } from '../process/op.ts'
import type { Self } from '../process/self.ts'
import { again, done } from '../process/turn.ts'
import type { Pid } from '../term/pid.ts'
import { simulate } from './simulate.ts'

const { url } = import.meta

/** Always has something to do. */
const spinner = process(url, 'spinner', {
  init: (_: undefined, self) => self.send(self.pid, 'go'),
  handle(state, _message, self) {
    self.send(self.pid, 'go')
    return again(state)
  },
})

interface Litter {
  readonly to: Pid
  readonly count: number
  readonly scheduler: 'local' | number
}

/** Spawns some, and goes. */
const parent = process(url, 'parent', {
  init: (litter: Litter) => litter,
  run({ to, count, scheduler }, self) {
    const pids = Array.from({ length: count }, () => self.spawn(spinner, undefined, { scheduler }))
    self.send(to, { type: 'born', pids })
    return done()
  },
})

function* places(self: Self, pids: readonly Pid[]): Generator<Op<unknown>, Partial<ProcessInfo>[]> {
  const found: Partial<ProcessInfo>[] = []
  for (const pid of pids) found.push((yield* self.processInfo(pid, ['scheduler', 'affinity'])) ?? {})
  return found
}

function* born(self: Self, litter: Omit<Litter, 'to'>, scheduler: number): Generator<Op<unknown>, Pid[]> {
  self.spawn(parent, { to: self.pid, ...litter }, { scheduler })
  return (yield* self.receive(tag<{ type: 'born'; pids: Pid[] }>('born'))).pids
}

describe.each([1, 2])('seed %i', (seed) => {
  test('what was spawned with a number stays there, however uneven that is; the rest is balanced', async () => {
    const options = { seed, schedulers: 3, balance: 'aggressive' } as const
    const { value } = await simulate(options, function* (self) {
      const near = yield* born(self, { count: 5, scheduler: 1 }, 1)
      const far = yield* born(self, { count: 5, scheduler: 1 }, 2)
      const own: Pid[] = []
      for (let count = 0; count < 5; count++) {
        self.spawnRequest(spinner, undefined, { scheduler: 1 })
        own.push((yield* self.receive(tag<{ type: 'spawn_reply'; pid: Pid }>('spawn_reply'))).pid)
      }
      const free = yield* born(self, { count: 10, scheduler: 'local' }, 1)
      yield* self.sleep(60)
      const outcome = {
        bound: yield* places(self, [...near, ...far, ...own]),
        free: yield* places(self, free),
      }
      for (const pid of [...near, ...far, ...own, ...free]) self.exit(pid, 'kill')
      return outcome
    })
    expect(value?.bound).toEqual(Array.from({ length: 15 }, () => ({ scheduler: 1, affinity: 1 })))
    expect(value?.free.some(({ scheduler }) => scheduler !== 1)).toBe(true)
    expect(value?.free.every(({ affinity }) => affinity === undefined)).toBe(true)
  })

  test('what is moved by hand stays where it was put', async () => {
    const options = { seed, schedulers: 3, faults: { moveProbability: 0.3 } }
    const { value, moveCount } = await simulate(options, function* (self) {
      const bound = yield* born(self, { count: 5, scheduler: 1 }, 2)
      const free = yield* born(self, { count: 5, scheduler: 'local' }, 2)
      yield* self.sleep(20)
      const outcome = { bound: yield* places(self, bound), free: yield* places(self, free) }
      for (const pid of [...bound, ...free]) self.exit(pid, 'kill')
      return outcome
    })
    expect(moveCount).toBeGreaterThan(0)
    expect(value?.bound.some(({ scheduler }) => scheduler !== 1)).toBe(true)
    for (const { scheduler, affinity } of value?.bound ?? []) expect(affinity).toBe(scheduler)
    expect(value?.free.every(({ affinity }) => affinity === undefined)).toBe(true)
  })
})

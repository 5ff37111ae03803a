/**
 * Load that begins on one scheduler: busy actors that stay for long, and a flood of short jobs. What is timed begins when
 * the first is spawned and ends when the last is through, both seen by the starter.
 */

import { performance } from 'node:perf_hooks'
import { again, done, type Pid, process, type Self, where } from '@heddle/scheduler'

const url = import.meta.url

/** Work that touches no memory; source of the choice: the BEAM's figures are taken with it. */
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}

export interface Skew {
  readonly workload: 'actors' | 'jobs'
  /** Actors, or jobs. */
  readonly count: number
  /** What each actor does so many times, in a turn of its own each. */
  readonly stepCount: number
  readonly fibOf: number
  /** Whether jobs stay on the scheduler that spawns them. Actors are spawned there in any case. */
  readonly staysLocal: boolean
}

export interface Timing {
  readonly ms: number
  /** Of all that ended, how many were elsewhere than where they began. */
  readonly elsewhereShare: number
}

/** To whom an end is told, and where all began. Plain and small: a spawn that others may take holds nothing else. */
interface Home {
  readonly starter: Pid
  readonly scheduler: number
}

function end(self: Self, { starter, scheduler }: Home): void {
  self.send(starter, self.scheduler === scheduler ? HERE : ELSEWHERE)
}

const HERE = 0
const ENDED = where<number>((message) => typeof message === 'number')
const ELSEWHERE = 1

/** Works a step for each message, which it sends to itself. */
export const actor = process(url, 'actor', {
  init: (arg: { home: Home; stepCount: number; fibOf: number }, self: Self) => {
    self.send(self.pid, 'step')
    return { ...arg, sum: 0 }
  },
  handle(state, _message, self) {
    state.sum += fib(state.fibOf)
    state.stepCount -= 1
    if (state.stepCount > 0) {
      self.send(self.pid, 'step')
      return again(state)
    }
    end(self, state.home)
    return done()
  },
})

/** Works once, as it starts. */
export const job = process(url, 'job', {
  init: (arg: { home: Home; fibOf: number }) => arg,
  run({ home, fibOf }, self) {
    fib(fibOf)
    end(self, home)
    return done()
  },
})

/** Starts all of it, waits for its end, tells the host how long that took. */
export const starter = process(url, 'starter', {
  init: (arg: { host: Pid; skew: Skew }) => arg,
  *run({ host, skew }, self) {
    const { workload, count, stepCount, fibOf, staysLocal } = skew
    const home: Home = { starter: self.pid, scheduler: self.scheduler }
    const begin = performance.now()
    for (let index = 0; index < count; index++) {
      if (workload === 'actors') self.spawn(actor, { home, stepCount, fibOf }, { scheduler: 'local' })
      else self.spawn(job, { home, fibOf }, staysLocal ? { scheduler: 'local' } : undefined)
    }
    let elsewhere = 0
    for (let left = count; left > 0; left--) elsewhere += yield* self.receive(ENDED)
    const timing: Timing = { ms: performance.now() - begin, elsewhereShare: elsewhere / count }
    self.send(host, { type: 'timing', timing })
    return done()
  },
})

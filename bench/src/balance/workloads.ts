/**
 * Load that begins on one scheduler: busy actors that stay for long, and a flood of short jobs. What is timed begins when
 * the first is spawned and ends when the last is through, both seen by the starter.
 */

import { performance } from 'node:perf_hooks'
import { again, done, type Pid, process, type Ref, type Self, withRef } from '@heddle/scheduler'

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

interface Counters {
  /** Still to end; ended elsewhere. */
  readonly left: Int32Array
  readonly home: number
  readonly starter: Pid
  readonly ref: Ref
}

function end(self: Self, { left, home, starter, ref }: Counters): void {
  if (self.scheduler !== home) Atomics.add(left, 1, 1)
  if (Atomics.sub(left, 0, 1) === 1) self.send(starter, { type: 'through', ref })
}

/** Works a step for each message, which it sends to itself. */
export const actor = process(url, 'actor', {
  init: (arg: { counters: Counters; stepCount: number; fibOf: number }, self: Self) => {
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
    end(self, state.counters)
    return done()
  },
})

/** Works once, as it starts. */
export const job = process(url, 'job', {
  init: (arg: { counters: Counters; fibOf: number }) => arg,
  run({ counters, fibOf }, self) {
    fib(fibOf)
    end(self, counters)
    return done()
  },
})

/** Starts all of it, waits for its end, tells the host how long that took. */
export const starter = process(url, 'starter', {
  init: (arg: { host: Pid; skew: Skew }) => arg,
  *run({ host, skew }, self) {
    const { workload, count, stepCount, fibOf, staysLocal } = skew
    const left = new Int32Array(new SharedArrayBuffer(8))
    left[0] = count
    const ref = self.makeRef()
    const counters: Counters = { left, home: self.scheduler, starter: self.pid, ref }
    const begin = performance.now()
    for (let index = 0; index < count; index++) {
      if (workload === 'actors') self.spawn(actor, { counters, stepCount, fibOf }, { scheduler: 'local' })
      else self.spawn(job, { counters, fibOf }, staysLocal ? { scheduler: 'local' } : undefined)
    }
    yield* self.receive(withRef(ref))
    const timing: Timing = { ms: performance.now() - begin, elsewhereShare: (left[1] ?? 0) / count }
    self.send(host, { type: 'timing', timing })
    return done()
  },
})

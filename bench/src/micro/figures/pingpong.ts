/**
 * Ping-pong: two processes, one message on its way. Whatever a message costs besides throughput, the turn
 * of each process for a single message, the wake of a scheduler, shows here and nowhere else.
 */

import { percentile } from '@heddle/bench'
import { again, done, messages, type Pid, process, TIMEOUT, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'ping'; readonly n: number }
  | { readonly type: 'pong'; readonly n: number }
const on = messages<Message>()

interface PingArgument extends ToHost<number> {
  readonly roundTripCount: number
  readonly peerScheduler: number
}

// ---- callbacks ----

const ponger = process(import.meta.url, 'ponger', {
  init: (peer: Pid, self) => {
    self.send(peer, { type: 'ready' })
    return { peer }
  },
  handle: (state, message, self) => {
    self.send(state.peer, { type: 'pong', n: (message as { n: number }).n })
    return again(state)
  },
})

const pinger = process(import.meta.url, 'pinger', {
  init: ({ host, roundTripCount, peerScheduler }: PingArgument, self) => {
    const peer = self.spawnLink(ponger, self.pid, { scheduler: peerScheduler })
    return { host, peer, roundTripCount, beginMs: 0 }
  },
  handle: (state, message, self) => {
    const it = message as Message
    if (it.type === 'pong' && it.n > 1) {
      self.send(state.peer, { type: 'ping', n: it.n - 1 })
      return again(state)
    }
    if (it.type === 'ready') {
      const beginMs = performance.now()
      self.send(state.peer, { type: 'ping', n: state.roundTripCount })
      return again({ ...state, beginMs })
    }
    tellHost(self, state.host, performance.now() - state.beginMs)
    return done('shutdown')
  },
})

// ---- generators ----

const pongerGenerator = process(import.meta.url, 'pongerGenerator', {
  init: (peer: Pid) => peer,
  *run(peer, self) {
    self.send(peer, { type: 'ready' })
    for (;;) {
      const { n } = yield* self.receive(on('ping'))
      self.send(peer, { type: 'pong', n })
    }
  },
})

const pingerGenerator = process(import.meta.url, 'pingerGenerator', {
  init: (argument: PingArgument) => argument,
  *run({ host, roundTripCount, peerScheduler }, self) {
    const peer = self.spawnLink(pongerGenerator, self.pid, { scheduler: peerScheduler })
    yield* self.receive(on('ready'))
    const beginMs = performance.now()
    for (let n = roundTripCount; n > 0; n--) {
      self.send(peer, { type: 'ping', n })
      yield* self.receive(on('pong'))
    }
    tellHost(self, host, performance.now() - beginMs)
    return done('shutdown')
  },
})

// ---- from idle ----

interface IdleArgument extends ToHost<number[]> {
  readonly roundTripCount: number
  readonly peerScheduler: number
  readonly pauseMs: number
}

/** Sends a ping whenever nothing has happened for a while: then both schedulers sleep. */
const idlePinger = process(import.meta.url, 'idlePinger', {
  init: ({ host, roundTripCount, peerScheduler, pauseMs }: IdleArgument, self) => {
    const peer = self.spawnLink(ponger, self.pid, { scheduler: peerScheduler })
    const tripsMs: number[] = []
    return { host, peer, roundTripCount, pauseMs, tripsMs, beginMs: 0 }
  },
  handle: (state, message, self) => {
    const nowMs = performance.now()
    if (message === TIMEOUT) {
      self.send(state.peer, { type: 'ping', n: 1 })
      // No second ping before the pong is here, however long that takes.
      return again({ ...state, beginMs: nowMs })
    }
    if ((message as Message).type === 'pong') state.tripsMs.push(nowMs - state.beginMs)
    if (state.tripsMs.length < state.roundTripCount) return again(state, { afterMs: state.pauseMs })
    tellHost(self, state.host, state.tripsMs)
    return done('shutdown')
  },
})

async function roundFromIdle(vm: Vm): Promise<RoundResult> {
  // A hundred round trips do not get the code compiled, and a VM that has been at work has it compiled.
  await measureIn(vm, pinger, { roundTripCount: WARM_UP_COUNT, peerScheduler: 2 })
  const parks = () => vm.info().schedulers.map((scheduler) => scheduler.parkCount)
  const before = parks()
  const tripsMs = await measureIn(vm, idlePinger, idle)
  const [parks1 = 0, parks2 = 0] = parks().map(
    (count, index) => (count - (before[index] ?? 0)) / tripsMs.length,
  )
  // Whoever was awake all the time did not have to be woken.
  if (Math.min(parks1, parks2) < 0.9) {
    throw new Error(`not idle: ${parks1} and ${parks2} sleeps a round trip on schedulers 1 and 2`)
  }
  return {
    value: percentile(tripsMs, 0.5) * 1_000,
    extras: { p99_us: percentile(tripsMs, 0.99) * 1_000, sleeps_1: parks1, sleeps_2: parks2 },
  }
}

// ---- figures ----

const LOCAL_COUNT = 500_000
const HOT_COUNT = 100_000
const WARM_UP_COUNT = 20_000
const idle = { roundTripCount: 100, peerScheduler: 2, pauseMs: 5 }

async function roundLocal(vm: Vm, driver: typeof pinger | typeof pingerGenerator): Promise<RoundResult> {
  const ms = await measureIn(vm, driver, { roundTripCount: LOCAL_COUNT, peerScheduler: 1 })
  return { value: perSecond(LOCAL_COUNT * 2, ms) }
}

async function roundHot(vm: Vm): Promise<RoundResult> {
  const ms = await measureIn(vm, pinger, { roundTripCount: HOT_COUNT, peerScheduler: 2 })
  return { value: (ms * 1_000) / HOT_COUNT }
}

export const pingpongFigures: readonly Figure[] = [
  {
    name: 'pingpong_local',
    unit: 'messages/s',
    description:
      'two callback processes on one scheduler, {type, n} there and back; two messages a round trip',
    target: { atLeast: 8e6 },
    params: { round_trips: LOCAL_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round: (vm) => roundLocal(vm, pinger) },
  },
  {
    name: 'pingpong_local_generator',
    unit: 'messages/s',
    description: 'the same with generators that loop over yield* self.receive(on(…))',
    target: { atLeast: 4e6 },
    params: { round_trips: LOCAL_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round: (vm) => roundLocal(vm, pingerGenerator) },
  },
  {
    name: 'pingpong_cross_hot',
    unit: 'us/round trip',
    description:
      'two callback processes on two schedulers, back to back, so that neither goes to sleep; mean',
    target: { atMost: 1.5 },
    params: { round_trips: HOT_COUNT },
    scope: 'one_process',
    work: { schedulers: 2, round: roundHot },
  },
  {
    name: 'pingpong_cross_idle',
    unit: 'us/round trip',
    description:
      'the same, but each round trip begins when both schedulers have gone to sleep; p50 of each round',
    target: { atMost: 60 },
    params: { round_trips: idle.roundTripCount, pause_ms: idle.pauseMs },
    scope: 'one_process',
    work: { schedulers: 2, round: roundFromIdle },
  },
]

/**
 * What the kernel does for processes besides messages: timers, names, monitors, links, the selective
 * receive. Each driver does one thing over and over on one scheduler, in batches, so that the event loop
 * and the timer wheel have their turns as in an ordinary program.
 */

import {
  again,
  done,
  down,
  type Pid,
  process,
  type Ref,
  type Spawnable,
  type Vm,
  withRef,
} from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { BATCH_COUNT, measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

interface CountArgument extends ToHost<number> {
  readonly count: number
}

/** Waits for ever. */
const bystander = process(import.meta.url, 'bystander', {
  init: (index: number) => index,
  handle: (state) => again(state),
})

const timerUser = process(import.meta.url, 'timerUser', {
  init: (argument: CountArgument) => argument,
  *run({ host, count }, self) {
    const beginMs = performance.now()
    for (let past = 0; past < count; past += BATCH_COUNT) {
      for (let pair = 0; pair < BATCH_COUNT; pair++) {
        const left = self.cancelTimer(self.startTimer(10_000 + pair, self.pid, 'late'))
        if (left === false) throw new Error('a timer was gone before it was cancelled')
      }
      yield* self.yield()
    }
    tellHost(self, host, performance.now() - beginMs)
    return done()
  },
})

const monitorUser = process(import.meta.url, 'monitorUser', {
  init: (argument: CountArgument) => argument,
  *run({ host, count }, self) {
    const target = self.spawnLink(bystander, 0, { scheduler: self.scheduler })
    const beginMs = performance.now()
    for (let past = 0; past < count; past += BATCH_COUNT) {
      for (let pair = 0; pair < BATCH_COUNT; pair++) {
        if (!self.demonitor(self.monitor(target))) throw new Error('a monitor was not active')
      }
      yield* self.yield()
    }
    tellHost(self, host, performance.now() - beginMs)
    return done('shutdown')
  },
})

interface NamesArgument extends ToHost<NameTimes> {
  readonly count: number
  readonly nameCount: number
}

interface NameTimes {
  readonly registerMs: number
  readonly whereisMs: number
}

const nameUser = process(import.meta.url, 'nameUser', {
  init: (argument: NamesArgument) => argument,
  *run({ host, count, nameCount }, self) {
    const pids: Pid[] = []
    for (let index = 0; index < nameCount; index++) {
      pids.push(self.spawnLink(bystander, index, { scheduler: self.scheduler }))
    }
    yield* self.yield()
    const names = pids.map((_, index) => `worker_${index}`)
    const registerBeginMs = performance.now()
    for (const [index, name] of names.entries()) self.register(name, pids[index])
    const beginMs = performance.now()
    let found = 0
    for (let past = 0; past < count; past += nameCount) {
      for (const name of names) if (self.whereis(name) !== undefined) found += 1
      yield* self.yield()
    }
    const endMs = performance.now()
    if (found !== count) throw new Error(`${count - found} names were not found`)
    const times: NameTimes = { registerMs: beginMs - registerBeginMs, whereisMs: endMs - beginMs }
    tellHost(self, host, times)
    return done('shutdown')
  },
})

// ---- selective receive ----

interface Ask {
  readonly from: Pid
  readonly ref: Ref
}

const echo = process(import.meta.url, 'echo', {
  init: () => 0,
  handle: (state, message, self) => {
    const { from, ref } = message as Ask
    self.send(from, { type: 'answer', ref })
    return again(state)
  },
})

interface SelectiveArgument extends CountArgument {
  readonly waitingCount: number
}

/** Asks and waits for the answer to its own fresh reference, in front of a full mailbox. */
const asker = process(import.meta.url, 'asker', {
  init: (argument: SelectiveArgument) => argument,
  *run({ host, count, waitingCount }, self) {
    const to = self.spawnLink(echo, undefined, { scheduler: self.scheduler })
    for (let index = 0; index < waitingCount; index++) self.send(self.pid, { type: 'other', index })
    yield* self.yield()
    const beginMs = performance.now()
    for (let asked = 0; asked < count; asked++) {
      const ref = self.makeRef()
      self.send(to, { type: 'ask', from: self.pid, ref })
      yield* self.receive(withRef(ref))
    }
    const ms = performance.now() - beginMs
    const info = yield* self.processInfo(self.pid, ['messageQueueLength'])
    if (info?.messageQueueLength !== waitingCount) throw new Error('messages that should wait do not')
    tellHost(self, host, ms)
    return done('shutdown')
  },
})

// ---- links ----

const family = process(import.meta.url, 'family', {
  init: ({ count, parent }: { count: number; parent: Pid }, self) => {
    let last = self.pid
    for (let index = 0; index < count; index++) {
      last = self.spawnLink(bystander, index, { scheduler: self.scheduler })
    }
    self.send(parent, { type: 'family', last })
    return { last }
  },
  handle: () => done('shutdown'),
})

/** Ends a process with many links; the clock stops when the last linked one, which is the last to hear of it, has ended. */
const undertaker = process(import.meta.url, 'undertaker', {
  init: (argument: CountArgument) => argument,
  *run({ host, count }, self) {
    const aliveBefore = self.processes().length
    const head = self.spawn(family, { count, parent: self.pid }, { scheduler: self.scheduler })
    const { last } = (yield* self.receive()) as { last: Pid }
    // All of them have taken their first step: they stood in the run queue before this process did.
    const monitor = self.monitor(last)
    const beginMs = performance.now()
    self.send(head, 'end')
    yield* self.receive(down(monitor))
    const ms = performance.now() - beginMs
    const left = self.processes().length - aliveBefore
    if (left !== 0) throw new Error(`${left} linked processes had not ended when the clock stopped`)
    tellHost(self, host, ms)
    return done()
  },
})

// ---- figures ----

const TIMER_COUNT = 200_000
const MONITOR_COUNT = 200_000
const NAME_COUNT = 10_000
const LOOKUP_COUNT = 1_000_000
const ASK_COUNT = 100_000
const WAITING_COUNT = 10_000
const LINK_COUNT = 50_000

async function roundOf(vm: Vm, driver: Spawnable<CountArgument>, count: number): Promise<RoundResult> {
  return { value: perSecond(count, await measureIn(vm, driver, { count })) }
}

async function namesRound(vm: Vm): Promise<RoundResult> {
  const argument = { count: LOOKUP_COUNT, nameCount: NAME_COUNT }
  const { registerMs, whereisMs } = await measureIn(vm, nameUser, argument)
  return {
    value: perSecond(LOOKUP_COUNT, whereisMs),
    extras: { registers_per_s: perSecond(NAME_COUNT, registerMs) },
  }
}

async function selectiveRound(vm: Vm): Promise<RoundResult> {
  const usPerCall = async (waitingCount: number) => {
    const ms = await measureIn(vm, asker, { count: ASK_COUNT, waitingCount })
    return (ms * 1_000) / ASK_COUNT
  }
  const emptyUs = await usPerCall(0)
  return { value: await usPerCall(WAITING_COUNT), extras: { empty_mailbox_us: emptyUs } }
}

const onOneScheduler = (round: (vm: Vm) => Promise<RoundResult>) =>
  ({ scope: 'one_process', work: { schedulers: 1, round } }) as const

export const serviceFigures: readonly Figure[] = [
  {
    name: 'timer_start_cancel',
    unit: 'pairs/s',
    description: 'startTimer of ten seconds and more, cancelTimer at once',
    params: { pairs: TIMER_COUNT },
    ...onOneScheduler((vm) => roundOf(vm, timerUser, TIMER_COUNT)),
  },
  {
    name: 'selective_receive',
    unit: 'us/call',
    description:
      'a request with a fresh reference and the receive of its answer, with other messages waiting; mean',
    params: { waiting: WAITING_COUNT, calls: ASK_COUNT },
    ...onOneScheduler(selectiveRound),
  },
  {
    name: 'register_whereis',
    unit: 'lookups/s',
    description: 'whereis of names that are registered, one after the other',
    params: { names: NAME_COUNT, lookups: LOOKUP_COUNT },
    ...onOneScheduler(namesRound),
  },
  {
    name: 'monitor_demonitor',
    unit: 'pairs/s',
    description: 'monitor of a live process on the same scheduler, demonitor at once',
    params: { pairs: MONITOR_COUNT },
    ...onOneScheduler((vm) => roundOf(vm, monitorUser, MONITOR_COUNT)),
  },
  {
    name: 'link_exit_fanout',
    unit: 'exits/s',
    description:
      'a process linked to many on the same scheduler ends, and they with it; until the last has ended',
    params: { links: LINK_COUNT },
    ...onOneScheduler((vm) => roundOf(vm, undertaker, LINK_COUNT)),
  },
]

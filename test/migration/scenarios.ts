// Lives with a move in the middle of them. A scenario is run twice, once with `moveBy` and once without, and what it tells
// must be the same: so it names no scheduler. What it runs on is the host's business: kernels in one thread, or a VM.

import { start, sys } from '@heddle/otp'
import { ANY, type Op, type Pid, type Ref, type Self, TIMEOUT } from '@heddle/scheduler'
import type { Note, Order } from '#fixtures/migration'
import * as it from '#fixtures/migration'

export interface Host {
  /** The host's: what a `Self` and a `Vm` have in common. */
  readonly self: Self
  /** What it comes to, when all that can run has run. */
  ask<T>(op: Op<T> | Promise<T> | T): Promise<T>
  /** The clock is the test's. */
  advance(ms: number): Promise<void>
  /** To scheduler 2; all that lives starts on 1. */
  moveBy(pid: Pid): Promise<void>
}

export type Scenario = (host: Host) => Promise<unknown>

const HERE = { scheduler: 1 } as const

class Stage {
  readonly host: Host
  readonly self: Self
  constructor(host: Host) {
    this.host = host
    this.self = host.self
  }

  async doer(options: object = {}): Promise<Pid> {
    return await this.host.ask(this.self.spawn(it.doer, this.self.pid, { ...HERE, ...options }))
  }

  async keeper(total: number, options: object = {}): Promise<Pid> {
    const result = await this.host.ask(start(this.self, it.keeper, total, { ...HERE, ...options }))
    if (result.status !== 'ok') throw new Error('not started')
    return result.pid
  }

  /** Sends, and waits until all is still. */
  async tell(pid: Pid, ...messages: readonly unknown[]): Promise<void> {
    for (const each of messages) this.self.send(pid, each)
    await this.host.ask(undefined)
  }

  order(pid: Pid, method: Order['do'], ...args: readonly unknown[]): Promise<void> {
    return this.tell(pid, { do: method, with: args } as Order)
  }

  call(pid: Pid, name: string, arg?: unknown): Promise<unknown> {
    return this.host.ask(this.self.call(pid, { $call: name, arg } as never) as Op<unknown>)
  }

  /** What the host has got, in order. */
  async heard(): Promise<unknown[]> {
    const all: unknown[] = []
    for (;;) {
      const message = (await this.host.ask(this.self.receive(ANY, { afterMs: 0 }))) as Note | typeof TIMEOUT
      if (message === TIMEOUT) return all
      all.push(message.type === 'note' ? [message.at, message.what] : message)
    }
  }

  async refIn(): Promise<Ref> {
    const [[, [, ref]]] = (await this.heard()) as [[number, [string, Ref]]]
    return ref
  }

  /** Moves each, and lets time go on. */
  async move(...pids: readonly Pid[]): Promise<void> {
    for (const pid of pids) await this.host.moveBy(pid)
    await this.host.ask(undefined)
  }
}

const on = (play: (stage: Stage) => Promise<unknown>): Scenario => {
  return (host) => play(new Stage(host))
}

const plain: Record<string, Scenario> = {
  'a raw process that hibernates goes on with its state': on(async (at) => {
    const pid = await at.host.ask(at.self.spawn(it.sleeper, at.self.pid, HERE))
    await at.tell(pid, 'one')
    await at.move(pid)
    await at.tell(pid, 'two', 'three')
    return at.heard()
  }),

  'the time limit of a rest is over when it was to be': on(async (at) => {
    const pid = await at.doer()
    await at.tell(pid, { afterMs: 30 })
    await at.host.advance(10)
    await at.move(pid)
    await at.host.advance(19)
    const before = await at.heard()
    await at.host.advance(1)
    return [before, await at.heard()]
  }),

  'a message cancels the time limit, wherever it runs': on(async (at) => {
    const pid = await at.doer()
    await at.tell(pid, { afterMs: 30 })
    await at.move(pid)
    await at.tell(pid, 'x')
    await at.host.advance(100)
    return at.heard()
  }),

  'its timers fire in their order at their times; what is cancelled late is found': on(async (at) => {
    const pid = await at.doer()
    const peer = await at.doer()
    for (const ms of [30, 10, 20, 20]) await at.order(pid, 'sendAfter', ms, pid, `own ${ms}`)
    await at.order(pid, 'startTimer', 25, peer, 'to a peer')
    await at.heard()
    await at.order(pid, 'sendAfter', 40, pid, 'never')
    const ref = await at.refIn()
    await at.host.advance(15)
    await at.move(pid)
    await at.order(pid, 'readTimer', ref)
    await at.host.advance(10)
    await at.order(pid, 'cancelTimer', ref)
    await at.host.advance(50)
    return namelessRefs(await at.heard())
  }),

  'whoever has the reference of its timer finds it by asking it': on(async (at) => {
    const pid = await at.doer()
    await at.order(pid, 'sendAfter', 40, pid, 'never')
    const ref = await at.refIn()
    await at.host.advance(10)
    await at.move(pid)
    const peer = await at.doer()
    await at.order(peer, 'readTimer', ref, { async: true })
    await at.order(peer, 'cancelTimer', ref, { async: true })
    await at.order(peer, 'readTimer', ref, { async: true })
    await at.host.advance(100)
    return namelessRefs(await at.heard())
  }),

  'timers that others started for it find it; they end with it': on(async (at) => {
    const pid = await at.doer()
    const peer = await at.doer()
    await at.order(peer, 'sendAfter', 20, pid, 'from a peer')
    await at.order(peer, 'sendAfter', 60, pid, 'in vain')
    const refs = (await at.heard()) as [[number, [string, Ref]], [number, [string, Ref]]]
    await at.move(pid)
    await at.host.advance(30)
    at.self.exit(pid, 'kill')
    await at.host.ask(undefined)
    await at.order(peer, 'readTimer', refs[1][1][1])
    await at.host.advance(100)
    return namelessRefs(await at.heard())
  }),

  'a timer for an alias of its own comes by it': on(async (at) => {
    const pid = await at.doer()
    await at.order(pid, 'alias', { reply: true })
    const alias = await at.refIn()
    await at.order(pid, 'sendAfter', 20, alias, 'by the alias')
    await at.heard()
    await at.move(pid)
    at.self.send(alias, 'first')
    await at.host.advance(50)
    return at.heard()
  }),

  'links and monitors hold on both sides': on(async (at) => {
    const pid = await at.doer()
    const [linked, watcher, watched] = [await at.doer(), await at.doer(), await at.doer()]
    await at.order(pid, 'trapExit', true)
    await at.order(pid, 'link', linked)
    await at.order(pid, 'monitor', watched)
    await at.order(watcher, 'monitor', pid)
    await at.order(linked, 'trapExit', true)
    await at.heard()
    await at.move(pid)
    at.self.exit(watched, 'first')
    await at.host.ask(undefined)
    await at.order(pid, 'exit', 'second')
    return namelessRefs(await at.heard())
  }),

  'a link that is taken back before and after': on(async (at) => {
    const pid = await at.doer()
    const [one, two] = [await at.doer(), await at.doer()]
    for (const each of [one, two]) await at.order(pid, 'link', each)
    await at.order(pid, 'unlink', one)
    await at.move(pid, one)
    await at.order(two, 'unlink', pid)
    for (const each of [one, two]) at.self.exit(each, 'gone')
    await at.tell(pid, 'alive')
    return namelessRefs(await at.heard())
  }),

  'flags, priority, dictionary, limits, leader, name: processInfo is the same': on(async (at) => {
    const pid = await at.doer({
      name: 'moving',
      priority: 'high',
      maxMailbox: { count: 3, onFull: 'drop_newest' },
      maxHeapBytes: { bytes: 10 ** 7, kill: false, report: false },
    })
    await at.order(pid, 'put', 'key', { deep: [1] })
    await at.order(pid, 'trapExit', true)
    const peer = await at.doer()
    await at.order(pid, 'monitor', peer)
    await at.heard()
    const before = await infoOf(at, pid)
    await at.move(pid)
    const after = await infoOf(at, pid)
    await at.tell(pid, 1)
    await at.order(pid, 'get', 'key')
    return [before, after, at.self.whereis('moving')?.$pid === pid.$pid, await at.heard()]
  }),

  'one that is suspended is resumed where it lives, with what came meanwhile': on(async (at) => {
    const pid = await at.doer()
    await at.tell(pid, { afterMs: 30 })
    await at.host.advance(10)
    await at.host.ask(at.self.suspend(pid, { pauseTimer: true }))
    await at.host.advance(50)
    await at.move(pid)
    await at.host.advance(50)
    const none = await at.heard()
    at.self.resume(pid)
    await at.host.advance(19)
    const notYet = await at.heard()
    await at.host.advance(1)
    await at.host.ask(at.self.suspend(pid))
    await at.tell(pid, 1, 2, 3)
    await at.move(pid)
    at.self.resume(pid)
    await at.host.ask(undefined)
    return [none, notYet, await at.heard()]
  }),

  'requests that are answered by a message come': on(async (at) => {
    const pid = await at.doer()
    const peer = await at.doer()
    await at.order(peer, 'sendAfter', 60, peer, 'x')
    const ref = await at.refIn()
    at.self.send(pid, { do: 'cancelTimer', with: [ref, { async: true }] })
    at.self.send(pid, { do: 'garbageCollect', with: [peer, { requestId: 'id' }] })
    await at.host.ask(undefined)
    await at.move(pid)
    return namelessRefs(await at.heard())
  }),
}

/** References are made in their own order on each scheduler: only whether there is one is told. */
function namelessRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(namelessRefs)
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value) return 'ref'
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, namelessRefs(each)]))
}

async function infoOf(at: Stage, pid: Pid): Promise<unknown> {
  const info = (await at.host.ask(at.self.processInfo(pid))) as unknown as Record<string, unknown>
  const { scheduler, affinity, ...rest } = info
  return namelessRefs({ ...rest, isBound: affinity === scheduler })
}

const servers: Record<string, Scenario> = {
  'callers from near get their reply': on(async (at) => {
    const pid = await at.keeper(1)
    for (const timeoutMs of [1_000, 20])
      at.self.spawn(it.caller, { owner: at.self.pid, to: pid, timeoutMs }, HERE)
    await at.host.ask(undefined)
    await at.move(pid)
    await at.host.advance(30)
    const { monitoredBy } = (await at.host.ask(at.self.processInfo(pid, ['monitoredBy']))) as {
      monitoredBy: readonly unknown[]
    }
    // Calls from afar are among those who watch it; the one that was given up is none.
    if (monitoredBy.length > 1) throw new Error('a call that was given up is remembered')
    at.self.cast(pid, it.keeper.answer('late'))
    await at.host.ask(undefined)
    return at.heard()
  }),

  'callers from near hear of its end': on(async (at) => {
    const pid = await at.keeper(1)
    at.self.spawn(it.caller, { owner: at.self.pid, to: pid, timeoutMs: 1_000 }, HERE)
    await at.host.ask(undefined)
    await at.move(pid)
    at.self.exit(pid, 'end')
    await at.host.ask(undefined)
    return at.heard()
  }),

  'a time limit, and hibernation': on(async (at) => {
    const pid = await at.keeper(1)
    await at.call(pid, 'rest', 40)
    await at.host.advance(15)
    await at.move(pid)
    await at.host.advance(30)
    await at.call(pid, 'sleep')
    await at.move(pid)
    return at.call(pid, 'get')
  }),

  'sys.suspend: messages wait, in order; debugging goes on': on(async (at) => {
    const { self, host } = at
    const pid = await at.keeper(1)
    await host.ask(sys.log(self, pid, true))
    await host.ask(sys.statistics(self, pid, true))
    await host.ask(sys.install(self, pid, { id: 'count', function: it.counting, state: 0 }))
    self.cast(pid, it.keeper.add(1))
    await host.ask(sys.suspend(self, pid))
    self.cast(pid, it.keeper.add(10))
    await at.move(pid)
    await at.tell(pid, 'in between')
    const held = await host.ask(sys.getState(self, pid))
    await at.move(pid)
    await host.ask(sys.resume(self, pid))
    await at.move(pid)
    const state = await at.call(pid, 'get')
    const status = await host.ask(sys.getStatus(self, pid))
    const log = await host.ask(sys.log(self, pid, 'get'))
    const { messagesIn, messagesOut } = (await host.ask(sys.statistics(self, pid, 'get'))) as never
    return namelessRefs([held, state, status, log, messagesIn, messagesOut])
  }),

  'the end of the parent is its end, suspended or not': on(async (at) => {
    const parent = await at.doer()
    await at.order(parent, 'spawnLink', { $: it.keeper.$ }, 3, HERE)
    const [[, [, pid]]] = (await at.heard()) as [[number, [string, Pid]]]
    at.self.monitor(pid)
    await at.host.ask(sys.suspend(at.self, pid))
    await at.move(pid)
    at.self.exit(parent, 'the parent')
    await at.host.ask(undefined)
    return namelessRefs(await at.heard())
  }),

  'a special process, and the server that it becomes': on(async (at) => {
    const { self, host } = at
    const started = await host.ask(start(self, it.changeling, self.pid, HERE))
    const { pid } = started as { pid: Pid }
    await at.tell(pid, 'one')
    await at.move(pid)
    await at.tell(pid, 'two')
    await host.ask(sys.suspend(self, pid))
    await at.move(pid)
    await host.ask(sys.resume(self, pid))
    await at.tell(pid, 'become')
    await host.advance(20)
    await at.move(pid)
    await host.advance(40)
    await host.ask(sys.suspend(self, pid))
    await at.move(pid)
    self.cast(pid as never, it.keeper.add(5))
    const held = await host.ask(sys.getState(self, pid))
    await host.ask(sys.resume(self, pid))
    await at.move(pid)
    return [await at.heard(), held, await at.call(pid, 'get')]
  }),
}

const others: Record<string, Scenario> = {
  'a machine: postponed events, and time-outs of three kinds': on(async (at) => {
    const { self, host } = at
    const { pid } = (await host.ask(start(self, it.machine, undefined, HERE))) as { pid: Pid }
    await at.tell(pid, it.machine.knock(1), it.machine.knock(2), it.machine.timers())
    await host.advance(5)
    await at.move(pid)
    await host.advance(40)
    await at.tell(pid, it.machine.timers())
    await at.move(pid)
    await at.tell(pid, it.machine.knock(3))
    await host.advance(25)
    await at.move(pid)
    self.send(pid, it.machine.open())
    await host.advance(20)
    return at.call(pid, 'ask')
  }),

  'an event manager: handlers, and one that is supervised': on(async (at) => {
    const { self, host } = at
    const { pid } = (await host.ask(start(self, it.events, undefined, HERE))) as { pid: Pid }
    await host.ask(self.call(pid, it.events.addHandler(it.tally, 0) as never))
    const guardian = await host.ask(self.spawn(it.guardian, { owner: self.pid, manager: pid }, HERE))
    await host.ask(undefined)
    await at.move(pid)
    await at.tell(pid, it.events.notify(5))
    const count = await host.ask(self.call(pid, it.events.call(it.tally, it.tally.count()) as never))
    await at.move(pid)
    const which = await host.ask(self.call(pid, it.events.whichHandlers() as never))
    self.send(guardian, 'end')
    await host.ask(undefined)
    const left = await host.ask(self.call(pid, it.events.whichHandlers() as never))
    return [count, which, left, await at.heard()]
  }),

  'a supervisor: its table, and how often it has restarted': on(async (at) => {
    const { self, host } = at
    const { pid } = (await host.ask(start(self, it.tree, undefined, HERE))) as { pid: Pid }
    const ref = self.monitor(pid)
    const children = async (): Promise<{ id: string; pid: Pid }[]> =>
      (await host.ask(self.call(pid, it.tree.whichChildren() as never))) as never
    const totals: unknown[] = []
    for (let crash = 0; crash < 2; crash++) {
      const [b, a] = await children()
      self.cast(a?.pid as never, it.keeper.add(10))
      self.cast(b?.pid as never, it.keeper.crash())
      await host.ask(undefined)
      await at.move(pid)
      await host.advance(100)
      for (const each of await children()) totals.push([each.id, await at.call(each.pid, 'get')])
    }
    const [b] = await children()
    self.cast(b?.pid as never, it.keeper.crash())
    await host.ask(undefined)
    const down = (await at.heard()).map((each) => (each as { reason: unknown }).reason)
    return [totals, down, ref.$of === self.pid.$pid]
  }),

  'a dynamic supervisor: children of before and after': on(async (at) => {
    const { self, host } = at
    const { pid } = (await host.ask(start(self, it.pool, undefined, HERE))) as { pid: Pid }
    const add = async (total: number) =>
      (await host.ask(self.call(pid, it.pool.startChild(total) as never))) as { pid: Pid }
    const one = await add(1)
    await at.move(pid)
    await add(2)
    self.cast(one.pid as never, it.keeper.crash())
    await host.ask(undefined)
    await at.move(pid)
    const children = (await host.ask(self.call(pid, it.pool.whichChildren() as never))) as { pid: Pid }[]
    const totals = []
    for (const each of children) totals.push(await at.call(each.pid, 'get'))
    return [totals, await host.ask(self.call(pid, it.pool.countChildren() as never))]
  }),
}

export const scenarios: Readonly<Record<string, Scenario>> = { ...plain, ...servers, ...others }

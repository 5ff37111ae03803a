// Who gets more than it can handle: its senders are held, and nothing waits for ever because of that. Who waits in a
// circle is told so.

import {
  type DeadlockReport,
  type OverflowReport,
  type Pid,
  type Report,
  startVm,
  tag,
  type Vm,
  where,
} from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  caller,
  dependent,
  flooder,
  gatekeeper,
  hog,
  Shared,
  sender,
  splitter,
} from '#fixtures/sched-overload'

const POLICY = { count: 5, onFull: 'mute_senders' } as const

/** A VM, and where on it the second of two processes runs. */
const places = [
  ['inline', 'inline', undefined, undefined],
  ['on one scheduler', 2, 1, 1],
  ['on two schedulers', 2, 1, 2],
] as const

async function start(schedulers: number | 'inline', reports: Report[] = []): Promise<Vm> {
  const vm = await startVm({ schedulers, onReport: (report) => reports.push(report) })
  onTestFinished(() => vm.stop())
  return vm
}

/** By way of its words: whether a sender has come to its end. */
async function allSent(vm: Vm, from: Pid): Promise<void> {
  await vm.receive(
    where((message): message is object => isAllSent(message) && message.pid.$pid === from.$pid),
  )
}

function isAllSent(message: unknown): message is { readonly pid: Pid } {
  return (message as { type?: unknown } | null)?.type === 'all_sent'
}

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setImmediate(resolve))
}

async function statusOf(vm: Vm, pid: Pid): Promise<string | undefined> {
  return (await vm.processInfo(pid))?.status
}

describe.each(places)('%s', (_, schedulers, here, there) => {
  const reports: Report[] = []
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers, onReport: (report) => reports.push(report) })
  })
  afterAll(() => vm.stop())

  /** A sender that is muted by a receiver whose gate is closed. */
  async function muted(shared: Shared): Promise<{ to: Pid; from: Pid }> {
    const to = await vm.spawn(gatekeeper, shared.words, { scheduler: there, maxMailbox: POLICY })
    const arg = { to, owner: vm.pid, count: 50_000, words: shared.words }
    const from = await vm.spawn(sender, arg, { scheduler: here })
    vm.send(from, { type: 'go' })
    await until(async () => (await statusOf(vm, from)) === 'muted')
    return { to, from }
  }

  test('a sender is held while its receiver is overloaded, and loses nothing', async () => {
    const shared = new Shared()
    const { to, from } = await muted(shared)
    expect(shared.sentCount).toBeLessThan(50_000)
    expect((await vm.processInfo(to))?.messageQueueLength).toBeGreaterThan(5)
    shared.open()
    await allSent(vm, from)
    await until(() => shared.handledCount === 50_000)
  })

  test('one that stands still lets its senders go after a while', async () => {
    const shared = new Shared()
    const { from } = await muted(shared)
    const { sentCount } = shared
    // The gate stays closed.
    await until(() => shared.sentCount > sentCount)
    expect(shared.handledCount).toBe(0)
    vm.exit(from, 'kill')
  })

  test('the end of the receiver lets its senders go', async () => {
    const { to, from } = await muted(new Shared())
    vm.exit(to, 'kill')
    await allSent(vm, from)
  })

  test('who is muted still ends', async () => {
    const { from } = await muted(new Shared())
    const ref = vm.monitor(from)
    vm.exit(from, 'kill')
    expect(await vm.receive(tag('DOWN'))).toMatchObject({ ref, reason: 'killed' })
  })

  test('who is muted handles the EXIT that it traps, and the call that it gets', async () => {
    const shared = new Shared()
    const to = await vm.spawn(gatekeeper, shared.words, { scheduler: there, maxMailbox: POLICY })
    for (const way of ['exit', 'call'] as const) {
      const from = await vm.spawn(
        flooder,
        { to, count: 20, owner: vm.pid },
        { scheduler: here, trapExit: true },
      )
      vm.send(from, 'flood')
      if (way === 'exit') {
        vm.exit(from, 'please')
        expect(await vm.receive(tag('saw'))).toMatchObject({ message: { type: 'EXIT', reason: 'please' } })
      } else {
        expect(await vm.call(from, { $call: 'serve', arg: 0 }, { timeoutMs: Infinity })).toBe('served')
      }
      vm.exit(from, 'kill')
    }
  })

  test('who is overloaded may call whom it has muted', async () => {
    const to = await vm.spawn(dependent, vm.pid, { scheduler: there, maxMailbox: POLICY })
    const from = await vm.spawn(flooder, { to, count: 20, owner: vm.pid }, { scheduler: here })
    vm.send(to, { type: 'call', pid: from })
    vm.send(from, 'flood')
    expect(await vm.receive(tag('reply'))).toEqual({ type: 'reply', reply: 'served' })
  })

  test('two that overload each other both get through', async () => {
    const shared = new Shared()
    const pair = await Promise.all(
      [here, there].map((scheduler) => vm.spawn(splitter, shared.words, { scheduler, maxMailbox: POLICY })),
    )
    const [a, b] = pair as [Pid, Pid]
    vm.send(a, { hops: 14, to: b })
    vm.send(b, { hops: 14, to: a })
    await until(() => shared.handledCount === 2 * (2 ** 15 - 1))
    await until(async () => (await statusOf(vm, a)) === 'waiting' && (await statusOf(vm, b)) === 'waiting')
  })

  test.each([2, 3, 5])('%i processes that call each other in a circle are told so', async (count) => {
    reports.length = 0
    const pids = await Promise.all(
      Array.from({ length: count }, (__, index) =>
        vm.spawn(caller, vm.pid, { scheduler: index % 2 === 0 ? here : there }),
      ),
    )
    for (const [index, pid] of pids.entries())
      vm.send(pid, { type: 'call', to: pids[(index + 1) % count], timeoutMs: index === 0 ? 300 : Infinity })
    const failed = await vm.receive(tag<{ type: 'failed'; reason: unknown }>('failed'))
    expect(failed.reason).toEqual(['timeout', { deadlock: [...pids, pids[0]] }])
    const isDeadlock = (report: Report): report is DeadlockReport => report.type === 'deadlock'
    await until(() => reports.some(isDeadlock))
    const told = reports.find(isDeadlock)?.circle.map(({ pid }) => pid.$pid) ?? []
    const first = told.indexOf((pids[0] as Pid).$pid)
    expect([...told.slice(first), ...told.slice(0, first)]).toEqual(pids.map((pid) => pid.$pid))
  })

  test('who waits for one that is merely slow times out as ever', async () => {
    reports.length = 0
    const slow = await vm.spawn(caller, vm.pid, { scheduler: there })
    const busy = await vm.spawn(caller, vm.pid, { scheduler: here })
    const first = await vm.spawn(caller, vm.pid, { scheduler: here })
    vm.send(busy, { type: 'call', to: slow, timeoutMs: Infinity })
    vm.send(first, { type: 'call', to: busy, timeoutMs: 100 })
    expect((await vm.receive(tag<{ type: 'failed'; reason: unknown }>('failed'))).reason).toBe('timeout')
    expect(reports.filter(({ type }) => type === 'deadlock')).toEqual([])
  })
})

test('the end of its scheduler is the end of what a receiver holds', async () => {
  const vm = await start(2)
  const shared = new Shared()
  const to = await vm.spawn(gatekeeper, shared.words, { scheduler: 2, maxMailbox: POLICY })
  const arg = { to, owner: vm.pid, count: 50_000, words: shared.words }
  const from = await vm.spawn(sender, arg, { scheduler: 1 })
  vm.send(from, { type: 'go' })
  await until(async () => (await statusOf(vm, from)) === 'muted')
  await vm.killScheduler(2)
  await allSent(vm, from)
})

test('signals that wait for a full ring are counted, and told when they hold a lot', async () => {
  const reports: Report[] = []
  const vm = await start(2, reports)
  const shared = new Shared()
  const to = await vm.spawn(hog, shared.words, { scheduler: 2 })
  vm.send(to, 'hog')
  await until(() => shared.handledCount === 1)
  const from = await vm.spawn(flooder, { to, count: 0, owner: vm.pid }, { scheduler: 1 })
  for (let index = 0; index < 700; index++) vm.send(to, `${index}`.padEnd(100_000, '.'))
  const isOverflow = (report: Report): report is OverflowReport => report.type === 'ring_overflow'
  await until(() => reports.some(isOverflow))
  expect(reports.find(isOverflow)).toMatchObject({ scheduler: 0, to: 2 })
  expect(reports.find(isOverflow)?.heldBytes).toBeGreaterThan(2 ** 26)
  shared.open()
  await until(async () => (await vm.processInfo(to))?.messageQueueLength === 0)
  expect(await vm.call(from, { $call: 'serve', arg: 0 })).toBe('served')
})

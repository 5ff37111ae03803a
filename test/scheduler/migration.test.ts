// Processes on real threads are moved while they work: order holds, nothing is lost, and what cannot go says why.

import { HeddleError, type Pid, startVm, tag, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  caller,
  idler,
  instanceHolder,
  ledger,
  porter,
  portSender,
  sender,
  spinner,
  spinnerMaker,
  waiter,
} from '#fixtures/sched-nomads'

const SCHEDULER_COUNT = 3
const MOVE_COUNT = 300

let vm: Vm

beforeAll(async () => {
  vm = await startVm({ schedulers: SCHEDULER_COUNT })
})

afterAll(async () => {
  await vm.stop()
})

async function schedulerOf(pid: Pid): Promise<number | undefined> {
  return (await vm.processInfo(pid))?.scheduler
}

async function hear<T>(type: string): Promise<T> {
  return (await vm.receive(tag(type))) as T
}

describe('a process at rest', () => {
  test('goes where it is asked to, with its pid, its name, its state and its monitors', async () => {
    const pid = await vm.spawn(idler, undefined, { scheduler: 1, name: 'idler' })
    const down = vm.whenDown(pid)
    for (const [index, scheduler] of [2, 3, 1, 1, 2].entries()) {
      expect(await vm.migrate(pid, scheduler)).toEqual({ moved: true })
      expect(await schedulerOf(pid)).toBe(scheduler)
      expect(vm.whereis('idler')).toEqual(pid)
      vm.send('idler', { from: vm.pid })
      expect(await hear('here')).toMatchObject({ at: scheduler, count: index + 1 })
    }
    vm.exit(pid, 'enough')
    expect(await down).toMatchObject({ reason: 'enough' })
    expect(await vm.migrate(pid, 1)).toEqual({ moved: false, reason: 'noproc' })
  })

  test.each([
    ['a number', 1, 1],
    ['local', 'local', undefined],
    ['spread', 'spread', undefined],
    ['nothing', undefined, undefined],
  ] as const)(
    'is bound to where it is if that was said when it was spawned: %s',
    async (_, said, affinity) => {
      const pid = await vm.spawn(idler, undefined, said === undefined ? {} : { scheduler: said })
      expect((await vm.processInfo(pid))?.affinity).toBe(affinity)
      for (const scheduler of [2, 3]) {
        expect(await vm.migrate(pid, scheduler)).toEqual({ moved: true })
        expect((await vm.processInfo(pid))?.affinity).toBe(affinity === undefined ? undefined : scheduler)
      }
      vm.exit(pid, 'kill')
    },
  )

  test('dies with the scheduler that it has moved to, not with the one that it came from', async () => {
    const pid = await vm.spawn(idler, undefined, { scheduler: 1 })
    const down = vm.whenDown(pid)
    expect(await vm.migrate(pid, 2)).toEqual({ moved: true })
    await vm.killScheduler(1)
    vm.send(pid, { from: vm.pid })
    expect(await hear('here')).toMatchObject({ at: 2 })
    await vm.killScheduler(2)
    expect(await down).toMatchObject({ reason: ['scheduler_down', 2] })
  })
})

describe('what cannot move', () => {
  test('says why', async () => {
    // Those that were killed are back.
    while (vm.info().schedulers.some(({ status }) => status !== 'up'))
      await new Promise((resolve) => setTimeout(resolve, 10))
    const held = await vm.spawn(instanceHolder, undefined, { scheduler: 1 })
    const outcome = await vm.migrate(held, 2)
    expect(outcome).toMatchObject({
      moved: false,
      reason: 'pinned',
      detail: expect.stringMatching(/^not_cloneable: /),
    })
    expect((await vm.processInfo(held))?.pinned).toMatch(/^not_cloneable: /)
    expect(await schedulerOf(held)).toBe(1)
    const waiting = await vm.spawn(waiter, undefined, { scheduler: 1 })
    expect(await vm.migrate(waiting, 2, { timeoutMs: 5 })).toMatchObject({ moved: false, reason: 'busy' })
    expect(await vm.migrate(vm.pid, 2)).toMatchObject({ moved: false, reason: 'pinned' })
    vm.exit(held, 'kill')
    vm.exit(waiting, 'kill')
  })

  test.each([
    ['no such scheduler', () => vm.migrate(vm.pid, 99)],
    ['no pid', () => vm.migrate('name' as never, 1)],
    ['no such option', () => vm.migrate(vm.pid, 1, { within: 5 } as never)],
    ['no time', () => vm.migrate(vm.pid, 1, { timeoutMs: -1 })],
  ])('%s is refused', async (_, ask) => {
    await expect(ask()).rejects.toBeInstanceOf(HeddleError)
  })
})

describe('balancing', () => {
  test('carries some of a long run queue to an idle scheduler, and leaves alone who is bound to his', async () => {
    await using balanced = await startVm({ schedulers: 2, balance: 'aggressive' })
    const bound = await Promise.all(
      Array.from({ length: 20 }, () => balanced.spawn(spinner, balanced.pid, { scheduler: 1 })),
    )
    expect(await balanced.migrate(bound[0] as Pid, 2, { timeoutMs: 60_000 })).toEqual({ moved: true })
    await balanced.spawn(spinnerMaker, { host: balanced.pid, count: 100 }, { scheduler: 1 })
    const { pids } = await balanced.receive(tag<{ type: 'made'; pids: Pid[] }>('made'))
    // Some may come back, when too many went.
    for (let count = 0; count < 20; ) {
      const { from, to, pid } = await balanced.receive(
        tag<{ type: 'carried'; from: number; to: number; pid: Pid }>('carried'),
      )
      if (pid.$pid === bound[0]?.$pid) continue
      expect(pids).toContainEqual(pid)
      if (from === 1 && to === 2) count += 1
    }
    for (const [index, pid] of bound.entries())
      expect(await balanced.processInfo(pid)).toMatchObject(
        index === 0 ? { scheduler: 2, affinity: 2 } : { scheduler: 1, affinity: 1 },
      )
    for (const pid of [...bound, ...pids]) balanced.send(pid, 'stop')
  })

  test('an unknown kind of it is refused', async () => {
    await expect(startVm({ schedulers: 'inline', balance: 'maybe' as never })).rejects.toMatchObject({
      code: 'ERR_BAD_ARGUMENT',
    })
  })
})

test('ports that are sent to a process on its way move on with it', async () => {
  const words = new Int32Array(new SharedArrayBuffer(12))
  const pid = await vm.spawn(porter, undefined, { scheduler: 1 })
  // On the third scheduler: while it stands in a turn it does not hear of a move.
  await vm.spawn(portSender, { to: pid, words }, { scheduler: SCHEDULER_COUNT })
  for (let moveCount = 0; moveCount < 40; ) {
    // One that waits in the mailbox pins it for as long.
    if ((await vm.migrate(pid, 1 + (moveCount % 2))).moved) moveCount += 1
  }
  Atomics.store(words, 2, 1)
  let [sent, answered] = [1, 0]
  while (answered < sent) {
    await new Promise((resolve) => setImmediate(resolve))
    ;[sent, answered] = [Atomics.load(words, 0), Atomics.load(words, 1)]
  }
  expect((await vm.processInfo(pid))?.messageQueueLength).toBe(0)
})

test(`a server and its clients are moved ${MOVE_COUNT} times under load: all in order, nothing lost`, async () => {
  const server = await vm.spawn(ledger, undefined, { scheduler: 1 })
  const senders: Pid[] = []
  const callers: Pid[] = []
  for (let scheduler = 1; scheduler <= SCHEDULER_COUNT; scheduler++) {
    senders.push(await vm.spawn(sender, { to: server, host: vm.pid }, { scheduler }))
    callers.push(await vm.spawn(caller, { to: server, host: vm.pid }, { scheduler }))
  }
  const movable = [server, ...senders]
  let moveCount = 0
  for (let turn = 0; moveCount < MOVE_COUNT; turn++) {
    const pid = movable[turn % 2 === 0 ? 0 : 1 + (turn % senders.length)] as Pid
    const outcome = await vm.migrate(pid, 1 + ((turn * 7) % SCHEDULER_COUNT), { timeoutMs: 60_000 })
    expect(outcome).toEqual({ moved: true })
    moveCount += 1
  }
  for (const pid of [...senders, ...callers]) vm.send(pid, { type: 'stop' })
  let sent = 0
  for (const _ of senders) {
    const { count, wrong } = await hear<{ count: number; wrong: string[] }>('sent')
    expect(wrong).toEqual([])
    sent += count
  }
  for (const _ of callers) expect((await hear<{ count: number }>('called')).count).toBeGreaterThan(0)
  const { total, wrong, places } = await vm.call<
    unknown,
    { total: number; wrong: string[]; places: number[] }
  >(server, { $call: 'total', arg: 0 } as never)
  expect(wrong).toEqual([])
  expect(total).toBe(sent)
  expect(places.length).toBe(SCHEDULER_COUNT)
})

// The VM in numbers: what each number means, and what is still told of a scheduler that is stuck.

import { HeddleError, schedulerUsageDiff, startVm, type Vm, where } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begun, makeGate, open } from '#fixtures/sched-dirty'
import { blocking, hoarding, wasteful } from '#fixtures/sched-statistics'

async function codeOf(action: () => unknown): Promise<unknown> {
  try {
    return { value: await action() }
  } catch (error) {
    return error instanceof HeddleError ? error.code : error
  }
}

const is = (wanted: unknown) => where((message): message is unknown => message === wanted)

describe.each([
  ['inline', 'inline' as const, [0]],
  ['two schedulers', 2, [1, 2]],
])('on a VM: %s', (_, schedulers, indexes) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers })
  })
  afterAll(() => vm.stop({ timeoutMs: 0 }))

  const place = () => (schedulers === 'inline' ? {} : { scheduler: 1 })

  /** Until what is published says so. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  }

  test('the work of a scheduler shows in its load', async () => {
    const before = vm.info().schedulers[0]
    const pid = await vm.spawn(wasteful, vm.pid, place())
    for (let round = 0; round < 3; round++) {
      vm.send(pid, `round ${round}`)
      await vm.receive(is(`round ${round}`))
    }
    const seen = before?.contextSwitchCount ?? 0
    await until(() => (vm.info().schedulers[0]?.contextSwitchCount ?? 0) > seen)
    const after = vm.info().schedulers[0]
    expect(after?.activeMs).toBeGreaterThan(before?.activeMs ?? 0)
    expect(after?.totalMs).toBeGreaterThan(before?.totalMs ?? 0)
    expect(after?.reductionCount).toBeGreaterThan(before?.reductionCount ?? 0)
    for (const share of [after?.utilisation, after?.eventLoopUtilisation]) {
      expect(share).toBeGreaterThan(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    expect(after).toMatchObject({ heldCount: 0, migrationCount: 0, stealCount: 0, overflowCount: 0 })
  })

  test('each scheduler tells of its heap and its mailboxes', async () => {
    const pid = await vm.spawn(hoarding, vm.pid, place())
    vm.send(pid, 'hoard')
    for (let n = 0; n < 5_000; n++) vm.send(pid, n)
    await vm.receive(is('hoarding'))
    await vm.processInfo(pid)
    const all = await vm.schedulerStatistics({ timeoutMs: 20_000 })
    expect(all.map(({ index }) => index)).toEqual(indexes)
    const { own } = all[0] ?? {}
    expect(own?.mailboxMessageCount).toBe(5_000)
    expect(own?.mailboxMessageCountMax).toBe(5_000)
    expect(own?.heapUsedBytes).toBeGreaterThan(own?.codeBytes ?? Infinity)
    expect(own?.heapTotalBytes).toBeGreaterThan(2 ** 20)
    expect(own?.heapLimitBytes).toBeGreaterThan(own?.heapTotalBytes ?? Infinity)
    vm.exit(pid, 'kill')
  })

  test('the delay of the event loop is told from the second time on', async () => {
    await vm.schedulerStatistics({ timeoutMs: 20_000 })
    let sampleCount = 0
    while (sampleCount === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const [first] = await vm.schedulerStatistics({ timeoutMs: 20_000 })
      const delay = first?.own?.eventLoopDelay
      sampleCount = delay?.sampleCount ?? 0
      if (delay === undefined || sampleCount === 0) continue
      expect(delay.minMs).toBeLessThanOrEqual(delay.p99Ms)
      expect(delay.p99Ms).toBeLessThanOrEqual(delay.maxMs + 1)
    }
  })

  test('memory by kind adds up', async () => {
    const memory = await vm.memory({ timeoutMs: 20_000 })
    expect(memory.unanswered).toEqual([])
    expect(memory.systemBytes).toBe(memory.totalBytes - memory.processesBytes)
    expect(memory.processesUsedBytes).toBeLessThan(memory.processesBytes)
    expect(memory.codeBytes).toBeGreaterThan(0)
    expect(memory.sharedBytes).toBeGreaterThan(2 ** 20)
    expect(memory.hostBytes > 0).toBe(schedulers !== 'inline')
  })

  test('statistics, item by item', async () => {
    expect(vm.statistics('run_queue')).toBe(0)
    expect(vm.statistics('total_run_queue_lengths')).toBe(0)
    expect(vm.statistics('run_queue_lengths')).toEqual(indexes.map(() => 0))
    expect(vm.statistics('context_switches')).toBeGreaterThan(0)
    const first = vm.statistics('reductions')
    const pid = await vm.spawn(wasteful, vm.pid, place())
    vm.send(pid, 'again')
    await vm.receive(is('again'))
    await until(() => vm.info().schedulers.reduce((sum, one) => sum + one.reductionCount, 0) > first.total)
    const second = vm.statistics('reductions')
    expect(second.sinceLastCall).toBe(second.total - first.total)
    expect(vm.statistics('runtime').totalMs).toBeGreaterThan(0)
    expect(vm.statistics('wall_clock').totalMs).toBeGreaterThan(0)
    expect(await codeOf(() => vm.statistics('no such item' as 'run_queue'))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.statistics('constructor' as 'run_queue'))).toBe('ERR_BAD_ARGUMENT')
  })

  test('collections of garbage are counted from when somebody asks', async () => {
    vm.statistics('garbage_collection')
    // Behind the news that they are to be counted.
    await vm.schedulerStatistics({ timeoutMs: 20_000 })
    const pid = await vm.spawn(wasteful, vm.pid, place())
    let { count, ms } = vm.statistics('garbage_collection')
    while (count === 0) {
      vm.send(pid, 'more')
      await vm.receive(is('more'))
      ;({ count, ms } = vm.statistics('garbage_collection'))
    }
    expect(ms).toBeGreaterThan(0)
  })

  test('usage over a window is a share of each scheduler', async () => {
    const usage = await vm.schedulerUsage(5)
    expect(usage.map(({ scheduler }) => scheduler)).toEqual(indexes)
    for (const { usage: share } of usage) expect(share >= 0 && share <= 1).toBe(true)
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 31])
      expect(await codeOf(() => vm.schedulerUsage(bad))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.schedulerStatistics({ timeoutMs: -1 }))).toBe('ERR_TIMEOUT_VALUE')
  })
})

test('of a scheduler that is stuck, all is told that needs no answer of its own', async () => {
  await using vm = await startVm({ schedulers: 2 })
  const gate = makeGate()
  const pid = await vm.spawn(blocking, gate, { scheduler: 1 })
  vm.send(pid, 'block')
  await begun(gate)
  for (let n = 0; n < 100; n++) vm.send(pid, { n })
  const before = vm.statistics('scheduler_wall_time')
  const all = await vm.schedulerStatistics({ timeoutMs: 5_000 })
  const usage = schedulerUsageDiff(before, vm.statistics('scheduler_wall_time'))
  expect(all.map(({ own }) => own === undefined)).toEqual([true, false])
  expect(all[0]?.ringDepthBytes).toBeGreaterThan(0)
  expect(all[1]?.ringDepthBytes).toBe(0)
  // It has been in one slice all the time.
  expect(usage[0]?.usage).toBeGreaterThan(0.99)
  expect(usage[1]?.usage).toBeLessThan(0.99)
  expect((await vm.memory({ timeoutMs: 1 })).unanswered).toContain(1)
  open(gate)
  expect((await vm.schedulerStatistics({ timeoutMs: 20_000 }))[0]?.own).toBeDefined()
})

test('a fresh worker in the place of a dead one begins anew', async () => {
  await using vm = await startVm({ schedulers: 1, onReport: () => {} })
  const before = vm.statistics('scheduler_wall_time')
  await vm.killScheduler(1)
  while (vm.info().schedulers[0]?.status !== 'up') await new Promise((resolve) => setImmediate(resolve))
  const after = vm.statistics('scheduler_wall_time')
  expect([before[0]?.life, after[0]?.life]).toEqual([0, 1])
  const [usage] = schedulerUsageDiff(before, after)
  expect(usage?.usage).toBeGreaterThanOrEqual(0)
  expect(usage?.usage).toBeLessThanOrEqual(1)
})

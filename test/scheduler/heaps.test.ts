// A heap that fills: whoever grows is killed before V8 ends the thread; where nobody can be blamed the thread ends in order.

import { type Report, type SchedulerHeapReport, startVm, tag, type Vm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { echo } from '#fixtures/sched-deaths'
import { deaf, growing, large, leaking, talking, wasteful } from '#fixtures/sched-heaps'

const HANG_MS = 60_000
const MB = 2 ** 20

interface Stand {
  readonly vm: Vm
  readonly heaps: SchedulerHeapReport[]
  readonly downs: Report[]
}

async function open(maxOldGenerationSizeMb = 64): Promise<Stand> {
  const heaps: SchedulerHeapReport[] = []
  const downs: Report[] = []
  const vm = await startVm({
    schedulers: 2,
    longScheduleMs: Infinity,
    resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 8 },
    onReport: (report) => {
      if (report.type === 'scheduler_heap') heaps.push(report)
      if (report.type === 'scheduler_down') downs.push(report)
    },
  })
  return { vm, heaps, downs }
}

test.each(['array', 'map', 'object', 'dictionary'] as const)(
  'a process whose %s grows over many callbacks is killed and named; its neighbours live, however large',
  async (how) => {
    const { vm, heaps, downs } = await open()
    await using _ = vm
    const neighbours = [
      await vm.spawn(large, 60_000, { scheduler: 2 }),
      await vm.spawn(echo, 0, { scheduler: 2 }),
    ]
    const pid = await vm.spawn(growing, how, { scheduler: 2, name: 'grower' })
    const end = vm.whenDown(pid)
    vm.send(pid, 'grow')
    expect(await end).toMatchObject({ reason: 'killed' })
    expect(heaps).toMatchObject([
      {
        scheduler: 2,
        outcome: 'process_killed',
        pid,
        registeredName: 'grower',
        definition: { name: 'growing', url: expect.stringMatching(/sched-heaps/) },
        limitBytes: 64 * MB,
      },
    ])
    expect(heaps[0]?.usedBytes).toBeGreaterThan(48 * MB)
    expect(heaps[0]?.bytes).toBeGreaterThan(8 * MB)
    for (const one of neighbours) expect(await vm.call(one, { $call: 'echo', arg: 1 })).toBe(1)
    expect(downs).toEqual([])
    expect(vm.info().schedulers[1]).toMatchObject({ restartCount: 0, heapLimitBytes: 64 * MB })
    expect(vm.info().schedulers[1]?.heapUsedBytes).toBeGreaterThan(MB)
  },
  HANG_MS,
)

test(
  'a process whose mailbox grows is killed, not the one that fills it',
  async () => {
    const { vm, heaps, downs } = await open()
    await using _ = vm
    const pid = await vm.spawn(deaf, 0, { scheduler: 2 })
    const talker = await vm.spawn(talking, pid, { scheduler: 2 })
    const end = vm.whenDown(pid)
    vm.send(talker, 'on')
    expect(await end).toMatchObject({ reason: 'killed' })
    expect(heaps).toMatchObject([{ outcome: 'process_killed', pid, definition: { name: 'deaf' } }])
    expect(await vm.isAlive(talker)).toBe(true)
    vm.exit(talker, 'kill')
    expect(downs).toEqual([])
  },
  HANG_MS,
)

test(
  'one after the other, if more than one grows',
  async () => {
    const { vm, heaps, downs } = await open()
    await using _ = vm
    const pids = [
      await vm.spawn(growing, 'array', { scheduler: 2 }),
      await vm.spawn(growing, 'map', { scheduler: 2 }),
    ]
    const ends = pids.map((pid) => vm.whenDown(pid))
    for (const pid of pids) vm.send(pid, 'grow')
    for (const end of ends) expect(await end).toMatchObject({ reason: 'killed' })
    expect(heaps.map(({ outcome }) => outcome)).toEqual(['process_killed', 'process_killed'])
    expect(new Set(heaps.map(({ pid }) => pid?.$pid))).toEqual(new Set(pids.map(({ $pid }) => $pid)))
    expect(downs).toEqual([])
  },
  HANG_MS,
)

test(
  'garbage, even much of it, beside a large state is nobody’s fault',
  async () => {
    const { vm, heaps, downs } = await open()
    await using _ = vm
    const neighbour = await vm.spawn(large, 80_000, { scheduler: 2 })
    const pid = await vm.spawn(wasteful, { to: vm.pid, rounds: 400 }, { scheduler: 2 })
    vm.send(pid, 'on')
    await vm.receive(tag('wasted'))
    expect(await vm.call(neighbour, { $call: 'echo', arg: 1 })).toBe(1)
    expect([heaps, downs]).toEqual([[], []])
  },
  HANG_MS,
)

test(
  'where no process can be blamed the scheduler ends by itself, with all published, and is replaced',
  async () => {
    const { vm, heaps, downs } = await open()
    await using _ = vm
    const neighbour = await vm.spawn(echo, 0, { scheduler: 2 })
    const pid = await vm.spawn(leaking, 0, { scheduler: 2 })
    const end = vm.whenDown(neighbour)
    vm.send(pid, 'go')
    expect(await end).toMatchObject({ reason: ['scheduler_down', 2] })
    await vm.call(
      await vm.spawn(echo, 0, { scheduler: 2 }),
      { $call: 'echo', arg: 1 },
      { timeoutMs: Infinity },
    )
    expect(downs.length).toBe(1)
    expect(heaps.map(({ outcome }) => outcome)).not.toContain('process_killed')
    expect(heaps.at(-1)).toMatchObject({ pid: undefined, outcome: 'scheduler_replaced' })
    expect(downs).toMatchObject([{ error: 'its heap was nearly full' }])
  },
  HANG_MS,
)

// A process that keeps its scheduler: who sees it, what goes elsewhere meanwhile, what ends it.

import {
  formatPid,
  type LongScheduleReport,
  type Pid,
  type Report,
  startVm,
  tag,
  type Vm,
  type VmOptions,
} from '@heddle/scheduler'
import { afterEach, expect, test } from 'vitest'
import { echo, stuck } from '#fixtures/sched-deaths'
import { asyncHog, child, HELD, hog, makeGate, open } from '#fixtures/sched-hogs'

const HANG_MS = 20_000

/** A stand with two schedulers, and what was reported of hogs. */
class Stand {
  readonly vm: Vm
  readonly reports: LongScheduleReport[] = []
  readonly all: Report[] = []
  private constructor(vm: Vm) {
    this.vm = vm
  }

  static async open(options: VmOptions): Promise<Stand> {
    const early: Report[] = []
    let take = (report: Report): void => void early.push(report)
    const vm = await startVm({ schedulers: 2, ...options, onReport: (report) => take(report) })
    const stand = new Stand(vm)
    take = (report) => {
      stand.all.push(report)
      if (report.type === 'long_schedule') stand.reports.push(report)
    }
    for (const report of early) take(report)
    return stand
  }

  /** Of the hog's scheduler: others may be slow, too, on a slow machine. */
  of(scheduler: number): LongScheduleReport[] {
    return this.reports.filter((report) => report.scheduler === scheduler)
  }

  schedulerOf(pid: Pid): Promise<number | undefined> {
    return this.vm.processInfo(pid).then((info) => info?.scheduler)
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

let gates: Int32Array[] = []
afterEach(() => {
  for (const gate of gates) open(gate)
  gates = []
})

function closedGate(): Int32Array {
  const gate = makeGate()
  gates.push(gate)
  return gate
}

test(
  'it is named while it lasts and when it is over; what is new goes elsewhere, also what it spawns itself',
  async () => {
    const stand = await Stand.open({ longScheduleMs: 100 })
    await using vm = stand.vm
    const gate = closedGate()
    const pid = await vm.spawn(hog, { to: vm.pid, gate, spawnCount: 10 }, { scheduler: 2, name: 'hog' })
    vm.send(pid, 'go')
    await until(() => stand.reports.some(({ pid: who }) => who?.$pid === pid.$pid))
    expect(Atomics.load(gate, HELD)).toBe(1)
    expect(stand.of(2).at(-1)).toMatchObject({
      stage: 'running',
      pid,
      registeredName: 'hog',
      definition: { name: 'hog', url: expect.stringMatching(/sched-hogs/) },
    })
    expect(stand.of(2).at(-1)?.ms).toBeGreaterThanOrEqual(100)
    expect(vm.info().schedulers.map((one) => one.isStuck)).toEqual([false, true])
    for (let n = 0; n < 20; n++) {
      const options = n % 2 === 0 ? {} : { scheduler: 'spread' as const }
      expect(await stand.schedulerOf(await vm.spawn(child, vm.pid, options))).toBe(1)
    }
    open(gate)
    const { pids } = await vm.receive(tag<{ type: 'let go'; pids: Pid[] }>('let go'))
    for (const one of pids) expect(await stand.schedulerOf(one)).toBe(1)
    await until(() => stand.of(2).at(-1)?.stage === 'over')
    expect(stand.of(2).at(-1)).toMatchObject({ pid, registeredName: 'hog' })
    expect(vm.info().schedulers[1]?.isStuck).toBe(false)
    expect(stand.of(2).filter((report) => report.pid?.$pid === pid.$pid).length).toBe(2)
  },
  HANG_MS,
)

test(
  'what was asked for by its number waits until it lets go',
  async () => {
    const stand = await Stand.open({ longScheduleMs: 50 })
    await using vm = stand.vm
    const gate = closedGate()
    vm.send(await vm.spawn(hog, { to: vm.pid, gate, spawnCount: 0 }, { scheduler: 2 }), 'go')
    await until(() => vm.info().schedulers[1]?.isStuck === true)
    const bound = vm.spawn(echo, 0, { scheduler: 2 })
    open(gate)
    expect(await stand.schedulerOf(await bound)).toBe(2)
  },
  HANG_MS,
)

test(
  'where there is no other scheduler, what is new waits there',
  async () => {
    const stand = await Stand.open({ schedulers: 1, longScheduleMs: 50 })
    await using vm = stand.vm
    const gate = closedGate()
    vm.send(await vm.spawn(hog, { to: vm.pid, gate, spawnCount: 3 }), 'go')
    await until(() => vm.info().schedulers[0]?.isStuck === true)
    const late = vm.spawn(echo, 0)
    open(gate)
    expect(await stand.schedulerOf(await late)).toBe(1)
    const { pids } = await vm.receive(tag<{ type: 'let go'; pids: Pid[] }>('let go'))
    for (const pid of pids) expect(await vm.isAlive(pid)).toBe(true)
  },
  HANG_MS,
)

test(
  'code behind an await that keeps the thread is seen, though it is in no turn',
  async () => {
    const stand = await Stand.open({ longScheduleMs: 100 })
    await using vm = stand.vm
    const gate = closedGate()
    const pid = await vm.spawn(asyncHog, gate, { scheduler: 2 })
    vm.send(pid, 'go')
    await until(() => Atomics.load(gate, HELD) === 1)
    await until(() => stand.of(2).at(-1)?.stage === 'running')
    expect(stand.of(2).at(-1)).toMatchObject({ pid: undefined, definition: undefined })
    open(gate)
    await until(() => stand.of(2).at(-1)?.stage === 'over')
    expect(await vm.isAlive(pid)).toBe(true)
  },
  HANG_MS,
)

test(
  'where time is moved by hand it is seen all the same',
  async () => {
    const stand = await Stand.open({ longScheduleMs: 50, clock: 'manual' })
    await using vm = stand.vm
    const gate = closedGate()
    const pid = await vm.spawn(hog, { to: vm.pid, gate, spawnCount: 0 }, { scheduler: 1 })
    vm.send(pid, 'go')
    await until(() => stand.of(1).some((report) => report.pid?.$pid === pid.$pid))
    open(gate)
  },
  HANG_MS,
)

test(
  'past hogKillMs its scheduler is ended and replaced; the report names it, its own reason is like the others',
  async () => {
    const stand = await Stand.open({ hogKillMs: 1_000, longScheduleMs: Infinity })
    await using vm = stand.vm
    const held = new Int32Array(new SharedArrayBuffer(4))
    const neighbour = await vm.spawn(echo, 0, { scheduler: 2, name: 'neighbour' })
    const pid = await vm.spawn(stuck, held, { scheduler: 2, name: 'hog' })
    const ends = [vm.whenDown(pid), vm.whenDown(neighbour)]
    vm.send(pid, 'go')
    for (const end of ends) expect(await end).toMatchObject({ reason: ['scheduler_down', 2] })
    const killed = stand.all.findIndex((report) => report.type === 'long_schedule')
    expect(stand.all[killed]).toMatchObject({
      stage: 'killed',
      scheduler: 2,
      pid,
      registeredName: 'hog',
      definition: { name: 'stuck' },
    })
    expect(stand.all[killed + 1]).toMatchObject({
      type: 'scheduler_down',
      scheduler: 2,
      error: expect.stringContaining(`${formatPid(pid)} held it`),
    })
    const next = await vm.spawn(echo, 0, { scheduler: 2, name: 'neighbour' })
    expect(await vm.call(next, { $call: 'echo', arg: 1 })).toBe(1)
    expect(vm.info().schedulers[1]).toMatchObject({ restartCount: 1, isStuck: false })
  },
  HANG_MS,
)

test(
  'one that sleeps is not taken for one, however long',
  async () => {
    const stand = await Stand.open({ longScheduleMs: 20, hogKillMs: 1_000_000 })
    await using vm = stand.vm
    let awake = 0
    // A hog on the other makes sure that the watch looks more than often enough.
    for (let n = 0; n < 13; n++) {
      // By then it has found its rest.
      if (n === 3) awake = stand.of(2).length
      const gate = closedGate()
      vm.send(await vm.spawn(hog, { to: vm.pid, gate, spawnCount: 0 }, { scheduler: 1 }), 'go')
      await until(() => vm.info().schedulers[0]?.isStuck === true)
      open(gate)
      await vm.receive(tag('let go'))
    }
    expect(
      stand
        .of(2)
        .slice(awake)
        .filter((report) => report.stage === 'running'),
    ).toEqual([])
  },
  HANG_MS,
)

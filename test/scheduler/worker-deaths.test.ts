// Invariant 4, for each way in which a worker can end: what it had published comes, then the ends of all that was bound to
// it; its names are free; supervisors start its children again; a fresh worker takes its place. And: how often that may be.

import { child, startServer } from '@heddle/otp'
import {
  connectVm,
  exposeVm,
  type HeddleError,
  type Pid,
  type Report,
  startVm,
  tag,
  type Vm,
  type VmOptions,
} from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { deadly, echo } from '#fixtures/sched-deaths'
import { speaker, type Testimony, tree, witness, worker } from '#fixtures/sched-hogs'

const HANG_MS = 30_000

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** Supervised children, some of which run on scheduler 2. */
async function startTree(vm: Vm): Promise<ReadonlyMap<string, Pid>> {
  const ids = Array.from({ length: 12 }, (_, index) => `child-${index}`)
  const children = ids.map((id) => child(worker, id, { name: id, scheduler: 'spread' }))
  await startServer(vm, tree, { intensity: 1, children }, { scheduler: 1 })
  const onTwo = new Map<string, Pid>()
  for (const id of ids) {
    const pid = vm.whereis(id) as Pid
    if ((await vm.call(id, worker.scheduler())) === 2) onTwo.set(id, pid)
  }
  expect(onTwo.size).toBeGreaterThan(0)
  return onTwo
}

/** More than a ring holds, both ways: it must begin where a fresh reader and a fresh writer begin. */
async function passThrough(vm: Vm, pid: Pid): Promise<void> {
  const text = 'x'.repeat(60_000)
  for (let n = 0; n < 24; n++) {
    expect(await vm.call(pid, { $call: 'echo', arg: [n, text] }, { timeoutMs: Infinity })).toEqual([n, text])
  }
}

const words = Array.from({ length: 3_000 }, (_, n) => n)
const down = ['scheduler_down', 2]

describe('a worker that ends', () => {
  test.each([
    'process.exit',
    'uncaught error in a timer callback',
    'unhandled rejection',
    'heap',
    'killScheduler',
    'endless loop',
  ])(
    'by %s',
    async (how) => {
      const reports: Report[] = []
      await using vm = await startVm({
        schedulers: 2,
        onReport: (report) => reports.push(report),
        resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
        longScheduleMs: Infinity,
        hogKillMs: how === 'endless loop' ? 4_000 : Infinity,
      })
      const children = await startTree(vm)
      const watching = await vm.spawn(witness, vm.pid, { scheduler: 1 })
      const speaking = await vm.spawn(
        speaker,
        { to: watching, host: vm.pid, count: words.length },
        { scheduler: 2, name: 'speaker' },
      )
      vm.send(watching, { type: 'watch', pid: speaking })
      await vm.receive(tag('watching'))
      await vm.receive(tag('said'))
      const killer = await vm.spawn(deadly, how, { scheduler: 2, name: 'killer' })
      const end = vm.whenDown(killer)
      if (how === 'killScheduler') await vm.killScheduler(2)
      else vm.send(killer, 'go')

      const { seen } = await vm.receive(tag<Testimony>('testimony'))
      expect(seen.slice(0, words.length)).toEqual(words)
      expect(new Set(seen.slice(words.length).map((it) => JSON.stringify(it)))).toEqual(
        new Set(
          [
            ['EXIT', down],
            ['DOWN', down],
            ['by name', down],
          ].map((it) => JSON.stringify(it)),
        ),
      )
      expect(await end).toMatchObject({ reason: down })
      expect([vm.whereis('speaker'), vm.whereis('killer')]).toEqual([undefined, undefined])
      await until(() =>
        [...children].every(([id, old]) => ![undefined, old.$pid].includes(vm.whereis(id)?.$pid)),
      )
      for (const id of children.keys()) await vm.call(id, worker.scheduler(), { timeoutMs: Infinity })

      const fresh = await vm.spawn(echo, 0, { scheduler: 2, name: 'killer' })
      expect(fresh.$pid).not.toBe(killer.$pid)
      await passThrough(vm, fresh)
      expect(vm.info().schedulers[1]).toMatchObject({ status: 'up', restartCount: 1 })
      expect(reports.filter(({ type }) => type === 'scheduler_down')).toMatchObject([{ scheduler: 2 }])
    },
    HANG_MS,
  )

  test(
    'the report says what ended it',
    async () => {
      const errors: (string | undefined)[] = []
      await using vm = await startVm({
        schedulers: 2,
        onReport: (report) => report.type === 'scheduler_down' && errors.push(report.error),
      })
      for (const how of ['process.exit', 'uncaught error in a timer callback', 'unhandled rejection']) {
        const killer = await vm.spawn(deadly, how, { scheduler: 2 })
        const end = vm.whenDown(killer)
        vm.send(killer, 'go')
        await end
      }
      await vm.spawn(echo, 0, { scheduler: 2 })
      await vm.killScheduler(2)
      await until(() => errors.length === 4)
      expect(errors).toEqual(['exit code 3', 'nobody catches this', 'nobody handles this', undefined])
    },
    HANG_MS,
  )

  test(
    'leaves no process, name or handle behind, however often',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const round = async (): Promise<void> => {
        await vm.spawn(echo, 0, { scheduler: 2, name: 'victim' })
        const end = vm.whenDown('victim')
        await vm.killScheduler(2)
        await end
        const pid = await vm.spawn(echo, 0, { scheduler: 2 })
        await vm.call(pid, { $call: 'echo', arg: 1 }, { timeoutMs: Infinity })
        vm.exit(pid, 'kill')
        await vm.whenDown(pid)
      }
      await round()
      const handles = () => process.getActiveResourcesInfo().filter((type) => type !== 'Immediate').length
      const [processes, names] = [vm.processes().length, vm.registered()]
      const least = handles()
      for (let n = 0; n < 10; n++) await round()
      expect(vm.processes().length).toBe(processes)
      expect(vm.registered()).toEqual(names)
      // A port that is closed goes with a later turn of the event loop.
      await until(() => handles() <= least)
    },
    HANG_MS,
  )
})

describe('more deaths than schedulerRestarts allows', () => {
  const start = async (reports: Report[], options: VmOptions) =>
    startVm({
      schedulers: 2,
      onReport: (report) => reports.push(report),
      longScheduleMs: Infinity,
      ...options,
    })

  async function die(vm: Vm): Promise<void> {
    vm.send(await vm.spawn(deadly, 'process.exit', { scheduler: 2 }), 'go')
  }

  const codeOf = (promise: Promise<unknown>) => promise.then(String, (error: HeddleError) => error.code)

  test(
    'stop the VM: a report says so, what waits fails at once, and so does all that is asked later',
    async () => {
      const reports: Report[] = []
      const vm = await start(reports, { schedulerRestarts: { intensity: 1, periodMs: 1_000_000 } })
      const { port1, port2 } = new MessageChannel()
      exposeVm(vm, port1 as never)
      const remote = connectVm(port2 as never)
      const bystander = await vm.spawn(echo, 0, { scheduler: 1 })
      const waiting = [
        vm.receive(tag('never')),
        vm.whenDown(bystander),
        vm
          .call(bystander, { $call: 'echo', arg: 1 }, { timeoutMs: Infinity })
          .then(() => vm.receive(tag('never'))),
        remote.whenDown(bystander),
      ].map(codeOf)
      await die(vm)
      await until(() => vm.info().schedulers[1]?.restartCount === 1)
      await die(vm)
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ERR_RESTART_INTENSITY']))
      expect(reports.at(-1)).toEqual({
        type: 'gave_up',
        scheduler: 2,
        deathCount: 2,
        periodMs: 1_000_000,
        error: 'exit code 3',
      })
      const later: (() => unknown)[] = [
        () => vm.spawn(echo, 0),
        () => vm.send(bystander, 1),
        () => vm.call(bystander, { $call: 'echo', arg: 1 }),
        () => vm.info(),
        () => vm.whereis('nobody'),
        () => vm.settled(),
        () => vm.killScheduler(1),
        () => remote.info(),
      ]
      for (const ask of later) expect(await codeOf((async () => ask())())).toBe('ERR_RESTART_INTENSITY')
      expect(() => vm.info()).toThrow(
        /2 schedulers died within 1000000 ms, the last one, 2, by this: exit code 3/,
      )
      remote.close()
      port1.close()
      await vm.stop()
    },
    HANG_MS,
  )

  test(
    'are not those that killScheduler asked for',
    async () => {
      const reports: Report[] = []
      await using vm = await start(reports, { schedulerRestarts: { intensity: 0, periodMs: 1_000_000 } })
      for (let n = 0; n < 3; n++) {
        await vm.killScheduler(2)
        await vm.spawn(echo, 0, { scheduler: 2 })
      }
      expect(reports.map(({ type }) => type)).toEqual(Array(3).fill('scheduler_down'))
    },
    HANG_MS,
  )

  test(
    'a child that ends its scheduler whenever it starts, and a supervisor that knows no limit, end there, too',
    async () => {
      const reports: Report[] = []
      const vm = await start(reports, { schedulerRestarts: { intensity: 3, periodMs: 1_000_000 } })
      const poison = child(speaker, { to: vm.pid, host: vm.pid, count: 0 }, { name: 'speaker', scheduler: 2 })
      await startServer(vm, tree, { intensity: 1_000, children: [poison] }, { scheduler: 1 })
      const over = codeOf(vm.receive(tag('never')))
      let isOver = false
      void over.then(() => {
        isOver = true
      })
      while (!isOver) await die(vm).catch(() => {})
      expect(await over).toBe('ERR_RESTART_INTENSITY')
      expect(reports.filter(({ type }) => type === 'scheduler_down').length).toBe(4)
    },
    HANG_MS,
  )

  test.each([
    { schedulerRestarts: 3 },
    { schedulerRestarts: { intensity: -1, periodMs: 1 } },
    { schedulerRestarts: { intensity: 1, periodMs: 0 } },
    { longScheduleMs: 0 },
    { hogKillMs: 1.5 },
  ])('what makes no sense is refused: %o', async (options) => {
    expect(await codeOf(startVm({ schedulers: 1, ...options } as VmOptions))).toBe('ERR_BAD_ARGUMENT')
  })
})

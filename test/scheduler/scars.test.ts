// What once broke a scheduler, or was told to nobody.

import { ANY, type Report, startVm, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  belated,
  clumsy,
  deep,
  evil,
  greeter,
  sphinx,
  stillborn,
  twice,
  unloadable,
} from '#fixtures/sched-scars'

describe.each([{ schedulers: 'inline' as const }, { schedulers: 2 }])(
  'with schedulers: $schedulers',
  ({ schedulers }) => {
    let vm: Vm
    const reports: Report[] = []
    beforeAll(async () => {
      vm = await startVm({ schedulers, onReport: (report) => reports.push(report) })
    })
    afterAll(() => vm.stop())

    async function works(): Promise<void> {
      for (const index of schedulers === 'inline' ? [0] : [1, 2]) {
        const pid = await vm.spawn(greeter, undefined, { scheduler: index })
        vm.send(pid, vm.pid)
        expect(await vm.receive(ANY)).toBe('hello')
        vm.exit(pid, 'kill')
      }
      expect(reports.filter(({ type }) => type === 'scheduler_down')).toEqual([])
    }

    test('an error whose parts throw ends its process only', async () => {
      const { reason } = await vm.whenDown(await vm.spawn(evil, undefined))
      expect(reason === 'noproc' || typeof reason === 'object').toBe(true)
      await works()
    })

    test.each(['circular', 'chain', 'revoked', 'revoked error'] as const)(
      'an exception that can hardly be told ends its process only: %s',
      async (riddle) => {
        const { reason } = await vm.whenDown(await vm.spawn(sphinx, riddle))
        expect(reason === 'noproc' || typeof reason === 'object').toBe(true)
        await works()
      },
    )

    test.each([490, 497, 498, 499, 500, 501, 5_000])(
      'a reason nested %i deep is told to those who watch',
      async (depth) => {
        vm.register('watched', await vm.spawn(greeter, undefined))
        vm.exit(vm.whereis('watched') ?? vm.pid, 'kill')
        const down = await vm.whenDown(await vm.spawn(deep, depth))
        expect(down.type).toBe('DOWN')
        await works()
      },
    )

    test.each([998, 999, 1_000, 1_001])(
      'a timer for what is nested %i deep is refused, or fires',
      async (depth) => {
        await vm.spawn(belated, { owner: vm.pid, depth })
        expect(await vm.receive(ANY)).toEqual(depth < 1_000 ? true : { code: 'ERR_UNCLONABLE' })
        await works()
      },
    )

    test('a module that throws what can hardly be told is one that cannot be loaded', async () => {
      for (const scheduler of schedulers === 'inline' ? [0] : [1, 2])
        await expect(vm.spawn(unloadable, 0, { scheduler })).rejects.toMatchObject({
          code: 'ERR_MODULE_LOAD',
        })
      await works()
    })

    test('a thenable that settles twice has settled once', async () => {
      const pid = await vm.spawn(twice, undefined)
      vm.send(pid, 'go')
      // Longer than the second settling takes to come: each question is a turn of the event loop.
      for (let question = 0; question < 50; question++) {
        vm.send(pid, vm.pid)
        expect(await vm.receive(ANY)).toBe(3)
      }
      vm.exit(pid, 'kill')
    })

    test('init may say how it goes on', async () => {
      const { reason } = await vm.whenDown(await vm.spawn(stillborn, 0))
      expect(['enough', 'noproc']).toContain(reason)
      await works()
    })

    test('operations that fail past the budget fail at who asked', async () => {
      const server = await vm.spawn(greeter, undefined)
      await vm.spawn(clumsy, { to: vm.pid, server })
      expect(await vm.receive(ANY)).toBe(600)
      await works()
    })
  },
)

test('when a dead scheduler is not replaced, every monitor fires and every question is answered', async () => {
  const vm = await startVm({ schedulers: 2, restartSchedulers: false, onReport: () => {} })
  const pids = await Promise.all(
    Array.from({ length: 20 }, () => vm.spawn(greeter, undefined, { scheduler: 2 })),
  )
  const before = pids.map((pid) => vm.whenDown(pid))
  const killing = vm.killScheduler(2)
  const during = pids.map((pid) => vm.whenDown(pid))
  await killing
  const after = pids.map((pid) => vm.whenDown(pid))
  for (const { reason } of await Promise.all([...before, ...during])) {
    expect(['noproc', ['scheduler_down', 2]]).toContainEqual(reason)
  }
  for (const { reason } of await Promise.all(after))
    expect(['noproc', ['scheduler_down', 2]]).toContainEqual(reason)
  expect(await vm.isAlive(pids[0])).toBe(false)
  await expect(vm.spawn(greeter, undefined, { scheduler: 2 })).rejects.toMatchObject({
    code: 'ERR_SCHEDULER_DOWN',
  })
  await vm.stop()
})

// What was spawned and has not started, on real threads: who is idle takes it, awake or asleep, also from a scheduler that
// does not come back from its callback; and where policies put new processes.

import { type HeddleError, startVm, tag, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { firstOffered, floodJob, hog, scoreboard } from '#fixtures/sched-floods'

const PATIENCE_MS = 20_000
/** So many stay with whoever spawned them. */
const SHORT_QUEUE = 32

interface Hogged {
  readonly type: 'hogged'
  readonly seen: number
  readonly own: number
}

/** Scheduler 1 hogs; what it has spawned is counted on scheduler 2, which sleeps before. */
async function hogIn(
  vm: Vm,
  count: number,
  awaited = count - SHORT_QUEUE,
  patienceMs = PATIENCE_MS,
): Promise<Hogged> {
  const board = new SharedArrayBuffer(4 * 3)
  const to = await vm.spawn(scoreboard, { board }, { scheduler: 2 })
  await vm.settled()
  await vm.spawn(hog, { board, to, host: vm.pid, count, awaited, patienceMs }, { scheduler: 1 })
  return vm.receive(tag<Hogged>('hogged'))
}

describe('jobs that a hog has spawned', () => {
  test.each([
    ['two-choices', 200],
    ['round-robin', 100],
    ['least-loaded', 200],
  ] as const)(
    'run elsewhere while it hogs, but for a short run queue: %s',
    async (policy, count) => {
      await using vm = await startVm({ schedulers: 2, placement: policy })
      const { seen, own } = await hogIn(vm, count)
      expect({ seen, own }).toEqual({ seen: count - SHORT_QUEUE, own: 0 })
    },
    2 * PATIENCE_MS,
  )

  test('wait for it where nothing is stolen', async () => {
    await using vm = await startVm({ schedulers: 2, placement: firstOffered, stealing: false })
    const { own, seen } = await hogIn(vm, 40, 40, 50)
    expect({ seen, own }).toEqual({ seen: 0, own: 0 })
  })

  test(
    'are counted: by who took them',
    async () => {
      await using vm = await startVm({ schedulers: 2, placement: firstOffered })
      await hogIn(vm, 100)
      await vm.settled()
      const { schedulers } = vm.info()
      expect(schedulers.map(({ stealCount, queuedCount }) => ({ stealCount, queuedCount }))).toEqual([
        { stealCount: 0, queuedCount: 0 },
        { stealCount: 100 - SHORT_QUEUE, queuedCount: 0 },
      ])
    },
    2 * PATIENCE_MS,
  )
})

describe('a placement policy', () => {
  test("of the user's own is asked; what is wrong with it is told to who spawns", async () => {
    await using vm = await startVm({ schedulers: 2, placement: firstOffered })
    await vm.spawn(floodJob, { to: vm.pid })
    // Whoever was busy at that moment is not offered.
    expect([1, 2]).toContain((await vm.receive(tag<{ type: 'ran'; scheduler: number }>('ran'))).scheduler)
    await vm.spawn(floodJob, { to: vm.pid }, { scheduler: 2 })
    expect(await vm.receive(tag('ran'))).toEqual({ type: 'ran', scheduler: 2 })
    await expect(vm.spawn(floodJob, { to: vm.pid }, { priority: 'low' })).rejects.toMatchObject({
      code: 'ERR_PLACEMENT',
      message: expect.stringMatching(/no room for low ones/),
    })
    await expect(vm.spawn(floodJob, { to: vm.pid }, { priority: 'high' })).rejects.toMatchObject({
      code: 'ERR_PLACEMENT',
      message: expect.stringMatching(/chose 77, which is none of/),
    })
    await vm.settled()
    expect(vm.processes()).toEqual([vm.pid])
  })

  test('that is none is refused', async () => {
    const refused = (placement: unknown) =>
      startVm({ schedulers: 'inline', placement: placement as never }).catch(
        (error: HeddleError) => error.code,
      )
    expect(await refused('fairest')).toBe('ERR_BAD_ARGUMENT')
    expect(await refused(() => 1)).toBe('ERR_BAD_ARGUMENT')
    // A definition, but of a process.
    expect(await refused(floodJob)).toBe('ERR_UNKNOWN_DEFINITION')
    expect(await refused({ $: { url: import.meta.url, name: 'nowhere' } })).toMatch(/ERR_/)
  })
})

// Time that is moved by hand: nothing happens until it is, and then everything in its order.

import { ANY, startVm, TIMEOUT, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { dreamer, restless, round, sleeper } from '#fixtures/sched-clock'

const vms: readonly [string, () => Promise<Vm>][] = [
  ['inline', () => startVm({ schedulers: 'inline', clock: 'manual' })],
  ['two schedulers', () => startVm({ schedulers: 2, clock: 'manual' })],
]

/** All that is in the host's mailbox. */
async function messages(vm: Vm): Promise<unknown[]> {
  const all: unknown[] = []
  for (;;) {
    const message = await vm.receive(ANY, { afterMs: 0 })
    if (message === TIMEOUT) return all
    all.push(message)
  }
}

describe.each(vms)('%s', (_, start) => {
  test('timers of all schedulers fire in the order of time, each at its own', async () => {
    await using vm = await start()
    const waits = [70, 20, 21, 1_000_000, 45, 3]
    for (const [index, ms] of waits.entries()) {
      const scheduler = vm.schedulerCount === 0 ? undefined : 1 + (index % 2)
      await vm.spawn(sleeper, { host: vm.pid, ms, label: `${ms}` }, { scheduler })
    }
    await vm.settled()
    expect([vm.nowMs(), await messages(vm)]).toEqual([0, []])
    await vm.advance(44)
    expect(await messages(vm)).toEqual([3, 20, 21].map((ms) => ({ type: 'woke', label: `${ms}`, atMs: ms })))
    await vm.advance(1)
    expect(await messages(vm)).toEqual([{ type: 'woke', label: '45', atMs: 45 }])
    await vm.advance(2_000_000)
    expect(await messages(vm)).toEqual(
      [70, 1_000_000].map((ms) => ({ type: 'woke', label: `${ms}`, atMs: ms })),
    )
    expect(vm.nowMs()).toBe(2_000_045)
  })

  test('nothing is under way when it is settled', async () => {
    await using vm = await start()
    const others = await Promise.all(
      [1, 2, 1, 2].map((index) =>
        vm.spawn(round, vm.pid, { scheduler: vm.schedulerCount === 0 ? undefined : index }),
      ),
    )
    for (const hops of [1, 10, 1_000, 3]) {
      vm.send(others[0] as (typeof others)[0], { hops, others: others.slice(1) })
      await vm.settled()
      expect(await messages(vm)).toEqual([{ type: 'passed' }])
    }
  })

  test('moves that are asked for at once are made one after the other', async () => {
    await using vm = await start()
    for (const ms of [20, 60, 130]) await vm.spawn(sleeper, { host: vm.pid, ms, label: `${ms}` })
    await Promise.all([vm.advance(100), vm.advance(7), vm.advance(30)])
    expect(vm.nowMs()).toBe(137)
    expect((await messages(vm)).map((message) => (message as { atMs: number }).atMs)).toEqual([20, 60, 130])
  })

  test('promises that need no event get to their end', async () => {
    await using vm = await start()
    const pid = await vm.spawn(dreamer, vm.pid)
    for (const count of [1, 50, 2_000]) {
      vm.send(pid, count)
      await vm.settled()
      expect(await messages(vm)).toEqual([{ type: 'dreamt' }])
    }
  })
})

test('who waits for a VM to settle that never does is told when it stops', async () => {
  const vm = await startVm({ schedulers: 1 })
  await vm.spawn(restless, undefined)
  const settled = vm.settled()
  void vm.stop({ timeoutMs: 0 })
  await expect(settled).rejects.toMatchObject({ code: 'ERR_VM_STOPPED' })
})

test('time that runs by itself is not moved', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  await expect(vm.advance(1)).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
  await vm.settled()
  expect(vm.nowMs()).toBeGreaterThan(0)
})

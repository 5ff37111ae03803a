// No phone is left busy, whatever users do and whoever dies; and who is in a call is in it with exactly one other.

import { startVm, type Vm } from '@heddle/scheduler'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Controller, controller, RING_MS } from '../../examples/phones/dist/controller.js'
import { openExchange, startUsers } from '../../examples/phones/dist/rig.js'

let vm: Vm
beforeAll(async () => {
  vm = await startVm({ schedulers: 'inline', clock: 'manual' })
})
afterAll(() => vm.stop())

const stateOf = async (on: Vm, phone: Controller) => (await on.call(phone, controller.status())).state

/** What the other side of a call must be in, when no signal is on its way. */
const counterpart = {
  idle: undefined,
  calling: 'receiving',
  receiving: 'calling',
  connected: 'connected',
} as const

async function expectPairs(phones: readonly Controller[]): Promise<number> {
  const all = new Map(
    await Promise.all(
      phones.map(async (each) => [each.$pid, await vm.call(each, controller.status())] as const),
    ),
  )
  let busyCount = 0
  for (const [pid, { state, peer }] of all) {
    const other = peer && all.get(peer.$pid)
    expect(other?.state).toBe(counterpart[state as keyof typeof counterpart])
    if (other !== undefined) expect(other.peer?.$pid).toBe(pid)
    busyCount += state === 'idle' ? 0 : 1
  }
  return busyCount
}

async function stopAll(): Promise<void> {
  for (const each of vm.processes()) if (each.$pid !== vm.pid.$pid) vm.exit(each, 'kill')
  await vm.settled()
}

test('random users: calls are between two, and none is left', async () => {
  let seenBusy = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 6 }), async (seed, phoneCount) => {
      const phones = [...(await openExchange(vm, phoneCount)).values()].map((each) => each)
      const byNumber = new Map(phones.map((each, index) => [String(100 + index), each]))
      const users = await startUsers(vm, byNumber, { seed, deeds: 30, pauseMs: 20_000 })
      const through = Promise.all(users.map((each) => vm.whenDown(each)))
      for (let at = 0; at < 30; at++) {
        await vm.advance(20_000)
        seenBusy += await expectPairs(phones)
      }
      await vm.advance(20_000)
      await through
      expect(await expectPairs(phones)).toBe(0)
      await stopAll()
    }),
    { numRuns: 15 },
  )
  // A rig in which nobody ever talks would prove nothing.
  expect(seenBusy).toBeGreaterThan(100)
})

async function twoPhones(): Promise<readonly [Controller, Controller]> {
  const [one, two] = [...(await openExchange(vm, 2)).values()]
  return [one as Controller, two as Controller]
}

test('who is not answered gives up, and both are idle', async () => {
  const [one, two] = await twoPhones()
  vm.cast(one, controller.dial('101'))
  await vm.advance(RING_MS - 1)
  expect([await stateOf(vm, one), await stateOf(vm, two)]).toEqual(['calling', 'receiving'])
  await vm.advance(1)
  expect([await stateOf(vm, one), await stateOf(vm, two)]).toEqual(['idle', 'idle'])
  await stopAll()
})

test('who dies in a call frees the other, and is not found any more', async () => {
  const [one, two] = await twoPhones()
  vm.cast(one, controller.dial('101'))
  await vm.settled()
  vm.cast(two, controller.accept())
  await vm.settled()
  expect(await stateOf(vm, one)).toBe('connected')
  vm.exit(two, 'kill')
  await vm.settled()
  expect(await stateOf(vm, one)).toBe('idle')
  vm.cast(one, controller.dial('101'))
  await vm.settled()
  expect(await vm.call(one, controller.status())).toMatchObject({
    state: 'idle',
    tally: { busy: 1, dialled: 1 },
  })
  await stopAll()
})

test('on two schedulers, too, none is left busy', async () => {
  await using two = await startVm({ schedulers: 2 })
  const phones = await openExchange(two, 8)
  const users = await startUsers(two, phones, { seed: 7, deeds: 100, pauseMs: 5 })
  await Promise.all(users.map((each) => two.whenDown(each)))
  await two.settled()
  for (const phone of phones.values()) expect(await stateOf(two, phone)).toBe('idle')
})

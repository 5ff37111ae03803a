// Tasks for dirty functions that do not simply run and end: given up at each of their stages, moved, stopped, too large.

import { down, Exit, HeddleError, type Pid, startVm, tag, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import {
  type Asking,
  asyncAsker,
  atGate,
  BEGUN,
  begun,
  carelessAsker,
  echo,
  forEver,
  gatekeeper,
  generatorAsker,
  leaving,
  makeGate,
  open,
  untidy,
} from '#fixtures/sched-dirty'

const { url } = echo.$dirty

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((thrown: unknown) =>
    thrown instanceof Exit ? thrown.reason : thrown instanceof HeddleError ? thrown.code : thrown,
  )
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

const quiet = { onReport: () => {} }

describe('a task is given up', () => {
  test('while its thread is being started: another takes the thread', async () => {
    await using vm = await startVm({ schedulers: 'inline', dirty: { threads: 1 } })
    const [never, late] = [makeGate(), makeGate()]
    const [first, second] = [new AbortController(), new AbortController()]
    const tasks = [
      vm.dirty(forEver, never, { signal: first.signal }),
      vm.dirty(forEver, late, { signal: second.signal }),
      vm.dirty(echo, 'third'),
    ].map(outcome)
    expect(vm.info().dirty).toMatchObject({ runningCount: 1, queueLength: 2 })
    first.abort('first')
    expect(vm.info().dirty).toMatchObject({ runningCount: 1, queueLength: 1, givenUpCount: 1 })
    second.abort('second')
    expect(await Promise.all(tasks)).toEqual(['first', 'second', 'third'])
    expect([never[BEGUN], late[BEGUN]]).toEqual([0, 0])
    expect(vm.info().dirty).toMatchObject({ doneCount: 1, givenUpCount: 2, lostCount: 0, threadCount: 1 })
  })

  test('while it waits in the queue: it never starts, and those behind it move up', async () => {
    await using vm = await startVm({ schedulers: 1, dirty: { threads: 1 }, ...quiet })
    const [gate, never] = [makeGate(), makeGate()]
    const running = vm.dirty(atGate, gate)
    await begun(gate)
    const late = outcome(vm.dirty(forEver, never, { timeoutMs: 1 }))
    await vm.spawn(generatorAsker, {
      to: vm.pid,
      definition: forEver,
      args: never,
      options: { timeoutMs: 1 },
    } as Asking)
    const last = vm.dirty(echo, 'last')
    expect(await late).toEqual(['timeout', [url, 'for-ever', [never]]])
    expect(await vm.receive(tag('failed'))).toMatchObject({
      error: { reason: ['timeout', [url, 'for-ever', [never]]] },
    })
    await until(() => vm.info().dirty.queueLength === 1)
    open(gate)
    expect([await running, await last]).toEqual(['through', 'last'])
    expect(never[BEGUN]).toBe(0)
  })

  test('when it has ended: that has no effect', async () => {
    await using vm = await startVm({ schedulers: 'inline', dirty: { threads: 1 } })
    const controller = new AbortController()
    expect(await vm.dirty(echo, 1, { signal: controller.signal })).toBe(1)
    controller.abort()
    expect(await vm.dirty(echo, 2)).toBe(2)
    expect(vm.info().dirty).toMatchObject({ doneCount: 2, givenUpCount: 0, lostCount: 0, threadCount: 1 })
  })

  test('as its process dies while another one is answered by the same thread', async () => {
    await using vm = await startVm({ schedulers: 2, dirty: { threads: 1 }, ...quiet })
    const gates = Array.from({ length: 20 }, makeGate)
    const askers: Pid[] = []
    for (const args of gates) {
      const asking = { to: vm.pid, definition: atGate, args } as Asking
      askers.push(await vm.spawn(asyncAsker, asking, { scheduler: 1 + (askers.length % 2) }))
    }
    await until(() => vm.info().dirty.queueLength === 19)
    for (const [index, pid] of askers.entries()) if (index % 2 === 1) vm.exit(pid, 'kill')
    for (const gate of gates) open(gate)
    for (let count = 0; count < 10; count++) await vm.receive(tag('asked'))
    await until(() => vm.info().dirty.runningCount === 0)
    const { doneCount, givenUpCount } = vm.info().dirty
    expect(doneCount + givenUpCount).toBe(20)
    expect(doneCount).toBeGreaterThanOrEqual(10)
    expect(await vm.dirty(echo, 'still there')).toBe('still there')
  })
})

test('what cannot be cloned fails at the process that sends it, and the pool never hears of it', async () => {
  await using vm = await startVm({ schedulers: 1, dirty: { threads: 1 } })
  await vm.spawn(carelessAsker, vm.pid)
  expect(await vm.receive(tag('asked'))).toEqual({
    type: 'asked',
    value: { code: 'ERR_UNCLONABLE', next: 'next' },
  })
  expect(vm.info().dirty).toMatchObject({ doneCount: 1, givenUpCount: 0 })
})

test.each([4_000, 70_000, 3_000_000])('%i bytes go there and come back', async (length) => {
  await using vm = await startVm({ schedulers: 1, dirty: { threads: 1 } })
  const bytes = new Uint8Array(length).map((_, index) => index * 31)
  const value = { bytes, text: 'ü'.repeat(length / 4), again: bytes }
  for (let round = 0; round < 2; round++) {
    const back = (await vm.dirty(echo, value)) as typeof value
    expect(Buffer.compare(back.bytes, bytes)).toBe(0)
    expect(back.text === value.text && back.again === back.bytes).toBe(true)
  }
  expect(bytes.length).toBe(length)
  await vm.spawn(generatorAsker, { to: vm.pid, definition: echo, args: value } as Asking)
  const { value: back } = (await vm.receive(tag('asked'))) as unknown as { value: typeof value }
  expect(Buffer.compare(back.bytes, bytes)).toBe(0)
})

test('a thread outlives what a function leaves behind, and is lost with the one task that ends it', async () => {
  await using vm = await startVm({ schedulers: 'inline', dirty: { threads: 1 } })
  for (let round = 0; round < 20; round++) expect(await vm.dirty(untidy, round)).toBe(round)
  expect(vm.info().dirty).toMatchObject({ doneCount: 20, lostCount: 0, threadCount: 1 })
  const tasks = [vm.dirty(leaving, 3), vm.dirty(echo, 'next'), vm.dirty(leaving, 4), vm.dirty(echo, 'last')]
  const [third, next, fourth, last] = await Promise.all(tasks.map(outcome))
  expect([next, last]).toEqual(['next', 'last'])
  expect(third).toEqual([
    ['dirty_thread_down', expect.any(String)],
    [url, 'leaving', [3]],
  ])
  expect(fourth).toMatchObject([
    ['dirty_thread_down', expect.any(String)],
    [url, 'leaving', [4]],
  ])
  expect(vm.info().dirty).toMatchObject({ doneCount: 22, lostCount: 2, runningCount: 0, queueLength: 0 })
})

describe('a process that waits for its task', () => {
  test('does not move before it is through, and then goes on elsewhere', async () => {
    await using vm = await startVm({ schedulers: 2, dirty: { threads: 1 } })
    const gates = [makeGate(), makeGate()] as const
    const pid = await vm.spawn(gatekeeper, vm.pid, { scheduler: 1 })
    for (const gate of gates) vm.send(pid, gate)
    await begun(gates[0])
    expect(await vm.migrate(pid, 2, { timeoutMs: 0 })).toMatchObject({ moved: false, reason: 'busy' })
    const moving = vm.migrate(pid, 2, { timeoutMs: 60_000 })
    // Whatever the host sends now is behind the wish.
    expect(await vm.processInfo(pid)).toMatchObject({ scheduler: 1 })
    open(gates[0])
    expect(await moving).toEqual({ moved: true })
    open(gates[1])
    const passed = { type: 'passed', value: 'through' }
    expect(await vm.receive(tag('passed'))).toEqual({ ...passed, count: 1, scheduler: 1 })
    expect(await vm.receive(tag('passed'))).toEqual({ ...passed, count: 2, scheduler: 2 })
  })

  test('and dies in it with its scheduler: its task ends, and a scheduler in its place asks again', async () => {
    await using vm: Vm = await startVm({ schedulers: 1, dirty: { threads: 1 }, ...quiet })
    const gate = makeGate()
    for (let round = 1; round <= 3; round++) {
      const pid = await vm.spawn(asyncAsker, { to: vm.pid, definition: forEver, args: gate } as Asking, {
        scheduler: 1,
      })
      const ref = vm.monitor(pid)
      await begun(gate, round)
      await vm.killScheduler(1)
      expect((await vm.receive(down(ref))).reason).toEqual(['scheduler_down', 1])
      await until(() => vm.info().dirty.givenUpCount === round)
    }
    expect(vm.info().dirty).toMatchObject({ runningCount: 0, queueLength: 0, doneCount: 0 })
    expect(await vm.dirty(echo, 'free again')).toBe('free again')
  })
})

test('a VM stops with tasks of the host and of processes under way, queued, and on threads that still start', async () => {
  const vm = await startVm({ schedulers: 2, dirty: { threads: 2 }, ...quiet })
  const gate = makeGate()
  const mine = [vm.dirty(forEver, gate), vm.dirty(forEver, gate), vm.dirty(echo, 1)].map(outcome)
  for (const scheduler of [1, 2, 1, 2])
    await vm.spawn(generatorAsker, { to: vm.pid, definition: forEver, args: gate } as Asking, { scheduler })
  await vm.stop({ timeoutMs: 0 })
  expect(await Promise.all(mine)).toEqual(['ERR_VM_STOPPED', 'ERR_VM_STOPPED', 'ERR_VM_STOPPED'])
})

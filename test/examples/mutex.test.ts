// One at a time, first come first served, whoever dies; and a good process of the tower: it is suspended, looked at, stopped.

import { startServer, stopServer, sys } from '@heddle/otp'
import { down, type Pid, startVm, TIMEOUT, tag, type Vm } from '@heddle/scheduler'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CELLS, holder, worker } from '../../examples/mutex/dist/clients.js'
import { type Mutex, mutex } from '../../examples/mutex/dist/mutex.js'

test('on two schedulers, too, no two are inside at once and nothing is lost', async () => {
  await using vm = await startVm({ schedulers: 2 })
  const guard = await startServer(vm, mutex, undefined)
  const cells = new Int32Array(new SharedArrayBuffer(12))
  const workers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      vm.spawn(worker, { mutex: guard, rounds: 50, cells }, { scheduler: 1 + (index % 2) }),
    ),
  )
  for (const each of workers) await vm.whenDown(each)
  expect([cells[CELLS.count], cells[CELLS.clashes]]).toEqual([400, 0])
})

describe('in one thread', () => {
  let vm: Vm
  let guard: Mutex
  beforeEach(async () => {
    vm = await startVm({ schedulers: 'inline', clock: 'manual', onReport: () => {} })
    guard = await startServer(vm, mutex, undefined)
  })
  afterEach(() => vm.stop())

  const enter = async (label: string): Promise<Pid> => {
    const pid = await vm.spawn(holder, { mutex: guard, owner: vm.pid, label })
    await vm.settled()
    return pid
  }
  /** Who has entered since it was asked last. */
  const entered = async (): Promise<unknown[]> => {
    await vm.settled()
    const labels: unknown[] = []
    for (;;) {
      const message = await vm.receive(tag('entered'), { afterMs: 0 })
      if (message === TIMEOUT) return labels
      labels.push(message.label)
    }
  }
  const leave = (pid: Pid) => vm.send(pid, { type: 'leave' })

  test('first come, first served', async () => {
    const [a, b, c] = [await enter('a'), await enter('b'), await enter('c')]
    expect(await entered()).toEqual(['a'])
    leave(a)
    expect(await entered()).toEqual(['b'])
    leave(c)
    leave(b)
    expect(await entered()).toEqual(['c'])
    expect(await sys.getState(vm, guard)).toEqual({ holder: undefined })
  })

  test('who dies inside or waiting is no obstacle', async () => {
    const [a, b] = [await enter('a'), await enter('b'), await enter('c')]
    vm.exit(b, 'kill')
    vm.exit(a, 'kill')
    expect(await entered()).toEqual(['a', 'c'])
  })

  test('a signal of one who does not hold it does nothing', async () => {
    await enter('a')
    await enter('b')
    vm.send(guard, { type: 'signal', by: vm.pid })
    vm.send(guard, 'nonsense')
    expect(await entered()).toEqual(['a'])
  })

  test('the holder does not outlive it, and who waits is told', async () => {
    const watches = [await enter('a'), await enter('b')].map((pid) => vm.monitor(pid))
    vm.exit(guard, 'kill')
    const reasons = []
    for (const watch of watches) reasons.push((await vm.receive(down(watch))).reason)
    expect(reasons).toEqual(['killed', ['killed', expect.anything()]])
  })

  test('suspended while it is held, it lets nobody in; resumed, it goes on', async () => {
    const a = await enter('a')
    await sys.suspend(vm, guard)
    leave(a)
    await enter('b')
    expect(await entered()).toEqual(['a'])
    expect(await sys.getState(vm, guard)).toEqual({ holder: a })
    await sys.resume(vm, guard)
    expect(await entered()).toEqual(['b'])
  })

  test('it is stopped as any server is', async () => {
    await enter('a')
    const watch = vm.monitor(guard)
    await stopServer(vm, guard, 'shutdown')
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
  })
})

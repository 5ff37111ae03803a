// The echo behaves the same in one thread, on one scheduler and on two; its source does not change.

import { messages, type Pid, type Ref, startVm, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { echo } from '../../examples/echo/dist/echo.js'
import { type News, owner } from '../../examples/echo/dist/owner.js'

const on = messages<News>()

async function started(vm: Vm): Promise<{ who: Pid; echo: Pid }> {
  const who = await vm.spawn(owner, vm.pid)
  return { who, echo: (await vm.receive(on('started'))).echo }
}

describe.each([
  ['in one thread', 'inline' as const],
  ['on one scheduler', 1],
  ['on two schedulers', 2],
])('an echo %s', (_, schedulers) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers })
  })
  afterAll(() => vm.stop())

  test('sends back what it gets, in order', async () => {
    const { who } = await started(vm)
    const values = ['hello', 42, { nested: [new Map([[1, 2]])] }, undefined]
    for (const value of values) vm.send(who, { type: 'tell', value })
    for (const value of values) expect(await vm.receive(on('heard'))).toEqual({ type: 'heard', value })
    const ended = vm.whenDown(who)
    vm.send(who, { type: 'end' })
    expect((await ended).reason).toBe('normal')
  })

  test('leaves what it does not understand where it is', async () => {
    const pid = await vm.spawn(echo, undefined)
    vm.send(pid, 'what?')
    // Any reference is as good as another: it comes back.
    const ref: Ref = vm.monitor(pid)
    vm.send(pid, { type: 'say', from: vm.pid, ref, value: 1 })
    expect(await vm.receive()).toEqual({ type: 'said', ref, value: 1 })
    expect((await vm.processInfo(pid))?.messageQueueLength).toBe(1)
    vm.send(pid, { type: 'stop' })
    expect(await vm.receive()).toMatchObject({ type: 'DOWN', reason: 'normal' })
  })

  test('takes its owner along when it crashes', async () => {
    const { who, echo } = await started(vm)
    const ended = vm.whenDown(who)
    vm.exit(echo, 'kill')
    expect((await ended).reason).toBe('killed')
  })

  test('ends with its owner', async () => {
    const { who, echo } = await started(vm)
    const ended = vm.whenDown(echo)
    vm.exit(who, 'gone')
    expect((await ended).reason).toBe('gone')
  })

  test('ends alone when it is stopped; whoever speaks to it then hears so', async () => {
    const { who, echo } = await started(vm)
    const isOver = vm.whenDown(echo)
    vm.send(echo, { type: 'stop' })
    expect((await isOver).reason).toBe('normal')
    const ended = vm.whenDown(who)
    vm.send(who, { type: 'tell', value: 'are you there?' })
    expect((await ended).reason).toBe('noproc')
  })
})

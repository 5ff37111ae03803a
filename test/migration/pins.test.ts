// What does not move says why, and nothing happens to it.

import { genServer, noreply } from '@heddle/otp'
import { again, type Pid, process } from '@heddle/scheduler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as it from '#fixtures/migration'
import { packProcess } from '../../packages/scheduler/dist/kernel/parcel.js'
import { type Definition, lookUpDefinition } from '../../packages/scheduler/dist/process/define.js'
import { Kernels, type Moved } from './kernels.ts'

const HERE = { scheduler: 1 }

async function stubborn(how: string): Promise<{ vm: Kernels; pid: Pid }> {
  const vm = new Kernels()
  const pid = vm.self.spawn(it.stubborn, how, HERE)
  await vm.settle()
  vm.self.send(pid, 'begin')
  await vm.settle()
  return { vm, pid }
}

describe('pinned', () => {
  test.each([
    ['a function', 'state.deep[0].run is a function'],
    ['a class', 'state.when.get("x") is an instance of Stopwatch'],
    ['a buffer', 'state is an instance of Buffer'],
    ['a getter', 'state has the getter or setter now'],
    ['self', 'state[0] is an instance of ProcessSelf'],
    ['the dictionary', 'dictionary.get("key") is a function'],
  ])('by %s', async (how, why) => {
    const { vm, pid } = await stubborn(how)
    expect(vm.move(pid, 2)).toEqual({ pinned: `not_cloneable: ${why}` })
    const { scheduler } = await whereIs(vm, pid)
    expect(scheduler).toBe(1)
  })

  test('by a message that only its thread can have', async () => {
    const { vm, pid } = await stubborn('a promise of nothing')
    const { port1 } = new MessageChannel()
    vm.kernelOf(1).receive(1, pid.$pid, 0, 0, { port: port1 })
    expect(vm.move(pid, 2)).toMatchObject({ pinned: expect.stringContaining('mailbox.messages[0].port') })
    port1.close()
  })

  test('by its definition, and so is a server', async () => {
    const vm = new Kernels()
    const bound = vm.self.spawn(it.bound, undefined, HERE)
    const server = vm.self.spawn(holder, undefined, HERE)
    await vm.settle()
    expect([bound, server].map((pid) => vm.move(pid, 2))).toEqual([
      { pinned: 'it holds a socket' },
      { pinned: 'it holds a file' },
    ])
  })

  test('the host', () => {
    const vm = new Kernels()
    expect(vm.move(vm.self.pid, 1)).toEqual({ pinned: 'host' })
  })
})

const holder = genServer(import.meta.url, 'holder', {
  pinned: 'it holds a file',
  init: (_: void) => 0,
  info: (state) => noreply(state),
})

/** What the host has been told of so far. */
function heardBy(vm: Kernels): unknown[] {
  const { process: host } = vm.processOf(vm.self.pid) as NonNullable<ReturnType<Kernels['processOf']>>
  return host.mailbox.peek(100).map((message) => (message as { what: unknown }).what)
}

async function whereIs(vm: Kernels, pid: Pid): Promise<{ scheduler?: number }> {
  const asked = Promise.resolve(vm.self.processInfo(pid, ['scheduler']))
  await vm.settle()
  return (await asked) as { scheduler?: number }
}

describe('busy', () => {
  test.each([
    ['a generator', { busy: 'waiting' }],
    ['a promise', { busy: 'promise' }],
  ])('in %s', async (how, why) => {
    const { vm, pid } = await stubborn(how)
    expect(vm.move(pid, 2)).toEqual(why)
  })

  test('in a call of its own, and in a receive of a raw process', async () => {
    const vm = new Kernels()
    const to = vm.self.spawn(it.sleeper, vm.self.pid, HERE)
    await vm.settle()
    expect(vm.move(to, 2)).toEqual({ busy: 'waiting' })
    const pid = vm.self.spawn(it.caller, { owner: vm.self.pid, to, timeoutMs: 100 }, HERE)
    await vm.settle()
    expect(vm.move(pid, 2)).toEqual({ busy: 'waiting' })
  })

  test('while it is held since it sends too fast', async () => {
    const vm = new Kernels()
    const limit = { maxMailbox: { count: 1, onFull: 'mute_senders' }, scheduler: 1 } as const
    const slow = vm.self.spawn(it.stubborn, 'a promise', limit)
    const pid = vm.self.spawn(it.doer, vm.self.pid, HERE)
    vm.self.send(slow, 'begin')
    await vm.settle()
    for (let n = 0; n < 3; n++) vm.self.send(pid, { do: 'send', with: [slow, n] })
    await vm.settle()
    expect(vm.move(pid, 2)).toEqual({ busy: 'waiting' })
    vm.self.exit(slow, 'kill')
    await vm.settle()
    expect(vm.move(pid, 2)).toBe('moved')
  })

  test('while its code is imported; and the dead are not there', async () => {
    const vm = new Kernels()
    const pid = vm.self.spawn({ $: { url: import.meta.url, name: 'nobody' } }, undefined, HERE)
    while (vm.processOf(pid) === undefined) vm.work()
    expect(vm.move(pid, 2)).toEqual({ busy: 'loading' })
    await expect.poll(() => vm.settle().then(() => vm.move(pid, 2))).toBe('noproc')
  })
})

describe('at other rest points', () => {
  test('one that has not begun begins there', async () => {
    const vm = new Kernels()
    const pid = vm.self.spawn(it.sleeper, vm.self.pid, HERE)
    // Its spawn request has been read, and no turn has been taken.
    vm.kernelOf(1).beginDrain()
    vm.deliverAll(1)
    vm.kernelOf(1).endDrain()
    expect(vm.move(pid, 2)).toBe('moved')
    vm.self.send(pid, 'x')
    await vm.settle()
    expect(await vm.self.receive()).toMatchObject({ what: [0, 'x'] })
  })

  test('requests that it has made are answered there', async () => {
    const vm = new Kernels()
    const kernel = vm.kernelOf(1)
    const peer = vm.self.spawn(it.doer, vm.self.pid, { scheduler: 2 })
    const pid = vm.self.spawn(it.doer, vm.self.pid, HERE)
    await vm.settle()
    vm.self.send(peer, { do: 'sendAfter', with: [60, peer, 'x'] })
    await vm.settle()
    const { what } = (await vm.self.receive()) as { what: [string, unknown] }
    const lost = { $: { url: import.meta.url, name: 'nobody' } }
    vm.self.send(pid, { do: 'cancelTimer', with: [what[1], { async: true }] })
    vm.self.send(pid, { do: 'garbageCollect', with: [peer, { requestId: 'id' }] })
    vm.self.send(pid, { do: 'spawnRequest', with: [lost, 0, { scheduler: 2, replyTag: 'no' }] })
    // What it asks for has not been read where it is asked for.
    vm.deliverAll(1)
    kernel.runSlice(1)
    expect([...(vm.processOf(pid)?.process.pendingCalls() ?? [])]).toHaveLength(3)
    expect(vm.move(pid, 2)).toBe('moved')
    await expect
      .poll(() => vm.settle().then(() => heardBy(vm)))
      .toMatchObject([
        ['cancelTimer', 'ok'],
        ['garbageCollect', undefined],
        ['spawnRequest', expect.anything()],
        { type: 'cancel_timer', left: 60 },
        { type: 'garbage_collect', requestId: 'id', result: true },
        { type: 'no', result: 'error', reason: ['undef', expect.anything()] },
      ])
  })

  test('one that cannot be had there ends, as one that is spawned', async () => {
    const vm = new Kernels()
    const { pid, monitor } = vm.self.spawnMonitor(fleeting, undefined, HERE)
    await vm.settle()
    vm.lacking.add('fleeting')
    expect(vm.move(pid, 2)).toBe('moved')
    await vm.settle()
    expect(await vm.self.receive()).toMatchObject({ ref: monitor, reason: ['undef', expect.anything()] })
    expect(vm.reports).toMatchObject([{ type: 'crash', scheduler: 2 }])
  })
})

const fleeting = process(import.meta.url, 'fleeting', { init: (_: void) => 0, handle: () => again(0) })

describe('a parcel', () => {
  const any = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  })
  const anything = process(import.meta.url, 'anything', {
    init: (given: unknown, self): unknown => {
      self.put('also', given)
      return given
    },
    handle: (state) => again(state),
  })

  test('goes by the codec as what it is, and is packed there as it was here', async () => {
    const vm = new Kernels()
    await fc.assert(
      fc.asyncProperty(any, fc.array(any, { maxLength: 3 }), async (state, messages) => {
        const pid = vm.self.spawn(anything, state, HERE)
        await vm.settle()
        const at = vm.processOf(pid)
        expect(at).toBeDefined()
        for (const each of messages) at?.process.mailbox.push(each)
        const before = parcelOf(vm, pid)
        if (!('parcel' in before)) return
        expect(vm.move(pid, 2)).toBe('moved' satisfies Moved)
        expect(parcelOf(vm, pid)).toEqual(before)
        vm.self.exit(pid, 'kill')
        await vm.settle()
      }),
      { numRuns: 60 },
    )
    expect(vm.moveCount).toBeGreaterThan(20)
  })

  test('what is shared between state and dictionary stays shared', async () => {
    const vm = new Kernels()
    const pid = vm.self.spawn(anything, { list: [1] }, HERE)
    await vm.settle()
    expect(vm.move(pid, 2)).toBe('moved')
    const { process: moved } = vm.processOf(pid) as NonNullable<ReturnType<Kernels['processOf']>>
    expect(moved.state).toBe(moved.dictionary?.get('also'))
  })
})

function parcelOf(vm: Kernels, pid: Pid): ReturnType<typeof packProcess> {
  const { kernel, process: found } = vm.processOf(pid) as NonNullable<ReturnType<Kernels['processOf']>>
  return packProcess(kernel, found)
}

test('every definition of the tower says how it moves', () => {
  for (const each of [it.keeper, it.machine, it.events, it.tree, it.pool, it.changeling]) {
    const { moving } = lookUpDefinition(each.$.url, each.$.name) as Definition
    expect(Object.keys(moving ?? {}).sort()).toEqual(['needs', 'pack', 'resume', 'unpack'])
  }
})

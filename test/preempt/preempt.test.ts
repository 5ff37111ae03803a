// A process that computes gives way: to others on its scheduler, and to exits.

import { startServer } from '@heddle/otp'
import { type Down, down, type Pid, startVm, tag, type Vm, type VmOptions } from '@heddle/scheduler'
import { afterEach, describe, expect, test } from 'vitest'
import { adder, deepHog, hog, pinger, witness } from '#fixtures/preempt-hog'
import { machine, quick, slow } from '#fixtures/preempt-servers'

let running: Vm | undefined

afterEach(async () => {
  // What computes for ever is no reason to wait.
  await running?.stop({ timeoutMs: 0 })
  running = undefined
})

async function start(options: VmOptions = {}): Promise<Vm> {
  running = await startVm({ schedulers: 1, preempt: true, onReport: () => {}, ...options })
  return running
}

async function kill(vm: Vm, pid: Pid): Promise<Down> {
  const monitor = vm.monitor(pid)
  vm.exit(pid, 'kill')
  return vm.receive(down(monitor))
}

describe('beside a process that computes for ever', () => {
  test.each([
    ['in its own loop', hog],
    ['in a loop two delegations down', deepHog],
  ])('%s: a pair plays on, and it can be killed', async (_, definition) => {
    const vm = await start()
    const pid = await vm.spawn(definition, vm.pid)
    await vm.receive(tag('computing'))
    await vm.spawn(pinger, { host: vm.pid, roundTrips: 2_000 })
    expect(await vm.receive(tag('done'))).toEqual({ type: 'done', roundTrips: 2_000 })
    expect(await vm.isAlive(pid)).toBe(true)
    expect((await kill(vm, pid)).reason).toBe('killed')
    // Nothing of it runs any more: not its `finally` either.
    await vm.spawn(pinger, { host: vm.pid, roundTrips: 1 })
    expect(await vm.receive()).toEqual({ type: 'done', roundTrips: 1 })
  })

  test('ten of them: they all get their turns', async () => {
    const vm = await start()
    const pids = await Promise.all(Array.from({ length: 10 }, () => vm.spawn(hog, vm.pid)))
    for (const _ of pids) await vm.receive(tag('computing'))
    await vm.spawn(pinger, { host: vm.pid, roundTrips: 100 })
    await vm.receive(tag('done'))
    for (const pid of pids) expect((await kill(vm, pid)).reason).toBe('killed')
  })

  test('an exit that it does not trap ends it', async () => {
    const vm = await start()
    const pid = await vm.spawn(hog, vm.pid)
    await vm.receive(tag('computing'))
    const monitor = vm.monitor(pid)
    vm.exit(pid, ['enough', 1])
    expect((await vm.receive(down(monitor))).reason).toEqual(['enough', 1])
  })

  test('a server answers while another computes in a generator of its own', async () => {
    const vm = await start()
    const server = await startServer(vm, quick, 0)
    const busy = await startServer(vm, slow, vm.pid)
    vm.cast(busy, slow.compute(undefined))
    await vm.receive(tag('computing'))
    for (let n = 0; n < 50; n++) expect(await vm.call(server, quick.next())).toBe(n)
    expect((await kill(vm, busy)).reason).toBe('killed')
  })

  test('and while a state machine computes, in a loop over a set', async () => {
    const vm = await start()
    const server = await startServer(vm, quick, 0)
    const busy = await startServer(vm, machine, vm.pid)
    vm.cast(busy, machine.compute())
    await vm.receive(tag('computing'))
    for (let n = 0; n < 50; n++) expect(await vm.call(server, quick.next())).toBe(n)
    expect((await kill(vm, busy)).reason).toBe('killed')
  })
})

test('what came while it computed waits in its mailbox, in order', async () => {
  const vm = await start()
  const pid = await vm.spawn(adder, { host: vm.pid, count: 20_000_000 })
  await vm.receive(tag('computing'))
  for (const n of [1, 2, 3]) vm.send(pid, n)
  expect(await vm.receive(tag('sum'))).toEqual({ type: 'sum', sum: 30_000_000, got: [1, 2, 3] })
})

test('a call to a generator callback comes to what it computed', async () => {
  const vm = await start()
  const server = await startServer(vm, slow, vm.pid)
  expect(await vm.call(server, slow.sumTo(3_000_000))).toBe(4_500_001_500_000)
})

describe('the option', () => {
  async function isInstrumented(preempt: VmOptions['preempt']): Promise<boolean> {
    const vm = await start({ preempt })
    await vm.spawn(witness, vm.pid)
    const { isInstrumented: is } = (await vm.receive(tag('witness'))) as unknown as {
      isInstrumented: boolean
    }
    return is
  }

  test.each([
    [true, true],
    [false, false],
    [undefined, false],
    [{}, true],
    [{ include: [/preempt-hog\.js$/] }, true],
    [{ include: [/elsewhere/] }, false],
    [{ exclude: [/fixtures/] }, false],
  ])('%o: instrumented is %s', async (preempt, expected) => {
    expect(await isInstrumented(preempt)).toBe(expected)
  })

  test.each([1, 'yes', null, { only: [] }, { include: ['text'] }, { include: /x/ }])(
    '%o is refused',
    async (preempt) => {
      await expect(start({ preempt: preempt as never })).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    },
  )

  test('has no meaning where no worker loads anything', async () => {
    await expect(start({ schedulers: 'inline' })).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
  })
})

// The VM as its host sees it: what it offers, what it refuses, and what is left of it after it was stopped.

import {
  ANY,
  down,
  Exit,
  HeddleError,
  type Pid,
  startVm,
  TIMEOUT,
  tag,
  type Vm,
  where,
} from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { broken } from '#fixtures/sched-broken-module'
import { server } from '#fixtures/sched-calls'
import { nesting, notAtTopLevel } from '#fixtures/sched-deaths'
import { ending } from '#fixtures/sched-ends'
import { puppet, puppetAddress } from '#fixtures/sched-kit'

const HANG_MS = 20_000

async function codeOf(action: () => unknown): Promise<unknown> {
  try {
    return { value: await action() }
  } catch (error) {
    if (error instanceof HeddleError) return error.code
    if (error instanceof Exit) return exitOf(error)
    return { notCoded: String(error) }
  }
}

/** Why a call failed. */
function exitOf({ reason }: Exit): unknown {
  const [why, site] = Array.isArray(reason) ? (reason as [unknown, unknown]) : [reason, undefined]
  return Array.isArray(site) && site[0] === 'gen_server' && site[1] === 'call' ? { call: why } : reason
}

describe('options of startVm', () => {
  test.each([
    ['schedulers', 0],
    ['schedulers', 65],
    ['schedulers', 1.5],
    ['schedulers', Number.NaN],
    ['schedulers', 'many'],
    ['processCountMax', 10],
    ['processCountMax', 1500],
    ['processCountMax', 2 ** 25],
    ['nameCountMax', 0],
    ['nameCountMax', -5],
    ['nameCountMax', 'x'],
    ['ringBytes', 1000],
    ['ringBytes', 0],
    ['ringBytes', 2 ** 40],
    ['onReport', 'no function'],
    ['restartSchedulers', 1],
  ])('%s: %s is refused with ERR_BAD_ARGUMENT', async (name, value) => {
    expect(await codeOf(() => startVm({ schedulers: 'inline', [name]: value }))).toBe('ERR_BAD_ARGUMENT')
  })

  test('what is refused is shown', async () => {
    const refused = startVm({ preempt: { includes: [] } as never })
    await expect(refused).rejects.toThrow(/include, exclude.*, not \{"includes":\[\]\}$/)
  })

  test('a process table that has no room for every scheduler is refused, or has room for one process each', async () => {
    let vm: Vm
    try {
      vm = await startVm({ schedulers: 2, processCountMax: 1024 })
    } catch (error) {
      expect((error as HeddleError).code).toBe('ERR_BAD_ARGUMENT')
      return
    }
    await using _ = vm
    const pid = await vm.spawn(puppet, vm.pid, { scheduler: 1 })
    const [child] = await steps(vm, pid, ['spawn', puppetAddress, vm.pid])
    expect(child).toHaveProperty('$pid')
  })
})

let id = 0
async function steps(vm: Vm, pid: Pid, ...list: unknown[][]): Promise<unknown[]> {
  const ref = { $ref: -++id, $of: 0 }
  vm.send(pid, { type: 'script', from: vm.pid, ref, steps: list })
  const message = await vm.receive(
    where((it): it is { results: unknown[] } => (it as { ref?: { $ref: number } })?.ref?.$ref === ref.$ref),
  )
  return message.results
}

describe.each([
  ['inline', 'inline' as const],
  ['two schedulers', 2],
])('the host of a VM: %s', (_, schedulers) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers, onReport: () => {} })
  })
  afterAll(() => vm.stop({ timeoutMs: 0 }))

  test('spawn rejects with the code of what was wrong', async () => {
    const address = (url: string, name: string) => ({ $: { url, name } }) as typeof puppet
    await vm.spawn(puppet, vm.pid, { name: 'taken' })
    expect(await codeOf(() => vm.spawn(puppet, vm.pid, { name: 'taken' }))).toBe('ERR_NAME_TAKEN')
    expect(await codeOf(() => vm.spawn(puppet, vm.pid, { scheduler: 77 }))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.spawn(puppet, (() => 1) as never))).toBe('ERR_UNCLONABLE')
    expect(await codeOf(() => vm.spawn({} as typeof puppet, vm.pid))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.spawn(address('file:///no/such/module.js', 'x'), vm.pid))).toBe(
      'ERR_MODULE_LOAD',
    )
    expect(await codeOf(() => vm.spawn(address(puppet.$.url, 'nothing'), vm.pid))).toBe(
      'ERR_UNKNOWN_DEFINITION',
    )
  })

  test('an error of loading names the module', async () => {
    const url = 'file:///no/such/module.js'
    await expect(vm.spawn({ $: { url, name: 'x' } } as never, 1 as never)).rejects.toThrow(url)
  })

  test('a failed spawn leaves neither process nor name', async () => {
    const before = vm.processes().length
    const gone = { $: { url: 'file:///no/such/module.js', name: 'x' } } as never
    await codeOf(() => vm.spawn(gone, 1 as never, { name: 'never-there' }))
    await codeOf(() => vm.spawn(puppet, (() => 1) as never, { name: 'never-there' }))
    expect(vm.whereis('never-there')).toBeUndefined()
    expect(vm.processes().length).toBe(before)
    await vm.spawn(ending, 'done', { name: 'never-there' })
  })

  test(
    'sends, receives, calls, monitors',
    async () => {
      const pid = await vm.spawn(puppet, vm.pid)
      vm.send(pid, { n: 1 })
      expect(await vm.receive(tag('got'))).toMatchObject({ message: { n: 1 } })
      const to = await vm.spawn(server, undefined)
      expect(await vm.call(to, { $call: 'echo', arg: [1] })).toEqual([1])
      const ref = vm.monitor(pid)
      vm.exit(pid, 'bye')
      expect(await vm.receive(down(ref))).toMatchObject({ type: 'DOWN', reason: 'bye' })
      expect(await vm.whenDown(pid)).toMatchObject({ reason: 'noproc' })
      expect(await vm.isAlive(pid)).toBe(false)
      expect(await vm.isAlive(to)).toBe(true)
      expect((await vm.processInfo(to))?.definition.name).toBe('server')
      vm.register('host-name')
      expect(vm.whereis('host-name')).toEqual(vm.pid)
      expect(vm.registered()).toContain('host-name')
      vm.unregister('host-name')
      vm.exit(to, 'kill')
    },
    HANG_MS,
  )

  test(
    'a receive of an idle host ends when its time is up',
    async () => {
      await vm.isAlive(vm.pid)
      expect(await vm.receive(tag('nothing of the kind'), { afterMs: 20 })).toBe(TIMEOUT)
      expect(await vm.receive(tag('nothing of the kind'), { afterMs: 0 })).toBe(TIMEOUT)
    },
    HANG_MS,
  )

  test(
    'a call of an idle host ends when its time is up',
    async () => {
      const to = await vm.spawn(server, undefined)
      const begun = codeOf(() => vm.call(to, { $call: 'silent', arg: 1 }, { timeoutMs: 30 }))
      expect(await begun).toEqual({ call: 'timeout' })
      vm.exit(to, 'kill')
    },
    HANG_MS,
  )

  test(
    'a buffer that the host transfers arrives, though the host has nothing else to do',
    async () => {
      const pid = await vm.spawn(puppet, vm.pid)
      await vm.isAlive(pid)
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      const buffer = new ArrayBuffer(16)
      vm.send(pid, buffer, { transfer: [buffer] })
      const got = await vm.receive(tag<{ type: 'got'; message: ArrayBuffer }>('got'))
      expect([buffer.byteLength, got.message.byteLength]).toEqual([0, 16])
      vm.exit(pid, 'kill')
    },
    HANG_MS,
  )

  test(
    'what the host does is done in the order it does it',
    async () => {
      const pid = await vm.spawn(puppet, vm.pid)
      // Not awaited one by one.
      const call = codeOf(() => vm.call(pid, { $call: 'first', arg: 0 }))
      vm.send(pid, 'second')
      const one = await vm.receive(tag<{ type: 'got'; message: { type?: string } }>('got'))
      const two = await vm.receive(tag('got'))
      expect(one).toMatchObject({ message: { type: '$call' } })
      expect(two).toMatchObject({ message: 'second' })
      const alive = vm.isAlive(pid)
      vm.exit(pid, 'kill')
      expect(await alive).toBe(true)
      expect(await call).toEqual({ call: 'killed' })
    },
    HANG_MS,
  )

  test(
    'a request is cloned when the host calls, not later',
    async () => {
      const to = await vm.spawn(server, undefined)
      const arg = { n: 1 }
      const reply = vm.call(to, { $call: 'echo', arg })
      arg.n = 2
      expect(await reply).toEqual({ n: 1 })
      vm.exit(to, 'kill')
    },
    HANG_MS,
  )

  test(
    'of two receives the first gets the first message',
    async () => {
      const both = Promise.all([vm.receive(tag('turn')), vm.receive(tag('turn'))])
      vm.send(vm.pid, { type: 'turn', n: 1 })
      vm.send(vm.pid, { type: 'turn', n: 2 })
      expect(await both).toEqual([
        { type: 'turn', n: 1 },
        { type: 'turn', n: 2 },
      ])
    },
    HANG_MS,
  )

  test('what the host gets wrong has a code', async () => {
    expect(await codeOf(() => vm.send(vm.pid, () => 1))).toBe('ERR_UNCLONABLE')
    expect(await codeOf(() => vm.send('nobody', 1))).toBe('ERR_UNKNOWN_NAME')
    expect(await codeOf(() => vm.send(undefined as never, 1))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.receive(ANY, { afterMs: -1 }))).toBe('ERR_TIMEOUT_VALUE')
    expect(await codeOf(() => vm.receive('x' as never))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.call(1 as never, { $call: 'x', arg: 1 }))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.unregister('nobody'))).toBe('ERR_UNKNOWN_NAME')
    expect(await codeOf(() => vm.register('x', { $pid: 2 ** 50 }))).toBe('ERR_NO_PROCESS')
    expect(await codeOf(() => vm.killScheduler(99))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.killScheduler(0))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(() => vm.stop({ timeoutMs: -1 }))).toBe('ERR_TIMEOUT_VALUE')
    expect(await codeOf(() => vm.call('nobody', { $call: 'x', arg: 1 }))).toEqual({ call: 'noproc' })
  })

  test('a table that is full is told to who spawns, and has room again when processes end', async () => {
    await using small = await startVm({ schedulers: 'inline', processCountMax: 1024, onReport: () => {} })
    for (let round = 0; round < 3; round++) {
      const pids: Pid[] = []
      let code: unknown
      while (code === undefined && pids.length < 2_000) {
        try {
          pids.push(await small.spawn(puppet, small.pid))
        } catch (error) {
          code = (error as HeddleError).code
        }
      }
      expect([code, pids.length]).toEqual(['ERR_SYSTEM_LIMIT', 1022])
      for (const pid of pids) small.exit(pid, 'kill')
      expect(small.processes().length).toBe(1)
    }
  })
})

describe('modules', () => {
  test('a module that fails on the scheduler rejects the spawn with the cause', async () => {
    await using vm = await startVm({ schedulers: 1, onReport: () => {} })
    const outcome = await vm.spawn(broken, 0).then(
      () => undefined,
      (error: HeddleError) => error,
    )
    expect(outcome?.code).toBe('ERR_MODULE_LOAD')
    expect(outcome?.message).toContain('sched-broken-module')
    expect(outcome?.message).toContain('does not load here')
  })

  test('a definition that is not made at the top level is unknown on a scheduler', async () => {
    await using vm = await startVm({ schedulers: 1, onReport: () => {} })
    expect(await codeOf(() => vm.spawn(notAtTopLevel(), 0))).toBe('ERR_UNKNOWN_DEFINITION')
  })

  test(
    'startVm in a process is told that it is wrong there',
    async () => {
      await using vm = await startVm({ schedulers: 1, onReport: () => {} })
      await vm.spawn(nesting, vm.pid)
      const { result } = await vm.receive(tag<{ type: 'nested'; result: unknown }>('nested'))
      expect(result).toEqual({ code: 'ERR_WRONG_THREAD' })
    },
    HANG_MS,
  )
})

describe('the end of a VM', () => {
  test.each([['inline' as const], [2]])(
    'with schedulers: %s, nothing works after stop but stop',
    async (schedulers) => {
      const vm = await startVm({ schedulers, onReport: () => {} })
      const pid = await vm.spawn(puppet, vm.pid)
      await vm.stop()
      await vm.stop()
      const uses: (() => unknown)[] = [
        () => vm.send(pid, 1),
        () => vm.spawn(puppet, vm.pid),
        () => vm.call(pid, { $call: 'x', arg: 1 }),
        () => vm.cast(pid, { $cast: 'x', arg: 1 }),
        () => vm.receive(),
        () => vm.monitor(pid),
        () => vm.whenDown(pid),
        () => vm.exit(pid, 'x'),
        () => vm.link(pid),
        () => vm.register('x'),
        () => vm.unregister('x'),
        () => vm.whereis('x'),
        () => vm.registered(),
        () => vm.processes(),
        () => vm.isAlive(pid),
        () => vm.processInfo(pid),
        () => vm.info(),
        () => vm.killScheduler(1),
        () => vm.migrate(pid, 1),
        () => vm.statistics('run_queue'),
        () => vm.schedulerUsage(1),
        () => vm.schedulerStatistics(),
        () => vm.memory(),
        () => vm.demonitor({ $ref: 1, $of: 1 }),
      ]
      expect(await Promise.all(uses.map(codeOf))).toEqual(uses.map(() => 'ERR_VM_STOPPED'))
    },
  )

  test.each([['inline' as const], [2]])(
    'with schedulers: %s, nobody waits for numbers of a VM that has stopped',
    async (schedulers) => {
      const vm = await startVm({ schedulers, onReport: () => {} })
      const timeoutMs = 2 ** 30
      const waiting = [
        codeOf(() => vm.schedulerUsage(timeoutMs)),
        codeOf(() => vm.memory({ timeoutMs })),
        codeOf(() => vm.schedulerStatistics({ timeoutMs })),
      ]
      await vm.stop({ timeoutMs: 0 })
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'ERR_VM_STOPPED'))
    },
  )

  test.each([['inline' as const], [2]])(
    'with schedulers: %s, what still waits at stop is told',
    async (schedulers) => {
      const vm = await startVm({ schedulers, onReport: () => {} })
      const pid = await vm.spawn(puppet, vm.pid, { trapExit: true })
      const waiting = [
        codeOf(() => vm.receive(tag('none'))),
        codeOf(() => vm.call(vm.pid, { $call: 'x', arg: 1 })),
      ]
      void pid
      const silent = await vm.spawn(server, undefined)
      vm.exit(pid, 'kill')
      waiting.push(codeOf(() => vm.call(silent, { $call: 'silent', arg: 1 }, { timeoutMs: Infinity })))
      await vm.stop()
      const [receive, own, call] = await Promise.all(waiting)
      expect(receive).toBe('ERR_VM_STOPPED')
      expect(own).toEqual({ call: 'calling_self' })
      // Its server ends before the VM does.
      expect(call).toEqual({ call: 'shutdown' })
    },
    HANG_MS,
  )

  test(
    'what the host started ends first, latest first',
    async () => {
      const vm = await startVm({ schedulers: 2, onReport: () => {} })
      const watchers: Promise<unknown>[] = []
      const order: number[] = []
      for (let n = 0; n < 4; n++) {
        const pid = await vm.spawn(puppet, vm.pid)
        watchers.push(vm.whenDown(pid).then(({ reason }) => order.push(reason === 'shutdown' ? n : -1)))
      }
      await vm.stop()
      await Promise.all(watchers)
      expect(order).toEqual([3, 2, 1, 0])
    },
    HANG_MS,
  )

  test.each([['inline' as const], [2]])(
    'with schedulers: %s, no process can end the host',
    async (schedulers) => {
      const vm = await startVm({ schedulers, onReport: () => {} })
      const pid = await vm.spawn(puppet, vm.pid)
      vm.send(pid, {
        type: 'script',
        from: vm.pid,
        ref: { $ref: 5, $of: 5 },
        steps: [['exit', vm.pid, 'kill']],
      })
      const outcome = await codeOf(async () => {
        await vm.receive(tag('scripted'))
        return vm.isAlive(pid)
      })
      expect(outcome).toEqual({ value: true })
      await vm.stop()
    },
    HANG_MS,
  )

  test(
    'a hung scheduler does not keep a VM from stopping',
    async () => {
      const vm = await startVm({ schedulers: 2, onReport: () => {} })
      const { deadly } = await import('#fixtures/sched-deaths')
      const pid = await vm.spawn(deadly, 'endless loop', { scheduler: 1 })
      vm.send(pid, 'go')
      await vm.stop({ timeoutMs: 50 })
    },
    HANG_MS,
  )
})

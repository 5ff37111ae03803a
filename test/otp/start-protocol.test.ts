// How a server starts: what its starter gets, and what a failed start leaves behind.

import { start, startLink, startMonitor, startServer } from '@heddle/otp'
import { down, HeddleError, type Pid, type Self, tag } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import {
  asyncStarter,
  beginner,
  careful,
  counter,
  helper,
  type InitOrder,
  informing,
  type StartOrder,
  starter,
} from '#fixtures/otp-servers'
import { onEveryVm, reasonOf } from './stage.ts'

const HOWS = ['start', 'startLink', 'startMonitor'] as const

interface Started {
  readonly type: 'started'
  readonly result: { readonly status: string; readonly pid: Pid; readonly reason: unknown }
  readonly left: readonly unknown[]
}

onEveryVm('a start', (stage) => {
  async function startBy(
    order: Omit<StartOrder, 'report' | 'traps'> & { traps?: boolean },
    by: typeof starter = starter,
  ): Promise<{ starterPid: Pid; started: Started }> {
    const { vm } = stage
    const full: StartOrder = {
      traps: true,
      ...order,
      options: { ...order.options, ...stage.there },
      report: vm.pid,
    }
    const starterPid = await vm.spawn(by, full, stage.here)
    return { starterPid, started: await vm.receive(tag<Started>('started')) }
  }

  test.each([
    ['sync', {}],
    ['generator', { in: 'generator' }],
    ['promise', { in: 'promise' }],
  ] as const)('comes to ok and the pid when init is through: %s', async (_kind, init: InitOrder) => {
    const { started } = await startBy({ how: 'start', init })
    expect(started).toMatchObject({ result: { status: 'ok' }, left: [] })
    expect(await stage.vm.call(started.result.pid, beginner.get())).toBe('ok')
  })

  test('works in an async callback', async () => {
    const { started } = await startBy({ how: 'startLink', init: { in: 'promise' } }, asyncStarter)
    expect(started).toMatchObject({ result: { status: 'ok' }, left: [] })
  })

  test('of a linked server: its end reaches the starter', async () => {
    const { started } = await startBy({ how: 'startLink', init: {} })
    stage.vm.exit(started.result.pid, 'kill')
    expect(await stage.vm.receive(tag('next'))).toMatchObject({ message: { type: 'EXIT', reason: 'killed' } })
  })

  test('of a monitored server: DOWN reaches the starter', async () => {
    const { started } = await startBy({ how: 'startMonitor', init: {} })
    expect(started.result).toMatchObject({ status: 'ok', monitor: { $ref: expect.any(Number) } })
    stage.vm.exit(started.result.pid, 'kill')
    expect(await stage.vm.receive(tag('next'))).toMatchObject({ message: { type: 'DOWN', reason: 'killed' } })
  })

  const failures: [InitOrder, object][] = [
    [{ how: 'ignore' }, { status: 'ignore' }],
    [{ how: 'ignore', in: 'generator' }, { status: 'ignore' }],
    [{ how: 'throwIgnore' }, { status: 'ignore' }],
    [{ how: ['stop', 'because'] }, { status: 'error', reason: 'because' }],
    [{ how: ['stop', 'normal'] }, { status: 'error', reason: 'normal' }],
    [
      { how: ['stop', ['shutdown', 1]], in: 'promise' },
      { status: 'error', reason: ['shutdown', 1] },
    ],
    [{ how: ['exit', 'because'] }, { status: 'error', reason: 'because' }],
    [{ how: ['throw', 'no'] }, { status: 'error', reason: { error: 'RangeError', message: 'no' } }],
    [
      { how: ['throw', 'no'], in: 'generator' },
      { status: 'error', reason: { error: 'RangeError', message: 'no' } },
    ],
  ]
  test.each(failures.flatMap(([init, result]) => HOWS.map((how) => [how, init, result] as const)))(
    '%s of a server with init %j fails, its name is free, and no message is left',
    async (how, init, result) => {
      const { started } = await startBy({ how, init, options: { name: 'failing' } })
      expect(started).toMatchObject({ result, left: [] })
      expect(stage.vm.whereis('failing')).toBeUndefined()
    },
  )

  test.each(HOWS)('%s leaves no message behind in an async callback', async (how) => {
    const { started } = await startBy({ how, init: { how: ['stop', 'because'] } }, asyncStarter)
    expect(started).toMatchObject({ result: { status: 'error', reason: 'because' }, left: [] })
  })

  test('that fails takes a linked starter along that does not trap exits', async () => {
    const { vm } = stage
    const order: StartOrder = {
      how: 'startLink',
      traps: false,
      init: { how: ['stop', 'because'] },
      options: stage.there,
      report: vm.pid,
    }
    const pid = await vm.spawn(starter, order, stage.here)
    expect((await vm.whenDown(pid)).reason).toSatisfy((reason) => reason === 'because' || reason === 'noproc')
    expect(await vm.receive(tag('started'), { afterMs: 0 })).toBeTypeOf('symbol')
  })

  test('that is not wanted leaves alone a linked starter that does not trap exits', async () => {
    const { started } = await startBy({ how: 'startLink', traps: false, init: { how: 'ignore' } })
    expect(started).toMatchObject({ result: { status: 'ignore' }, left: [] })
  })

  test.each(HOWS)('%s under a name that is taken says who has it, and runs no init', async (how) => {
    const { vm } = stage
    const holder = await startServer(vm, counter, 0, { name: 'taken', ...stage.there })
    const { started } = await startBy({
      how,
      init: { how: ['throw', 'init ran'] },
      options: { name: 'taken' },
    })
    expect(started).toMatchObject({
      result: { status: 'error', reason: ['already_started', holder] },
      left: [],
    })
  })

  test.each(HOWS)('%s that takes too long is an error, and the server is killed', async (how) => {
    const { started } = await startBy({
      how,
      init: { how: 'never' },
      options: { timeoutMs: 1, name: 'never' },
    })
    expect(started).toMatchObject({ result: { status: 'error', reason: 'timeout' }, left: [] })
    expect(stage.vm.whereis('never')).toBeUndefined()
  })

  test('from the host resolves with the reference', async () => {
    const { vm } = stage
    const ref = await startServer(vm, counter, 5, { name: 'five', ...stage.there })
    expect(vm.whereis('five')).toEqual(ref)
    expect(await vm.call(ref, counter.get())).toBe(5)
  })

  test('from the host rejects with why it failed', async () => {
    const { vm } = stage
    const begin = (init: InitOrder) => startServer(vm, beginner, init, { name: 'failing', ...stage.there })
    expect(await reasonOf(begin({ how: ['stop', 'because'] }))).toBe('because')
    expect(await reasonOf(begin({ how: 'ignore' }))).toBe('ignore')
    expect(await reasonOf(begin({ how: ['throw', 'no'] }))).toMatchObject({
      error: 'RangeError',
      message: 'no',
    })
    const timedOut = startServer(
      vm,
      beginner,
      { how: 'never' },
      { name: 'failing', timeoutMs: 1, ...stage.there },
    )
    expect(await reasonOf(timedOut)).toBe('timeout')
    await startServer(vm, counter, 0, { name: 'failing' })
    await expect(begin({})).rejects.toMatchObject({ code: 'ERR_NAME_TAKEN' })
  })

  test('reports a crash in init, but not a stop or an exit', async () => {
    const { vm } = stage
    await reasonOf(startServer(vm, beginner, { how: ['stop', 'because'] }))
    await reasonOf(startServer(vm, beginner, { how: ['exit', 'because'] }))
    await reasonOf(startServer(vm, beginner, { how: ['throw', 'no'] }))
    // A report comes before the end that it reports.
    expect(stage.reports).toHaveLength(1)
    expect(stage.reports).toMatchObject([{ type: 'crash', reason: { message: 'no' } }])
  })

  test('refuses what is no server, and a time limit that is none', async () => {
    const { vm } = stage
    const raw = helper as never
    await expect(startServer(vm, raw, undefined as never)).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    const bad = startServer(vm, counter, 0, { timeoutMs: -1, name: 'bad' })
    await expect(bad).rejects.toMatchObject({ code: 'ERR_TIMEOUT_VALUE' })
    expect(vm.whereis('bad')).toBeUndefined()
    expect(() => start({} as Self, raw, undefined as never)).toThrow(HeddleError)
  })

  test.each(HOWS)('%s refuses options that there are not, and starts nothing', async (how) => {
    const { started } = await startBy(
      { how, options: { name: 'misspelt', timeout: 5 } as never, init: {} },
      careful,
    )
    expect(started).toMatchObject({ result: 'ERR_BAD_ARGUMENT', left: [] })
    expect(stage.vm.whereis('misspelt')).toBeUndefined()
  })

  test('from the host refuses options that there are not', async () => {
    for (const bad of [{ timeout: 5 }, { link: true }, null, 'name']) {
      const starting = startServer(stage.vm, counter, 0, bad as never)
      await expect(starting).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    }
  })

  test('by hand, with spawn, gives a server like any other', async () => {
    const { vm } = stage
    const pid = await vm.spawn(counter, 7, stage.there)
    expect(await vm.call(pid, counter.get())).toBe(7)
  })
})

onEveryVm('a start from the host', (stage) => {
  test('comes to what init told, as in a process', async () => {
    const { vm, there } = stage
    const started = await startLink(vm, informing, 'more', there)
    expect(started).toMatchObject({ status: 'ok', info: 'more' })
    const watched = await startMonitor(vm, counter, 0, { name: 'host-started', ...there })
    if (watched.status !== 'ok') throw new Error('not started')
    expect(await start(vm, counter, 0, { name: 'host-started', ...there })).toEqual({
      status: 'error',
      reason: ['already_started', watched.pid],
    })
    vm.exit(watched.pid, 'kill')
    expect(await vm.receive(down(watched.monitor))).toMatchObject({ reason: 'killed' })
  })

  test('of something wrong is refused with a code', async () => {
    const { vm } = stage
    const refused = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })
    for (const by of [undefined, null, 'vm', {}, vm.pid]) {
      expect(() => startLink(by as never, counter, 0)).toThrow(refused)
      await expect(startServer(by as never, counter, 0)).rejects.toEqual(refused)
    }
    for (const definition of [undefined, null, {}, 'counter', () => 0]) {
      await expect(startLink(vm, definition as never, 0)).rejects.toEqual(refused)
    }
    await expect(startLink(vm, counter, 0, { nam: 'x' } as never)).rejects.toEqual(refused)
    await expect(startLink(vm, counter, 0, null as never)).rejects.toEqual(refused)
    await expect(startLink(vm, counter, 0, { name: 5 } as never)).rejects.toEqual(refused)
  })
})

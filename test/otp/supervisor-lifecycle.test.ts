// How a supervisor starts and stops its children, what it answers, and what it refuses.

import { type ChildSpec, child, type RefOf, type SupervisorSpec, startServer } from '@heddle/otp'
import { down } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import type { Line } from '#fixtures/otp-recorder'
import { crooked, tree, type WorkerArgument, worker } from '#fixtures/otp-supervised'
import { onEveryVm, reasonOf, until } from './stage.ts'

const IDS = ['a', 'b', 'c']
const start = (id: string): Line => [id, 'start']
const ended = (id: string, reason: unknown): Line => [id, 'terminate', reason]

onEveryVm('a supervisor', (stage) => {
  const workerSpec = (id: string, options: object = {}, more: Partial<WorkerArgument> = {}): ChildSpec =>
    child(worker, { id, ...more }, { name: id, ...stage.there, ...options })

  const startTree = (spec: SupervisorSpec): Promise<RefOf<typeof tree>> =>
    startServer(stage.vm, tree, spec, { name: 'tree', ...stage.here })

  const statusOf = async (ref: RefOf<typeof tree>, id: string) =>
    (await stage.vm.call(ref, tree.whichChildren())).find((one) => one.id === id)?.pid

  // ---- start and stop ----

  test('starts its children in order, and stops them in reverse', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: IDS.map((id) => workerSpec(id)) })
    expect(await stage.clearLines()).toEqual(IDS.map(start))
    const watch = vm.monitor(ref)
    vm.exit(ref, 'shutdown')
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
    expect(await stage.clearLines()).toEqual([...IDS].reverse().map((id) => ended(id, 'shutdown')))
  })

  test('stops nested supervisors with their children, the last started first', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const inner = child(
      tree,
      { children: ['b', 'c'].map((id) => workerSpec(id)) },
      { id: 'inner', ...stage.there },
    )
    const ref = await startTree({ children: [workerSpec('a'), inner, workerSpec('d')] })
    expect(await stage.clearLines()).toEqual(['a', 'b', 'c', 'd'].map(start))
    const watch = vm.monitor(ref)
    vm.exit(ref, 'shutdown')
    await vm.receive(down(watch))
    expect(await stage.clearLines()).toEqual(['d', 'c', 'b', 'a'].map((id) => ended(id, 'shutdown')))
  })

  test('started with spawn is stopped by its spawner, too', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await vm.spawn(tree, { children: [workerSpec('a')] }, stage.here)
    await stage.lines(1)
    const watch = vm.monitor(ref)
    vm.exit(ref, 'shutdown')
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
    expect(await stage.clearLines()).toEqual([start('a'), ended('a', 'shutdown')])
  })

  test('whose child cannot be started stops the others in reverse, and says which and why', async () => {
    await stage.startRecorder({ c: [['stop', 'no']] })
    const reason = await reasonOf(startTree({ children: ['a', 'b', 'c', 'd'].map((id) => workerSpec(id)) }))
    expect(reason).toEqual(['shutdown', ['failed_to_start_child', 'c', 'no']])
    expect(await stage.clearLines()).toEqual([
      start('a'),
      start('b'),
      start('c'),
      ended('b', 'shutdown'),
      ended('a', 'shutdown'),
    ])
    expect(stage.vm.whereis('tree')).toBeUndefined()
  })

  test('whose child is not wanted starts without it', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ignore'], c: ['ignore'] })
    const ref = await startTree({
      children: [workerSpec('a'), workerSpec('b'), workerSpec('c', { restart: 'temporary' })],
    })
    const worker = { type: 'worker', name: 'worker', modules: [expect.stringContaining('otp-supervised')] }
    expect(await vm.call(ref, tree.whichChildren())).toEqual([
      { id: 'b', pid: undefined, ...worker },
      { id: 'a', pid: vm.whereis('a'), ...worker },
    ])
  })

  // ---- kinds of shutdown ----

  /** What supervisors report meanwhile. */
  const reportsWhile = async (action: () => Promise<unknown>): Promise<unknown[]> => {
    const events = await stage.loggedWhile(action, { type: 'supervisor_report' })
    return events.map(({ report }) => report)
  }

  const stopTree = async (ref: RefOf<typeof tree>): Promise<void> => {
    const watch = stage.vm.monitor(ref)
    stage.vm.exit(ref, 'shutdown')
    await stage.vm.receive(down(watch))
  }

  test('kills a child with shutdown brutal_kill, without terminate, and that is no error', async () => {
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a', { shutdown: 'brutal_kill' })] })
    expect(await reportsWhile(() => stopTree(ref))).toEqual([])
    expect(await stage.clearLines()).toEqual([start('a')])
  })

  test('kills a child that takes longer than its shutdown, and reports that', async () => {
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a', { shutdown: 5 }, { lastMs: 2 ** 31 })] })
    const reports = await reportsWhile(() => stopTree(ref))
    expect(reports).toMatchObject([
      {
        label: ['supervisor', 'shutdown_error'],
        reason: 'killed',
        supervisor: [ref, 'tree'],
        offender: { id: 'a' },
      },
    ])
    expect(await stage.clearLines()).toEqual([start('a'), ended('a', 'shutdown')])
  })

  test('waits for a child with shutdown infinity', async () => {
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a', { shutdown: 'infinity' }, { lastMs: 20 })] })
    expect(await reportsWhile(() => stopTree(ref))).toEqual([])
  })

  test('stops a child that does not trap exits, and one that has unlinked itself', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a', {}, { traps: false }), workerSpec('b')] })
    await vm.call('b', worker.unlink('tree'))
    const watches = ['a', 'b'].map((name) => vm.monitor(name))
    expect(await reportsWhile(() => stopTree(ref))).toEqual([])
    for (const watch of watches) expect((await vm.receive(down(watch))).reason).toBe('shutdown')
  })

  test('reports ends that it restarts for, starts that fail, and that it gives up', async () => {
    await stage.startRecorder({ a: ['ok', ['stop', 'no']] })
    const ref = await startTree({ intensity: 1, children: [workerSpec('a')] })
    const reports = await reportsWhile(async () => {
      const watch = stage.vm.monitor(ref)
      stage.vm.cast('a', worker.stop('boom'))
      await stage.vm.receive(down(watch))
    })
    const offender = { id: 'a' }
    expect(reports).toMatchObject([
      { errorContext: 'child_terminated', reason: 'boom', offender },
      { errorContext: 'start_error', reason: 'no', offender },
      { errorContext: 'shutdown', reason: 'reached_max_restart_intensity', offender },
    ])
  })

  // ---- calls ----

  test('adds children, last in order', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a')] })
    const added = await vm.call(ref, tree.startChild(workerSpec('b')))
    expect(added).toEqual({ status: 'ok', pid: vm.whereis('b') })
    expect((await vm.call(ref, tree.whichChildren())).map(({ id }) => id)).toEqual(['b', 'a'])
    await stopTree(ref)
    expect(await stage.clearLines()).toEqual([
      start('a'),
      start('b'),
      ended('b', 'shutdown'),
      ended('a', 'shutdown'),
    ])
  })

  test('restarts children that were added, too', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: [] })
    await vm.call(ref, tree.startChild(workerSpec('a')))
    vm.cast('a', worker.stop('boom'))
    await stage.lines(3)
    await until(async () => typeof (await statusOf(ref, 'a')) === 'object')
  })

  test('adds no child twice, and keeps none that failed', async () => {
    const { vm } = stage
    await stage.startRecorder({ bad: [['stop', 'no']], shy: ['ignore'], shyTemp: ['ignore'] })
    const ref = await startTree({ children: [workerSpec('a')] })
    const add = (spec: ChildSpec) => vm.call(ref, tree.startChild(spec))
    expect(await add(workerSpec('a'))).toEqual({
      status: 'error',
      reason: ['already_started', vm.whereis('a')],
    })
    // Another id, but the name is taken.
    const holder = vm.whereis('a')
    expect(await add(workerSpec('z', { name: 'a' }))).toEqual({
      status: 'error',
      reason: ['already_started', holder],
    })
    await vm.call(ref, tree.terminateChild('a'))
    expect(await add(workerSpec('a'))).toEqual({ status: 'error', reason: 'already_present' })
    expect(await add(workerSpec('bad'))).toMatchObject({ status: 'error', reason: ['no', { id: 'bad' }] })
    expect(await add(workerSpec('shy'))).toEqual({ status: 'ok', pid: undefined })
    expect(await add(workerSpec('shyTemp', { restart: 'temporary' }))).toEqual({
      status: 'ok',
      pid: undefined,
    })
    expect(await add({ ...workerSpec('b'), restart: 'always' as never })).toEqual({
      status: 'error',
      reason: ['invalid_restart_type', 'always'],
    })
    expect((await vm.call(ref, tree.whichChildren())).map(({ id }) => id)).toEqual(['shy', 'a'])
  })

  test('terminates, restarts and deletes children', async () => {
    const { vm } = stage
    await stage.startRecorder({ a: ['ok', 'ok', ['stop', 'no']] })
    const ref = await startTree({
      children: [workerSpec('a'), workerSpec('b', { restart: 'temporary' }), workerSpec('c')],
    })
    const error = (reason: unknown) => ({ status: 'error', reason })
    const done = { status: 'ok' }
    expect(await vm.call(ref, tree.restartChild('a'))).toEqual(error('running'))
    expect(await vm.call(ref, tree.deleteChild('a'))).toEqual(error('running'))
    expect(await vm.call(ref, tree.terminateChild('a'))).toEqual(done)
    expect(await statusOf(ref, 'a')).toBeUndefined()
    expect(await vm.call(ref, tree.terminateChild('a'))).toEqual(done)
    expect(await vm.call(ref, tree.restartChild('a'))).toEqual({ status: 'ok', pid: vm.whereis('a') })
    expect(await vm.call(ref, tree.terminateChild('a'))).toEqual(done)
    expect(await vm.call(ref, tree.restartChild('a'))).toEqual(error('no'))
    expect(await vm.call(ref, tree.getChildSpec('a'))).toMatchObject({
      status: 'ok',
      spec: { id: 'a', restart: 'permanent' },
    })
    expect(await vm.call(ref, tree.deleteChild('a'))).toEqual(done)
    expect(await vm.call(ref, tree.getChildSpec('a'))).toEqual({ status: 'error', reason: 'not_found' })
    // A temporary child is forgotten with its end.
    expect(await vm.call(ref, tree.terminateChild('b'))).toEqual(done)
    for (const id of ['a', 'b', 'nobody']) {
      expect(await vm.call(ref, tree.terminateChild(id))).toEqual(error('not_found'))
      expect(await vm.call(ref, tree.restartChild(id))).toEqual(error('not_found'))
      expect(await vm.call(ref, tree.deleteChild(id))).toEqual(error('not_found'))
    }
    expect(await stage.clearLines()).toEqual([
      ...IDS.map(start),
      ended('a', 'shutdown'),
      start('a'),
      ended('a', 'shutdown'),
      start('a'),
      ended('b', 'shutdown'),
    ])
  })

  test('does not start again what it was told to terminate', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a')] })
    await vm.call(ref, tree.terminateChild('a'))
    expect(await vm.call(ref, tree.countChildren())).toEqual({
      specs: 1,
      active: 0,
      supervisors: 0,
      workers: 1,
    })
    expect(await stage.clearLines()).toEqual([start('a'), ended('a', 'shutdown')])
  })

  test('stops trying a restart that fails when it is told to terminate that child', async () => {
    const { vm } = stage
    await stage.startRecorder({ a: ['ok', ['stop', 'never']] })
    const ref = await startTree({ intensity: 1_000_000, children: [workerSpec('a'), workerSpec('b')] })
    vm.cast('a', worker.stop('boom'))
    await until(async () => (await statusOf(ref, 'a')) === 'restarting')
    const error = (reason: unknown) => ({ status: 'error', reason })
    expect(await vm.call(ref, tree.startChild(workerSpec('a')))).toEqual(error('already_present'))
    expect(await vm.call(ref, tree.restartChild('a'))).toEqual(error('restarting'))
    expect(await vm.call(ref, tree.deleteChild('a'))).toEqual(error('restarting'))
    expect(await vm.call(ref, tree.countChildren())).toEqual({
      specs: 2,
      active: 1,
      supervisors: 0,
      workers: 2,
    })
    expect(await vm.call(ref, tree.terminateChild('a'))).toEqual({ status: 'ok' })
    const { length } = await stage.clearLines()
    expect(length).toBeGreaterThan(2)
    expect(await statusOf(ref, 'a')).toBeUndefined()
    expect(await stage.clearLines()).toEqual([])
  })

  test('counts its children', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ignore'] })
    const inner = child(tree, { children: [] }, { id: 'inner', ...stage.there })
    const ref = await startTree({ children: [workerSpec('a'), workerSpec('b'), inner] })
    expect(await vm.call(ref, tree.countChildren())).toEqual({
      specs: 3,
      active: 2,
      supervisors: 1,
      workers: 2,
    })
  })

  test('is not harmed by the exit of a process that is none of its children, or by a message', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ children: [workerSpec('a')] })
    vm.send(ref, { type: 'EXIT', pid: { $pid: 1 + 2 ** 24 }, reason: 'boom' })
    vm.send(ref, 'raw')
    vm.send(ref, { type: '$retry', id: 'a' })
    expect(await vm.call(ref, tree.countChildren())).toMatchObject({ specs: 1, active: 1 })
    expect(await stage.clearLines()).toEqual([start('a')])
  })

  // ---- what init may return ----

  test('may be ignored, throw, or take its time', async () => {
    const { vm } = stage
    expect(await reasonOf(startServer(vm, crooked, 'ignore', stage.there))).toBe('ignore')
    expect(await reasonOf(startServer(vm, crooked, 'throw', stage.there))).toMatchObject({ message: 'no' })
    for (const how of ['promise', 'generator'] as const) {
      const ref = await startServer(vm, crooked, how, stage.there)
      expect(await vm.call(ref, crooked.countChildren())).toMatchObject({ specs: 0 })
    }
  })

  const base = { children: [] }

  test('with a flag that there is not is a coded error, and starts nothing', async () => {
    const { vm } = stage
    const starting = startServer(vm, crooked, { returns: { ...base, intensty: 3 } }, stage.there)
    expect(await reasonOf(starting)).toMatchObject({
      error: 'HeddleError',
      message: expect.stringContaining('intensty'),
      fields: { code: 'ERR_BAD_ARGUMENT' },
    })
  })

  const good = { id: 'a', start: { definition: { url: 'file:///x', name: 'x' }, argument: 1 } }
  const faults: [unknown, unknown][] = [
    [17, ['bad_return', ['crooked', 'init', 17]]],
    [{ children: 17 }, ['bad_return', ['crooked', 'init', { children: 17 }]]],
    [{ ...base, strategy: 'all' }, ['supervisor_data', ['invalid_strategy', 'all']]],
    [{ ...base, intensity: -1 }, ['supervisor_data', ['invalid_intensity', -1]]],
    [{ ...base, periodMs: 0 }, ['supervisor_data', ['invalid_period', 0]]],
    [{ ...base, autoShutdown: 'maybe' }, ['supervisor_data', ['invalid_auto_shutdown', 'maybe']]],
    [{ children: [good, good] }, ['start_spec', ['duplicate_child_name', 'a']]],
    [{ children: [17] }, ['start_spec', ['invalid_child_spec', 17]]],
    [{ children: [{ start: good.start }] }, ['start_spec', 'missing_id']],
    [{ children: [{ id: 'a' }] }, ['start_spec', 'missing_start']],
    [{ children: [{ id: 'a', start: 17 }] }, ['start_spec', ['invalid_mfa', 17]]],
    [{ children: [{ ...good, restart: 'always' }] }, ['start_spec', ['invalid_restart_type', 'always']]],
    [{ children: [{ ...good, shutdown: -1 }] }, ['start_spec', ['invalid_shutdown', -1]]],
    [{ children: [{ ...good, type: 'thing' }] }, ['start_spec', ['invalid_child_type', 'thing']]],
    [{ children: [{ ...good, significant: 1 }] }, ['start_spec', ['invalid_significant', 1]]],
    [
      { children: [{ ...good, significant: true }], autoShutdown: 'any_significant' },
      [
        'start_spec',
        [
          'bad_combination',
          [
            ['restart', 'permanent'],
            ['significant', true],
          ],
        ],
      ],
    ],
    [
      { children: [{ ...good, significant: true, restart: 'temporary' }] },
      [
        'start_spec',
        [
          'bad_combination',
          [
            ['auto_shutdown', 'never'],
            ['significant', true],
          ],
        ],
      ],
    ],
  ]
  test.each(faults)('does not start from %j', async (returns, reason) => {
    expect(await reasonOf(startServer(stage.vm, crooked, { returns }, stage.there))).toEqual(reason)
  })

  test('does not start a child whose code cannot be found, and says so', async () => {
    const spec = child({ $: { url: 'file:///nowhere.js', name: 'x' } }, 1)
    const failing = {
      ...spec,
      start: { ...spec.start, definition: { ...spec.start.definition, behaviour: 'gen_server' } },
    }
    const reason = await reasonOf(startTree({ children: [failing as ChildSpec] }))
    expect(reason).toMatchObject([
      'shutdown',
      ['failed_to_start_child', 'x', ['undef', { error: 'HeddleError' }]],
    ])
  })
})

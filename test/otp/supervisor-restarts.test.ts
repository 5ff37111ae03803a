// Which children a supervisor restarts when one ends, in which order, and when it gives up.

import { type ChildSpec, child, type RefOf, type RestartType, type Strategy, startServer } from '@heddle/otp'
import { down, type ExitReason, type Pid } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import type { Line } from '#fixtures/otp-recorder'
import { raw, tree, type WorkerArgument, worker } from '#fixtures/otp-supervised'
import { onEveryVm, reasonOf, until } from './stage.ts'

const IDS = ['a', 'b', 'c']
const start = (id: string): Line => [id, 'start']
const ended = (id: string, reason: unknown): Line => [id, 'terminate', reason]

onEveryVm('a supervisor', (stage) => {
  const workerSpec = (id: string, options: object = {}, more: Partial<WorkerArgument> = {}): ChildSpec =>
    child(worker, { id, ...more }, { name: id, ...stage.there, ...options })

  async function startTree(flags: object, children: ChildSpec[]): Promise<RefOf<typeof tree>> {
    const ref = await startServer(stage.vm, tree, { ...flags, children }, { name: 'tree', ...stage.here })
    await stage.clearLines()
    return ref
  }

  const pidOf = (name: string): Pid => {
    const pid = stage.vm.whereis(name)
    if (pid === undefined) throw new Error(`nobody is registered as '${name}'`)
    return pid
  }

  /** The ids of children that run, in start order. */
  async function running(ref: RefOf<typeof tree>): Promise<string[]> {
    const children = await stage.vm.call(ref, tree.whichChildren())
    return children.flatMap(({ id, pid }) => (typeof pid === 'object' ? [id] : [])).reverse()
  }

  // ---- strategy x which child x restart type x how it ends ----

  const strategies: Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one']
  const types: RestartType[] = ['permanent', 'transient', 'temporary']
  const reasons: ExitReason[] = ['normal', 'shutdown', ['shutdown', 'x'], 'boom']
  const matrix = strategies.flatMap((strategy) =>
    IDS.flatMap((id) =>
      types.flatMap((type) => reasons.map((reason) => [strategy, id, type, reason] as const)),
    ),
  )

  test.each(matrix)('%s: %s, %s, ends with %j', async (strategy, victim, type, reason) => {
    const { vm } = stage
    await stage.startRecorder()
    const specs = IDS.map((id) => workerSpec(id, id === victim ? { restart: type } : {}))
    const ref = await startTree({ strategy }, specs)
    const before = IDS.map(pidOf)
    vm.cast(victim, worker.stop(reason))

    const isRestarted = type === 'permanent' || (type === 'transient' && reason === 'boom')
    const from =
      strategy === 'one_for_one' ? IDS.indexOf(victim) : strategy === 'one_for_all' ? 0 : IDS.indexOf(victim)
    const affected = strategy === 'one_for_one' ? [victim] : IDS.slice(from)
    const expected = [ended(victim, reason)]
    if (isRestarted) {
      expected.push(
        ...affected
          .filter((id) => id !== victim)
          .reverse()
          .map((id) => ended(id, 'shutdown')),
      )
      expected.push(...affected.map(start))
    }
    await stage.lines(expected.length)
    await until(async () => (await running(ref)).length === (isRestarted ? 3 : 2))
    expect(await stage.clearLines()).toEqual(expected)
    const after = await vm.call(ref, tree.whichChildren())
    expect(after.map(({ id }) => id)).toEqual(
      IDS.filter((id) => type !== 'temporary' || id !== victim).reverse(),
    )
    IDS.forEach((id, index) => {
      const isSame = vm.whereis(id)?.$pid === before[index]?.$pid
      expect(isSame, id).toBe(id !== victim && !(isRestarted && affected.includes(id)))
    })
  })

  test.each(['one_for_all', 'rest_for_one'] as const)(
    '%s stops a temporary sibling, and does not start it again',
    async (strategy) => {
      const { vm } = stage
      await stage.startRecorder()
      const ref = await startTree({ strategy }, [
        workerSpec('a'),
        workerSpec('b', { restart: 'temporary' }),
        workerSpec('c'),
      ])
      vm.cast('a', worker.stop('boom'))
      await stage.lines(5)
      await until(async () => (await running(ref)).length === 2)
      expect(await stage.clearLines()).toEqual([
        ended('a', 'boom'),
        ended('c', 'shutdown'),
        ended('b', 'shutdown'),
        start('a'),
        start('c'),
      ])
      expect((await vm.call(ref, tree.whichChildren())).map(({ id }) => id)).toEqual(['c', 'a'])
    },
  )

  test.each(['one_for_all', 'rest_for_one'] as const)(
    '%s starts again what had ended well, or had not wanted to start',
    async (strategy) => {
      const { vm } = stage
      await stage.startRecorder({ b: ['ignore', 'ok'] })
      const ref = await startTree({ strategy }, [
        workerSpec('a'),
        workerSpec('b'),
        workerSpec('c', { restart: 'transient' }),
      ])
      expect(await running(ref)).toEqual(['a', 'c'])
      vm.cast('c', worker.stop('normal'))
      await until(async () => (await running(ref)).length === 1)
      vm.cast('a', worker.stop('boom'))
      await until(async () => (await running(ref)).length === 3)
      expect(await stage.clearLines()).toEqual([
        ended('c', 'normal'),
        ended('a', 'boom'),
        start('a'),
        start('b'),
        start('c'),
      ])
    },
  )

  test('restarts a child that was killed, or that is no server', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ intensity: 2 }, [
      workerSpec('a'),
      child(raw, 'r', { name: 'r', ...stage.there }),
    ])
    const before = ['a', 'r'].map((name) => pidOf(name).$pid)
    vm.exit(pidOf('a'), 'kill')
    vm.send('r', 'end')
    const isNew = (pid: number | undefined) => pid !== undefined && !before.includes(pid)
    await until(async () => {
      await vm.call(ref, tree.countChildren())
      return ['a', 'r'].every((name) => isNew(vm.whereis(name)?.$pid))
    })
    expect(await running(ref)).toEqual(['a', 'r'])
  })

  test('handles several children that end at once in turn', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree(
      { intensity: 3 },
      IDS.map((id) => workerSpec(id, {}, { traps: false })),
    )
    const before = IDS.map(pidOf)
    for (const pid of before) vm.exit(pid, 'kill')
    await stage.lines(3)
    await until(async () => (await running(ref)).length === 3)
    expect((await stage.clearLines()).toSorted()).toEqual(IDS.map(start))
  })

  // ---- restarts that fail ----

  test('tries a restart that failed again, and answers calls in between', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ok', ['stop', 'not yet'], ['throw', 'not yet'], 'ok'] })
    const ref = await startTree(
      { intensity: 5 },
      IDS.map((id) => workerSpec(id)),
    )
    vm.cast('b', worker.stop('boom'))
    await stage.lines(4)
    await until(async () => (await running(ref)).length === 3)
    expect(await stage.clearLines()).toEqual([ended('b', 'boom'), start('b'), start('b'), start('b')])
  })

  test('counts each try, and gives up when there are too many', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ok', ['stop', 'never']] })
    const ref = await startTree(
      { intensity: 3 },
      IDS.map((id) => workerSpec(id)),
    )
    const watch = vm.monitor(ref)
    vm.cast('b', worker.stop('boom'))
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
    expect(await stage.clearLines()).toEqual([
      ended('b', 'boom'),
      start('b'),
      start('b'),
      start('b'),
      ended('c', 'shutdown'),
      ended('a', 'shutdown'),
    ])
  })

  test('one_for_all: when another child fails to start, tries all again', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ok', ['stop', 'not yet'], 'ok'] })
    const ref = await startTree(
      { strategy: 'one_for_all', intensity: 5 },
      IDS.map((id) => workerSpec(id)),
    )
    vm.cast('c', worker.stop('boom'))
    await until(async () => (await stage.lines(9)).length === 9 && (await running(ref)).length === 3)
    expect(await stage.clearLines()).toEqual([
      ended('c', 'boom'),
      ended('b', 'shutdown'),
      ended('a', 'shutdown'),
      start('a'),
      start('b'),
      ended('a', 'shutdown'),
      start('a'),
      start('b'),
      start('c'),
    ])
  })

  test('rest_for_one: when another child fails to start, tries that and those after it', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: ['ok', ['stop', 'not yet'], 'ok'] })
    const ref = await startTree(
      { strategy: 'rest_for_one', intensity: 5 },
      IDS.map((id) => workerSpec(id)),
    )
    vm.cast('a', worker.stop('boom'))
    await until(async () => (await stage.lines(7)).length === 7 && (await running(ref)).length === 3)
    expect(await stage.clearLines()).toEqual([
      ended('a', 'boom'),
      ended('c', 'shutdown'),
      ended('b', 'shutdown'),
      start('a'),
      start('b'),
      start('b'),
      start('c'),
    ])
  })

  // ---- intensity ----

  test('restarts as often as its intensity says; one more and it stops all, and exits shutdown', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree(
      { intensity: 2 },
      IDS.map((id) => workerSpec(id)),
    )
    const watch = vm.monitor(ref)
    for (let round = 0; round < 2; round++) {
      vm.cast('a', worker.stop('boom'))
      await stage.lines(2)
      await until(async () => (await running(ref)).length === 3)
      await stage.clearLines()
    }
    vm.cast('a', worker.stop('boom'))
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
    expect(await stage.clearLines()).toEqual([
      ended('a', 'boom'),
      ended('c', 'shutdown'),
      ended('b', 'shutdown'),
    ])
  })

  test.each([
    ['permanent', true],
    ['transient', false],
  ] as const)(
    'that gave up is restarted by its own supervisor if it is %s: %s',
    async (restart, isRestarted) => {
      const { vm } = stage
      await stage.startRecorder()
      const inner = child(
        tree,
        { intensity: 0, children: [workerSpec('a')] },
        { id: 'inner', restart, ...stage.there },
      )
      const ref = await startTree({ intensity: 5 }, [inner, workerSpec('b')])
      vm.cast('a', worker.stop('boom'))
      await stage.lines(isRestarted ? 2 : 1)
      await until(async () => (await running(ref)).length === (isRestarted ? 2 : 1))
      expect(await stage.clearLines()).toEqual(
        isRestarted ? [ended('a', 'boom'), start('a')] : [ended('a', 'boom')],
      )
    },
  )

  test('that was killed is started anew, though its children still have their names', async () => {
    const { vm } = stage
    await stage.startRecorder()
    // It takes a while to end once its parent is dead.
    const inner = child(
      tree,
      { children: [workerSpec('a', {}, { lastMs: 20 })] },
      { name: 'inner', ...stage.here },
    )
    const ref = await startTree({}, [inner])
    const before = pidOf('a')
    vm.exit(pidOf('inner'), 'kill')
    await stage.lines(2)
    expect(await stage.clearLines()).toEqual([ended('a', 'killed'), start('a')])
    await until(async () => (await running(ref)).length === 1)
    expect(pidOf('a')).not.toEqual(before)
  })

  test('does not wait for a name that a process with a living parent has', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const holder = await startServer(vm, worker, { id: 'holder' }, { name: 'a', ...stage.there })
    const started = startServer(vm, tree, { children: [workerSpec('a')] })
    expect(await reasonOf(started)).toEqual([
      'shutdown',
      ['failed_to_start_child', 'a', ['already_started', holder]],
    ])
  })

  // ---- significant children ----

  const significant = (id: string, restart: RestartType) => workerSpec(id, { significant: true, restart })

  test.each([
    ['transient', 'normal'],
    ['transient', ['shutdown', 1]],
    ['temporary', 'normal'],
    ['temporary', 'boom'],
  ] as const)(
    'any_significant: ends with a significant %s child that ends with %j',
    async (restart, reason) => {
      const { vm } = stage
      await stage.startRecorder()
      const ref = await startTree({ autoShutdown: 'any_significant' }, [
        workerSpec('a'),
        significant('b', restart),
      ])
      const watch = vm.monitor(ref)
      // The monitor is there before anything can end.
      await vm.isAlive(ref)
      vm.cast('b', worker.stop(reason))
      expect((await vm.receive(down(watch))).reason).toBe('shutdown')
      expect(await stage.clearLines()).toEqual([ended('b', reason), ended('a', 'shutdown')])
    },
  )

  test('all_significant: ends with the last significant child that ends by itself', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const specs = ['a', 'b', 'c'].map((id) => significant(id, 'transient'))
    const ref = await startTree({ autoShutdown: 'all_significant', intensity: 5 }, [
      workerSpec('x'),
      ...specs,
    ])
    const watch = vm.monitor(ref)
    vm.cast('a', worker.stop('normal'))
    await until(async () => (await running(ref)).length === 3)
    // One that is restarted has not ended; one that was told to end does not count, either.
    vm.cast('b', worker.stop('boom'))
    await until(async () => (await stage.lines(3)).length === 3 && (await running(ref)).length === 3)
    expect(await vm.call(ref, tree.terminateChild('b'))).toEqual({ status: 'ok' })
    expect(await running(ref)).toEqual(['x', 'c'])
    vm.cast('c', worker.stop('normal'))
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
  })

  test('one that was told to end is no significant end', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startTree({ autoShutdown: 'any_significant' }, [significant('a', 'transient')])
    expect(await vm.call(ref, tree.terminateChild('a'))).toEqual({ status: 'ok' })
    expect(await vm.call(ref, tree.countChildren())).toMatchObject({ specs: 1, active: 0 })
  })
})

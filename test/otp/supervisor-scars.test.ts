// What users of other actor libraries have had to report of their supervisors, and will not have to of this one.

import { child, type SupervisorSpec, startServer } from '@heddle/otp'
import { type Pid, TIMEOUT, tag } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { tree, worker } from '#fixtures/otp-supervised'
import { onEveryVm, reasonOf, until } from './stage.ts'

onEveryVm('a supervisor', (stage) => {
  const spec = (id: string, options: object = {}) =>
    child(worker, { id }, { id, name: id, ...stage.there, ...options })
  const begin = (it: SupervisorSpec, name = 'tree') =>
    startServer(stage.vm, tree, it, { name, ...stage.here })
  const pidOf = (name: string): Pid => stage.vm.whereis(name) as Pid

  /** Waits until somebody else has the name. */
  const replaced = (name: string, before: Pid) =>
    until(async () => {
      await stage.vm.call('tree', tree.countChildren())
      const now = stage.vm.whereis(name)
      return now !== undefined && now.$pid !== before.$pid
    })

  test('whose child’s init throws leaves no zombie: no process, no name, no entry', async () => {
    const { vm } = stage
    await stage.startRecorder({ b: [['throw', 'no']] })
    await begin({ children: [spec('a')] })
    const count = vm.processes().length
    expect(await vm.call('tree', tree.startChild(spec('b')))).toMatchObject({
      status: 'error',
      reason: [{ message: 'no' }, { id: 'b' }],
    })
    expect(vm.processes()).toHaveLength(count)
    expect(vm.whereis('b')).toBeUndefined()
    expect(await vm.call('tree', tree.whichChildren())).toHaveLength(1)
    const failed = begin({ children: [spec('c'), spec('b')] }, 'other')
    expect(await reasonOf(failed)).toMatchObject([
      'shutdown',
      ['failed_to_start_child', 'b', { message: 'no' }],
    ])
    expect(vm.processes()).toHaveLength(count)
    expect(vm.whereis('c')).toBeUndefined()
  })

  test('whose child crashes in a loop is not silent: each crash is reported, and that it gives up', async () => {
    const { vm } = stage
    await stage.startRecorder({ a: ['ok', 'ok', ['throw', 'no']] })
    const ref = await begin({ intensity: 3, children: [spec('a')] })
    vm.register('logger')
    try {
      const first = pidOf('a')
      vm.cast('a', worker.stop('boom'))
      await replaced('a', first)
      vm.cast('a', worker.stop('boom'))
      expect((await vm.whenDown(ref)).reason).toBe('shutdown')
      const told: unknown[] = []
      for (;;) {
        const it = await vm.receive(tag('$log_undecided'), { afterMs: 0 })
        if (it === TIMEOUT) break
        const { report } = (it as unknown as { event: { report: { errorContext?: string } } }).event
        if (report.errorContext !== undefined) told.push(report.errorContext)
      }
      expect(told).toEqual(['child_terminated', 'child_terminated', 'start_error', 'start_error', 'shutdown'])
    } finally {
      vm.unregister('logger')
    }
  })

  test('has a restart budget of its own: not its children’s, not its siblings’, and a new one when it is restarted', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const inner = (id: string): SupervisorSpec => ({ intensity: 1, children: [spec(id)] })
    const branch = (id: string) => child(tree, inner(`${id} kid`), { id, name: id, ...stage.there })
    await begin({ intensity: 1, children: [branch('left'), branch('right')] })
    // One restart each: neither branch gives up.
    for (const id of ['left', 'right']) {
      const before = pidOf(`${id} kid`)
      vm.cast(`${id} kid`, worker.stop('boom'))
      await replaced(`${id} kid`, before)
    }
    // The second on the left is too many: the branch is restarted, and what it has counted is forgotten.
    const before = [pidOf('left'), pidOf('right')]
    const doomed = pidOf('left kid')
    vm.cast('left kid', worker.stop('boom'))
    await replaced('left', before[0] as Pid)
    await replaced('left kid', doomed)
    expect(pidOf('right')).toEqual(before[1])
    const [branchNow, kid] = [pidOf('left'), pidOf('left kid')]
    vm.cast('left kid', worker.stop('boom'))
    await replaced('left kid', kid)
    expect(pidOf('left')).toEqual(branchNow)
  })

  test('hears of a child on another scheduler: its watch is not a no-op', async () => {
    const { vm } = stage
    await stage.startRecorder()
    await begin({ intensity: 5, children: [spec('a', stage.there), spec('b', stage.here)] })
    for (const name of ['a', 'b']) {
      const before = pidOf(name)
      const watch = vm.whenDown(before)
      vm.exit(before, 'kill')
      expect((await watch).reason).toBe('killed')
      await replaced(name, before)
    }
  })

  test('starts nobody under a name before the one who had it has ended', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const inner: SupervisorSpec = { children: [spec('slow')] }
    await begin({
      intensity: 5,
      children: [child(tree, inner, { id: 'branch', name: 'branch', ...stage.here })],
    })
    const before = pidOf('slow')
    const ended = vm.whenDown(before)
    // It leaves its child an orphan, and comes back at once.
    vm.exit(pidOf('branch'), 'kill')
    await replaced('slow', before)
    await ended
    expect(await vm.call('branch', tree.whichChildren())).toMatchObject([{ id: 'slow', pid: pidOf('slow') }])
  })

  test('that has ended has left nobody behind', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const count = vm.processes().length
    const inner: SupervisorSpec = { children: [spec('x'), spec('y')] }
    const ref = await begin({ children: [spec('a'), child(tree, inner, { id: 'inner', ...stage.there })] })
    vm.exit(ref, 'shutdown')
    await vm.whenDown(ref)
    expect(vm.processes()).toHaveLength(count)
  })
})

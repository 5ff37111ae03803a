// A scheduler dies, and with it all that ran there: supervisors elsewhere start it anew.

import { type ChildOptions, child, type RefOf, startServer } from '@heddle/otp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tree, worker } from '#fixtures/otp-supervised'
import { Stage, until } from './stage.ts'

const stage = new Stage(false)
beforeEach(async () => {
  await stage.open()
  await stage.startRecorder()
})
afterEach(() => stage.close())

const spec = (id: string, options: ChildOptions = {}, lastMs?: number) =>
  child(worker, lastMs === undefined ? { id } : { id, lastMs }, { name: id, ...options })

async function areRunning(ref: RefOf<typeof tree>, count: number): Promise<boolean> {
  return (await stage.vm.call(ref, tree.countChildren(), { timeoutMs: Infinity })).active === count
}

/** Kills it, and waits until its processes are known to be gone. */
async function kill(scheduler: number, ...names: string[]): Promise<void> {
  const pids = names.map((name) => stage.vm.whereis(name))
  await stage.vm.killScheduler(scheduler)
  for (const pid of pids) if (pid !== undefined) await stage.vm.whenDown(pid)
}

test('children bound to it wait for its successor; their deaths are one fault', async () => {
  const { vm } = stage
  const children = ['a', 'b', 'c'].map((id) => spec(id, { scheduler: 2 }))
  // One restart is allowed.
  const ref = await startServer(vm, tree, { intensity: 1, children }, { scheduler: 1 })
  await stage.clearLines()
  await kill(2, 'a', 'b', 'c')
  await stage.lines(3)
  await until(() => areRunning(ref, 3))
  expect(await stage.clearLines()).toEqual(['a', 'b', 'c'].map((id) => [id, 'start']))
  for (const id of ['a', 'b', 'c']) {
    expect(await vm.call(id, worker.scheduler())).toBe(2)
    expect((await vm.processInfo(vm.whereis(id) ?? vm.pid))?.affinity).toBe(2)
  }
})

test('children that are not bound start elsewhere', async () => {
  const { vm } = stage
  // Where `spread` puts them is chance; enough of them stand on either.
  const ids = Array.from({ length: 16 }, (_, index) => `w${index}`)
  const children = ids.map((id) => spec(id, { scheduler: 'spread' }))
  const ref = await startServer(vm, tree, { intensity: 1, children }, { scheduler: 1 })
  const onTwo: string[] = []
  for (const id of ids) if ((await vm.call(id, worker.scheduler())) === 2) onTwo.push(id)
  expect(onTwo).not.toEqual([])
  await stage.clearLines()
  await kill(2, ...onTwo)
  await stage.lines(onTwo.length)
  await until(() => areRunning(ref, 16))
  expect(await stage.clearLines()).toEqual(onTwo.map((id) => [id, 'start']))
  for (const id of ids) expect((await vm.processInfo(vm.whereis(id) ?? vm.pid))?.affinity).toBeUndefined()
})

test.each(['one_for_all', 'rest_for_one'] as const)('%s: takes the others along', async (strategy) => {
  const { vm } = stage
  const children = [spec('a', { scheduler: 1 }), spec('b', { scheduler: 2 }), spec('c', { scheduler: 1 })]
  const ref = await startServer(vm, tree, { strategy, intensity: 1, children }, { scheduler: 1 })
  await stage.clearLines()
  await kill(2, 'b')
  const stopped = strategy === 'one_for_all' ? ['c', 'a'] : ['c']
  const started = strategy === 'one_for_all' ? ['a', 'b', 'c'] : ['b', 'c']
  await stage.lines(stopped.length + started.length)
  await until(() => areRunning(ref, 3))
  expect(await stage.clearLines()).toEqual([
    ...stopped.map((id) => [id, 'terminate', 'shutdown']),
    ...started.map((id) => [id, 'start']),
  ])
})

test('a temporary child that was there is forgotten', async () => {
  const { vm } = stage
  const children = [spec('a', { scheduler: 2, restart: 'temporary' }), spec('b', { scheduler: 2 })]
  const ref = await startServer(vm, tree, { children }, { scheduler: 1 })
  await kill(2, 'a', 'b')
  await until(async () => (await vm.call(ref, tree.whichChildren())).length === 1)
  await until(() => areRunning(ref, 1))
})

test('a supervisor that was there is started anew, though its children elsewhere still have their names', async () => {
  const { vm } = stage
  // Its child takes a while to end once its parent is dead.
  const inner = child(tree, { children: [spec('a', { scheduler: 1 }, 20)] }, { name: 'inner', scheduler: 2 })
  const root = await startServer(vm, tree, { intensity: 1, children: [inner] }, { scheduler: 1 })
  const before = vm.whereis('a')
  await stage.clearLines()
  await kill(2, 'inner')
  await stage.lines(2)
  expect(await stage.clearLines()).toEqual([
    ['a', 'terminate', ['scheduler_down', 2]],
    ['a', 'start'],
  ])
  await until(() => areRunning(root, 1))
  expect(vm.whereis('a')).not.toEqual(before)
})

test('a child that is being started there when it dies is started again', async () => {
  const { vm } = stage
  await stage.clear()
  await stage.startRecorder({ a: ['ok', 'hang', 'ok'] })
  const ref = await startServer(
    vm,
    tree,
    { intensity: 5, children: [spec('a', { scheduler: 2 })] },
    { scheduler: 1 },
  )
  vm.cast('a', worker.stop('boom'))
  // It ended, and hangs in its second start.
  await stage.lines(3)
  await kill(2)
  await stage.lines(4)
  await until(() => areRunning(ref, 1))
  expect(await vm.call('a', worker.scheduler())).toBe(2)
})

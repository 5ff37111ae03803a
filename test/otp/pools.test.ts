// Dynamic and partitioned supervisors: where children run, who finds them, and what happens when a scheduler dies.

import { type RefOf, startServer } from '@heddle/otp'
import { down, startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { asker, many, pool, session, sessions } from '#fixtures/otp-pools'
import { onEveryVm, until } from './stage.ts'

type Kid = RefOf<typeof session>

onEveryVm('a partitioned supervisor', (stage) => {
  const start = async (user: string): Promise<Kid> => {
    const result = await stage.vm.call(sessions.at(user), sessions.startChild(user))
    if (result.status === 'error' || result.pid === undefined) throw new Error(String(result))
    return result.pid
  }

  test('has a partition per scheduler; a key always says the same one, and keys say all of them', async () => {
    const { vm } = stage
    const ref = await startServer(vm, sessions, undefined)
    const partitions = await vm.call(ref, sessions.whichChildren() as never)
    expect(partitions).toHaveLength(stage.isInline ? 1 : 2)
    const users = Array.from({ length: 40 }, (_, index) => `user ${index}`)
    const places = new Set<number>()
    for (const user of users) places.add(await vm.call(await start(user), session.scheduler()))
    expect([...places].sort()).toEqual(stage.isInline ? [0] : [1, 2])
    expect(await sessions.countAll(vm)).toMatchObject({ active: 40, workers: 40 })
    expect(await sessions.whichAll(vm)).toHaveLength(40)
    const { active } = await vm.call(sessions.at('user 0'), sessions.countChildren())
    await start('user 0')
    expect(await vm.call(sessions.at('user 0'), sessions.countChildren())).toMatchObject({
      active: active + 1,
    })
  })

  test('can be asked by a process, which need not know where partitions are', async () => {
    const { vm } = stage
    await startServer(vm, sessions, undefined)
    const ref = await startServer(vm, asker, undefined, stage.there)
    expect(await vm.call(ref, asker.start('a'))).toEqual({ status: 'ok', active: 1, listed: 1 })
    expect(await vm.call(ref, asker.start('b'))).toEqual({ status: 'ok', active: 2, listed: 2 })
  })

  test('loses one partition at a time, and finds it again under its key', async () => {
    const { vm } = stage
    await startServer(vm, many, undefined, { name: 'many' })
    for (const key of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      await vm.call(many.at(key), many.startChild(`user ${key}`))
    const before = vm.whereis('many/0')
    expect(await many.countAll(vm)).toEqual({ specs: 5, active: 10, supervisors: 0, workers: 10 })
    const { active } = await vm.call('many/0', many.countChildren())
    const [first] = await vm.call('many/0', many.whichChildren())
    // Its children are permanent, and its intensity is 0: it gives up, and is started anew, with none.
    vm.exit(first?.pid as Kid, 'kill')
    await until(async () => {
      await vm.call('many', many.whichChildren())
      const now = vm.whereis('many/0')
      return now !== undefined && now.$pid !== before?.$pid
    })
    expect((await many.countAll(vm)).active).toBe(10 - active)
  })
})

onEveryVm('a dynamic supervisor', (stage) => {
  test('starts each child where it says: beside itself, anywhere, or on one scheduler', async () => {
    const { vm } = stage
    const places = async (scheduler: 'local' | 'spread' | undefined): Promise<number[]> => {
      const ref = await startServer(
        vm,
        pool,
        { restart: 'temporary', ...(scheduler && { scheduler }) },
        stage.here,
      )
      const found: number[] = []
      for (let n = 0; n < 30; n++) {
        const options = scheduler === undefined && !stage.isInline ? { scheduler: 2 } : undefined
        const result = await vm.call(ref, pool.startChild(`user ${n}`, options))
        if (result.status === 'ok' && result.pid !== undefined)
          found.push(await vm.call(result.pid, session.scheduler()))
      }
      return [...new Set(found)].sort()
    }
    expect(await places('local')).toEqual([stage.isInline ? 0 : 1])
    expect(await places('spread')).toEqual(stage.isInline ? [0] : [1, 2])
    expect(await places(undefined)).toEqual([stage.isInline ? 0 : 2])
  })

  test('registers a child by the name that startChild says, and its restart by the same', async () => {
    const { vm } = stage
    const ref = await startServer(vm, pool, { restart: 'permanent' }, stage.there)
    await vm.call(ref, pool.startChild('a', { name: 'session a' }))
    const before = vm.whereis('session a') as Kid
    const taken = await vm.call(ref, pool.startChild('b', { name: 'session a' }))
    expect(taken).toEqual({ status: 'error', reason: ['already_started', before] })
    vm.exit(before, 'kill')
    await until(async () => {
      await vm.call(ref, pool.countChildren())
      const now = vm.whereis('session a')
      return now !== undefined && now.$pid !== before.$pid
    })
    expect(await vm.call('session a', session.user())).toBe('a')
  })
})

test('children that die with one scheduler are restarted, and count as one', async () => {
  await using vm = await startVm({ schedulers: 2, onReport: () => {} })
  // Intensity 1.
  const ref = await startServer(vm, pool, { restart: 'permanent', scheduler: 2 }, { scheduler: 1 })
  const pids: Kid[] = []
  for (let n = 0; n < 10; n++) {
    const result = await vm.call(ref, pool.startChild(`user ${n}`))
    if (result.status === 'ok' && result.pid !== undefined) pids.push(result.pid)
  }
  const watch = vm.monitor(pids[0] as Kid)
  await vm.killScheduler(2)
  await vm.receive(down(watch))
  await until(async () => (await vm.call(ref, pool.countChildren())).active === 10)
  const users = await Promise.all(
    (await vm.call(ref, pool.whichChildren())).map(({ pid }) => vm.call(pid as Kid, session.user())),
  )
  expect(users.sort()).toEqual(Array.from({ length: 10 }, (_, n) => `user ${n}`))
})

// A supervisor in one thread: how the VM stops it, and how it bears many children.

import { startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { genServer } from '../behaviour/gen-server.ts'
import { noreply, stop } from '../behaviour/next.ts'
import { startServer } from '../gen/start.ts'
import { child } from './spec.ts'
import { supervisor } from './supervisor.ts'

/** All in one thread: what children do can be seen here. */
const lines: string[] = []

const worker = genServer(import.meta.url, 'worker', {
  init: (id: string, self) => {
    self.trapExit(true)
    lines.push(`start ${id}`)
    return id
  },
  cast: { stop: (id) => stop('boom', id) },
  *terminate(reason, id, self) {
    yield* self.sleep(1)
    lines.push(`${reason} ${id}`)
  },
})

const pair = supervisor(import.meta.url, 'pair', (_: void) => ({
  children: ['a', 'b'].map((id) => child(worker, id, { id })),
}))

test('vm.stop() resolves when its children have ended, in reverse order', async () => {
  const vm = await startVm({ schedulers: 'inline' })
  await startServer(vm, pair, undefined)
  lines.length = 0
  await vm.stop()
  expect(lines).toEqual(['shutdown b', 'shutdown a'])
})

const plain = genServer(import.meta.url, 'plain', { init: (n: number) => n, info: (n) => noreply(n) })

const crowd = supervisor(import.meta.url, 'crowd', (count: number) => ({
  intensity: 10,
  children: Array.from({ length: count }, (_, index) => child(plain, index, { id: `c${index}` })),
}))

test('bears 10,000 children, and knows each of them', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const ref = await startServer(vm, crowd, 10_000)
  const children = await vm.call(ref, crowd.whichChildren())
  expect(children.map(({ id }) => id)).toEqual(
    Array.from({ length: 10_000 }, (_, index) => `c${9_999 - index}`),
  )
  const victim = children[5_000]?.pid
  if (typeof victim !== 'object') throw new Error('it does not run')
  vm.exit(victim, 'kill')
  await vm.whenDown(victim)
  expect(await vm.call(ref, crowd.countChildren())).toMatchObject({ specs: 10_000, active: 10_000 })
  vm.exit(ref, 'shutdown')
  await vm.whenDown(ref)
  expect(vm.info().processCount).toBeLessThan(3)
})

test('a cast ends it with function_clause, as it ends OTP’s', async () => {
  await using vm = await startVm({ schedulers: 'inline', onReport: () => {} })
  const ref = await startServer(vm, pair, undefined)
  vm.cast(ref, { $cast: 'hello', arg: 1 } as never)
  expect((await vm.whenDown(ref)).reason).toMatchObject({ error: 'function_clause' })
})

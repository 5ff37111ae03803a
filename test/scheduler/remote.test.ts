import { on, once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { exposeVm, startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'

test('another thread of the application holds the VM, with codes and exit reasons intact', async () => {
  const vm = await startVm({ schedulers: 2 })
  const { port1, port2 } = new MessageChannel()
  exposeVm(vm, port1)
  const url = new URL('./remote.worker.mjs', import.meta.url)
  const worker = new Worker(url, { workerData: port2, transferList: [port2], execArgv: [] })
  // From the start: what comes while nobody listens is lost.
  const messages = on(worker, 'message')
  const ended = once(worker, 'exit')
  const next = async (): Promise<unknown> => (await messages.next()).value[0]
  const answers = (await next()) as Record<string, unknown>
  expect(answers).toMatchObject({
    reply: { n: 1 },
    alive: true,
    known: true,
    schedulerCount: 2,
    named: true,
    taken: { name: 'HeddleError', code: 'ERR_NAME_TAKEN' },
    noproc: { name: 'Exit' },
    noModule: { name: 'HeddleError', code: 'ERR_MODULE_LOAD' },
    unclonable: { name: 'HeddleError', code: 'ERR_UNCLONABLE' },
  })
  expect((answers.noproc as { reason: unknown[] }).reason[0]).toBe('noproc')
  expect(await next()).toBe('enough')
  // Closing its end lets the thread end by itself.
  await ended
  await vm.stop()
})

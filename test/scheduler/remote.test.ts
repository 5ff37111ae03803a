import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { exposeVm, startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'

test('another thread of the application holds the VM, with codes and exit reasons intact', async () => {
  const vm = await startVm({ schedulers: 2 })
  const { port1, port2 } = new MessageChannel()
  exposeVm(vm, port1)
  const url = new URL('./remote.worker.mjs', import.meta.url)
  const worker = new Worker(url, { workerData: port2, transferList: [port2], execArgv: [] })
  const [answers] = (await once(worker, 'message')) as [Record<string, unknown>]
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
  expect((await once(worker, 'message'))[0]).toBe('enough')
  // Closing its end lets the thread end by itself.
  await once(worker, 'exit')
  await vm.stop()
})

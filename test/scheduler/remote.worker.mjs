// A thread of the embedding application that holds the VM of another: asks what it is told to, and answers.

import { parentPort, workerData } from 'node:worker_threads'
import { connectVm } from '@heddle/scheduler'
import { server } from '#fixtures/sched-calls'

const vm = connectVm(workerData)

/** @param {() => Promise<unknown>} ask */
async function outcome(ask) {
  try {
    return await ask()
  } catch (error) {
    const { name, code, reason } = /** @type {{ name: string, code?: string, reason?: unknown }} */ (error)
    return { name, code, reason }
  }
}

const pid = await vm.spawn(server, undefined)
const dead = { $pid: 2 ** 40 }
parentPort?.postMessage({
  reply: await vm.call(pid, { $call: 'echo', arg: { n: 1 } }),
  alive: await vm.isAlive(pid),
  known: (await vm.processes()).some((one) => one.$pid === pid.$pid),
  schedulerCount: (await vm.info()).schedulers.length,
  named: await outcome(async () => {
    await vm.register('held', pid)
    return (await vm.whereis('held'))?.$pid === pid.$pid
  }),
  taken: await outcome(() => vm.register('held', pid)),
  noproc: await outcome(() => vm.call(dead, { $call: 'echo', arg: 1 })),
  noModule: await outcome(() => vm.spawn({ $: { url: 'file:///no/such/module.js', name: 'x' } }, undefined)),
  unclonable: await outcome(() => vm.send(pid, () => 1)),
})
const down = vm.whenDown(pid)
await vm.exit(pid, 'enough')
parentPort?.postMessage((await down).reason)
vm.close()

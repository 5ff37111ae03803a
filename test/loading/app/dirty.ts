// A whole application in one file, with a dirty function: each thread of the pool loads it for that.

import { isMainThread } from 'node:worker_threads'
import { dirtyFunction, startVm } from '@heddle/scheduler'
import { shout } from './shout.ts'

const echo = dirtyFunction(import.meta.url, 'echo', (text: string) => {
  return { type: 'reply', text: `${shout(text)}!`, isMainThread }
})

const vm = await startVm({ schedulers: 1 })
console.log(JSON.stringify(await vm.dirty(echo, 'hello')))
await vm.stop()

// Only the host gets here: on a thread of the pool, as on a scheduler, startVm() never resolves.
console.log(isMainThread ? 'end of the host' : 'another thread ran past startVm()')

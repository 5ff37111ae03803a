// A whole application in one file: it is the host's main module, and each scheduler loads it for the definition.

import { isMainThread } from 'node:worker_threads'
import { done, process } from '@heddle/scheduler'
import { type Order, run } from './run.ts'
import { shout } from './shout.ts'

const echo = process(import.meta.url, 'echo', {
  init: (order: Order) => order,
  run: ({ from, text }, self) => {
    self.send(from, { type: 'reply', text: `${shout(text)}!`, isMainThread })
    return done()
  },
})

await run(echo)

// Only the host gets here: on a scheduler, startVm() never resolves.
console.log(isMainThread ? 'end of the host' : 'a scheduler ran past startVm()')

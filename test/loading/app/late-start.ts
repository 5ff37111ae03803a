// The same in one file, with a main() that is not awaited: on a scheduler, it is still running when the module is
// done, and would end the thread if startVm() failed there.

import { isMainThread } from 'node:worker_threads'
import { process as define, done } from '@heddle/scheduler'
import { type Order, run } from './run.ts'
import { shout } from './shout.ts'

const echo = define(import.meta.url, 'echo', {
  init: (order: Order) => order,
  run: ({ from, text }, self) => {
    self.send(from, { type: 'reply', text: `${shout(text)}!`, isMainThread })
    return done()
  },
})

async function main(): Promise<void> {
  await null
  await run(echo)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})

// A definition that needs another module, and something that stands below it in its own.

import { isMainThread } from 'node:worker_threads'
import { done, process } from '@heddle/scheduler'
import type { Order } from './run.ts'
import { shout } from './shout.ts'

export const echo = process(import.meta.url, 'echo', {
  init: (order: Order) => order,
  run: ({ from, text }, self) => {
    self.send(from, { type: 'reply', text: shout(text) + punctuation.get('end'), isMainThread })
    return done()
  },
})

const punctuation = await Promise.resolve(new Map([['end', '!']]))

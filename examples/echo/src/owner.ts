/**
 * A client: it starts an echo of its own, linked, and says to it what it is told to. What it hears it sends to the `host`.
 */

import { again, done, messages, type Pid, process } from '@heddle/scheduler'
import { say, startLink, stop } from './echo.ts'

export type Order = { readonly type: 'tell'; readonly value: unknown } | { readonly type: 'end' }

export type News =
  | { readonly type: 'started'; readonly echo: Pid }
  | { readonly type: 'heard'; readonly value: unknown }

const on = messages<Order>()

export const owner = process(import.meta.url, 'owner', {
  init(host: Pid, self) {
    const echo = startLink(self)
    const news: News = { type: 'started', echo }
    self.send(host, news)
    return { host, echo }
  },
  *run(state, self) {
    const order = yield* self.receive(on('tell', 'end'))
    if (order.type === 'end') {
      stop(self, state.echo)
      return done()
    }
    const news: News = { type: 'heard', value: yield* say(self, state.echo, order.value) }
    self.send(state.host, news)
    return again(state)
  },
})

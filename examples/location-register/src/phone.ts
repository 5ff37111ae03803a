/** A phone: it attaches when it is switched on, finds others by their number, and rings. */

import { again, done, messages, type Pid, process } from '@heddle/scheduler'
import { attach, detach, numberOf, phoneOf, REGISTER } from './register.ts'

export type Order =
  | { readonly type: 'dial'; readonly number: string }
  | { readonly type: 'ring'; readonly from: Pid }
  | { readonly type: 'move'; readonly number: string }
  | { readonly type: 'switch_off' }

/** What a phone tells the host: whom it heard from, and what became of what it was told to do. */
export type News =
  | { readonly type: 'on'; readonly number: string }
  | { readonly type: 'rang'; readonly number: string; readonly by: string }
  | { readonly type: 'no_such_number'; readonly number: string }

const on = messages<Order>()

export const phone = process(import.meta.url, 'phone', {
  *init({ number, host }: { number: string; host: Pid }, self) {
    yield* self.call(REGISTER, attach(number))
    self.send(host, { type: 'on', number } satisfies News)
    return { number, host }
  },
  *run(state, self) {
    const { number, host } = state
    const order = yield* self.receive(on('dial', 'ring', 'move', 'switch_off'))
    switch (order.type) {
      case 'dial': {
        const other = yield* self.call(REGISTER, phoneOf(order.number))
        if (other === 'invalid')
          self.send(host, { type: 'no_such_number', number: order.number } satisfies News)
        else self.send(other, { type: 'ring', from: self.pid } satisfies Order)
        return again(state)
      }
      case 'ring': {
        const by = yield* self.call(REGISTER, numberOf(order.from))
        self.send(host, { type: 'rang', number, by } satisfies News)
        return again(state)
      }
      case 'move':
        yield* self.call(REGISTER, attach(order.number))
        self.send(host, { type: 'on', number: order.number } satisfies News)
        return again({ ...state, number: order.number })
      case 'switch_off':
        yield* self.call(REGISTER, detach())
        return done()
    }
  },
})

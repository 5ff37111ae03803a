/**
 * A behaviour of our own: what is the same in every server, written once. It has the loop, the messages, and the wait for
 * the answer; a module of callbacks has the rest. `genServer` is this, and all that one forgets.
 */

import {
  again,
  type Down,
  done,
  down,
  Exit,
  messages,
  oneOf,
  type Pid,
  type ProcessDef,
  process,
  type Ref,
  type Self,
  withRef,
} from '@heddle/scheduler'
import type { Steps } from './allocator.ts'

interface Callbacks<A, S, R> {
  init(argument: A, self: Self): S
  /** A request, and who asks: the answer, and the next state. */
  handle(request: R, client: Pid, state: S, self: Self): readonly [answer: unknown, next: S]
  /** The end of a process that is monitored. */
  down(message: Down, state: S, self: Self): S
}

type Request<R> =
  | { readonly type: 'request'; readonly from: Pid; readonly ref: Ref; readonly request: R }
  | { readonly type: 'stop'; readonly from: Pid; readonly ref: Ref }

interface Answer {
  readonly type: 'answer'
  readonly ref: Ref
  readonly value: unknown
}

/** The `url` is that of the module that calls this: it is where other schedulers find the callbacks. */
export function server<A, S, R>(url: string, name: string, callbacks: Callbacks<A, S, R>): ProcessDef<A, S> {
  const on = messages<Request<R> | Down>()
  return process<A, S>(url, name, {
    init: (argument, self) => callbacks.init(argument, self),
    *run(state, self) {
      const message = yield* self.receive(on('request', 'stop', 'DOWN'))
      if (message.type === 'DOWN') return again(callbacks.down(message, state, self))
      const { from, ref } = message
      const answer = (value: unknown) => self.send(from, { type: 'answer', ref, value } satisfies Answer)
      if (message.type === 'stop') {
        answer('ok')
        return done()
      }
      const [value, next] = callbacks.handle(message.request, from, state, self)
      answer(value)
      return again(next)
    },
  })
}

export function call<R>(self: Self, name: string, request: R): Steps<unknown> {
  return ask<R>(self, name, (ref) => ({ type: 'request', from: self.pid, ref, request }))
}

export function stop(self: Self, name: string): Steps<unknown> {
  return ask<never>(self, name, (ref) => ({ type: 'stop', from: self.pid, ref }))
}

function* ask<R>(self: Self, name: string, requestFor: (ref: Ref) => Request<R>): Steps<unknown> {
  const server = self.whereis(name)
  if (server === undefined) throw new Exit('noproc')
  const ref = self.monitor(server)
  self.send(server, requestFor(ref))
  const answer = yield* self.receive(oneOf(withRef<Answer>(ref), down(ref)))
  self.demonitor(ref, { flush: true })
  if (answer.type === 'DOWN') throw new Exit(answer.reason)
  return answer.value
}

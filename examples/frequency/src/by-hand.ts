/**
 * The allocator, first time: by hand. A loop, its messages, and how a client waits for an answer are mixed with what it is
 * all about; compare `by-own-behaviour.ts`, where they are not.
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
  process,
  type Ref,
  type Self,
  withRef,
} from '@heddle/scheduler'
import { type Allocator, FREQUENCY, type Steps } from './allocator.ts'
import { type Allocated, allocate, clientDown, type Deallocated, deallocate, openBand } from './band.ts'

interface Asked {
  readonly from: Pid
  readonly ref: Ref
}

type Request =
  | ({ readonly type: 'allocate' } & Asked)
  | ({ readonly type: 'deallocate'; readonly frequency: number } & Asked)
  | ({ readonly type: 'stop' } & Asked)

interface Answer {
  readonly type: 'answer'
  readonly ref: Ref
  readonly value: unknown
}

const on = messages<Request | Down>()

const frequency = process(import.meta.url, 'frequency', {
  init: (frequencies: readonly number[]) => openBand(frequencies),
  *run(band, self) {
    const message = yield* self.receive(on('allocate', 'deallocate', 'stop', 'DOWN'))
    if (message.type === 'DOWN') return again(clientDown(band, message.ref))
    const { from, ref } = message
    const answer = (value: unknown) => self.send(from, { type: 'answer', ref, value } satisfies Answer)
    if (message.type === 'stop') {
      answer('ok')
      return done()
    }
    const [value, next] =
      message.type === 'allocate'
        ? allocate(band, from, self)
        : deallocate(band, from, message.frequency, self)
    answer(value)
    return again(next)
  },
})

/**
 * The monitor tells of a server that ends before it answers, and its reference tells this answer from all others. The name is
 * looked up once: the request goes to whom the monitor watches.
 */
function* ask<T>(self: Self, requestFor: (asked: Asked) => Request): Steps<T> {
  const server = self.whereis(FREQUENCY)
  if (server === undefined) throw new Exit('noproc')
  const ref = self.monitor(server)
  self.send(server, requestFor({ from: self.pid, ref }))
  const answer = yield* self.receive(oneOf(withRef<Answer>(ref), down(ref)))
  self.demonitor(ref, { flush: true })
  if (answer.type === 'DOWN') throw new Exit(answer.reason)
  return answer.value as T
}

export const byHand: Allocator = {
  definition: frequency,
  allocate: (self) => ask<Allocated>(self, (asked) => ({ type: 'allocate', ...asked })),
  deallocate: (self, frequency) =>
    ask<Deallocated>(self, (asked) => ({ type: 'deallocate', frequency, ...asked })),
  stop: (self) => ask<'ok'>(self, (asked) => ({ type: 'stop', ...asked })),
}

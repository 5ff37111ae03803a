/**
 * The first server: a process that sends back what it gets, and the functions that its clients call.
 *
 * Nobody but this file knows what the messages look like. A client says `say(self, server, 'hello')`, and what goes to and
 * fro can change without it.
 */

import {
  again,
  type Down,
  done,
  down,
  Exit,
  messages,
  type Op,
  oneOf,
  type Pid,
  process,
  type Ref,
  type Self,
  withRef,
} from '@heddle/scheduler'

type Request =
  | { readonly type: 'say'; readonly from: Pid; readonly ref: Ref; readonly value: unknown }
  | { readonly type: 'stop' }

interface Answer {
  readonly type: 'said'
  readonly ref: Ref
  readonly value: unknown
}

const on = messages<Request>()

/** Each turn takes one message. What is neither `say` nor `stop` stays in the mailbox: the receive is selective. */
export const echo = process(import.meta.url, 'echo', {
  init: (_: void) => ({ count: 0 }),
  *run(state, self) {
    const request = yield* self.receive(on('say', 'stop'))
    if (request.type === 'stop') return done()
    const { ref, value } = request
    const answer: Answer = { type: 'said', ref, value }
    self.send(request.from, answer)
    return again({ count: state.count + 1 })
  },
})

/** Starts an echo that its starter is linked to: if one of them crashes the other does, too. */
export function startLink(self: Self): Pid {
  return self.spawnLink(echo, undefined)
}

/**
 * Says something, and waits for the echo. The monitor's reference marks both the answer and the server's end, so neither
 * an older answer nor anybody else's can be taken for this one; and who asks a dead server hears so at once.
 */
export function* say(self: Self, server: Pid, value: unknown): Generator<Op<unknown>, unknown, unknown> {
  const ref = self.monitor(server)
  const request: Request = { type: 'say', from: self.pid, ref, value }
  self.send(server, request)
  const answer: Answer | Down = yield* self.receive(oneOf(withRef<Answer>(ref), down(ref)))
  self.demonitor(ref, { flush: true })
  if (answer.type === 'DOWN') throw new Exit(answer.reason)
  return answer.value
}

export function stop(self: Self, server: Pid): void {
  const request: Request = { type: 'stop' }
  self.send(server, request)
}

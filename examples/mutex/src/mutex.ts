/**
 * A mutex as a special process: two states, and in each a receive that takes what this state can use. Those who wait
 * are kept where they came in, in the mailbox: there is no queue to keep beside it. A server could not do that, as it
 * takes every message when it comes.
 *
 * Mutex and holder are linked. If the holder dies the mutex hears of it, and is free. If the mutex dies the holder dies,
 * too: the next mutex, which a supervisor may start at once, is free, and there must not be two who think they have it.
 */

import { type RefOf, special } from '@heddle/otp'
import {
  ANY,
  again,
  type CallEnvelope,
  type CallMessage,
  done,
  type ExitMessage,
  type Op,
  type Pid,
  type Self,
  samePid,
  where,
} from '@heddle/scheduler'

interface State {
  readonly holder: Pid | undefined
}

interface Signal {
  readonly type: 'signal'
  readonly by: Pid
}

const WAIT: CallMessage<unknown, 'ok'> = { $call: 'wait', arg: undefined }

/** Waits until the mutex is this process's. As long as it takes: those before may take their time. */
export function wait(self: Self, mutex: Mutex | string): Op<'ok'> {
  return self.call(mutex, WAIT, { timeoutMs: Infinity })
}

/** Gives it back. From who does not hold it, it does nothing. */
export function signal(self: Self, mutex: Mutex | string): void {
  self.send(mutex, { type: 'signal', by: self.pid } satisfies Signal)
}

/** Not every call: what `sys` asks comes as one, too. */
function isWait(message: unknown): message is CallEnvelope {
  const { type, request } = message as CallEnvelope
  return type === '$call' && (request as typeof WAIT).$call === WAIT.$call
}
const notWait = where((message) => !isWait(message))

export const mutex = special(import.meta.url, 'mutex', {
  init: (_: void, self): State => {
    self.trapExit(true)
    return { holder: undefined }
  },
  *run(state, self, life) {
    const message = yield* self.receive(state.holder === undefined ? ANY : notWait)
    // So that `sys` can look in and a supervisor can stop it, free or busy. Suspended, it takes nothing.
    if (life.isSystem(message)) return life.handleSystem(message, state)
    if (life.isParentExit(message)) return done(message.reason)
    if (isWait(message)) {
      const { from } = message
      // Who has died waiting: this link then brings an EXIT, and the next one's turn comes.
      self.link(from.pid)
      self.reply(from, 'ok')
      return again({ holder: from.pid })
    }
    if (state.holder === undefined || !isRelease(message, state.holder)) return again(state)
    self.unlink(state.holder)
    return again({ holder: undefined })
  },
})

export type Mutex = RefOf<typeof mutex>

function isRelease(message: unknown, holder: Pid): boolean {
  const it = message as Signal | ExitMessage
  if (it?.type === 'signal') return samePid(it.by, holder)
  return it?.type === 'EXIT' && samePid(it.pid, holder)
}

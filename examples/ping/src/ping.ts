/**
 * A server that says something whenever nothing has been said to it for a while: a *timeout* is part of what a callback
 * returns, and any message ends it. So it is each callback that decides whether the server goes on ticking.
 *
 * That is good for "nobody has asked for so long", and bad for a clock: every question moves the next tick. Here `count` is
 * such a question. For ticks that nobody can move see `timer.sendInterval`.
 */

import { genServer, type NextOptions, noreply, ok, reply } from '@heddle/otp'
import { type Pid, TIMEOUT } from '@heddle/scheduler'

export interface Ping {
  readonly type: 'ping'
  readonly count: number
  /** By the VM's clock. */
  readonly atMs: number
}

interface State {
  readonly host: Pid
  readonly everyMs: number
  readonly isPaused: boolean
  readonly count: number
}

const next = ({ isPaused, everyMs }: State): NextOptions => (isPaused ? {} : { timeoutMs: everyMs })

export const ping = genServer(import.meta.url, 'ping', {
  init({ host, everyMs }: { host: Pid; everyMs: number }) {
    const state: State = { host, everyMs, isPaused: false, count: 0 }
    return ok(state, next(state))
  },
  call: {
    start(state) {
      const started: State = { ...state, isPaused: false }
      return reply('started' as const, started, next(started))
    },
    // Without a timeout in what it returns there is none: no timer has to be found and cancelled.
    pause: (state) => reply('paused' as const, { ...state, isPaused: true }),
    count: (state) => reply(state.count, state, next(state)),
  },
  info(state, message, self) {
    if (message !== TIMEOUT) return noreply(state, next(state))
    const ticked: State = { ...state, count: state.count + 1 }
    self.send(state.host, { type: 'ping', count: ticked.count, atMs: self.nowMs() } satisfies Ping)
    return noreply(ticked, next(ticked))
  },
})

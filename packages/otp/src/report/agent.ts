/**
 * An agent: the process that keeps its thread's copy of the logger's configuration (`store.ts`), one on each scheduler. And the
 * *epoch*, the process whose name says which copies hold.
 */

import {
  again,
  type BodyResult,
  chain,
  done,
  type ExitMessage,
  type Pid,
  process,
  type Self,
} from '@heddle/scheduler'
import { funsOf, type Published } from './config.ts'
import { loadAll } from './fun.ts'
import type { ModeChanged, ToGate } from './gate.ts'
import { removeStore, setStore, storeOfLogger } from './store.ts'

export interface AgentArgument {
  readonly server: Pid
  readonly published: Published
  readonly scheduler: number
}

/** To an agent: the configuration has changed. */
export interface Publication {
  readonly type: '$published'
  readonly published: Published
}

/** To the logger: this scheduler's copy is of this version. */
export interface Held {
  readonly type: '$held'
  readonly pid: Pid
  readonly version: number
}

/** The copy itself belongs to the thread, and no state of a process. */
interface Agent {
  readonly server: Pid
  readonly scheduler: number
  readonly token: string
}

export const agent = process<AgentArgument, Agent>(import.meta.url, 'log_agent', {
  moving: { pinned: 'it belongs to its thread' },
  init: ({ server, published, scheduler }, self) => {
    self.trapExit(true)
    return chain(loadAll(funsOf(published)), () => {
      const state = { server, scheduler, token: published.token }
      hold(state, published, self)
      return state
    })
  },
  handle: (state, message, self): BodyResult<Agent> => {
    const it = message as Publication | ModeChanged | ExitMessage
    switch (it?.type) {
      case '$published':
        return chain(loadAll(funsOf(it.published)), () => {
          hold(state, it.published, self)
          return again(state) as never
        }) as BodyResult<Agent>
      case '$mode':
        noteMode(state.token, it, self)
        return again(state)
      case 'EXIT':
        if (it.pid.$pid !== state.server.$pid) return again(state)
        removeStore(state.token)
        return done('shutdown')
      default:
        return again(state)
    }
  },
})

function hold({ server, scheduler }: Agent, published: Published, self: Self): void {
  setStore(published, scheduler)
  self.send(server, { type: '$held', pid: self.pid, version: published.version } satisfies Held)
}

/** What was dropped here since is told when it is over. */
function noteMode(token: string, { gate, mode }: ModeChanged, self: Self): void {
  const store = storeOfLogger(token)
  if (store === undefined) return
  if (mode === 'async') store.modes.delete(gate.$pid)
  else store.modes.set(gate.$pid, mode)
  const count = store.dropped.get(gate.$pid) ?? 0
  if (mode === 'drop' || count === 0) return
  store.dropped.delete(gate.$pid)
  self.send(gate, { type: '$dropped', count } satisfies ToGate)
}

/** Stands for a version of the configuration by its name. */
export const epoch = process<Pid, undefined>(import.meta.url, 'log_epoch', {
  init: () => undefined,
  handle: () => again(undefined),
})

/**
 * The logger's state, and what becomes of a change of it: a new version of what all threads keep a copy of.
 */

import { type ExitReason, type From, type Pid, type Self, TIMEOUT, where } from '@heddle/scheduler'
import type { Held, Publication } from './agent.ts'
import { type Book, type ConfigInfo, infoOf, moduleNumbers } from './book.ts'
import type { Published } from './config.ts'
import type { Ledger } from './ledger.ts'
import { levelNumber } from './level.ts'

export interface LoggerArgument {
  readonly token: string
  /** The system's clock less the VM's, in microseconds. */
  readonly originUs: number
  /** 0: all runs inline. */
  readonly schedulerCount: number
}

/** What a request came to; OTP's `ok`, `{ok, Value}` and `{error, Reason}`. */
export type LoggerResult<T = undefined> =
  | { readonly status: 'ok'; readonly value: T }
  | { readonly status: 'error'; readonly reason: ExitReason }

/** A handler that runs. */
export interface Post {
  /** Its gate. */
  readonly pid: Pid
  readonly ledger: Ledger
}

/** The logger's state. */
export interface Logger {
  readonly argument: LoggerArgument
  readonly parent: Pid | undefined
  readonly book: Book
  /** The gates of the handlers that run, by id. */
  readonly gates: Map<string, Post>
  /** By scheduler. */
  readonly agents: Map<number, Pid>
  epoch: Pid
  published: Published
  /** From other threads that keep a copy: answered with the next version. */
  readonly pollers: From[]
}

export function publishedOf(
  { token, originUs }: LoggerArgument,
  book: Book,
  gates: ReadonlyMap<string, Post>,
  server: Pid,
  version: number,
): Published {
  const { level, filters, filterDefault, metadata } = book.primary
  const outlets = [...book.handlers.values()].flatMap((handler) => {
    const post = gates.get(handler.id)
    if (post === undefined) return []
    const { id, filters: own, filterDefault: ownDefault } = handler
    return [
      {
        id,
        gate: post.pid,
        ledger: post.ledger,
        levelNumber: levelNumber(handler.level),
        filters: own,
        filterDefault: ownDefault,
      },
    ]
  })
  return {
    token,
    epoch: `logger ${token} ${version}`,
    version,
    server,
    originUs,
    levelNumber: levelNumber(level),
    filters,
    filterDefault,
    metadata,
    moduleLevels: moduleNumbers(book),
    outlets,
  }
}

/** To whoever keeps a copy without an agent: the newest version, and the book. */
export interface News {
  readonly published: Published
  readonly config: ConfigInfo
}

/** How long a request may take for the sake of a scheduler that is busy: which then hands its events over for a while. */
const HOLD_MS_MAX = 1_000

/** Waits until all schedulers have the newest version, or long enough. */
export async function held({ agents, published }: Logger, self: Self): Promise<void> {
  const missing = new Set([...agents.values()].map((pid) => pid.$pid))
  const isHeld = where<Held>((message) => {
    const it = message as Partial<Held> | null
    return it?.type === '$held'
  })
  const untilMs = self.nowMs() + HOLD_MS_MAX
  while (missing.size > 0) {
    const leftMs = Math.ceil(untilMs - self.nowMs())
    const message = await self.receive(isHeld, { afterMs: Math.max(0, leftMs) })
    if (message === TIMEOUT) return
    if (message.version === published.version) missing.delete(message.pid.$pid)
  }
}

export function newsOf({ published, book }: Logger): News {
  return { published, config: infoOf(book) }
}

/** The book has changed: from the moment that the epoch has its new name no copy holds but the new ones. */
export function publish(state: Logger, self: Self): void {
  const { argument, book, gates, published } = state
  state.published = publishedOf(argument, book, gates, self.pid, published.version + 1)
  self.unregister(published.epoch)
  self.register(state.published.epoch, state.epoch)
  const message: Publication = { type: '$published', published: state.published }
  for (const each of state.agents.values()) self.send(each, message)
  for (const from of state.pollers.splice(0)) self.reply(from, newsOf(state))
}

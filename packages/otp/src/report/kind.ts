/**
 * Kinds of handlers: what is to be done with events, apart from everything that all handlers have in common. A handler is two
 * processes: its *gate* takes events, protects itself against too many, formats them; its *writer* runs the kind's code, which may
 * take as long as its device does. So whoever logs never waits for a device, and neither does the gate.
 *
 * Rejected: to run a kind's code in whoever logs, as OTP does (it could crash there, or wait there).
 */

import type { Self, Step } from '@heddle/scheduler'
import { callbacksOf, checkFunctions, checkKeys, refusing } from '../door/callbacks.ts'
import type { LogEvent } from './event.ts'
import { type FunRef, named } from './fun.ts'

/** The code of a kind. Its state is plain data. Each callback may return a promise or a generator of what it returns. */
export interface KindCallbacks<C, S> {
  /** Checks and completes what a handler is configured with; `before`, where it is changed. Throws to refuse. OTP's `adding_handler`, `changing_config`. */
  check?(config: C, before: C | undefined): C
  /** The writer starts. What it throws makes the handler not be added. */
  open(config: C, self: Self): Step<S>
  /** Takes what the formatter made of some events, one after the other. */
  writeText?(state: S, text: string, self: Self): Step<S>
  /** Takes the events themselves, and no formatter is asked. One of the two. */
  writeEvents?(state: S, events: readonly LogEvent[], self: Self): Step<S>
  /** The configuration is another. Default: closes and opens. */
  change?(state: S, config: C, self: Self): Step<S>
  /** Makes sure that all is where it belongs: on the disk. */
  sync?(state: S, self: Self): Step<S>
  /** Answers `logger.query`. */
  query?(state: S, question: unknown, self: Self): Step<unknown>
  /** The handler ends. OTP's `removing_handler`. */
  close?(state: S, self: Self): Step<void>
}

/** A kind, without its users' types. */
export type HandlerKind = KindCallbacks<unknown, unknown>

/** A kind of handler with its configuration: what `addHandler` takes. Plain data. */
export interface HandlerSpec {
  readonly kind: FunRef<HandlerKind>
  readonly config: unknown
}

const KEYS: readonly (keyof HandlerKind)[] = [
  'check',
  'open',
  'writeText',
  'writeEvents',
  'change',
  'sync',
  'query',
  'close',
]

/**
 * Names a kind of handler.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT
 * @example export const toSocket = handlerKind(import.meta.url, 'toSocket', {
 *   open: ({ path }: { path: string }) => ({ path }),
 *   writeText: async (state, text) => { await post(state.path, text); return state },
 * })
 * logger.addHandler(self, 'socket', toSocket({ path: '/run/log' }))
 */
export function handlerKind<C, S>(
  url: string,
  name: string,
  callbacks: KindCallbacks<C, S>,
): (config: C) => HandlerSpec {
  const refuse = refusing('handler kind', name)
  const given = callbacksOf('handlerKind', callbacks, refuse)
  checkKeys(given, KEYS, refuse)
  checkFunctions(given, KEYS, refuse)
  const { open, writeText, writeEvents } = given
  if (open === undefined || (writeText === undefined) === (writeEvents === undefined)) {
    throw refuse('it needs a function open, and either writeText or writeEvents')
  }
  const kind = named(url, name, callbacks as unknown as HandlerKind)
  return (config) => ({ kind, config })
}

/**
 * A handler's writer: the process that runs its kind's code. It may take as long as its device does, and it may crash; its gate
 * stands in front of it and knows what to do.
 */

import {
  again,
  type BodyResult,
  chain,
  done,
  type From,
  type Pid,
  process,
  reasonOfThrown,
  type Self,
} from '@heddle/scheduler'
import type { LogEvent } from './event.ts'
import { type FunRef, loadAll, lookUp } from './fun.ts'
import type { HandlerKind } from './kind.ts'

export interface WriterArgument {
  readonly gate: Pid
  readonly kind: FunRef<HandlerKind>
  readonly config: unknown
}

/** To the gate: the device is open, and this is the configuration that came of it. */
export interface Opened {
  readonly type: '$opened'
  readonly config: unknown
  readonly takesText: boolean
}

export type ToWriter =
  | { readonly type: '$write'; readonly text: string; readonly events?: undefined }
  | { readonly type: '$write'; readonly events: readonly LogEvent[]; readonly text?: undefined }
  | { readonly type: '$sync'; readonly from: From }
  | { readonly type: '$query'; readonly from: From; readonly question: unknown }
  | { readonly type: '$rewrite'; readonly config: unknown }
  | { readonly type: '$close' }

/** To the gate: ready for more. */
export const WRITTEN = '$written'

/** To the gate: the configuration was changed, or why not. */
export interface Rewritten {
  readonly type: '$rewritten'
  readonly result: { readonly config: unknown } | { readonly reason: unknown }
}

interface Writer {
  readonly gate: Pid
  readonly kind: FunRef<HandlerKind>
  config: unknown
  state: unknown
}

type Result = BodyResult<Writer>

/** While it is set, what asks the logger to change its handlers is refused: the logger waits for this very process. */
export const IN_CALLBACK = '$logger_callback'

/** Runs a callback that the logger waits for. */
function guarded(self: Self, run: () => unknown, finish: (value: unknown) => unknown): unknown {
  self.put(IN_CALLBACK, true)
  return chain(
    run() as never,
    ((value: unknown) => {
      self.erase(IN_CALLBACK)
      return finish(value)
    }) as never,
    ((error: unknown) => {
      self.erase(IN_CALLBACK)
      throw error
    }) as never,
  )
}

export const writer = process<WriterArgument, Writer>(import.meta.url, 'log_writer', {
  moving: { pinned: 'it belongs to its device' },
  init: ({ gate, kind, config: given }, self) => {
    self.trapExit(true)
    return chain(loadAll([kind]), () => {
      const code = codeOf(kind)
      const config = code.check === undefined ? given : code.check(given, undefined)
      return guarded(
        self,
        () => code.open(config, self),
        (state) => {
          const opened: Opened = { type: '$opened', config, takesText: code.writeText !== undefined }
          self.send(gate, opened)
          return { gate, kind, config, state }
        },
      ) as never
    })
  },
  handle: (state, message, self): Result => {
    const it = message as ToWriter | { readonly type: 'EXIT'; readonly pid: Pid }
    switch (it?.type) {
      case '$write':
        return write(state, it, self)
      case '$sync':
        return stepped(codeOf(state.kind).sync?.(state.state, self), (next) => {
          if (next !== undefined) state.state = next
          self.reply(it.from, { status: 'ok' })
          return again(state)
        })
      case '$query':
        return answer(state, it, self)
      case '$rewrite':
        return rewrite(state, it.config, self)
      case '$close':
        return close(state, self)
      case 'EXIT':
        return it.pid.$pid === state.gate.$pid ? close(state, self) : again(state)
      default:
        return again(state)
    }
  },
})

function codeOf(kind: FunRef<HandlerKind>): HandlerKind {
  const code = lookUp(kind)
  if (code === undefined)
    throw new Error(`there is no kind of handler '${kind.$fun.name}' in ${kind.$fun.url}`)
  return code
}

function stepped(
  step: unknown,
  finish: (value: unknown) => Result,
  fail?: (error: unknown) => Result,
): Result {
  return chain(step as never, finish as never, fail as never) as unknown as Result
}

function write(state: Writer, { text, events }: ToWriter & { type: '$write' }, self: Self): Result {
  const code = codeOf(state.kind)
  const step =
    text === undefined
      ? code.writeEvents?.(state.state, events, self)
      : code.writeText?.(state.state, text, self)
  return stepped(step, (next) => {
    state.state = next
    self.send(state.gate, WRITTEN)
    return again(state)
  })
}

function answer(state: Writer, { from, question }: ToWriter & { type: '$query' }, self: Self): Result {
  const refuse = (error: unknown): Result => {
    self.reply(from, { status: 'error', reason: reasonOfThrown(error) })
    return again(state)
  }
  const { query } = codeOf(state.kind)
  if (query === undefined) return refuse(new Error('a handler of this kind answers no questions'))
  let step: unknown
  try {
    step = query(state.state, question, self)
  } catch (error) {
    return refuse(error)
  }
  return stepped(
    step,
    (value) => {
      self.reply(from, { status: 'ok', value })
      return again(state)
    },
    refuse,
  )
}

function rewrite(state: Writer, given: unknown, self: Self): Result {
  const code = codeOf(state.kind)
  const tell = (result: Rewritten['result']): Result => {
    self.send(state.gate, { type: '$rewritten', result } satisfies Rewritten)
    return again(state)
  }
  let config: unknown
  try {
    config = code.check === undefined ? given : code.check(given, state.config)
  } catch (error) {
    return tell({ reason: reasonOfThrown(error) })
  }
  const change = (): unknown => {
    if (code.change !== undefined) return code.change(state.state, config, self)
    return chain(code.close?.(state.state, self) as never, () => code.open(config, self) as never)
  }
  return guarded(self, change, (next) => {
    state.state = next
    state.config = config
    return tell({ config })
  }) as Result
}

function close(state: Writer, self: Self): Result {
  return guarded(
    self,
    () => codeOf(state.kind).close?.(state.state, self),
    () => done('normal'),
  ) as Result
}

/**
 * The generic half of a server: from a message to its callback, and from what that returns to the next
 * turn. One process, one callback at a time; what a server waits for inside a callback (a generator, a
 * promise) holds up its messages, in order.
 *
 *     message -> callback -> reply/noreply -> rest ----------------> next message
 *                   |  \                  \-> continue -> ...
 *                   |   `-> generator, promise: a chain; then as above
 *                   `-> stop, throw, nonsense -> terminate -> exit
 *
 * The plain path allocates nothing but what the callback returns. So the server's record is changed in
 * place, and its turn is made once: a record holds the state (plain data), and a cache that no clone
 * carries along.
 *
 * Source of the rules: OTP's `gen_server`.
 */

import {
  again,
  type BodyResult,
  type CallEnvelope,
  type CallMessage,
  type CastMessage,
  done,
  type ExitMessage,
  type ExitReason,
  type From,
  isPid,
  reasonOfThrown,
  type Self,
  Turn,
} from '@heddle/scheduler'
import { after, isStep } from '../gen/step.ts'
import { report } from '../report/report.ts'
import { type NextOptions, NoReply, Reply, Stop } from './next.ts'

/** The callbacks, without their users' types. */
export interface ServerCode {
  /** The definition's. */
  readonly name: string
  readonly init: (argument: never, self: Self) => unknown
  readonly calls: ReadonlyMap<string, CallCallback> | undefined
  readonly casts: ReadonlyMap<string, CastCallback> | undefined
  readonly info: ((state: never, message: unknown, self: Self) => unknown) | undefined
  readonly continue: ((state: never, argument: unknown, self: Self) => unknown) | undefined
  readonly terminate: ((reason: ExitReason, state: never, self: Self) => unknown) | undefined
}

export type CallCallback = (state: never, argument: never, self: Self, from: From) => unknown
export type CastCallback = (state: never, argument: never, self: Self) => unknown

const REST: unique symbol = Symbol('rest')

/** The state of a server's process. */
export interface Server {
  state: unknown
  /** See `Birth`. */
  parent: number
  /** Its turn "at rest": made once, and again where a clone has left it behind. */
  [REST]: Turn<Server> | undefined
}

export function newServer(parent: number): Server {
  return { state: undefined, parent, [REST]: undefined }
}

type Result = BodyResult<Server>

/** At rest: the next message. */
function rest(server: Server): Turn<Server> {
  return (server[REST] ??= again(server))
}

interface Incoming {
  readonly $cast?: unknown
  readonly type?: unknown
}

/** A server's `handle`: one message. */
export function handleMessage(code: ServerCode, server: Server, message: unknown, self: Self): Result {
  if (typeof message === 'object' && message !== null) {
    const { $cast, type } = message as Incoming
    if (typeof $cast === 'string') return handleCast(code, server, message as CastMessage<unknown>, self)
    if (type === '$call') return handleCall(code, server, message as CallEnvelope, self)
    if (type === 'EXIT') return handleExit(code, server, message as ExitMessage, self)
  }
  return handleInfo(code, server, message, self)
}

function handleCast(code: ServerCode, server: Server, message: CastMessage<unknown>, self: Self): Result {
  let next: unknown
  try {
    const callback = code.casts?.get(message.$cast)
    if (callback === undefined) throw missing(code, 'cast', code.casts, message.$cast)
    next = callback(server.state as never, message.arg as never, self)
    if (next instanceof NoReply && next.options === undefined) {
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, undefined, thrown, self)
  }
  return settle(code, server, undefined, next, self)
}

function handleCall(code: ServerCode, server: Server, envelope: CallEnvelope, self: Self): Result {
  const { from } = envelope
  let next: unknown
  try {
    const request = envelope.request as CallMessage<unknown, unknown> | undefined
    const callback = code.calls?.get(request?.$call as string)
    if (callback === undefined) throw missing(code, 'call', code.calls, request?.$call)
    next = callback(server.state as never, request?.arg as never, self, from)
    if (next instanceof Reply && next.options === undefined) {
      self.reply(from, next.reply)
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, from, thrown, self)
  }
  return settle(code, server, from, next, self)
}

function handleInfo(code: ServerCode, server: Server, message: unknown, self: Self): Result {
  if (code.info === undefined) {
    // A time limit that nobody asked about is no message.
    if (typeof message !== 'symbol') {
      report(self, { type: 'report', label: 'no_info_callback', pid: self.pid, name: code.name, message })
    }
    return rest(server)
  }
  let next: unknown
  try {
    next = code.info(server.state as never, message, self)
    if (next instanceof NoReply && next.options === undefined) {
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, undefined, thrown, self)
  }
  return settle(code, server, undefined, next, self)
}

/** The parent's end is the server's own; any other EXIT is a message like others. */
function handleExit(code: ServerCode, server: Server, message: ExitMessage, self: Self): Result {
  if (!isPid(message.pid)) return handleInfo(code, server, message, self)
  if (message.pid.$pid !== server.parent) return handleInfo(code, server, message, self)
  return end(code, server, message.reason, self, () => done(message.reason))
}

/** From what a callback came to, whatever it is, to the next turn. `from`: the caller, if it was a call. */
export function settle(
  code: ServerCode,
  server: Server,
  from: From | undefined,
  next: unknown,
  self: Self,
): Result {
  if (!isStep(next)) return settleValue(code, server, from, next, self)
  return after(
    next,
    (value) => settleValue(code, server, from, value, self),
    (thrown) => caught(code, server, from, thrown, self),
  )
}

function settleValue(
  code: ServerCode,
  server: Server,
  from: From | undefined,
  next: unknown,
  self: Self,
): Result {
  if (next instanceof NoReply) return goOn(code, server, next, self)
  const isAnswer = next instanceof Reply || (next instanceof Stop && next.hasReply)
  if (isAnswer && from !== undefined) {
    try {
      self.reply(from, next.reply)
    } catch (thrown) {
      return crash(code, server, thrown, self)
    }
    // Before `continue` and `terminate`, as the caller may depend on it.
    if (next instanceof Reply) return goOn(code, server, next, self)
  }
  if (next instanceof Stop && (from !== undefined || !next.hasReply)) {
    server.state = next.state
    return end(code, server, next.reason, self, () => done(next.reason))
  }
  return badReturn(code, server, next, self)
}

/** The state is new; what is next: a message, a time limit, or `continue`. */
export function goOn(
  code: ServerCode,
  server: Server,
  next: { readonly state: unknown; readonly options: NextOptions | undefined },
  self: Self,
): Result {
  const { state, options } = next
  server.state = state
  if (options === undefined) return rest(server)
  if (options.continue !== undefined) return goOnWith(code, server, options.continue, self)
  return options.timeoutMs === undefined ? rest(server) : again(server, { afterMs: options.timeoutMs })
}

function goOnWith(code: ServerCode, server: Server, argument: unknown, self: Self): Result {
  let next: unknown
  try {
    if (code.continue === undefined) throw missing(code, 'continue', undefined, undefined)
    next = code.continue(server.state as never, argument, self)
  } catch (thrown) {
    return caught(code, server, undefined, thrown, self)
  }
  // One `continue` after another: others get their turn in between, and the stack does not grow.
  if (next instanceof NoReply && next.options?.continue !== undefined) {
    const another = next
    return after(self.yield(), () => goOn(code, server, another, self))
  }
  return settle(code, server, undefined, next, self)
}

// ---- the end ----

/** A callback threw: what is no error counts as returned. */
function caught(
  code: ServerCode,
  server: Server,
  from: From | undefined,
  thrown: unknown,
  self: Self,
): Result {
  if (!(thrown instanceof Error)) return settleValue(code, server, from, thrown, self)
  return crash(code, server, thrown, self)
}

function crash(code: ServerCode, server: Server, error: unknown, self: Self): Result {
  // It has ended while its callback ran: this is how the scheduler leaves its code.
  if ((error as Error).name === 'Doomed' || code.terminate === undefined) throw error
  return end(code, server, reasonOfThrown(error), self, () => {
    throw error
  })
}

function badReturn(code: ServerCode, server: Server, value: unknown, self: Self): Result {
  const reason = ['bad_return_value', value] as const
  return end(code, server, reason, self, () => {
    // The scheduler reports what is not a turn as just that; but some things mean something to it.
    if (isStep(value) || value instanceof Turn) return done(reason)
    return value as Turn<Server>
  })
}

/** Runs `terminate`, then `exit`. What `terminate` throws becomes the exit reason; what it returns does not matter. */
function end(code: ServerCode, server: Server, reason: ExitReason, self: Self, exit: () => Result): Result {
  if (code.terminate === undefined) return exit()
  const failed = (thrown: unknown): Result => {
    if (thrown instanceof Error) throw thrown
    return exit()
  }
  let step: unknown
  try {
    step = code.terminate(reason, server.state as never, self)
  } catch (thrown) {
    return failed(thrown)
  }
  return isStep(step) ? after(step, exit, failed) : exit()
}

/** OTP's reasons: `undef` for a callback that is not there, `function_clause` for a message that it does not know. */
function missing(code: ServerCode, callback: string, known: object | undefined, name: unknown): Error {
  const isUndefined = known === undefined
  const what = isUndefined ? `no callback '${callback}'` : `no ${callback} '${String(name)}'`
  const error = new Error(`server '${code.name}' has ${what}`)
  error.name = isUndefined ? 'undef' : 'function_clause'
  return error
}

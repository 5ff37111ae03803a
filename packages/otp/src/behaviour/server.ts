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
 * place, and its turn is made once.
 *
 * Source of the rules: OTP's `gen_server`.
 */

import type {
  BodyResult,
  CallEnvelope,
  CallMessage,
  CastMessage,
  ExitReason,
  From,
  Self,
} from '@heddle/scheduler'
import { type Behaviour, isWatched, note } from '../gen/behaviour.ts'
import { type Core, rest, restFor, restHibernating } from '../gen/core.ts'
import { type Cause, endProcess, exitCause, faultCause, thrownCause } from '../gen/ending.ts'
import { isDoomed } from '../gen/handle-system.ts'
import { after, isStep } from '../gen/step.ts'
import { report } from '../report/report.ts'
import { type NextOptions, NoReply, Reply, Stop } from './next.ts'
import { reportEnd } from './server-status.ts'

/** The callbacks, without their users' types, and what the floor needs of them. */
export interface ServerCode extends Behaviour<Server> {
  readonly init: (argument: never, self: Self) => unknown
  readonly calls: ReadonlyMap<string, CallCallback> | undefined
  readonly casts: ReadonlyMap<string, CastCallback> | undefined
  readonly info: ((state: never, message: unknown, self: Self) => unknown) | undefined
  readonly continue: ((state: never, argument: unknown, self: Self) => unknown) | undefined
  readonly terminate: ((reason: ExitReason, state: never, self: Self) => unknown) | undefined
  readonly codeChange: ((from: never, state: unknown, extra: unknown, self: Self) => unknown) | undefined
  readonly format: ((status: never) => unknown) | undefined
}

export type CallCallback = (state: never, argument: never, self: Self, from: From) => unknown
export type CastCallback = (state: never, argument: never, self: Self) => unknown

/** The record of a server's process. */
export interface Server extends Core {
  state: unknown
}

type Result = BodyResult<Server>

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
  }
  return handleInfo(code, server, message, self)
}

function handleCast(code: ServerCode, server: Server, message: CastMessage<unknown>, self: Self): Result {
  let next: unknown
  try {
    const callback = code.casts?.get(message.$cast)
    if (callback === undefined) throw missing(code, 'cast', code.casts, message.$cast)
    next = callback(server.state as never, message.arg as never, self)
    if (next instanceof NoReply && next.options === undefined && server.extras === undefined) {
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, message, thrown, self)
  }
  return settle(code, server, message, next, self)
}

function handleCall(code: ServerCode, server: Server, envelope: CallEnvelope, self: Self): Result {
  const { from } = envelope
  let next: unknown
  try {
    const request = envelope.request as CallMessage<unknown, unknown> | undefined
    const callback = code.calls?.get(request?.$call as string)
    if (callback === undefined) throw missing(code, 'call', code.calls, request?.$call)
    next = callback(server.state as never, request?.arg as never, self, from)
    if (next instanceof Reply && next.options === undefined && server.extras === undefined) {
      self.reply(from, next.reply)
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, envelope, thrown, self)
  }
  return settle(code, server, envelope, next, self)
}

function handleInfo(code: ServerCode, server: Server, message: unknown, self: Self): Result {
  if (code.info === undefined) {
    // A time limit that nobody asked about is no message.
    if (typeof message !== 'symbol') {
      report(self, 'warning', ['gen_server', 'no_handle_info'], { name: code.name, message })
    }
    return rest(server)
  }
  let next: unknown
  try {
    next = code.info(server.state as never, message, self)
    if (next instanceof NoReply && next.options === undefined && server.extras === undefined) {
      server.state = next.state
      return rest(server)
    }
  } catch (thrown) {
    return caught(code, server, message, thrown, self)
  }
  return settle(code, server, message, next, self)
}

/** From what a callback came to, whatever it is, to the next turn. `message`: what it handled. */
function settle(code: ServerCode, server: Server, message: unknown, next: unknown, self: Self): Result {
  if (!isStep(next)) return settleValue(code, server, message, next, self)
  return after(
    next,
    (value) => settleValue(code, server, message, value, self),
    (thrown) => caught(code, server, message, thrown, self),
  )
}

/** Who called, if it was a call. */
function callerIn(message: unknown): From | undefined {
  const it = message as Partial<CallEnvelope> | null | undefined
  return typeof it === 'object' && it?.type === '$call' ? it.from : undefined
}

function settleValue(code: ServerCode, server: Server, message: unknown, next: unknown, self: Self): Result {
  if (next instanceof NoReply) {
    server.state = next.state
    if (isWatched(server)) note(code, server, ['noreply', next.state], self)
    return goOn(code, server, next, self)
  }
  const from = callerIn(message)
  const isAnswer = next instanceof Reply || (next instanceof Stop && next.hasReply)
  if (isAnswer && from !== undefined) {
    try {
      self.reply(from, next.reply)
    } catch (thrown) {
      return crash(code, server, message, thrown, self)
    }
    server.state = next.state
    if (isWatched(server)) note(code, server, ['out', next.reply, from, next.state], self)
    // Before `continue` and `terminate`, as the caller may depend on it.
    if (next instanceof Reply) return goOn(code, server, next, self)
  }
  if (next instanceof Stop && (from !== undefined || !next.hasReply)) {
    server.state = next.state
    return end(code, server, exitCause(next.reason), message, self)
  }
  return badReturn(code, server, message, next, self)
}

/** The state is new; what is next: a message, a time limit, hibernation, or `continue`. */
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
  if (options.hibernate === true) return restHibernating(server)
  return options.timeoutMs === undefined ? rest(server) : restFor(server, options.timeoutMs)
}

function goOnWith(code: ServerCode, server: Server, argument: unknown, self: Self): Result {
  const message = ['continue', argument] as const
  let next: unknown
  try {
    if (code.continue === undefined) throw missing(code, 'continue', undefined, undefined)
    if (isWatched(server)) note(code, server, message, self)
    next = code.continue(server.state as never, argument, self)
  } catch (thrown) {
    return caught(code, server, message, thrown, self)
  }
  // One `continue` after another: others get their turn in between, and the stack does not grow.
  if (next instanceof NoReply && next.options?.continue !== undefined) {
    const another = next
    return after(self.yield(), () => goOn(code, server, another, self))
  }
  return settle(code, server, message, next, self)
}

// ---- the end ----

/** A callback threw: what is no error counts as returned. */
function caught(code: ServerCode, server: Server, message: unknown, thrown: unknown, self: Self): Result {
  if (!(thrown instanceof Error)) return settleValue(code, server, message, thrown, self)
  return crash(code, server, message, thrown, self)
}

function crash(code: ServerCode, server: Server, message: unknown, error: unknown, self: Self): Result {
  // It has ended while its callback ran: this is how the scheduler leaves its code.
  if (isDoomed(error)) throw error
  return end(code, server, thrownCause(error), message, self)
}

function badReturn(code: ServerCode, server: Server, message: unknown, value: unknown, self: Self): Result {
  return end(code, server, faultCause('exit', ['bad_return_value', value]), message, self)
}

/** Runs `terminate`, and exits; `message` is the last that it handled. */
export function end(code: ServerCode, server: Server, cause: Cause, message: unknown, self: Self): Result {
  const { terminate } = code
  return endProcess(self, cause, {
    terminate: terminate && (() => terminate(cause.reason, server.state as never, self)),
    report: (last) => reportEnd(code, server, last, message, self),
  }) as Result
}

/** OTP's reasons: `undef` for a callback that is not there, `function_clause` for a message that it does not know. */
function missing(code: ServerCode, callback: string, known: object | undefined, name: unknown): Error {
  const isUndefined = known === undefined
  const what = isUndefined ? `no callback '${callback}'` : `no ${callback} '${String(name)}'`
  const error = new Error(`server '${code.name}' has ${what}`)
  error.name = isUndefined ? 'undef' : 'function_clause'
  return error
}

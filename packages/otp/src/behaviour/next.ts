/**
 * What a server's callbacks return: opaque *next* values, made by `reply`, `noreply`, `stop`, and in
 * `init` by `ok`, `ignore`, `stopInit`. A class each, so that the server knows them at a glance, one small
 * object each, so that a message costs no more than that. Bare tuples lose: they cost as much and tell
 * the type checker less.
 *
 * As in OTP, to throw such a value is to return it.
 */

import type { ExitReason } from '@heddle/scheduler'
import type { FailInit, Ignore, StopInit } from '../gen/initialise.ts'
import { checkTimeoutMs } from '../gen/timeout.ts'

/** What comes after a callback, beside the next message; one of the three. */
export type NextOptions =
  | {
      /**
       * If no message comes within so many ms, `info` gets `TIMEOUT`. Any message cancels it. 0: at once,
       * but behind the messages that are there already.
       */
      readonly timeoutMs?: number
      readonly continue?: undefined
      readonly hibernate?: undefined
    }
  | {
      /** Runs the callback `continue` with this argument, before any message that waits. */
      readonly continue: unknown
      readonly timeoutMs?: undefined
      readonly hibernate?: undefined
    }
  | {
      /** The process lets go of all but its state, until the next message. */
      readonly hibernate: true
      readonly timeoutMs?: undefined
      readonly continue?: undefined
    }

/** What comes after `init`. */
export type OkOptions = NextOptions & {
  /** Told to the starter beside the pid: OTP's `{ok, Pid, Info}`. Plain data. */
  readonly info?: unknown
}

/** Tells the classes apart for the type checker; at run time the class itself does. */
declare const kind: unique symbol

/** A call's reply, and the state to go on with. */
export class Reply<R, S> {
  declare readonly [kind]: 'reply'
  readonly reply: R
  readonly state: S
  readonly options: NextOptions | undefined
  constructor(value: R, state: S, options: NextOptions | undefined) {
    this.reply = value
    this.state = state
    this.options = options
  }
}

/** The state to go on with; a call is replied to later, with `self.reply(from, value)`. */
export class NoReply<S> {
  declare readonly [kind]: 'noreply'
  readonly state: S
  readonly options: NextOptions | undefined
  constructor(state: S, options: NextOptions | undefined) {
    this.state = state
    this.options = options
  }
}

/** The server ends. */
export class Stop<R, S> {
  declare readonly [kind]: 'stop'
  readonly reason: ExitReason
  readonly state: S
  readonly hasReply: boolean
  readonly reply: R
  constructor(reason: ExitReason, state: S, hasReply: boolean, value: R) {
    this.reason = reason
    this.state = state
    this.hasReply = hasReply
    this.reply = value
  }
}

/** What a call's callback may return. Name it where the reply comes later: `: CallNext<number, State>`. */
export type CallNext<R, S> = Reply<R, S> | NoReply<S> | Stop<R, S>
/** What all other callbacks may return. */
export type CastNext<S> = NoReply<S> | Stop<never, S>

/**
 * Replies to the call, and goes on with this state. OTP's `{reply, Reply, NewState}`.
 * @throws HeddleError ERR_TIMEOUT_VALUE
 * @example get: (state) => reply(state.total, state)
 */
export function reply<R, S>(value: R, state: S, options?: NextOptions): Reply<R, S> {
  if (options !== undefined) checkNextOptions(options)
  return new Reply(value, state, options)
}

/**
 * Goes on with this state. OTP's `{noreply, NewState}`.
 * @throws HeddleError ERR_TIMEOUT_VALUE
 * @example add: (state, by: number) => noreply({ total: state.total + by })
 */
export function noreply<S>(state: S, options?: NextOptions): NoReply<S> {
  if (options !== undefined) checkNextOptions(options)
  return new NoReply(state, options)
}

/**
 * Replies if there is a reply, runs `terminate`, and exits with this reason. OTP's `{stop, Reason, NewState}`
 * and `{stop, Reason, Reply, NewState}`.
 * @example close: (state) => stop('normal', state, 'closed')
 */
export function stop<S>(reason: ExitReason, state: S): Stop<never, S>
export function stop<R, S>(reason: ExitReason, state: S, value: R): Stop<R, S>
export function stop<R, S>(reason: ExitReason, state: S, ...value: [] | [R]): Stop<R, S> {
  return new Stop(reason, state, value.length > 0, value[0] as R)
}

/** The server has started, and does something more than wait for messages. */
export class Ok<S> {
  declare readonly [kind]: 'ok'
  readonly state: S
  readonly options: OkOptions | undefined
  constructor(state: S, options: OkOptions | undefined) {
    this.state = state
    this.options = options
  }
}

/** What `init` may return; a bare state is as good as `ok(state)`. */
export type InitResult<S> = S | Ok<S> | Ignore | StopInit | FailInit

/**
 * From `init`: starts with this state, and a time limit or a `continue`. OTP's `{ok, State, …}`.
 * @throws HeddleError ERR_TIMEOUT_VALUE
 * @example init: (path: string) => ok({ path }, { continue: 'load' })
 */
export function ok<S>(state: S, options?: OkOptions): Ok<S> {
  if (options !== undefined) checkNextOptions(options)
  return new Ok(state, options)
}

function checkNextOptions(options: NextOptions): void {
  if (options.timeoutMs !== undefined) checkTimeoutMs(options.timeoutMs)
}

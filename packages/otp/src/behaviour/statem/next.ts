/**
 * What a machine's callbacks return: opaque next values, as a server's. A class each, one small object each; the
 * commonest, `keepStateAndData()`, is one for all.
 *
 * As in OTP, to throw such a value is to return it.
 */

import type { ExitReason } from '@heddle/scheduler'
import type { Actions, ReplyTo } from './actions.ts'

/** What callers get, for the type checker. */
declare const kind: unique symbol

/** What the replies among some actions are. */
export type RepliesIn<A> =
  A extends ReplyTo<infer R>
    ? R
    : A extends readonly (infer E)[]
      ? E extends ReplyTo<infer R>
        ? R
        : never
      : never

/** OTP's `{next_state, State, Data, Actions}`. */
export class NextState<S, D, R> {
  declare readonly [kind]: R
  readonly state: S
  readonly data: D
  readonly actions: Actions | undefined
  constructor(state: S, data: D, actions: Actions | undefined) {
    this.state = state
    this.data = data
    this.actions = actions
  }
}

/** OTP's `keep_state`, `keep_state_and_data`, `repeat_state`, `repeat_state_and_data`. */
export class Keep<D, R> {
  declare readonly [kind]: R
  readonly data: D
  readonly hasData: boolean
  /** Whether the state is entered again. */
  readonly repeats: boolean
  readonly actions: Actions | undefined
  constructor(data: D, hasData: boolean, repeats: boolean, actions: Actions | undefined) {
    this.data = data
    this.hasData = hasData
    this.repeats = repeats
    this.actions = actions
  }
}

/** OTP's `{stop_and_reply, Reason, Replies, Data}`. */
export class StopAndReply<D, R> {
  declare readonly [kind]: R
  readonly reason: ExitReason
  readonly replies: unknown
  readonly hasData: boolean
  readonly data: D
  constructor(reason: ExitReason, replies: unknown, hasData: boolean, data: D) {
    this.reason = reason
    this.replies = replies
    this.hasData = hasData
    this.data = data
  }
}

/** The machine has started. OTP's `{ok, State, Data, Actions}`. */
export class Begin<S, D> {
  declare readonly [kind]: 'begin'
  readonly state: S
  readonly data: D
  readonly actions: Actions | undefined
  constructor(state: S, data: D, actions: Actions | undefined) {
    this.state = state
    this.data = data
    this.actions = actions
  }
}

/**
 * From `init`: begins in this state, with this data. The state is entered, then the actions take effect.
 * @example init: (code: string) => beginIn('locked', { code }, stateTimeout(60_000, 'forgotten'))
 */
export function beginIn<const S, D>(state: S, data: D, actions?: Actions): Begin<S, D> {
  return new Begin(state, data, actions)
}

/**
 * Goes on in this state with this data. If the state is another one (by structure), it is entered, its predecessor's
 * state time-out ends, and what was postponed is handled again. OTP's `{next_state, State, Data, Actions}`.
 * @example open: (data, _: void, _self, from) => nextState('open', data, replyTo(from, 'opened'))
 */
export function nextState<const S, D, const A extends Actions | undefined = undefined>(
  state: S,
  data: D,
  actions?: A,
): NextState<S, D, RepliesIn<A>> {
  return new NextState(state, data, actions)
}

/** Stays, with this data. OTP's `{keep_state, Data, Actions}`. */
export function keepState<D, const A extends Actions | undefined = undefined>(
  data: D,
  actions?: A,
): Keep<D, RepliesIn<A>> {
  return new Keep(data, true, false, actions)
}

const KEEP = new Keep<never, never>(undefined as never, false, false, undefined)

/** Stays, with the data as they are. OTP's `{keep_state_and_data, Actions}`. */
export function keepStateAndData<const A extends Actions | undefined = undefined>(
  actions?: A,
): Keep<never, RepliesIn<A>> {
  return actions === undefined
    ? (KEEP as Keep<never, never>)
    : new Keep(undefined as never, false, false, actions)
}

/** As `keepState`, but the state is entered once more. OTP's `{repeat_state, Data, Actions}`. */
export function repeatState<D, const A extends Actions | undefined = undefined>(
  data: D,
  actions?: A,
): Keep<D, RepliesIn<A>> {
  return new Keep(data, true, true, actions)
}

/** As `keepStateAndData`, but the state is entered once more. OTP's `{repeat_state_and_data, Actions}`. */
export function repeatStateAndData<const A extends Actions | undefined = undefined>(
  actions?: A,
): Keep<never, RepliesIn<A>> {
  return new Keep(undefined as never, false, true, actions)
}

/**
 * Sends these replies, runs `terminate`, and exits with this reason. OTP's `{stop_and_reply, Reason, Replies, Data}`;
 * `stop(reason, data)` replies to nobody.
 */
export function stopAndReply<const A extends ReplyTo<unknown> | readonly ReplyTo<unknown>[]>(
  reason: ExitReason,
  replies: A,
): StopAndReply<never, RepliesIn<A>>
export function stopAndReply<D, const A extends ReplyTo<unknown> | readonly ReplyTo<unknown>[]>(
  reason: ExitReason,
  replies: A,
  data: D,
): StopAndReply<D, RepliesIn<A>>
export function stopAndReply(reason: ExitReason, replies: unknown, ...data: [] | [unknown]): unknown {
  return new StopAndReply(reason, replies, data.length > 0, data[0])
}

/**
 * What an event handler's callbacks return, beside `ok(state)` for an event and `reply(value, state)` for a call: it
 * wants to be removed, or replaced by another. As with all next values, to throw one is to return it.
 */

import type { Ok, Reply } from '../next.ts'
import { type HandlerRef, keyOf } from './definition.ts'
import type { HandlerKey } from './handlers.ts'

declare const kind: unique symbol

/** The handler is removed. */
export class RemoveHandler<R> {
  declare readonly [kind]: 'removeHandler'
  readonly hasReply: boolean
  readonly reply: R
  constructor(hasReply: boolean, value: R) {
    this.hasReply = hasReply
    this.reply = value
  }
}

/** The handler is replaced. */
export class SwapHandler<R, S> {
  declare readonly [kind]: 'swapHandler'
  /** For the old one's `terminate`. */
  readonly argument: unknown
  readonly state: S
  readonly next: HandlerKey
  /** For the new one's `init`. */
  readonly init: unknown
  readonly hasReply: boolean
  readonly reply: R
  constructor(argument: unknown, state: S, next: HandlerKey, init: unknown, hasReply: boolean, value: R) {
    this.argument = argument
    this.state = state
    this.next = next
    this.init = init
    this.hasReply = hasReply
    this.reply = value
  }
}

/** What `handleEvent` and `handleInfo` may return. */
export type EventNext<S> = Ok<S> | RemoveHandler<never> | SwapHandler<never, S>
/** What a callback of `handleCall` may return. */
export type HandlerCallNext<R, S> = Reply<R, S> | RemoveHandler<R> | SwapHandler<R, S>

/**
 * The handler ends with `terminate('remove_handler', state)`; a call is replied to with `value`. OTP's
 * `remove_handler` and `{remove_handler, Reply}`.
 * @example handleEvent: (state, event: Reading) => (event === 'last' ? removeHandler() : ok(state))
 */
export function removeHandler(): RemoveHandler<never>
export function removeHandler<R>(value: R): RemoveHandler<R>
export function removeHandler<R>(...value: [] | [R]): RemoveHandler<R> {
  return new RemoveHandler(value.length > 0, value[0] as R)
}

/**
 * The handler ends with `terminate(argument, state)`, and what that returns goes to the `init` of `next`, which takes its
 * place; a call is replied to with `value`. OTP's `{swap_handler, Args1, NewState, Handler2, Args2}`.
 * @example handleEvent: (state, event: Reading) => swapHandler('swap', state, [toFile, 'log'], '/tmp/readings')
 */
export function swapHandler<S, A>(
  argument: unknown,
  state: S,
  next: HandlerRef<A>,
  init: NoInfer<A>,
): SwapHandler<never, S>
export function swapHandler<S, A, R>(
  argument: unknown,
  state: S,
  next: HandlerRef<A>,
  init: NoInfer<A>,
  value: R,
): SwapHandler<R, S>
export function swapHandler<S, A, R>(
  argument: unknown,
  state: S,
  next: HandlerRef<A>,
  init: NoInfer<A>,
  ...value: [] | [R]
): SwapHandler<R, S> {
  return new SwapHandler(argument, state, keyOf(next), init, value.length > 0, value[0] as R)
}

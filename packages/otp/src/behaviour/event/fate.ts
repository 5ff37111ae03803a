/**
 * From what a handler's callback came to, to what becomes of the handler: it stays, it ends, or another takes its place.
 * Pure: the manager carries it out.
 *
 *     outcome                                      fate    terminate gets          supervisor hears
 *     ok, reply                                    keep
 *     removeHandler                                end     remove_handler          normal
 *     swapHandler                                  swap    its argument            ['swapped', new id, supervisor]
 *     an error R, exit R                           end     ['error', ['EXIT', R]]  ['EXIT', R]
 *     anything else, V                             end     ['error', V]            V
 *
 * An *outcome* is what was returned; what was thrown, if that is no error; or `['EXIT', reason]`, as Erlang's `catch`
 * has it. Source of the rules: OTP's `gen_event`.
 */

import { type ExitReason, type Pid, reasonOfThrown } from '@heddle/scheduler'
import { isDoomed } from '../../gen/handle-system.ts'
import { FailInit } from '../../gen/initialise.ts'
import { type NextOptions, Ok, Reply } from '../next.ts'
import { type Handler, type HandlerId, type HandlerKey, idOf } from './handlers.ts'
import { RemoveHandler, SwapHandler } from './next.ts'

/** Why a handler is no longer there. */
export type HandlerEnd =
  | 'normal'
  | 'shutdown'
  | 'crash'
  | readonly ['swapped', HandlerId, Pid | undefined]
  | readonly ['EXIT', ExitReason]
  /** What a callback returned, and should not have. */
  | unknown

/** What a call to a handler came to. OTP's reply, or `{error, Reason}`. */
export type HandlerReply<R> = { readonly status: 'ok'; readonly reply: R } | HandlerError

/** What a request about a handler came to. */
export type HandlerResult = { readonly status: 'ok' } | HandlerError

/**
 * `bad_module`, `module_not_found`: there is no such handler; `['EXIT', reason]`: its callback failed; `['error', reason]`:
 * its `init` returned `failInit(reason)`; else what a callback returned, and should not have.
 */
export interface HandlerError {
  readonly status: 'error'
  readonly reason: unknown
}

export type Fate =
  | { readonly do: 'keep'; readonly state: unknown; readonly hibernates: boolean; readonly answer: Answer }
  | { readonly do: 'end'; readonly argument: unknown; readonly reason: HandlerEnd; readonly answer: Answer }
  | {
      readonly do: 'swap'
      readonly argument: unknown
      readonly state: unknown
      readonly next: HandlerKey
      readonly init: unknown
      readonly answer: Answer
    }

function hibernates(options: NextOptions | undefined): boolean {
  return options?.hibernate === true
}

/** For the caller, if it was a call. */
type Answer = HandlerReply<unknown> | undefined

export function fateOfEvent(outcome: unknown): Fate {
  if (outcome instanceof Ok && isKept(outcome.options)) return kept(outcome.state, outcome.options, undefined)
  if (outcome instanceof RemoveHandler && !outcome.hasReply) return removed(undefined)
  if (outcome instanceof SwapHandler && !outcome.hasReply) return swapped(outcome, undefined)
  return failed(outcome, undefined)
}

export function fateOfCall(outcome: unknown): Fate {
  if (outcome instanceof Reply && isKept(outcome.options)) {
    return kept(outcome.state, outcome.options, { status: 'ok', reply: outcome.reply })
  }
  if (outcome instanceof RemoveHandler && outcome.hasReply) {
    return removed({ status: 'ok', reply: outcome.reply })
  }
  if (outcome instanceof SwapHandler && outcome.hasReply) {
    return swapped(outcome, { status: 'ok', reply: outcome.reply })
  }
  return failed(outcome, { status: 'error', reason: outcome })
}

/** What an `init` came to. */
export type Begun =
  | { readonly isOk: true; readonly state: unknown; readonly hibernates: boolean }
  | { readonly isOk: false; readonly reason: unknown }

export function begun(outcome: unknown): Begun {
  if (outcome instanceof Ok && isKept(outcome.options)) {
    return { isOk: true, state: outcome.state, hibernates: hibernates(outcome.options) }
  }
  return { isOk: false, reason: outcome instanceof FailInit ? ['error', outcome.reason] : outcome }
}

/** A handler has no time limits, and no `continue`: to ask for one is to return nonsense. */
function isKept(options: NextOptions | undefined): boolean {
  return options === undefined || hibernates(options)
}

function kept(state: unknown, options: NextOptions | undefined, answer: Answer): Fate {
  return { do: 'keep', state, hibernates: hibernates(options), answer }
}

function removed(answer: Answer): Fate {
  return { do: 'end', argument: 'remove_handler', reason: 'normal', answer }
}

function failed(outcome: unknown, answer: Answer): Fate {
  return { do: 'end', argument: ['error', outcome], reason: outcome, answer }
}

function swapped({ argument, state, next, init }: SwapHandler<unknown, unknown>, answer: Answer): Fate {
  return { do: 'swap', argument, state, next, init, answer }
}

/** What a thrown value counts as: an error is told, anything else is as good as returned. */
export function outcomeOfThrown(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown
  if (isDoomed(thrown)) throw thrown
  return ['EXIT', reasonOfThrown(thrown)]
}

/** What a supervised handler's supervisor is told when it is gone. OTP's `{gen_event_EXIT, Handler, Reason}`. */
export interface HandlerExit {
  readonly type: 'gen_event_EXIT'
  /** The event manager. */
  readonly manager: Pid
  readonly handler: HandlerId
  readonly reason: HandlerEnd
}

export function noticeOf(handler: Handler, manager: Pid, reason: HandlerEnd): HandlerExit {
  return { type: 'gen_event_EXIT', manager, handler: idOf(handler), reason }
}

/** Whether people should hear of it. */
export function isFailure(reason: HandlerEnd): boolean {
  const isSwap = Array.isArray(reason) && reason[0] === 'swapped' && reason.length === 3
  return reason !== 'normal' && reason !== 'shutdown' && !isSwap
}

/**
 * OTP's `gen_fsm`, as the books teach it: events of any shape, one callback per state that gets them, and returns that
 * always name the next state. A thin layer over `genStatem`, which new machines should use: it types its messages,
 * postpones, inserts events, and has more than one time-out.
 *
 *     sendEvent               -> the state's `event`           sendAllStateEvent     -> handleEvent
 *     syncSendEvent           -> the state's `sync`            syncSendAllStateEvent -> handleSyncEvent
 *     timeoutMs is over       -> the state's `event`, 'timeout'
 *     startTimer fires        -> the state's `event`, ['timeout', timer, message]
 *     any other message       -> handleInfo
 *
 * Source: OTP's `gen_fsm`.
 */

import type { Steps } from '@heddle/scheduler'
import {
  Exit,
  type ExitReason,
  type From,
  type Op,
  type Pid,
  type Ref,
  type Self,
  type Step,
  timeout,
  type Via,
} from '@heddle/scheduler'
import type { Caller } from '../../door/caller.ts'
import type { ServerDef } from '../../gen/definition.ts'
import type { FailInit, Ignore, StopInit } from '../../gen/initialise.ts'
import { asking, Sequence } from '../../gen/sequence.ts'
import type { Stop } from '../next.ts'
import { FsmNext, type FsmOptions, LATER, TIMER } from './fsm-next.ts'

/** Goes on in this state; a sync event is replied to later. From `init`: begins in it. `stop(reason, data)` ends it. */
export function next<const S, D>(state: S, data: D, options?: FsmOptions): FsmNext<S, D> {
  return new FsmNext(state, data, false, undefined, options)
}

/** Replies to a sync event, and goes on in this state. `stop(reason, data, value)` replies and ends. */
export function replyNext<const S, D>(
  value: unknown,
  state: S,
  data: D,
  options?: FsmOptions,
): FsmNext<S, D> {
  return new FsmNext(state, data, true, value, options)
}

/** What callbacks may return. */
export type FsmResult<S, D> = Step<FsmNext<S, D> | Stop<unknown, D>>

/** The callbacks of one state. Methods, so that they may name the events that they get. */
export interface FsmState<S, D> {
  event?(event: unknown, data: D, self: Self): FsmResult<S, D>
  sync?(event: unknown, from: From, data: D, self: Self): FsmResult<S, D>
}

export interface FsmCallbacks<A, S extends string, D> {
  readonly vsn?: number
  readonly init: (argument: A, self: Self) => Step<FsmNext<NoInfer<S>, D> | Ignore | StopInit | FailInit>
  readonly states: { readonly [Name in S]: FsmState<NoInfer<S>, NoInfer<D>> }
  handleEvent?(
    event: unknown,
    state: NoInfer<S>,
    data: NoInfer<D>,
    self: Self,
  ): FsmResult<NoInfer<S>, NoInfer<D>>
  handleSyncEvent?(
    event: unknown,
    from: From,
    state: NoInfer<S>,
    data: NoInfer<D>,
    self: Self,
  ): FsmResult<NoInfer<S>, NoInfer<D>>
  /** Without it other messages are dropped, and reported. */
  handleInfo?(
    message: unknown,
    state: NoInfer<S>,
    data: NoInfer<D>,
    self: Self,
  ): FsmResult<NoInfer<S>, NoInfer<D>>
  terminate?(reason: ExitReason, state: NoInfer<S>, data: NoInfer<D>, self: Self): Step<void>
  codeChange?(
    from: unknown,
    state: unknown,
    data: unknown,
    extra: unknown,
    self: Self,
  ): Step<FsmNext<NoInfer<S>, NoInfer<D>>>
}

/** A machine in the style of `gen_fsm`. */
export type GenFsm<A> = ServerDef<A, FsmApi>

declare const fsmApi: unique symbol
/** Its messages are of any shape. */
export interface FsmApi {
  readonly [fsmApi]?: never
}

// ---- events ----

type Target = Pid | string | Via

/** Sends the state an event. Never fails for want of a machine. */
export function sendEvent(caller: Caller, to: Target, event: unknown): void {
  caller.cast(to as Pid, { $cast: 'event', arg: event })
}

/** Sends the machine an event that is handled alike in all states. */
export function sendAllStateEvent(caller: Caller, to: Target, event: unknown): void {
  caller.cast(to as Pid, { $cast: 'allStateEvent', arg: event })
}

/**
 * Sends the state an event and waits for the reply. Exits with `['timeout', ['gen_fsm', 'sync_send_event', args]]` after
 * `timeoutMs`, default 5,000, and otherwise as a call of a server does.
 */
export function syncSendEvent(caller: Caller, to: Target, event: unknown, timeoutMs?: number): Op<unknown> {
  return ask(caller, to, ['syncEvent', 'sync_send_event'], event, timeoutMs)
}

/** As `syncSendEvent`, for an event that is handled alike in all states. */
export function syncSendAllStateEvent(
  caller: Caller,
  to: Target,
  event: unknown,
  timeoutMs?: number,
): Op<unknown> {
  return ask(caller, to, ['syncAllStateEvent', 'sync_send_all_state_event'], event, timeoutMs)
}

function ask(
  caller: Caller,
  to: Target,
  [$call, name]: readonly [string, string],
  event: unknown,
  timeoutMs: number | undefined,
): Op<unknown> {
  return asking(`fsm: ${name}`, caller, function* (): Steps<unknown> {
    try {
      const message = { $call, arg: event }
      return yield caller.call(
        to as Pid,
        message,
        timeoutMs === undefined ? {} : { timeoutMs },
      ) as Op<unknown>
    } catch (thrown) {
      if (!(thrown instanceof Exit)) throw thrown
      const [why] = thrown.reason as readonly [ExitReason]
      throw new Exit([why, ['gen_fsm', name, timeoutMs === undefined ? [to, event] : [to, event, timeoutMs]]])
    }
  })
}

// ---- timers ----

/** After `ms` the state's `event` gets `['timeout', timer, message]`. To be called by the machine itself. */
export function startTimer(self: Self, ms: number, message: unknown): Ref {
  return self.startTimer(ms, self.pid, { [TIMER]: message })
}

/** After `ms` the state's `event` gets this event. To be called by the machine itself. */
export function sendEventAfter(self: Self, ms: number, event: unknown): Ref {
  return self.startTimer(ms, self.pid, { [LATER]: event })
}

/** Comes to the ms that were left; 0 if it had fired and was not handled yet, and then is not; `false` if it is over. */
export function cancelTimer(self: Self, timer: Ref): Op<number | false> {
  return new Sequence(function* (): Steps<number | false> {
    const left = self.cancelTimer(timer)
    if (left !== false) return left
    const message = yield self.receive(timeout(timer), { afterMs: 0 })
    return typeof message === 'symbol' ? false : 0
  })
}

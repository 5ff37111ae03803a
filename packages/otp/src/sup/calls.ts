/** What can be asked of a supervisor, and what it answers; OTP's `ok` and `{error, Reason}`. */

import type { CallMessage, ExitReason, Pid } from '@heddle/scheduler'
import { type Reply, reply } from '../behaviour/next.ts'
import type { ChildSpec, Modules } from './spec.ts'

/** What a request about a child came to. */
export type ChildResult<Why extends string = 'not_found' | 'running' | 'restarting'> =
  | { readonly status: 'ok' }
  | { readonly status: 'error'; readonly reason: Why }

/** `pid` is undefined if the child's start came to `ignore`; `info`: what its `init` told beside, if anything. */
export type StartChildResult<P extends Pid = Pid> =
  | { readonly status: 'ok'; readonly pid: P | undefined; readonly info?: unknown }
  /** `['already_started', pid]`, `already_present`, a fault of the spec, or `[reason, spec]` if the start failed. */
  | { readonly status: 'error'; readonly reason: ExitReason }

export type SpecResult<Spec> =
  | { readonly status: 'ok'; readonly spec: Spec }
  | { readonly status: 'error'; readonly reason: 'not_found' }

export interface ChildInfo<Id = string> {
  readonly id: Id
  readonly pid: Pid | 'restarting' | undefined
  readonly type: 'worker' | 'supervisor'
  /** Its definition's name. */
  readonly name: string
  readonly modules: Modules
}

export interface ChildCounts {
  /** Specs, whether their children run or not. */
  readonly specs: number
  /** Children that run. */
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** The calls of every supervisor. They have no time limit of their own, as a child's start or shutdown may take long. */
export interface SupervisorApi {
  /** Adds a child, last in order, and starts it. */
  startChild(spec: ChildSpec): CallMessage<SupervisorApi, StartChildResult>
  /** Stops a child; its spec stays, unless it is temporary. */
  terminateChild(id: string): CallMessage<SupervisorApi, ChildResult>
  /** Starts a child that is stopped. */
  restartChild(id: string): CallMessage<SupervisorApi, StartChildResult>
  /** Drops the spec of a child that is stopped. */
  deleteChild(id: string): CallMessage<SupervisorApi, ChildResult>
  getChildSpec(id: string): CallMessage<SupervisorApi, SpecResult<ChildSpec>>
  /** The newest first. */
  whichChildren(): CallMessage<SupervisorApi, readonly ChildInfo[]>
  countChildren(): CallMessage<SupervisorApi, ChildCounts>
}

/** @internal The messages: what each call of a supervisor is made with. */
export function constructorsOf(calls: object): Record<string, (argument: unknown) => unknown> {
  const make = (call: string) => (arg: unknown) => ({ $call: call, arg, $timeoutMs: Infinity })
  return Object.fromEntries(Object.keys(calls).map((call) => [call, make(call)]))
}

/** @internal */
export function failed<Table, R extends ExitReason>(
  table: Table,
  reason: R,
): Reply<{ readonly status: 'error'; readonly reason: R }, Table> {
  return reply({ status: 'error', reason }, table)
}

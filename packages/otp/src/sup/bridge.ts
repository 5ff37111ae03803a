/**
 * `supervisorBridge`: a server between a supervisor and a subsystem that is no OTP one. To the supervisor it is a child
 * that starts and stops as it should; the subsystem is some process, started by `init` and ended by `terminate`.
 *
 *     supervisor --- bridge --- (link) --- the subsystem's process
 *
 * If that process ends, the bridge ends with its reason; there is nothing left for `terminate` to end then. If the bridge
 * is told to end, `terminate` ends the subsystem. Source of the rules: OTP's `supervisor_bridge`.
 */

import {
  type CallMessage,
  type ExitReason,
  HeddleError,
  isCleanExit,
  isPid,
  type Pid,
  type Self,
  type Step,
} from '@heddle/scheduler'
import { defineServer, type ErasedCallbacks } from '../behaviour/gen-server.ts'
import { type CastNext, type InitResult, noreply, type Reply, reply, stop } from '../behaviour/next.ts'
import { callbacksOf, checkKeys, type Given, refusing, requireFunctions } from '../door/callbacks.ts'
import type { ServerDef } from '../gen/definition.ts'
import type { FailInit, Ignore, StopInit } from '../gen/initialise.ts'
import { after, isStep } from '../gen/step.ts'
import { type ChildInfo, constructorsOf } from './calls.ts'
import { reportBridge, reportBridged } from './child-report.ts'
import { isEnd } from './ends.ts'

declare const kind: unique symbol

/** What a bridge's `init` comes to when the subsystem runs. */
export class Bridged<S> {
  declare readonly [kind]: 'bridged'
  readonly pid: Pid
  readonly state: S
  constructor(pid: Pid, state: S) {
    this.pid = pid
    this.state = state
  }
}

/** From a bridge's `init`: the subsystem is this process; `state` is for `terminate`. OTP's `{ok, Pid, State}`. */
export function bridged<S>(pid: Pid, state: S): Bridged<S> {
  return new Bridged(pid, state)
}

export interface BridgeCallbacks<A, S> {
  /** Starts the subsystem; or `ignore()`, `stopInit(reason)`, `failInit(reason)`. */
  readonly init: (argument: A, self: Self) => Step<Bridged<S> | Ignore | StopInit | FailInit>
  /** Ends the subsystem, unless it has ended by itself. */
  readonly terminate: (reason: ExitReason, state: NoInfer<S>, self: Self) => Step<void>
}

/** The one call that a bridge answers. */
export interface BridgeApi {
  /** None: what is behind a bridge, a supervisor does not know. */
  whichChildren(): CallMessage<BridgeApi, readonly ChildInfo[]>
}

export type BridgeDef<A> = ServerDef<A, BridgeApi> & Readonly<BridgeApi>

const KEYS = ['init', 'terminate'] as const

/** A bridge's state. */
interface Bridge {
  /** `undefined` once it has ended. */
  readonly pid: Pid | undefined
  readonly own: unknown
}

/**
 * Defines a bridge that any scheduler can run. It traps exits. As a child it is a supervisor by default: it has all the
 * time that it needs to end.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const legacy = supervisorBridge(import.meta.url, 'legacy', {
 *   init: (port: number, self) => bridged(self.spawn(oldServer, port), port),
 *   terminate: (_reason, port) => closePort(port),
 * })
 */
export function supervisorBridge<A, S>(
  url: string,
  name: string,
  given: BridgeCallbacks<A, S>,
): BridgeDef<A> {
  const refuse = refusing('bridge', name)
  checkKeys(callbacksOf('supervisorBridge', given, refuse), KEYS, refuse)
  requireFunctions(given as unknown as Given, KEYS, refuse)
  const { init, terminate } = given
  const callbacks: ErasedCallbacks = {
    init: (argument: A, self: Self) => {
      self.trapExit(true)
      const given = init(argument, self)
      return isStep(given) ? after(given, (it) => begin(name, it, self)) : begin(name, given, self)
    },
    call: CALLS as unknown as NonNullable<ErasedCallbacks['call']>,
    cast: {},
    info: (bridge: Bridge, message: unknown, self: Self) => handleInfo(name, bridge, message, self),
    terminate: (reason: ExitReason, bridge: Bridge, self: Self) =>
      bridge.pid === undefined ? undefined : terminate(reason, bridge.own as S, self),
  }
  const source = () => `${init}\n${terminate}`
  const address = defineServer(url, name, 'supervisor_bridge', callbacks, source)
  return Object.freeze({ $: address, ...constructorsOf(CALLS) }) as unknown as BridgeDef<A>
}

function begin(name: string, given: unknown, self: Self): InitResult<Bridge> {
  if (!(given instanceof Bridged)) return given as Ignore | StopInit | FailInit
  if (!isPid(given.pid)) throw new HeddleError('ERR_BAD_ARGUMENT', 'bridged() takes the pid of a process')
  self.link(given.pid)
  reportBridge(self, name, given.pid)
  return { pid: given.pid, own: given.state }
}

const CALLS = {
  whichChildren: (bridge: Bridge): Reply<readonly ChildInfo[], Bridge> => reply([], bridge),
} satisfies Record<keyof BridgeApi, unknown>

function handleInfo(name: string, bridge: Bridge, message: unknown, self: Self): CastNext<Bridge> {
  if (!isEnd(message) || message.pid.$pid !== bridge.pid?.$pid) return noreply(bridge)
  const { reason } = message
  if (!isCleanExit(reason)) {
    reportBridged(self, name, reason, bridge.pid)
  }
  return stop(reason, { pid: undefined, own: bridge.own })
}

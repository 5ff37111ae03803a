/**
 * A machine's callbacks without their users' types, and which of them an event is for: the state's own; if it has none
 * for such an event, the one for any state; if there is neither, the machine crashes. All definitions of machines that
 * this thread has met stand here by address, since a machine may go over to another one's callbacks.
 */

import type { DefinitionAddress, ExitReason, From, Self } from '@heddle/scheduler'
import type { Behaviour } from '../../gen/behaviour.ts'
import type { Core } from '../../gen/core.ts'
import type { Machine } from './engine.ts'
import { type EventRecord, isCast, type MachineEvent } from './events.ts'

export type Callback = (...args: never) => unknown

/** What is for one state gets its data; what is for any gets the state before that. */
export interface CallbackSet {
  readonly enter: Callback | undefined
  readonly calls: ReadonlyMap<string, Callback> | undefined
  readonly casts: ReadonlyMap<string, Callback> | undefined
  readonly info: Callback | undefined
  readonly internal: Callback | undefined
  readonly stateTimeout: Callback | undefined
  readonly timeout: Callback | undefined
  readonly timeouts: ReadonlyMap<string, Callback> | undefined
}

/** The record of a machine's process. */
export interface Life extends Core, Machine {}

/** The callbacks, and what the floor needs of them. */
export interface MachineCode extends Behaviour<Life> {
  readonly init: (argument: never, self: Self) => unknown
  /** `undefined`: states are of any data. */
  readonly states: ReadonlyMap<string, CallbackSet> | undefined
  readonly common: CallbackSet
  readonly terminate: ((reason: ExitReason, state: never, data: never, self: Self) => unknown) | undefined
  readonly codeChange:
    | ((from: unknown, state: unknown, data: unknown, extra: unknown, self: Self) => unknown)
    | undefined
  readonly format: ((status: never) => unknown) | undefined
}

type Run = (...args: unknown[]) => unknown

/** Runs the callback for an event in this state. */
export function runCallback(
  code: MachineCode,
  state: unknown,
  data: unknown,
  event: MachineEvent,
  self: Self,
): unknown {
  const own = ownSet(code, state)
  if (isCast(event)) {
    const callback = own?.casts?.get(event.$cast) as Run | undefined
    if (callback !== undefined) return callback(data, event.arg, self)
    const common = code.common.casts?.get(event.$cast) as Run | undefined
    if (common !== undefined) return common(state, data, event.arg, self)
    throw missing(code, state, `cast '${event.$cast}'`)
  }
  if (event.type !== '$call') return runOther(code, own, state, data, event, self)
  const { $call, arg } = (event.request ?? {}) as { $call?: unknown; arg?: unknown }
  const callback = own?.calls?.get($call as string) as Run | undefined
  if (callback !== undefined) return callback(data, arg, self, event.from satisfies From)
  const common = code.common.calls?.get($call as string) as Run | undefined
  if (common !== undefined) return common(state, data, arg, self, event.from)
  throw missing(code, state, `call '${String($call)}'`)
}

function runOther(
  code: MachineCode,
  own: CallbackSet | undefined,
  state: unknown,
  data: unknown,
  event: EventRecord,
  self: Self,
): unknown {
  const callback = (own && callbackFor(own, event)) as Run | undefined
  if (callback !== undefined) return callback(data, event.content, self)
  const common = callbackFor(code.common, event) as Run | undefined
  if (common !== undefined) return common(state, data, event.content, self)
  throw missing(code, state, event.name === undefined ? event.type : `timeout '${event.name}'`)
}

function callbackFor(set: CallbackSet, { type, name }: EventRecord): Callback | undefined {
  switch (type) {
    case 'info':
      return set.info
    case 'internal':
      return set.internal
    case 'state_timeout':
      return set.stateTimeout
    default:
      return name === undefined ? set.timeout : set.timeouts?.get(name)
  }
}

const NONE: unique symbol = Symbol('none')
/** There is no enter callback for this state. */
export type NoEnter = typeof NONE

/** Runs the enter callback of this state; `isNoEnter` of the result if there is none. */
export function runEnter(
  code: MachineCode,
  state: unknown,
  data: unknown,
  oldState: unknown,
  self: Self,
): unknown {
  const enter = ownSet(code, state)?.enter as Run | undefined
  if (enter !== undefined) return enter(data, oldState, self)
  const common = code.common.enter as Run | undefined
  return common === undefined ? NONE : common(state, data, oldState, self)
}

export function isNoEnter(result: unknown): result is NoEnter {
  return result === NONE
}

/** @throws an error `undef` if states have names, and this is none of them */
function ownSet(code: MachineCode, state: unknown): CallbackSet | undefined {
  if (code.states === undefined) return undefined
  const own = code.states.get(state as string)
  if (own !== undefined) return own
  throw named('undef', `machine '${code.name}' has no state '${String(state)}'`)
}

function missing(code: MachineCode, state: unknown, what: string): Error {
  const where = code.states === undefined ? '' : ` in state '${String(state)}'`
  return named('function_clause', `machine '${code.name}' has no callback for ${what}${where}`)
}

function named(name: string, message: string): Error {
  const error = new Error(message)
  error.name = name
  return error
}

// ---- by address ----

/** This thread's. */
const known = new Map<string, MachineCode>()

const keyOf = ({ url, name }: DefinitionAddress) => `${name}\n${url}`

export function registerCode(address: DefinitionAddress, code: MachineCode): void {
  known.set(keyOf(address), code)
}

/** The callbacks that run now: its own, or those that it has gone over to; `undefined` if this thread lacks them. */
export function presentCode(own: MachineCode, { modules }: Life): MachineCode | undefined {
  const address = modules.at(-1)
  return address === undefined ? own : codeAt(address)
}

function codeAt(address: DefinitionAddress): MachineCode | undefined {
  return known.get(keyOf(address))
}

/** Imports the module of the callbacks that it has gone over to. Fails with an error `undef`. */
export async function loadCode({ modules }: Life): Promise<void> {
  const { url, name } = modules.at(-1) as DefinitionAddress
  try {
    await import(url)
  } catch (cause) {
    throw Object.assign(named('undef', `the module of machine '${name}' cannot be imported`), { cause })
  }
  if (codeAt({ url, name }) === undefined) throw named('undef', `${url} defines no machine '${name}'`)
}

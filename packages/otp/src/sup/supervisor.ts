/**
 * `supervisor`: a server whose work is to start its children, restart them as their specs and its strategy
 * say, and stop them when it ends. It is an ordinary server, so it waits for one thing at a time: calls and
 * exits that come meanwhile are handled in turn.
 *
 * Source of the rules: OTP's `supervisor`.
 */

import {
  type CallMessage,
  type ExitMessage,
  type ExitReason,
  HeddleError,
  isPid,
  type Op,
  type Pid,
  type Self,
  type Step,
  TIMEOUT,
  where,
} from '@heddle/scheduler'
import { defineServer, type ErasedCallbacks } from '../behaviour/gen-server.ts'
import {
  type CastNext,
  Ignore,
  type Ignore as IgnoreResult,
  noreply,
  type Ok,
  ok,
  type Reply,
  reply,
  type StopInit,
  stop,
  stopInit,
} from '../behaviour/next.ts'
import type { ServerDef } from '../gen/definition.ts'
import { after, isStep, type Towards } from '../gen/step.ts'
import { report } from '../report/report.ts'
import { startChild as startEffect } from './effects.ts'
import {
  execute,
  newTable,
  noteEnded,
  noteStarted,
  type RetryMessage,
  startOne,
  stopOne,
  type Table,
} from './execute.ts'
import { type ChildSpec, checkFlags, checkSpec, checkSpecs, Fault, type SupervisorSpec } from './spec.ts'
import type { Event } from './strategy.ts'

/** What a request about a child came to; OTP's `ok` and `{error, Reason}`. */
export type ChildResult =
  | { readonly status: 'ok' }
  | { readonly status: 'error'; readonly reason: 'not_found' | 'running' | 'restarting' }

/** `pid` is undefined if the child's start came to `ignore`. */
export type StartChildResult =
  | { readonly status: 'ok'; readonly pid: Pid | undefined }
  /** `['already_started', pid]`, `already_present`, a fault of the spec, or `[reason, spec]` if the start failed. */
  | { readonly status: 'error'; readonly reason: ExitReason }

export interface ChildInfo {
  readonly id: string
  readonly pid: Pid | 'restarting' | undefined
  readonly type: 'worker' | 'supervisor'
  /** Its definition's name. */
  readonly name: string
}

export interface ChildCounts {
  /** Specs, whether their children run or not. */
  readonly specs: number
  /** Children that run. */
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** The calls of every supervisor. They may take as long as a child's start or shutdown: mind the call's time limit. */
export interface SupervisorApi {
  /** Adds a child, last in order, and starts it. */
  startChild(spec: ChildSpec): CallMessage<SupervisorApi, StartChildResult>
  /** Stops a child; its spec stays, unless it is temporary. */
  terminateChild(id: string): CallMessage<SupervisorApi, ChildResult>
  /** Starts a child that is stopped. */
  restartChild(id: string): CallMessage<SupervisorApi, StartChildResult>
  /** Drops the spec of a child that is stopped. */
  deleteChild(id: string): CallMessage<SupervisorApi, ChildResult>
  getChildSpec(id: string): CallMessage<SupervisorApi, ChildSpec | undefined>
  /** The newest first. */
  whichChildren(): CallMessage<SupervisorApi, readonly ChildInfo[]>
  countChildren(): CallMessage<SupervisorApi, ChildCounts>
}

/** A supervisor's definition, and the constructors of its calls. */
export type SupervisorDef<A> = ServerDef<A, SupervisorApi> & Readonly<SupervisorApi>

/**
 * Defines a supervisor that any scheduler can run. It traps exits.
 *
 * Its start comes to `['shutdown', ['failed_to_start_child', id, reason]]` if a child cannot be started,
 * `['start_spec', fault]` and `['supervisor_data', fault]` if what `init` returned is wrong, an error
 * `ERR_BAD_ARGUMENT` if it has a flag that there is not.
 * It exits `shutdown` if it had to restart too often.
 *
 * @param init the children, in start order, and how to restart them; or `ignore()`
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const bank = supervisor(import.meta.url, 'bank', (start: number) => ({
 *   strategy: 'rest_for_one', intensity: 3, periodMs: 5_000,
 *   children: [child(counter, start, { name: 'ledger' })],
 * }))
 */
export function supervisor<A>(
  url: string,
  name: string,
  init: (argument: A, self: Self) => Step<SupervisorSpec | IgnoreResult>,
): SupervisorDef<A> {
  if (typeof init !== 'function') {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'supervisor() takes import.meta.url, a name and a function init',
    )
  }
  const callbacks: ErasedCallbacks = {
    init: (argument: A, self: Self) => beginSupervisor(name, init, argument, self),
    call: CALLS as unknown as NonNullable<ErasedCallbacks['call']>,
    // None that it knows, as in OTP: a cast ends it with `function_clause`.
    cast: {},
    info: handleInfo,
    terminate: endSupervisor,
  }
  const address = defineServer(url, name, 'supervisor', callbacks, () => String(init))
  const make = (call: string) => (argument: unknown) => ({ $call: call, arg: argument })
  const constructors = Object.fromEntries(Object.keys(CALLS).map((call) => [call, make(call)]))
  return Object.freeze({ $: address, ...constructors }) as unknown as SupervisorDef<A>
}

type Waiting<T> = Generator<Op<unknown>, T, unknown>
type Begun = Ok<Table> | IgnoreResult | StopInit

function beginSupervisor<A>(
  name: string,
  init: (argument: A, self: Self) => unknown,
  argument: A,
  self: Self,
): Towards<Begun> {
  self.trapExit(true)
  const given = init(argument, self)
  return isStep(given) ? after(given, (spec) => beginWith(name, spec, self)) : beginWith(name, given, self)
}

function beginWith(name: string, given: unknown, self: Self): Towards<Begun> {
  if (given instanceof Ignore) return given
  if (typeof given !== 'object' || given === null) return stopInit(['bad_return', [name, 'init', given]])
  const flags = checkFlags(given)
  if (flags instanceof Fault) return stopInit(['supervisor_data', flags.reason])
  const { children } = given as Partial<SupervisorSpec>
  if (!Array.isArray(children)) return stopInit(['bad_return', [name, 'init', given]])
  const specs = checkSpecs(children, flags.autoShutdown)
  if (specs instanceof Fault) return stopInit(['start_spec', specs.reason])
  return startAll(newTable(name, flags, specs), self)
}

function* startAll(table: Table, self: Self): Waiting<Begun> {
  const giveUp = yield* execute(table, { type: 'begin' }, self)
  return giveUp === undefined ? ok(table) : stopInit(giveUp.reason)
}

function* endSupervisor(_reason: ExitReason, table: Table, self: Self): Waiting<void> {
  yield* execute(table, { type: 'end' }, self)
}

// ---- what happens to children ----

function handleInfo(table: Table, message: unknown, self: Self): Step<CastNext<Table>> {
  const it = message as Partial<ExitMessage> | RetryMessage | null
  if (typeof it === 'object' && it !== null) {
    if (it.type === '$retry') return react(table, { type: 'retry', id: it.id, nowMs: self.nowMs() }, self)
    if (it.type === 'EXIT' && isPid(it.pid)) {
      const id = table.idByPid.get(it.pid.$pid)
      // Somebody else's end, or one that has been heard of already.
      return id === undefined ? noreply(table) : handleEnd(table, id, it.reason, self)
    }
  }
  report(self, { type: 'report', label: 'no_info_callback', pid: self.pid, name: table.name, message })
  return noreply(table)
}

function* handleEnd(table: Table, id: string, reason: ExitReason, self: Self): Waiting<CastNext<Table>> {
  const ids = new Set([id])
  if (Array.isArray(reason) && reason[0] === 'scheduler_down') {
    // All that ran there ended with it: their exits are here by now, and they are one fault.
    const sameEnd = where<ExitMessage>((message) => isEndOfChild(table, message, reason[1]))
    for (;;) {
      const message = yield* self.receive(sameEnd, { afterMs: 0 })
      if (message === TIMEOUT) break
      ids.add(table.idByPid.get(message.pid.$pid) as string)
    }
  }
  for (const each of ids) noteEnded(table, each)
  // In start order, whatever order they were heard of in.
  const ordered = ids.size === 1 ? [id] : [...table.children.keys()].filter((each) => ids.has(each))
  return yield* react(table, { type: 'ended', ids: ordered, reason, nowMs: self.nowMs() }, self)
}

function isEndOfChild(table: Table, message: unknown, scheduler: unknown): boolean {
  const it = message as Partial<ExitMessage> | null
  if (typeof it !== 'object' || it?.type !== 'EXIT' || !isPid(it.pid)) return false
  const isSame = Array.isArray(it.reason) && it.reason[0] === 'scheduler_down' && it.reason[1] === scheduler
  return isSame && table.idByPid.has(it.pid.$pid)
}

function* react(table: Table, event: Event, self: Self): Waiting<CastNext<Table>> {
  const giveUp = yield* execute(table, event, self)
  return giveUp === undefined ? noreply(table) : stop(giveUp.reason, table)
}

// ---- calls ----

type Answer<T> = Reply<T, Table>

const CALLS = {
  *startChild(table: Table, given: unknown, self: Self): Waiting<Answer<StartChildResult>> {
    const spec = checkSpec(given, table.flags.autoShutdown)
    if (spec instanceof Fault) return failed(table, spec.reason)
    const known = table.children.get(spec.id)
    if (known !== undefined) {
      return failed(table, known.pid === undefined ? 'already_present' : ['already_started', known.pid])
    }
    const result = yield* startEffect(self, spec)
    if (result.status === 'error') {
      const isTaken = Array.isArray(result.reason) && result.reason[0] === 'already_started'
      return failed(table, isTaken ? result.reason : [result.reason, spec])
    }
    if (result.status === 'ok') noteStarted(table, spec, result.pid)
    else if (spec.restart !== 'temporary') {
      table.children.set(spec.id, { spec, status: 'stopped', pid: undefined })
    }
    return reply({ status: 'ok', pid: result.status === 'ok' ? result.pid : undefined }, table)
  },

  *terminateChild(table: Table, id: string, self: Self): Waiting<Answer<ChildResult>> {
    const child = table.children.get(id)
    if (child === undefined) return failed(table, 'not_found')
    yield* stopOne(table, id, self)
    // One that was restarting is not any more.
    noteEnded(table, id)
    if (child.spec.restart === 'temporary') table.children.delete(id)
    return reply({ status: 'ok' }, table)
  },

  *restartChild(table: Table, id: string, self: Self): Waiting<Answer<StartChildResult>> {
    const child = table.children.get(id)
    if (child === undefined) return failed(table, 'not_found')
    if (child.status !== 'stopped') return failed(table, child.status)
    const failure = yield* startOne(table, id, self)
    if (failure !== undefined) return failed(table, failure.reason)
    return reply({ status: 'ok', pid: table.children.get(id)?.pid }, table)
  },

  deleteChild(table: Table, id: string): Answer<ChildResult> {
    const child = table.children.get(id)
    if (child === undefined) return failed(table, 'not_found')
    if (child.status !== 'stopped') return failed(table, child.status)
    table.children.delete(id)
    return reply({ status: 'ok' }, table)
  },

  getChildSpec(table: Table, id: string): Answer<ChildSpec | undefined> {
    return reply(table.children.get(id)?.spec, table)
  },

  whichChildren(table: Table): Answer<ChildInfo[]> {
    const infos = [...table.children.values()].map(({ spec, status, pid }) => ({
      id: spec.id,
      pid: status === 'restarting' ? ('restarting' as const) : pid,
      type: spec.type,
      name: spec.start.definition.name,
    }))
    return reply(infos.reverse(), table)
  },

  countChildren(table: Table): Answer<ChildCounts> {
    const all = [...table.children.values()]
    const supervisors = all.filter(({ spec }) => spec.type === 'supervisor').length
    const active = all.filter(({ status }) => status === 'running').length
    return reply({ specs: all.length, active, supervisors, workers: all.length - supervisors }, table)
  },
} satisfies Record<keyof SupervisorApi, unknown>

function failed<R extends ExitReason>(
  table: Table,
  reason: R,
): Answer<{ readonly status: 'error'; readonly reason: R }> {
  return reply({ status: 'error', reason }, table)
}

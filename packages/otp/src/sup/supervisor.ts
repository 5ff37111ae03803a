/**
 * `supervisor`: a server whose work is to start its children, restart them as their specs and its strategy
 * say, and stop them when it ends. It is an ordinary server, so it waits for one thing at a time: calls and
 * exits that come meanwhile are handled in turn.
 *
 * Source of the rules: OTP's `supervisor`.
 */

import { Exit, type ExitReason, HeddleError, type Op, type Self, type Step } from '@heddle/scheduler'
import { defineServer, type ErasedCallbacks } from '../behaviour/gen-server.ts'
import { type CastNext, noreply, type Ok, ok, type Reply, reply, stop } from '../behaviour/next.ts'
import type { ServerDef } from '../gen/definition.ts'
import { Ignore, type Ignore as IgnoreResult, type StopInit, stopInit } from '../gen/initialise.ts'
import type { StartResult } from '../gen/start.ts'
import { after, isStep, type Towards } from '../gen/step.ts'
import {
  type ChildCounts,
  type ChildInfo,
  type ChildResult,
  constructorsOf,
  failed,
  type SpecResult,
  type StartChildResult,
  type SupervisorApi,
} from './calls.ts'
import { reportUnexpected } from './child-report.ts'
import { startChild as startEffect } from './effects.ts'
import { isEnd, othersOf } from './ends.ts'
import {
  execute,
  newTable,
  noteEnded,
  noteStarted,
  type RetryMessage,
  startOne,
  stopOne,
  type Table,
  upgrade,
} from './execute.ts'
import { Fault, isObject } from './fault.ts'
import { checkFlags, type Flags } from './flags.ts'
import { type ChildSpec, checkSpec, checkSpecs, type SupervisorSpec } from './spec.ts'
import type { Event } from './strategy.ts'

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
    codeChange: (_from: never, table: unknown, _extra: unknown, self: Self) =>
      changeCode(init, table as Table, self),
    call: CALLS as unknown as NonNullable<ErasedCallbacks['call']>,
    // None that it knows, as in OTP: a cast ends it with `function_clause`.
    cast: {},
    info: handleInfo,
    terminate: endSupervisor,
  }
  const address = defineServer(url, name, 'supervisor', callbacks, () => String(init))
  return Object.freeze({ $: address, ...constructorsOf(CALLS) }) as unknown as SupervisorDef<A>
}

type Waiting<T> = Generator<Op<unknown>, T, unknown>
type Begun = Ok<Table> | IgnoreResult | StopInit
type Init = (argument: never, self: Self) => unknown

function beginSupervisor(name: string, init: Init, argument: unknown, self: Self): Towards<Begun> {
  self.trapExit(true)
  const begin = (given: unknown): Towards<Begun> => {
    if (given instanceof Ignore) return given
    const it = read(given)
    if (it === undefined) return stopInit(['bad_return', [name, 'init', given]])
    if ('fault' in it) return stopInit([it.of, it.fault.reason])
    return startAll(newTable(name, argument, it.flags, it.specs), self)
  }
  const given = init(argument as never, self)
  return isStep(given) ? after(given, begin) : begin(given)
}

interface Read {
  readonly flags: Flags
  readonly specs: readonly ChildSpec[]
}

/** What `init` returned, checked; `undefined`: it is nothing of the kind. */
function read(
  given: unknown,
): Read | { readonly fault: Fault; readonly of: 'supervisor_data' | 'start_spec' } | undefined {
  if (!isObject(given)) return undefined
  const flags = checkFlags(given)
  if (flags instanceof Fault) return { fault: flags, of: 'supervisor_data' }
  const { children } = given as Partial<SupervisorSpec>
  if (!Array.isArray(children)) return undefined
  const specs = checkSpecs(children, flags.autoShutdown)
  return specs instanceof Fault ? { fault: specs, of: 'start_spec' } : { flags, specs }
}

function* startAll(table: Table, self: Self): Waiting<Begun> {
  const giveUp = yield* execute(table, { type: 'begin' }, self)
  // It has little to do from now on.
  return giveUp === undefined ? ok(table, { hibernate: true }) : stopInit(giveUp.reason)
}

/** After an upgrade: `init` says anew what the children are. It gets what it got at first, and should do nothing else. */
function changeCode(init: Init, table: Table, self: Self): Towards<Table> {
  const update = (given: unknown): Table => {
    if (given instanceof Ignore) return table
    const it = read(given)
    if (it === undefined) throw new Exit(given as ExitReason)
    if ('fault' in it) throw new Exit(it.fault.reason)
    upgrade(table, it.flags, it.specs)
    return table
  }
  const given = init(table.argument as never, self)
  return isStep(given) ? after(given, update) : update(given)
}

function* endSupervisor(_reason: ExitReason, table: Table, self: Self): Waiting<void> {
  yield* execute(table, { type: 'end' }, self)
}

// ---- what happens to children ----

function handleInfo(table: Table, message: unknown, self: Self): Step<CastNext<Table>> {
  if (isRetry(message)) return react(table, { type: 'retry', id: message.id, nowMs: self.nowMs() }, self)
  if (isEnd(message)) {
    const id = table.idByPid.get(message.pid.$pid)
    // Somebody else's end, or one that has been heard of already.
    return id === undefined ? noreply(table) : handleEnd(table, id, message.reason, self)
  }
  reportUnexpected(self, table.name, message)
  return noreply(table)
}

function isRetry(message: unknown): message is RetryMessage {
  return typeof message === 'object' && (message as Partial<RetryMessage> | null)?.type === '$retry'
}

function* handleEnd(table: Table, id: string, reason: ExitReason, self: Self): Waiting<CastNext<Table>> {
  const others = yield* othersOf(reason, (pid) => table.idByPid.has(pid), self)
  const ids = new Set([id, ...others.map((pid) => table.idByPid.get(pid) as string)])
  for (const each of ids) noteEnded(table, each)
  // In start order, whatever order they were heard of in.
  const ordered = ids.size === 1 ? [id] : [...table.children.keys()].filter((each) => ids.has(each))
  return yield* react(table, { type: 'ended', ids: ordered, reason, nowMs: self.nowMs() }, self)
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
    const result = yield* startEffect(self, spec.start)
    if (result.status === 'error') {
      const isTaken = Array.isArray(result.reason) && result.reason[0] === 'already_started'
      return failed(table, isTaken ? result.reason : [result.reason, spec])
    }
    if (result.status === 'ok') noteStarted(table, spec, result.pid, self)
    else if (spec.restart !== 'temporary') {
      table.children.set(spec.id, { spec, status: 'stopped', pid: undefined })
    }
    return reply(answerOf(result), table)
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
    return reply(answerOf((yield* startOne(table, id, self)) as StartResult), table)
  },

  deleteChild(table: Table, id: string): Answer<ChildResult> {
    const child = table.children.get(id)
    if (child === undefined) return failed(table, 'not_found')
    if (child.status !== 'stopped') return failed(table, child.status)
    table.children.delete(id)
    return reply({ status: 'ok' }, table)
  },

  getChildSpec(table: Table, id: string): Answer<SpecResult<ChildSpec>> {
    const spec = table.children.get(id)?.spec
    return spec === undefined ? failed(table, 'not_found') : reply({ status: 'ok', spec }, table)
  },

  whichChildren(table: Table): Answer<ChildInfo[]> {
    const infos = [...table.children.values()].map(({ spec, status, pid }) => ({
      id: spec.id,
      pid: status === 'restarting' ? ('restarting' as const) : pid,
      type: spec.type,
      name: spec.start.definition.name,
      modules: spec.modules,
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

/** @internal What a start is told as. */
export function answerOf(result: StartResult): StartChildResult {
  if (result.status === 'error') return result
  return result.status === 'ignore' ? { status: 'ok', pid: undefined } : result
}

/**
 * `dynamicSupervisor`: a supervisor of many children of one kind that come and go, OTP's `simple_one_for_one`. It starts
 * with none; `startChild` adds one, made by its template. They are restarted one by one, and shut down all at once.
 *
 * A static supervisor with a spec per child loses: it keeps a spec for each of 100,000 children, and stops them one
 * after the other. Source of the rules: OTP's `supervisor`.
 */

import {
  type CallMessage,
  Exit,
  type ExitReason,
  HeddleError,
  type Op,
  type Pid,
  type Self,
  type Step,
} from '@heddle/scheduler'
import { defineServer, type ErasedCallbacks } from '../behaviour/gen-server.ts'
import { type CastNext, noreply, type Ok, ok, type Reply, reply, stop } from '../behaviour/next.ts'
import type { ServerDef } from '../gen/definition.ts'
import { Ignore, type Ignore as IgnoreResult, type StopInit, stopInit } from '../gen/initialise.ts'
import { after, isStep } from '../gen/step.ts'
import {
  type ChildCounts,
  type ChildInfo,
  type ChildResult,
  constructorsOf,
  failed,
  type SpecResult,
  type StartChildResult,
} from './calls.ts'
import { type Concerned, reportTrouble, reportUnexpected, type Trouble } from './child-report.ts'
import {
  countOf,
  type DynamicChild,
  type DynamicTable,
  isShutdownDue,
  newDynamicTable,
  store,
} from './dynamic-table.ts'
import { startChild as startEffect, stopAll, stopChild } from './effects.ts'
import { isEnd, othersOf } from './ends.ts'
import { Fault, isObject } from './fault.ts'
import { checkDynamicFlags, type Limits } from './flags.ts'
import { addRestart } from './intensity.ts'
import { isTrouble, mustRestart } from './strategy.ts'
import { answerOf } from './supervisor.ts'
import { checkTemplate, type StartChildOptions, startOf, type Template } from './template.ts'

/** What a dynamic supervisor's `init` returns. */
export interface DynamicSpec<E = never, P extends Pid = Pid> extends Partial<Limits> {
  /** Made by `template`. */
  readonly child: Template<E, P>
}

/** What does not go with a dynamic supervisor, whose children have no ids. */
export type NotDynamic = { readonly status: 'error'; readonly reason: 'simple_one_for_one' }

/** A child's own argument, and how to start it; without one, `startChild()`. */
type Extra<E> = [E] extends [undefined | void]
  ? [extra?: undefined, options?: StartChildOptions]
  : [extra: E, options?: StartChildOptions]

/** The calls of a dynamic supervisor. They have no time limit of their own, as a child's start or shutdown may take long. */
export interface DynamicApi<E, P extends Pid = Pid> {
  /** Starts one more child. A start that failed comes to an error with its bare reason. */
  startChild(...extra: Extra<E>): CallMessage<DynamicApi<E, P>, StartChildResult<P>>
  /** Stops a child, or gives up its restart; one that is dead is as good as stopped. */
  terminateChild(pid: Pid): CallMessage<DynamicApi<E, P>, ChildResult<'not_found' | 'simple_one_for_one'>>
  restartChild(id: string | Pid): CallMessage<DynamicApi<E, P>, NotDynamic>
  deleteChild(id: string | Pid): CallMessage<DynamicApi<E, P>, NotDynamic>
  /** The template, by its id or a child's pid. */
  getChildSpec(id: string | Pid): CallMessage<DynamicApi<E, P>, SpecResult<Template>>
  /** In no order. */
  whichChildren(): CallMessage<DynamicApi<E, P>, readonly ChildInfo<undefined>[]>
  /** `specs` is 1; a child whose restart is due counts as a worker or supervisor, not as active. */
  countChildren(): CallMessage<DynamicApi<E, P>, ChildCounts>
}

/** A dynamic supervisor's definition, and the constructors of its calls. */
export type DynamicSupervisorDef<A, E, P extends Pid = Pid> = ServerDef<A, DynamicApi<E, P>> &
  Readonly<DynamicApi<E, P>>

/**
 * Defines a supervisor of many children of one kind, that any scheduler can run. It traps exits.
 *
 * @param init the template of its children, and when it gives up; or `ignore()`
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const rooms = dynamicSupervisor(import.meta.url, 'rooms', (_: void) => ({
 *   intensity: 10,
 *   child: template(room, { restart: 'transient', scheduler: 'spread' }),
 * }))
 * // const started = yield* self.call('rooms', rooms.startChild('lobby'))
 */
export function dynamicSupervisor<A, E, P extends Pid>(
  url: string,
  name: string,
  init: (argument: A, self: Self) => Step<DynamicSpec<E, P> | IgnoreResult>,
): DynamicSupervisorDef<A, E, P> {
  if (typeof init !== 'function') {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'dynamicSupervisor() takes import.meta.url, a name and a function init',
    )
  }
  const callbacks: ErasedCallbacks = {
    init: (argument: A, self: Self) => {
      self.trapExit(true)
      const given: unknown = init(argument, self)
      const begin = (spec: unknown) => beginWith(name, argument, spec)
      return isStep(given) ? after(given, begin) : begin(given)
    },
    codeChange: (_from: never, state: unknown, _extra: unknown, self: Self) => {
      const table = state as DynamicTable
      const given: unknown = init(table.argument as A, self)
      const update = (spec: unknown) => upgrade(table, spec)
      return isStep(given) ? after(given, update) : update(given)
    },
    call: CALLS as unknown as NonNullable<ErasedCallbacks['call']>,
    cast: {},
    info: handleInfo,
    terminate: endAll,
  }
  const address = defineServer(url, name, 'supervisor', callbacks, () => String(init))
  const constructors = {
    ...constructorsOf(CALLS),
    startChild: (extra: unknown, options?: StartChildOptions) => ({
      $call: 'startChild',
      arg: options === undefined ? { extra } : { extra, options },
      $timeoutMs: Infinity,
    }),
  }
  return Object.freeze({ $: address, ...constructors }) as unknown as DynamicSupervisorDef<A, E, P>
}

type Waiting<T> = Generator<Op<unknown>, T, unknown>

interface Read {
  readonly limits: Limits
  readonly template: Template
}

/** What `init` returned, checked; `undefined`: it is nothing of the kind. */
function read(
  given: unknown,
): Read | { readonly fault: Fault; readonly of: 'supervisor_data' | 'start_spec' } | undefined {
  if (!isObject(given)) return undefined
  const limits = checkDynamicFlags(given)
  if (limits instanceof Fault) return { fault: limits, of: 'supervisor_data' }
  const template = checkTemplate((given as Partial<DynamicSpec>).child, limits.autoShutdown)
  return template instanceof Fault ? { fault: template, of: 'start_spec' } : { limits, template }
}

function beginWith(
  name: string,
  argument: unknown,
  given: unknown,
): Ok<DynamicTable> | IgnoreResult | StopInit {
  if (given instanceof Ignore) return given
  const it = read(given)
  if (it === undefined) return stopInit(['bad_return', [name, 'init', given]])
  if ('fault' in it) return stopInit([it.of, it.fault.reason])
  return ok(newDynamicTable(name, argument, it.limits, it.template))
}

/** After an upgrade: children go on as they are, and are restarted by the new template. */
function upgrade(table: DynamicTable, given: unknown): DynamicTable {
  if (given instanceof Ignore) return table
  const it = read(given)
  if (it === undefined) throw new Exit(given as ExitReason)
  if ('fault' in it) throw new Exit(it.fault.reason)
  table.limits = it.limits
  table.template = it.template
  return table
}

function* endAll(_reason: ExitReason, table: DynamicTable, self: Self): Waiting<void> {
  const pids = [...table.running.values()].map(({ pid }) => pid)
  for (const { reason, count } of yield* stopAll(self, pids, table.template)) {
    tell(table, self, 'shutdown_error', reason, { pid: undefined, childCount: count })
  }
}

function tell(
  { name, template }: DynamicTable,
  self: Self,
  label: Trouble,
  reason: ExitReason,
  about: Pick<Concerned, 'pid' | 'childCount'>,
): void {
  reportTrouble(self, name, label, reason, { terms: template, definition: template.definition, ...about })
}

// ---- what happens to children ----

interface RetryMessage {
  readonly type: '$retry'
  /** The pid that the child had. */
  readonly was: number
}

function isRetry(message: unknown): message is RetryMessage {
  return typeof message === 'object' && (message as Partial<RetryMessage> | null)?.type === '$retry'
}

function handleInfo(table: DynamicTable, message: unknown, self: Self): Step<CastNext<DynamicTable>> {
  if (isEnd(message)) {
    const { $pid } = message.pid
    // Somebody else's end, or one that has been heard of already.
    return table.running.has($pid) ? handleEnd(table, $pid, message.reason, self) : noreply(table)
  }
  if (isRetry(message)) {
    const child = table.restarting.get(message.was)
    // Meanwhile it was told to terminate.
    return child === undefined ? noreply(table) : restartAll(table, [child], self)
  }
  reportUnexpected(self, table.name, message)
  return noreply(table)
}

function* handleEnd(
  table: DynamicTable,
  first: number,
  reason: ExitReason,
  self: Self,
): Waiting<CastNext<DynamicTable>> {
  const others = yield* othersOf(reason, (pid) => table.running.has(pid), self)
  const ended = [first, ...others].map((pid) => take(table, pid))
  if (isTrouble(table.template, reason)) {
    for (const { pid } of ended) tell(table, self, 'child_terminated', reason, { pid })
  }
  if (mustRestart(table.template, reason)) return yield* restartAll(table, ended, self)
  return isShutdownDue(table) ? stop('shutdown', table) : noreply(table)
}

function take(table: DynamicTable, pid: number): DynamicChild {
  const child = table.running.get(pid) as DynamicChild
  table.running.delete(pid)
  return child
}

/** Starts these anew, which counts as one restart; or gives up. */
function* restartAll(
  table: DynamicTable,
  children: readonly DynamicChild[],
  self: Self,
): Waiting<CastNext<DynamicTable>> {
  const { restarts, isExceeded } = addRestart(table.restarts, self.nowMs(), table.limits)
  table.restarts = restarts
  if (isExceeded) {
    tell(table, self, 'shutdown', 'reached_max_restart_intensity', { pid: children[0]?.pid })
    return stop('shutdown', table)
  }
  for (const child of children) yield* restartOne(table, child, self)
  return noreply(table)
}

function* restartOne(table: DynamicTable, child: DynamicChild, self: Self): Waiting<void> {
  const { pid: was, given } = child
  table.restarting.delete(was.$pid)
  const result = yield* startEffect(self, startOf(table.template, given?.extra, given?.options))
  if (result.status === 'ok' && given !== undefined) store(table, result.pid, given)
  if (result.status === 'ignore') table.hasIgnored = true
  if (result.status !== 'error') return
  table.restarting.set(was.$pid, child)
  tell(table, self, 'start_error', result.reason, { pid: was })
  // Through the mailbox: what waits there, a terminateChild for instance, comes first.
  const message: RetryMessage = { type: '$retry', was: was.$pid }
  self.send(self.pid, message)
}

// ---- calls ----

type Answer<T> = Reply<T, DynamicTable>

const notDynamic = (table: DynamicTable): Answer<NotDynamic> => failed(table, 'simple_one_for_one')

const CALLS = {
  *startChild(table: DynamicTable, arg: unknown, self: Self): Waiting<Answer<StartChildResult>> {
    const { extra, options } = arg as { extra: unknown; options?: StartChildOptions }
    const result = yield* startEffect(self, startOf(table.template, extra, options))
    if (result.status === 'ok') store(table, result.pid, { extra, options })
    return reply(answerOf(result), table)
  },

  *terminateChild(
    table: DynamicTable,
    it: Pid | string,
    self: Self,
  ): Waiting<Answer<ChildResult<'not_found' | 'simple_one_for_one'>>> {
    if (typeof it !== 'object') return notDynamic(table)
    const child = table.running.get(it.$pid)
    if (child !== undefined) {
      const reason = yield* stopChild(self, child.pid, table.template)
      if (reason !== undefined) tell(table, self, 'shutdown_error', reason, { pid: child.pid })
      table.running.delete(it.$pid)
    } else if (!table.restarting.delete(it.$pid)) {
      if (yield* self.isAlive(it)) return failed(table, 'not_found')
      table.hasIgnored = false
    }
    return reply({ status: 'ok' }, table)
  },

  restartChild: notDynamic,
  deleteChild: notDynamic,

  *getChildSpec(table: DynamicTable, it: Pid | string, self: Self): Waiting<Answer<SpecResult<Template>>> {
    const { running, restarting, template } = table
    const isKnown =
      typeof it !== 'object'
        ? it === template.id
        : running.has(it.$pid) || restarting.has(it.$pid) || !(yield* self.isAlive(it))
    return isKnown ? reply({ status: 'ok', spec: template }, table) : failed(table, 'not_found')
  },

  whichChildren(table: DynamicTable): Answer<ChildInfo<undefined>[]> {
    const { type, modules, definition } = table.template
    const info = (pid: ChildInfo['pid']) => ({ id: undefined, pid, type, name: definition.name, modules })
    const infos = [...table.running.values()].map(({ pid }) => info(pid))
    for (const _ of table.restarting) infos.push(info('restarting'))
    if (table.hasIgnored) infos.push(info(undefined))
    return reply(infos, table)
  },

  countChildren(table: DynamicTable): Answer<ChildCounts> {
    const all = countOf(table)
    const active = all - table.restarting.size
    const isSupervisor = table.template.type === 'supervisor'
    const counts = { specs: 1, active, supervisors: isSupervisor ? all : 0, workers: isSupervisor ? 0 : all }
    return reply(counts, table)
  },
} satisfies Record<keyof DynamicApi<unknown>, unknown>

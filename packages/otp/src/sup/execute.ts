/**
 * The loop that carries out what the strategy decides, on a supervisor's *table*: its children in start
 * order, and their ids by pid. The table is the supervisor's state: plain data, changed in place.
 */

import type { ExitReason, Op, Pid, Self } from '@heddle/scheduler'
import type { StartResult } from '../gen/start.ts'
import { reportProgress, reportTrouble, type Trouble } from './child-report.ts'
import { startChild, stopChild } from './effects.ts'
import type { Flags } from './flags.ts'
import type { ChildSpec } from './spec.ts'
import { type Action, type Child, decide, type Event } from './strategy.ts'

export interface Table {
  /** The supervisor's definition, for its reports. */
  readonly name: string
  /** What it was started with: after an upgrade `init` gets it once more. */
  readonly argument: unknown
  flags: Flags
  children: Map<string, Child>
  readonly idByPid: Map<number, string>
  restarts: readonly number[]
}

export function newTable(name: string, argument: unknown, flags: Flags, specs: readonly ChildSpec[]): Table {
  const table: Table = { name, argument, flags, children: new Map(), idByPid: new Map(), restarts: [] }
  for (const spec of specs) table.children.set(spec.id, { spec, status: 'stopped', pid: undefined })
  return table
}

/**
 * Puts new flags and specs in the place of the old ones. Children go on as they are; one that is new is not started, one
 * that is not mentioned any more stays, behind the others.
 */
export function upgrade(table: Table, flags: Flags, specs: readonly ChildSpec[]): void {
  const children = new Map<string, Child>()
  for (const spec of specs) {
    const old = table.children.get(spec.id)
    const kept = old?.pid !== undefined && spec.restart === 'temporary' ? withoutArgument(spec) : spec
    children.set(spec.id, { status: 'stopped', pid: undefined, ...old, spec: kept })
  }
  for (const [id, child] of table.children) if (!children.has(id)) children.set(id, child)
  table.flags = flags
  table.children = children
}

/** What a supervisor sends itself when a restart has failed: other messages come in between. */
export interface RetryMessage {
  readonly type: '$retry'
  readonly id: string
}

/** The supervisor has to end, for this reason. */
export interface GiveUp {
  readonly reason: ExitReason
}

/** Does all that an event calls for. */
export function* execute(
  table: Table,
  event: Event,
  self: Self,
): Generator<Op<unknown>, GiveUp | undefined, unknown> {
  let actions = decideOn(table, event)
  for (let index = 0; index < actions.length; index++) {
    const action = actions[index] as Action
    if (action.do === 'giveUp') return action
    if (action.do !== 'start') {
      yield* carryOut(table, action, self)
      continue
    }
    const failure = yield* startOne(table, action.id, self)
    if (failure?.status !== 'error') continue
    const failed: Event = {
      type: 'startFailed',
      id: action.id,
      reason: failure.reason,
      isBeginning: event.type === 'begin',
      rest: actions.slice(index + 1),
    }
    actions = decideOn(table, failed)
    index = -1
  }
  return undefined
}

function decideOn(table: Table, event: Event): readonly Action[] {
  const { actions, restarts } = decide(table, event)
  table.restarts = restarts
  return actions
}

function* carryOut(
  table: Table,
  action: Exclude<Action, { readonly do: 'start' | 'giveUp' }>,
  self: Self,
): Generator<Op<unknown>, void, unknown> {
  switch (action.do) {
    case 'stop':
      yield* stopOne(table, action.id, self)
      break
    case 'forget':
      table.children.delete(action.id)
      break
    case 'retry': {
      setStatus(table, action.id, 'restarting')
      const message: RetryMessage = { type: '$retry', id: action.id }
      self.send(self.pid, message)
      break
    }
    case 'report':
      reportChild(table, action.id, action.label, action.reason, self)
      break
  }
}

/** Starts a child of the table; `undefined` if it has none of this id. */
export function* startOne(
  table: Table,
  id: string,
  self: Self,
): Generator<Op<unknown>, StartResult | undefined, unknown> {
  const child = table.children.get(id)
  if (child === undefined) return undefined
  const result = yield* startChild(self, child.spec.start)
  if (result.status === 'ok') noteStarted(table, child.spec, result.pid, self)
  else if (result.status === 'error') return result
  else if (child.spec.restart === 'temporary') table.children.delete(id)
  else setStatus(table, id, 'stopped')
  return result
}

export function noteStarted(table: Table, spec: ChildSpec, pid: Pid, self: Self): void {
  table.children.set(spec.id, {
    spec: spec.restart === 'temporary' ? withoutArgument(spec) : spec,
    status: 'running',
    pid,
  })
  table.idByPid.set(pid.$pid, spec.id)
  reportProgress(self, table.name, { terms: spec, definition: spec.start.definition, pid })
}

/** A child that ended or was stopped: its spec stays. */
export function noteEnded(table: Table, id: string): void {
  setStatus(table, id, 'stopped')
}

/** Stops a child of the table, if it runs. */
export function* stopOne(table: Table, id: string, self: Self): Generator<Op<unknown>, void, unknown> {
  const child = table.children.get(id)
  if (child?.pid === undefined) return
  const reason = yield* stopChild(self, child.pid, child.spec)
  if (reason !== undefined) reportChild(table, id, 'shutdown_error', reason, self)
  setStatus(table, id, 'stopped')
}

function setStatus(table: Table, id: string, status: 'stopped' | 'restarting'): void {
  const child = table.children.get(id)
  if (child === undefined) return
  if (child.pid !== undefined) table.idByPid.delete(child.pid.$pid)
  table.children.set(id, { spec: child.spec, status, pid: undefined, last: child.pid ?? child.last })
}

/** It will not be started again, so what it was started with need not be kept. */
function withoutArgument(spec: ChildSpec): ChildSpec {
  return { ...spec, start: { ...spec.start, argument: undefined } }
}

function reportChild(table: Table, id: string, label: Trouble, reason: ExitReason, self: Self): void {
  const child = table.children.get(id)
  if (child === undefined) return
  const { spec, pid = child.last } = child
  reportTrouble(self, table.name, label, reason, { terms: spec, definition: spec.start.definition, pid })
}

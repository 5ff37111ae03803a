/**
 * The loop that carries out what the strategy decides, on a supervisor's *table*: its children in start
 * order, and their ids by pid. The table is the supervisor's state: plain data, changed in place.
 */

import type { ExitReason, Op, Pid, Self } from '@heddle/scheduler'
import { report } from '../report/report.ts'
import { startChild, stopChild } from './effects.ts'
import type { ChildSpec, Flags } from './spec.ts'
import { type Action, type Child, decide, type Event, type ReportLabel } from './strategy.ts'

export interface Table {
  /** The supervisor's definition, for its reports. */
  readonly name: string
  readonly flags: Flags
  readonly children: Map<string, Child>
  readonly idByPid: Map<number, string>
  restarts: readonly number[]
}

export function newTable(name: string, flags: Flags, specs: readonly ChildSpec[]): Table {
  const table: Table = { name, flags, children: new Map(), idByPid: new Map(), restarts: [] }
  for (const spec of specs) table.children.set(spec.id, { spec, status: 'stopped', pid: undefined })
  return table
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
    if (failure === undefined) continue
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

/** Starts a child of the table. Returns why that failed, if it did. */
export function* startOne(
  table: Table,
  id: string,
  self: Self,
): Generator<Op<unknown>, { readonly reason: ExitReason } | undefined, unknown> {
  const child = table.children.get(id)
  if (child === undefined) return undefined
  const result = yield* startChild(self, child.spec)
  if (result.status === 'error') return result
  if (result.status === 'ok') noteStarted(table, child.spec, result.pid)
  else if (child.spec.restart === 'temporary') table.children.delete(id)
  else setStatus(table, id, 'stopped')
  return undefined
}

export function noteStarted(table: Table, spec: ChildSpec, pid: Pid): void {
  table.children.set(spec.id, {
    spec: spec.restart === 'temporary' ? withoutArgument(spec) : spec,
    status: 'running',
    pid,
  })
  table.idByPid.set(pid.$pid, spec.id)
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
  table.children.set(id, { spec: child.spec, status, pid: undefined })
}

/** It will not be started again, so what it was started with need not be kept. */
function withoutArgument(spec: ChildSpec): ChildSpec {
  return { ...spec, start: { ...spec.start, argument: undefined } }
}

function reportChild(table: Table, id: string, label: ReportLabel, reason: ExitReason, self: Self): void {
  const offender = { id, pid: table.children.get(id)?.pid }
  report(self, { type: 'report', label, pid: self.pid, name: table.name, reason, offender })
}

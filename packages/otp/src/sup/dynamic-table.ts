/**
 * The children of a dynamic supervisor: many of one kind, by pid, in no order. The table is the supervisor's state:
 * plain data, changed in place. Of a temporary child nothing is kept but its pid, as it will not be started again.
 *
 * A child whose restart failed is kept under the pid that it had, until a retry works or it is told to terminate.
 */

import type { Pid } from '@heddle/scheduler'
import type { Limits } from './flags.ts'
import type { StartChildOptions, Template } from './template.ts'

/** What a child was started with beside the template. */
export interface Given {
  readonly extra: unknown
  readonly options: StartChildOptions | undefined
}

export interface DynamicChild {
  readonly pid: Pid
  readonly given: Given | undefined
}

export interface DynamicTable {
  /** The supervisor's definition, for its reports. */
  readonly name: string
  /** What it was started with: after an upgrade `init` gets it once more. */
  readonly argument: unknown
  limits: Limits
  template: Template
  /** Those that run. */
  readonly running: Map<number, DynamicChild>
  /** Those whose restart is due, by the pid that they had. */
  readonly restarting: Map<number, DynamicChild>
  /**
   * A restart came to `ignore`. As in OTP 25 one entry without a pid stands for all such children, until `terminateChild`
   * is asked for one that is dead.
   */
  hasIgnored: boolean
  restarts: readonly number[]
}

export function newDynamicTable(
  name: string,
  argument: unknown,
  limits: Limits,
  template: Template,
): DynamicTable {
  const children = { running: new Map(), restarting: new Map(), hasIgnored: false }
  return { name, argument, limits, template, ...children, restarts: [] }
}

export function store(table: DynamicTable, pid: Pid, given: Given): void {
  const isKept = table.template.restart !== 'temporary'
  table.running.set(pid.$pid, { pid, given: isKept ? given : undefined })
}

/** Whether the end of children for good is the supervisor's own: `autoShutdown`. */
export function isShutdownDue(table: DynamicTable): boolean {
  const { autoShutdown } = table.limits
  if (!table.template.significant || autoShutdown === 'never') return false
  return autoShutdown === 'any_significant' || countOf(table) === 0
}

export function countOf({ running, restarting, hasIgnored }: DynamicTable): number {
  return running.size + restarting.size + (hasIgnored ? 1 : 0)
}

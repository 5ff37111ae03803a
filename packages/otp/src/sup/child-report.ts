/**
 * What a supervisor tells the logger of its children. The facts are OTP's, in camelCase.
 */

import type { DefinitionAddress, ExitReason, Pid, Self } from '@heddle/scheduler'
import { report, takesReports } from '../report/report.ts'
import type { Terms } from './spec.ts'

export type Trouble = 'child_terminated' | 'start_error' | 'shutdown_error' | 'shutdown'

/** A spec or a template, and the child that it is about. */
export interface Concerned {
  readonly terms: Terms & { readonly id: string }
  readonly definition: DefinitionAddress
  readonly pid: Pid | undefined
  /** Instead of one: so many. */
  readonly childCount?: number
}

function describe({ terms, definition, pid, childCount }: Concerned): Readonly<Record<string, unknown>> {
  const { id, restart, significant, shutdown, type } = terms
  const start = { url: definition.url, name: definition.name }
  const who = childCount === undefined ? { pid } : { childCount }
  return { ...who, id, start, restartType: restart, significant, shutdown, childType: type }
}

/** Something went wrong with a child. `name`: the supervisor's definition. */
export function reportTrouble(
  self: Self,
  name: string,
  errorContext: Trouble,
  reason: ExitReason,
  child: Concerned,
): void {
  const supervisor = [self.pid, name]
  const facts = { supervisor, errorContext, reason, offender: describe(child) }
  report(self, 'error', ['supervisor', errorContext], facts)
}

export function reportProgress(self: Self, name: string, child: Concerned): void {
  if (!takesReports(self, 'info', 'supervisor')) return
  const facts = { supervisor: [self.pid, name], started: describe(child) }
  report(self, 'info', ['supervisor', 'progress'], facts)
}

/** A message that no supervisor expects; it is dropped. */
export function reportUnexpected(self: Self, name: string, message: unknown): void {
  report(self, 'error', ['supervisor', 'unexpected_msg'], { supervisor: [self.pid, name], message })
}

/** The process behind a bridge has ended badly. */
export function reportBridged(self: Self, name: string, reason: ExitReason, bridged: Pid): void {
  const offender = { pid: bridged, bridge: name }
  const facts = { supervisor: [self.pid, name], errorContext: 'child_terminated', reason, offender }
  report(self, 'error', ['supervisor', 'error'], facts)
}

/** A bridge has started what it stands for. */
export function reportBridge(self: Self, name: string, bridged: Pid): void {
  if (!takesReports(self, 'info', 'supervisor')) return
  const facts = { supervisor: [self.pid, name], started: { pid: bridged, bridge: name } }
  report(self, 'info', ['supervisor', 'progress'], facts)
}

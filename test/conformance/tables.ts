// The tables of OTP's semantics that this project is held to: what the record says of their rows, and the cases that
// hold it to that. What a test file runs is what stands here, so a row cannot be recorded by a case that nobody runs.

import { afterCases } from '#fixtures/conf-after'
import { exitCases } from '#fixtures/conf-exits'
import { hibernateCases } from '#fixtures/conf-hibernate'
import { limitCases } from '#fixtures/conf-limits'
import { processCases } from '#fixtures/conf-processes'
import { receiveCases } from '#fixtures/conf-receive'
import { registryCases } from '#fixtures/conf-registry'
import { schedulingCases } from '#fixtures/conf-scheduling'
import { signalCases } from '#fixtures/conf-signals'
import { aliasCases, monitorOptionCases } from '#fixtures/conf-signals-aliases'
import { linkCases } from '#fixtures/conf-signals-links'
import { monitorCases } from '#fixtures/conf-signals-monitors'
import { spawnRequestCases } from '#fixtures/conf-spawn-request'
import { timerModuleCases } from '#fixtures/conf-timer-module'
import { timerCases } from '#fixtures/conf-timers'
import { timerOptionCases } from '#fixtures/conf-timers-options'
import { viaCases } from '#fixtures/conf-via'
import type { Case } from '#fixtures/sched-kit'
import type { Entry } from './record/entry.ts'
import { processes } from './record/processes.ts'
import { registry } from './record/registry.ts'
import { signals } from './record/signals.ts'
import { timers } from './record/timers.ts'

export interface Table {
  /** The table's name; its rows' tests run in `NAME.test.ts`. */
  readonly name: string
  readonly record: readonly Entry[]
  readonly cases: readonly Case[]
}

export const processesTable: Table = {
  name: 'processes',
  record: processes,
  cases: [
    ...exitCases,
    ...processCases,
    ...spawnRequestCases,
    ...receiveCases,
    ...afterCases,
    ...hibernateCases,
    ...schedulingCases,
    ...limitCases,
  ],
}

export const signalsTable: Table = {
  name: 'signals',
  record: signals,
  cases: [...signalCases, ...linkCases, ...monitorCases, ...monitorOptionCases, ...aliasCases],
}

export const timersTable: Table = {
  name: 'timers',
  record: timers,
  cases: [...timerCases, ...timerOptionCases, ...timerModuleCases],
}

export const registryTable: Table = {
  name: 'registry',
  record: registry,
  cases: [...registryCases, ...viaCases],
}

export const tables: readonly Table[] = [processesTable, signalsTable, timersTable, registryTable]

/** Tables of which nothing is recorded yet, with the number of their rows. */
export const notBegun: Readonly<Record<string, number>> = {
  application: 42,
  distribution: 93,
  ets: 69,
  gen_event: 32,
  gen_server: 63,
  gen_statem: 54,
  logger_sasl: 44,
  release: 59,
  supervisor: 78,
  sys_proc_lib: 31,
}

/** The row that a case is named by: the one with the longest id that its name begins with. */
export function entryOf(table: Table, { name }: Case): Entry | undefined {
  let best: { readonly entry: Entry; readonly length: number } | undefined
  for (const entry of table.record) {
    for (const id of namesOf(entry)) {
      const isIt = name.startsWith(`${id} `) || name.startsWith(`${id}: `)
      if (isIt && id.length > (best?.length ?? 0)) best = { entry, length: id.length }
    }
  }
  return best?.entry
}

/** An id, and what is left of it without the words in brackets that say which part of a suite's case is meant. */
const namesOf = ({ id }: Entry) => [id, id.replace(/ \(.*\)$/, '')]

export function casesOf(table: Table, entry: Entry): Case[] {
  return table.cases.filter((it) => entryOf(table, it) === entry)
}

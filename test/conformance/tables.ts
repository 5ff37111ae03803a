// The tables of OTP's semantics that this project is held to: what the record says of their rows, and the cases that
// hold it to that. What a test file runs is what stands here, so a row cannot be recorded by a case that nobody runs.

import { afterCases } from '#fixtures/conf-after'
import { alarmCases } from '#fixtures/conf-alarms'
import { eventCallCases } from '#fixtures/conf-event-calls'
import { eventFaultCases } from '#fixtures/conf-event-faults'
import { eventSysCases } from '#fixtures/conf-event-sys'
import { eventCases } from '#fixtures/conf-events'
import { exitCases } from '#fixtures/conf-exits'
import { fsmCases } from '#fixtures/conf-fsm'
import { crashReportCases, genServerReportCases } from '#fixtures/conf-gen-reports'
import { genServerCallCases } from '#fixtures/conf-gen-server-call'
import { genServerMoreCases } from '#fixtures/conf-gen-server-more'
import { genServerStartCases } from '#fixtures/conf-gen-server-start'
import { hibernateCases } from '#fixtures/conf-hibernate'
import { limitCases } from '#fixtures/conf-limits'
import { loggerCases } from '#fixtures/conf-logger'
import { loggerEventCases } from '#fixtures/conf-logger-events'
import { loggerHandlerCases } from '#fixtures/conf-logger-handlers'
import { loggerReportCases } from '#fixtures/conf-logger-reports'
import { loggerTextCases } from '#fixtures/conf-logger-text'
import { procLibCases } from '#fixtures/conf-proc-lib'
import { processCases } from '#fixtures/conf-processes'
import { receiveCases } from '#fixtures/conf-receive'
import { registryCases } from '#fixtures/conf-registry'
import { schedulingCases } from '#fixtures/conf-scheduling'
import { signalCases } from '#fixtures/conf-signals'
import { aliasCases, monitorOptionCases } from '#fixtures/conf-signals-aliases'
import { linkCases } from '#fixtures/conf-signals-links'
import { monitorCases } from '#fixtures/conf-signals-monitors'
import { spawnRequestCases } from '#fixtures/conf-spawn-request'
import { statemCases } from '#fixtures/conf-statem'
import { statemOrderCases } from '#fixtures/conf-statem-order'
import { statemReportCases } from '#fixtures/conf-statem-reports'
import { statemSysCases, statemViaCases } from '#fixtures/conf-statem-sys'
import { supBridgeCases } from '#fixtures/conf-sup-bridge'
import { supChildrenCases } from '#fixtures/conf-sup-children'
import { supDynamicCases } from '#fixtures/conf-sup-dynamic'
import { supShutdownCases } from '#fixtures/conf-sup-shutdown'
import { supSignificantCases } from '#fixtures/conf-sup-significant'
import { supStartCases } from '#fixtures/conf-sup-start'
import { supStrategyCases } from '#fixtures/conf-sup-strategies'
import { supUpgradeCases } from '#fixtures/conf-sup-upgrade'
import { replaceStateCases, sysCases } from '#fixtures/conf-sys'
import { sysDebugCases } from '#fixtures/conf-sys-debug'
import { timerModuleCases } from '#fixtures/conf-timer-module'
import { timerCases } from '#fixtures/conf-timers'
import { timerOptionCases } from '#fixtures/conf-timers-options'
import { viaCases } from '#fixtures/conf-via'
import type { Case } from '#fixtures/sched-kit'
import type { Entry } from './record/entry.ts'
import { genEvent } from './record/gen-event.ts'
import { genServer } from './record/gen-server.ts'
import { genStatem } from './record/gen-statem.ts'
import { loggerSasl } from './record/logger-sasl.ts'
import { processes } from './record/processes.ts'
import { registry } from './record/registry.ts'
import { signals } from './record/signals.ts'
import { supervisorRecord } from './record/supervisor.ts'
import { sysProcLib } from './record/sys-proc-lib.ts'
import { timers } from './record/timers.ts'

export interface Table {
  /** The table's name; its rows' tests run in the file that `testFileOf` names. */
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
  cases: [...registryCases, ...viaCases, ...statemViaCases],
}

export const genServerTable: Table = {
  name: 'gen_server',
  record: genServer,
  cases: [
    ...genServerStartCases,
    ...genServerCallCases,
    ...genServerMoreCases,
    ...replaceStateCases,
    ...genServerReportCases,
  ],
}

export const sysProcLibTable: Table = {
  name: 'sys_proc_lib',
  record: sysProcLib,
  cases: [...sysCases, ...sysDebugCases, ...procLibCases, ...crashReportCases],
}

export const genStatemTable: Table = {
  name: 'gen_statem',
  record: genStatem,
  cases: [...statemCases, ...statemOrderCases, ...statemSysCases, ...statemReportCases, ...fsmCases],
}

export const genEventTable: Table = {
  name: 'gen_event',
  record: genEvent,
  cases: [...eventCases, ...eventCallCases, ...eventFaultCases, ...eventSysCases, ...alarmCases],
}

export const supervisorTable: Table = {
  name: 'supervisor',
  record: supervisorRecord,
  cases: [
    ...supStartCases,
    ...supShutdownCases,
    ...supChildrenCases,
    ...supStrategyCases,
    ...supSignificantCases,
    ...supDynamicCases,
    ...supBridgeCases,
    ...supUpgradeCases,
  ],
}

export const loggerSaslTable: Table = {
  name: 'logger_sasl',
  record: loggerSasl,
  cases: [
    ...loggerCases,
    ...loggerEventCases,
    ...loggerTextCases,
    ...loggerHandlerCases,
    ...loggerReportCases,
  ],
}

export const tables: readonly Table[] = [
  processesTable,
  signalsTable,
  timersTable,
  registryTable,
  genServerTable,
  sysProcLibTable,
  genStatemTable,
  genEventTable,
  supervisorTable,
  loggerSaslTable,
]

/** Files are named in kebab-case. */
export const testFileOf = ({ name }: Table): string => `${name.replaceAll('_', '-')}.test.ts`

/** Tables of which nothing is recorded yet, with the number of their rows. */
export const notBegun: Readonly<Record<string, number>> = {
  application: 42,
  distribution: 93,
  ets: 69,
  release: 59,
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

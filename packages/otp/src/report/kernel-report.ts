/**
 * What the VM itself reports, as log events. These reports come to the host, where `startVm` was told whom to call: a
 * `kernelReports()`, which passes them on to the logger once there is one, and until then does what a VM does by itself, a line on
 * standard error.
 */

import { formatReport, type Report as KernelReport, type Self } from '@heddle/scheduler'
import type { LogEvent, Report } from './event.ts'

/** Reports that come while the logger is being replaced wait; the rest is counted. */
const WAITING_COUNT_MAX = 1_000

/** Takes the VM's reports. */
export interface KernelReports {
  (report: KernelReport): void
  /** `startLogger` says whom to pass them on to; `undefined`: print them; `wait`: keep them. */
  passTo(next: ((report: KernelReport) => void) | 'wait' | undefined): void
}

function printLine(report: KernelReport): void {
  process.stderr.write(`${formatReport(report)}\n`)
}

/**
 * What a VM's reports go through, so that a logger gets them.
 * @example const reports = kernelReports()
 * const vm = await startVm({ onReport: reports })
 * const logger = await startLogger(vm, { reports })
 */
export function kernelReports(): KernelReports {
  let next: ((report: KernelReport) => void) | undefined = printLine
  let waiting: KernelReport[] = []
  const take = (report: KernelReport): void => {
    if (next !== undefined) next(report)
    else if (waiting.length < WAITING_COUNT_MAX) waiting.push(report)
    // Better on the terminal than nowhere.
    else printLine(report)
  }
  const passTo: KernelReports['passTo'] = (to) => {
    next = to === 'wait' ? undefined : (to ?? printLine)
    if (next === undefined) return
    const due = waiting
    waiting = []
    for (const report of due) next(report)
  }
  return Object.assign(take, { passTo })
}

/** The event for a report of the VM: what a BEAM's emulator would log. The logger says when. */
export function kernelEvent(report: KernelReport, self: Self): LogEvent {
  const nowMs = self.nowMs()
  const pid = 'pid' in report && report.pid !== undefined ? report.pid : self.pid
  const definition = 'definition' in report ? report.definition : undefined
  const meta = {
    pid,
    scheduler: report.scheduler,
    nowMs,
    timeUs: 0,
    errorLogger: { tag: 'error', isEmulator: true },
    ...(definition === undefined ? {} : { source: { url: definition.url, function: definition.name } }),
  }
  const isWarning = report.type === 'long_schedule' && report.stage !== 'killed'
  return { level: isWarning ? 'warning' : 'error', report: asReport(report), meta }
}

function asReport({ type, ...facts }: KernelReport): Report {
  return { label: ['emulator', type], ...facts }
}

/** How a report looks on a terminal when nobody asked for reports. */

import type { Report } from '../kernel/report.ts'
import { formatReason, isErrorReason } from '../term/exit-reason.ts'

export function formatReport(report: Report): string {
  if (report.type === 'scheduler_down') {
    return `scheduler ${report.scheduler} is down${report.error === undefined ? '' : `: ${report.error}`}`
  }
  const { definition, registeredName, pid, scheduler } = report
  const who = `process ${registeredName ?? `<${pid.$pid}>`} (${definition.name} in ${definition.url}) on scheduler ${scheduler}`
  if (report.type === 'max_heap') {
    const end = report.isKilled ? ' and was killed' : ''
    return `${who} holds about ${report.bytes} bytes, more than its limit of ${report.limitBytes}${end}`
  }
  const { reason } = report
  return `${who} crashed: ${isErrorReason(reason) ? reason.stack : formatReason(reason)}`
}

export function printReport(report: Report): void {
  console.error(formatReport(report))
}

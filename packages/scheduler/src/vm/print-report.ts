/** How a report looks on a terminal when nobody asked for reports. */

import type { Report } from '../kernel/kernel.ts'
import { formatReason, isErrorReason } from '../term/exit-reason.ts'

export function formatReport(report: Report): string {
  if (report.type === 'scheduler_down') {
    return `scheduler ${report.scheduler} is down${report.error === undefined ? '' : `: ${report.error}`}`
  }
  const { definition, registeredName, pid, scheduler, reason } = report
  const who = registeredName ?? `<${pid.$pid}>`
  const why = isErrorReason(reason) ? reason.stack : formatReason(reason)
  return `process ${who} (${definition.name} in ${definition.url}) on scheduler ${scheduler} crashed: ${why}`
}

export function printReport(report: Report): void {
  console.error(formatReport(report))
}

/** How a report looks on a terminal when nobody asked for reports. */

import type { Report } from '../kernel/report.ts'
import { formatReason, isErrorReason } from '../term/exit-reason.ts'

export function formatReport(report: Report): string {
  if (report.type === 'scheduler_down') {
    return `scheduler ${report.scheduler} is down${report.error === undefined ? '' : `: ${report.error}`}`
  }
  if (report.type === 'ring_overflow') {
    const { scheduler, to, heldCount, heldBytes } = report
    return `scheduler ${scheduler} holds ${heldCount} signals (${heldBytes} bytes) for scheduler ${to}, whose ring is full`
  }
  if (report.type === 'deadlock') {
    const names = report.circle.map(({ pid, registeredName }) => registeredName ?? `<${pid.$pid}>`)
    return `deadlock: ${[...names, names[0]].join(' calls ')}`
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

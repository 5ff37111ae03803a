/** How a report looks on a terminal when nobody asked for reports. */

import type {
  CrashReport,
  HeapReport,
  LongScheduleReport,
  Report,
  SchedulerHeapReport,
} from '../kernel/report.ts'
import { formatReason, isErrorReason } from '../term/exit-reason.ts'
import { formatPid } from '../term/pid.ts'

export function formatReport(report: Report): string {
  if (report.type === 'scheduler_down') {
    return `scheduler ${report.scheduler} is down${report.error === undefined ? '' : `: ${report.error}`}`
  }
  if (report.type === 'ring_overflow') {
    const { scheduler, to, heldCount, heldBytes } = report
    return `scheduler ${scheduler} holds ${heldCount} signals (${heldBytes} bytes) for scheduler ${to}, whose ring is full`
  }
  if (report.type === 'deadlock') {
    const names = report.circle.map(({ pid, registeredName }) => registeredName ?? formatPid(pid))
    return `deadlock: ${[...names, names[0]].join(' calls ')}`
  }
  if (report.type === 'gave_up') {
    const { deathCount, periodMs, error } = report
    return `the VM has stopped: ${deathCount} schedulers died within ${periodMs} ms${error === undefined ? '' : `: ${error}`}`
  }
  if (report.type === 'long_schedule') return formatLongSchedule(report)
  if (report.type === 'scheduler_heap') return formatSchedulerHeap(report)
  const who = `${whose(report)} on scheduler ${report.scheduler}`
  if (report.type === 'max_heap') {
    const end = report.isKilled ? ' and was killed' : ''
    return `${who} holds about ${report.bytes} bytes, more than its limit of ${report.limitBytes}${end}`
  }
  const { reason } = report
  return `${who} crashed: ${isErrorReason(reason) ? reason.stack : formatReason(reason)}`
}

function whose({
  pid,
  definition,
  registeredName,
}: LongScheduleReport | CrashReport | HeapReport | SchedulerHeapReport): string {
  if (pid === undefined) return 'code outside of turns'
  const code = definition === undefined ? '' : ` (${definition.name} in ${definition.url})`
  return `process ${registeredName ?? formatPid(pid)}${code}`
}

function formatLongSchedule(report: LongScheduleReport): string {
  const { scheduler, stage, ms } = report
  if (stage === 'over') return `${whose(report)} held scheduler ${scheduler} for ${ms} ms`
  const end = stage === 'killed' ? ', which is ended for it' : ', where nothing else runs meanwhile'
  return `${whose(report)} has held scheduler ${scheduler} for ${ms} ms${end}`
}

function formatSchedulerHeap(report: SchedulerHeapReport): string {
  const { scheduler, usedBytes, limitBytes, outcome, bytes } = report
  const what = `the heap of scheduler ${scheduler} holds ${usedBytes} bytes of ${limitBytes}`
  if (outcome === 'process_killed') return `${what}: ${whose(report)}, which holds about ${bytes}, was killed`
  if (outcome === 'nobody_blamed') return `${what}, and no process can be blamed`
  return `${what}, and no process can be blamed: the scheduler is replaced`
}

export function printReport(report: Report): void {
  console.error(formatReport(report))
}

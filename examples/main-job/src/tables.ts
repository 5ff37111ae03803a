/** A report for people: each part as a table, and below it what was checked. */

import { formatHeading, formatQuantity, formatRow } from '@heddle/bench'
import type { Checks } from './checks.ts'
import type { DisasterFigures } from './frequencies/disaster.ts'
import type { FrequencyFigures } from './frequencies/measure.ts'
import type { PipelineFigures } from './pipeline/run.ts'
import type { Part } from './report.ts'

/** A part as it is printed: its title, then its table and its checks, or why there are none. */
export function formatPart<Figures>(
  title: string,
  part: Part<Figures>,
  format: (figures: Figures) => string,
): string {
  const body = 'skipped' in part ? part.skipped : `${format(part.figures)}\n\n${formatChecks(part.checks)}`
  return `\n${title}\n\n${indent(body)}\n`
}

const right = (title: string, width: number) => ({ title, width, align: 'right' }) as const

export function formatFrequencies({ clientCount, frequencyCount, levels }: FrequencyFigures): string {
  const columns = [
    right('schedulers', 10),
    right('calls/s', 9),
    right('p50', 9),
    right('p99', 9),
    right('calls', 9),
    right('refused', 9),
    right('clients died', 12),
    right('taken back', 10),
  ]
  const rows = levels.map((level) =>
    formatRow(columns, [
      String(level.schedulerCount),
      formatQuantity(level.callsPerSecond),
      formatUs(level.p50Us),
      formatUs(level.p99Us),
      formatQuantity(level.callCount),
      formatQuantity(level.refusedCount),
      formatQuantity(level.clientDeathCount),
      formatQuantity(level.reclaimedCount),
    ]),
  )
  const load = `${clientCount} clients share ${frequencyCount} frequencies; one partition on each scheduler`
  return [load, '', formatHeading(columns), ...rows].join('\n')
}

export function formatPipeline(figures: PipelineFigures): string {
  const { folder, fileCount, byteCount, leftOutCount, roundCount, contestants } = figures
  const columns = [
    { title: 'who', width: 24 },
    right('files/s', 9),
    right('against the first', 17),
    right('passes', 6),
  ]
  const base = contestants[0]?.filesPerSecond ?? Number.NaN
  const rows = contestants.map(({ name, filesPerSecond, passCount }) =>
    formatRow(columns, [
      name,
      formatQuantity(filesPerSecond),
      `${(filesPerSecond / base).toFixed(2)} x`,
      String(passCount),
    ]),
  )
  const left = leftOutCount > 0 ? `; ${leftOutCount} more left out` : ''
  const input = `${fileCount} files, ${formatQuantity(byteCount)}B, of ${folder}${left}`
  return [input, `median of ${roundCount} rounds`, '', formatHeading(columns), ...rows].join('\n')
}

export function formatDisaster({
  killedScheduler,
  threadGoneMs,
  partitions,
  calls,
}: DisasterFigures): string {
  const columns = [
    { title: 'partition', width: 16 },
    right('pid before', 12),
    right('pid after', 12),
    right('scheduler', 9),
    right('answered again', 14),
    right('found held', 10),
  ]
  const rows = partitions.map((each) =>
    formatRow(columns, [
      each.name,
      String(each.pidBefore),
      String(each.pidAfter),
      each.schedulerBefore === each.schedulerAfter
        ? String(each.schedulerAfter)
        : `${each.schedulerBefore} -> ${each.schedulerAfter}`,
      `${each.answeredAgainMs.toFixed(0)} ms`,
      each.pidBefore === each.pidAfter ? '' : String(each.inheritedCount),
    ]),
  )
  return [
    `scheduler ${killedScheduler} was killed under load; its thread was gone after ${threadGoneMs.toFixed(0)} ms`,
    '',
    formatHeading(columns),
    ...rows,
    '',
    `calls made   ${calls.made}  =`,
    `  replies    ${calls.replies}  +`,
    `  exits      ${calls.exits}  +`,
    `  callers that died first  ${calls.callersKilled} shot, ${calls.callersLost} with the scheduler`,
  ].join('\n')
}

function formatChecks(checks: Checks): string {
  return Object.entries(checks)
    .map(([name, holds]) => `${holds ? 'ok    ' : 'FAILED'}  ${name}`)
    .join('\n')
}

function formatUs(us: number): string {
  return us < 1_000 ? `${us.toFixed(0)} us` : `${(us / 1_000).toFixed(1)} ms`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

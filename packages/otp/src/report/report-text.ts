/**
 * How reports read when nobody says otherwise: a headline, and a line for each key. OTP's own have headlines of theirs.
 */

import type { Report, ReportLimits } from './event.ts'
import { print } from './print.ts'

const HEADLINES: Readonly<Record<string, string>> = {
  'supervisor progress': 'Progress report',
  'application_controller progress': 'Progress report',
  'application_controller exit': 'Application ended',
  'proc_lib crash': 'Crash report',
  'emulator crash': 'Error in process',
  'emulator max_heap': 'Process with a large heap',
  'emulator deadlock': 'Processes that call each other in a circle',
  'emulator ring_overflow': 'Signals that wait for a full ring',
  'emulator scheduler_down': 'Scheduler down',
  'emulator long_schedule': 'Process holds its scheduler',
  'emulator scheduler_heap': 'Heap of a scheduler nearly full',
  'emulator gave_up': 'The VM has stopped',
  'gen_server terminate': 'Generic server terminating',
  'gen_statem terminate': 'State machine terminating',
  'gen_event terminate': 'Event handler terminating',
}

const WORDS: Readonly<Record<string, string>> = {
  no_handle_info: 'got a message that it has no callback for',
  terminate: 'terminating',
}

function headlineOf([from, what]: readonly [string, string]): string {
  const own = HEADLINES[`${from} ${what}`]
  if (own !== undefined) return own
  return from === 'supervisor' ? `Supervisor report: ${what}` : `${from}: ${WORDS[what] ?? what}`
}

/** A report as lines, within limits. */
export function reportText(report: Report, { depth, charsLimit, singleLine }: ReportLimits): string {
  const { label, ...facts } = report
  const lines: string[] = []
  let left = charsLimit
  if (Array.isArray(label)) lines.push(headlineOf(label as unknown as readonly [string, string]))
  for (const [key, value] of Object.entries(facts)) {
    if (left <= 0) break
    const isText = typeof value === 'string'
    const line = `${key}: ${isText ? cutText(value, left) : print(value, { depth, charsLimit: left })}`
    left -= line.length
    lines.push(singleLine || lines.length === 0 ? line : `    ${line}`)
  }
  return lines.join('\n')
}

const cutText = (text: string, size: number): string => (text.length > size ? text.slice(0, size) : text)

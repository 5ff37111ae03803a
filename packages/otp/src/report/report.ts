/**
 * Reports: what OTP's own code tells about itself, from the processes that it happens to: a supervisor restarts a child, a server
 * crashes, a message comes that nobody handles. A report is a log event like any other, so whoever wants to hear of it adds a
 * handler, and whoever does not, a filter. Where there is no logger, it goes nowhere.
 *
 * Rejected: writing to the console (a library does not, and a thread's console waits for the main thread).
 */

import type { Self } from '@heddle/scheduler'
import type { Label, UserMeta } from './event.ts'
import type { Level } from './level.ts'
import { allows, logFrom } from './log.ts'

export interface ReportOptions {
  /** Default: `['otp', 'sasl']` for what supervisors report, and for crashes and progress; else `['otp']`. */
  readonly domain?: readonly string[]
  readonly meta?: UserMeta
}

const OTP: readonly string[] = ['otp']
const SASL: readonly string[] = ['otp', 'sasl']
const SASL_SOURCES: readonly string[] = [
  'supervisor',
  'proc_lib',
  'application_controller',
  'release_handler',
]

/**
 * Tells the logger. Never throws and never waits; what cannot be cloned is told in words. The level of a module named like whoever
 * reports (`supervisor`) counts, if one was set.
 *
 * @returns whether there is a logger: then what is reported is its business, whatever becomes of it
 * @example report(self, 'warning', ['gen_server', 'no_handle_info'], { name: 'counter', message })
 */
export function report(
  self: Self,
  level: Level,
  label: Label,
  facts: object,
  options: ReportOptions = {},
): boolean {
  const [from] = label
  const domain = options.domain ?? (SASL_SOURCES.includes(from) ? SASL : OTP)
  const meta = { domain, ...options.meta }
  return logFrom(self, level, () => ({ label, ...facts }), [meta], { module: from, meta: undefined })
}

/** Whether a report of this kind would be looked at: to ask before its facts are gathered, where that costs something. */
export function takesReports(self: Self, level: Level, from: string): boolean {
  return allows(self, level, from)
}

/**
 * OTP's `error_logger`, the interface that was there before the logger: its functions log, and tell in the metadata what they would
 * have sent; `errorLoggerEvent` makes of an event what an old handler would have got.
 */

import type { Pid } from '@heddle/scheduler'
import type { Caller } from '../door/caller.ts'
import { isReportEvent, type LogEvent, type Report } from './event.ts'
import type { Level } from './level.ts'
import { logFrom, NO_ORIGIN } from './log.ts'

/** What a warning is logged as; OTP's `+W`. */
export type WarningLevel = 'error' | 'warning' | 'info'

type Tag = 'error' | 'error_report' | 'warning_msg' | 'warning_report' | 'info_msg' | 'info_report'

/** `[tag, groupLeader, [pid, format or type, arguments or report]]`. */
export type ErrorLoggerEvent = readonly [
  tag: Tag,
  groupLeader: Pid | undefined,
  what: readonly [pid: Pid, formatOrType: string, data: unknown],
]

const TYPES = { error_report: 'std_error', warning_report: 'std_warning', info_report: 'std_info' } as const

const levelOf = (tag: Tag, warnings: WarningLevel): Level => {
  if (tag.startsWith('error')) return 'error'
  if (tag.startsWith('info')) return 'notice'
  return warnings === 'info' ? 'notice' : warnings
}

function text(tag: Tag) {
  return (
    by: Caller,
    format: string,
    args: readonly unknown[] = [],
    warnings: WarningLevel = 'warning',
  ): void => {
    logFrom(
      by,
      levelOf(tag, warnings),
      format,
      [args, { errorLogger: { tag: mapped(tag, warnings) } }],
      NO_ORIGIN,
    )
  }
}

function report(tag: keyof typeof TYPES) {
  return (by: Caller, it: Report, type: string = TYPES[tag], warnings: WarningLevel = 'warning'): void => {
    const meta = { errorLogger: { tag: mapped(tag, warnings), type } }
    logFrom(by, levelOf(tag, warnings), it, [meta], NO_ORIGIN)
  }
}

/** A warning that is logged as an error is one to old handlers, too. */
function mapped(tag: Tag, warnings: WarningLevel): Tag {
  if (!tag.startsWith('warning') || warnings === 'warning') return tag
  const isReport = tag === 'warning_report'
  if (warnings === 'error') return isReport ? 'error_report' : 'error'
  return isReport ? 'info_report' : 'info_msg'
}

export const errorMessage = text('error')
export const warningMessage = text('warning_msg')
export const infoMessage = text('info_msg')
export const errorReport = report('error_report')
export const warningReport = report('warning_report')
export const infoReport = report('info_report')

/** What an old report handler gets of an event; `undefined` if it gets nothing. */
export function errorLoggerEvent(event: LogEvent): ErrorLoggerEvent | undefined {
  const { pid, groupLeader, errorLogger } = event.meta
  const { tag, type } = (errorLogger ?? {}) as { readonly tag?: Tag; readonly type?: string }
  if (isReportEvent(event)) {
    const own =
      tag ??
      (event.level === 'error'
        ? 'error_report'
        : event.level === 'warning'
          ? 'warning_report'
          : 'info_report')
    const shown = type ?? TYPES[own as keyof typeof TYPES] ?? 'std_error'
    return event.level === 'debug' ? undefined : [own, groupLeader, [pid, shown, event.report]]
  }
  return tag === undefined ? undefined : [tag, groupLeader, [pid, event.msg, event.args ?? []]]
}

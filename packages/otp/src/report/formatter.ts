/**
 * The formatter: from a log event to the text that a handler writes. A *template* says what stands where; limits say how much
 * of it. A formatter of your own is a function with an address, which stands in the same place of a handler's configuration.
 *
 * Source of the rules: OTP's `logger_formatter`.
 */

import { format as formatText } from 'node:util'
import type { ExitReason } from '@heddle/scheduler'
import { isReportEvent, type LogEvent, type Report, type ReportCallback } from './event.ts'
import { type FunRef, isFunRef, lookUp, named } from './fun.ts'
import { print } from './print.ts'
import { reportText } from './report-text.ts'
import { formatTime, isOffset } from './time.ts'

/** A text; or what the event says under this key of its metadata, or under `level` or `msg`. */
export type TemplateItem =
  | string
  | {
      /** A key, or a path of keys. */
      readonly key: string | readonly string[]
      /** Instead, if the event has it. */
      readonly ifSet?: Template
      /** Instead, if it has not. Default: nothing. */
      readonly ifUnset?: Template
    }
export type Template = readonly TemplateItem[]

export interface FormatterConfig {
  /** Default: time, level and message; with a header line if `legacyHeader`. */
  readonly template?: Template
  /** Line breaks in the message become `, `. Default true. */
  readonly singleLine?: boolean
  /** How deep objects are shown; at least 5. Default `unlimited`. */
  readonly depth?: number | 'unlimited'
  /** How many characters of the message are shown. Default `unlimited`. */
  readonly charsLimit?: number | 'unlimited'
  /** How long a text may be, all in all; at least 10. Default `unlimited`. */
  readonly maxSize?: number | 'unlimited'
  /** `Z` for UTC, `+02:00`; '' for the machine's. Default ''. */
  readonly timeOffset?: string
  /** Between date and time. Default `T`. */
  readonly timeDesignator?: string
  /** A header line, as OTP had it before its logger: `=ERROR REPORT==== 1-Jan-2026::…`. Default false. */
  readonly legacyHeader?: boolean
  /** Turns every report into text, whatever the event says. */
  readonly reportCallback?: FunRef<ReportCallback>
}

/** A formatter of your own. It runs in the handler's process. */
export type FormatterFunction<C = never> = (event: LogEvent, config: C) => string

/** The house's formatter, configured; or one of your own with whatever it takes. Plain data. */
export type FormatterSpec =
  | FormatterConfig
  | { readonly fun: FunRef<FormatterFunction>; readonly config?: unknown }

/**
 * Names a formatter of your own.
 * @param url always `import.meta.url`
 * @example export const asJson = formatter(import.meta.url, 'asJson', (event) => `${JSON.stringify(event)}\n`)
 * logger.addHandler(self, 'json', logger.terminal(), { formatter: asJson() })
 */
export function formatter<C = undefined>(
  url: string,
  name: string,
  code: FormatterFunction<C>,
): (config: C) => FormatterSpec {
  const fun = named(url, name, code as FormatterFunction)
  return (config) => ({ fun, config })
}

interface FullConfig {
  readonly template: Template
  readonly singleLine: boolean
  readonly depth: number
  readonly charsLimit: number
  readonly maxSize: number
  readonly timeOffset: string
  readonly timeDesignator: string
  readonly legacyHeader: boolean
  readonly reportCallback: FunRef<ReportCallback> | undefined
}

const SINGLE: Template = [{ key: 'time' }, ' ', { key: 'level' }, ': ', { key: 'msg' }, '\n']
const MULTIPLE: Template = [{ key: 'time' }, ' ', { key: 'level' }, ':\n', { key: 'msg' }, '\n']
const LEGACY: Template = [{ key: 'header' }, '\n', { key: 'msg' }, '\n']

/** Deep enough for anything that is not a cycle. */
const DEPTH_MAX = 64

const limit = (value: number | 'unlimited' | undefined, min: number, none: number): number =>
  value === undefined || value === 'unlimited' ? none : Math.max(min, value)

function complete(config: FormatterConfig): FullConfig {
  const { singleLine = true, legacyHeader = false } = config
  const usual = legacyHeader ? LEGACY : singleLine ? SINGLE : MULTIPLE
  return {
    template: config.template ?? usual,
    singleLine,
    legacyHeader,
    depth: limit(config.depth, 5, DEPTH_MAX),
    charsLimit: limit(config.charsLimit, 1, Infinity),
    maxSize: limit(config.maxSize, 10, Infinity),
    timeOffset: config.timeOffset ?? '',
    timeDesignator: config.timeDesignator ?? 'T',
    reportCallback: config.reportCallback,
  }
}

/** The text of an event. Never throws: what goes wrong stands in the text. */
export function formatEvent(event: LogEvent, config: FormatterConfig = {}): string {
  const full = complete(config)
  const at = full.template.findIndex((item) => typeof item === 'object' && isMessage(item.key))
  const before = fill(event, at < 0 ? full.template : full.template.slice(0, at), full)
  if (at < 0) return cut(before, full.maxSize)
  const after = fill(event, full.template.slice(at + 1), full)
  const room = Math.max(0, full.charsLimit - before.length - after.length)
  return cut(before + messageOf(event, full, room) + after, full.maxSize)
}

/** What a handler's formatter makes of an event. Never throws. */
export function formatWith(event: LogEvent, spec: FormatterSpec): string {
  if (!isOwn(spec)) return formatEvent(event, spec)
  try {
    const code = lookUp(spec.fun)
    if (code === undefined) throw new Error(`there is no formatter '${spec.fun.$fun.name}'`)
    const text: unknown = code(event, spec.config as never)
    if (typeof text === 'string') return text
    return crashText(event, 'FORMATTER ERROR: bad return value')
  } catch (error) {
    return crashText(event, `FORMATTER CRASH: ${String(error)}`)
  }
}

const crashText = (event: LogEvent, what: string): string =>
  formatEvent({ level: event.level, msg: what, meta: event.meta })

function isOwn(spec: FormatterSpec): spec is Extract<FormatterSpec, { readonly fun: unknown }> {
  return 'fun' in spec
}

/** The functions that a formatter needs. */
export function funsOfFormatter(spec: FormatterSpec): FunRef<unknown>[] {
  if (isOwn(spec)) return [spec.fun]
  return spec.reportCallback === undefined ? [] : [spec.reportCallback]
}

// ---- the parts ----

const isMessage = (key: string | readonly string[]): boolean => key === 'msg'

function fill(event: LogEvent, template: Template, config: FullConfig): string {
  return template.map((item) => itemText(event, item, config)).join('')
}

function itemText(event: LogEvent, item: TemplateItem, config: FullConfig): string {
  if (typeof item === 'string') return item
  const value = fieldOf(event, item.key, config)
  if (value === undefined) return item.ifUnset === undefined ? '' : fill(event, item.ifUnset, config)
  return item.ifSet === undefined ? print(value, config) : fill(event, item.ifSet, config)
}

function fieldOf(event: LogEvent, key: string | readonly string[], config: FullConfig): unknown {
  if (key === 'level') return event.level
  if (key === 'msg') return messageOf(event, config, config.charsLimit)
  if (key === 'time') return formatTime(event.meta.timeUs, config.timeOffset, config.timeDesignator)
  if (key === 'header') return config.legacyHeader ? headerOf(event, config) : undefined
  if (key === 'mfa') return sourceText(event)
  let value: unknown = event.meta
  for (const each of typeof key === 'string' ? [key] : key) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[each] : undefined
  }
  return value
}

function sourceText({ meta: { source } }: LogEvent): string | undefined {
  if (source === undefined) return undefined
  const line = source.line === undefined ? '' : `:${source.line}`
  return `${source.function ?? '?'} (${source.url}${line})`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function headerOf({ level, meta }: LogEvent, { timeOffset }: FullConfig): string {
  const [date, clock] = formatTime(meta.timeUs, timeOffset, 'T').split('T') as [string, string]
  const [year, month, day] = date.split('-') as [string, string, string]
  const time = clock.slice(0, 'hh:mm:ss.micros'.length)
  const zone = clock.endsWith('Z') ? 'UTC ' : ''
  const when = `${Number(day)}-${MONTHS[Number(month) - 1]}-${year}::${time}`
  return `=${level.toUpperCase()} REPORT==== ${when} ${zone}===`
}

function messageOf(event: LogEvent, config: FullConfig, room: number): string {
  const text = isReportEvent(event)
    ? reportMessage(event.report, event.meta.reportCallback, config, room)
    : plainMessage(event.msg, event.args, config, room)
  const cutText = text.length > room ? `${text.slice(0, Math.max(0, room - 3))}...` : text
  return config.singleLine ? cutText.trim().replace(/,?\r?\n\s*/g, ', ') : cutText
}

function plainMessage(
  msg: string,
  args: readonly unknown[] | undefined,
  config: FullConfig,
  room: number,
): string {
  if (args === undefined) return msg
  const limits = { depth: config.depth, charsLimit: room }
  // Only what `util.format` would inspect is printed here; numbers are for %d.
  const shown = args.map((it) => (typeof it === 'object' && it !== null ? print(it, limits) : it))
  try {
    return formatText(msg, ...shown)
  } catch (error) {
    return `FORMAT ERROR: ${msg} - ${print(args, limits)}: ${String(error)}`
  }
}

function reportMessage(
  report: Report,
  own: FunRef<ReportCallback> | undefined,
  config: FullConfig,
  room: number,
): string {
  const ref = config.reportCallback ?? own
  const { depth, singleLine } = config
  const limits = { depth, charsLimit: room, singleLine }
  if (ref === undefined) return reportText(report, limits)
  try {
    const code = lookUp(ref) as ((report: Report, limits: unknown) => unknown) | undefined
    if (code === undefined) return reportText(report, limits)
    const result = code(report, limits)
    if (typeof result === 'string') return result
    if (Array.isArray(result) && typeof result[0] === 'string' && Array.isArray(result[1])) {
      return plainMessage(result[0], result[1], config, room)
    }
    return `REPORT_CB ERROR: ${print(report, limits)}; Returned: ${print(result, limits)}`
  } catch (error) {
    return `REPORT_CB CRASH: ${print(report, limits)}; Reason: ${String(error)}`
  }
}

function cut(text: string, size: number): string {
  if (text.length <= size) return text
  return text.endsWith('\n') ? `${text.slice(0, size - 4)}...\n` : `${text.slice(0, size - 3)}...`
}

// ---- what is wrong with a configuration ----

const isLimit = (value: unknown): boolean =>
  value === 'unlimited' || (Number.isInteger(value) && (value as number) > 0)
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  template: isTemplate,
  singleLine: isBoolean,
  legacyHeader: isBoolean,
  depth: isLimit,
  charsLimit: isLimit,
  maxSize: isLimit,
  timeOffset: isOffset,
  timeDesignator: (value) => typeof value === 'string' && value.length === 1,
  reportCallback: isFunRef,
}

function isTemplate(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => {
      if (typeof item === 'string') return true
      const { key, ifSet, ifUnset } = (item ?? {}) as Exclude<TemplateItem, string>
      const isKey =
        typeof key === 'string' || (Array.isArray(key) && key.every((it) => typeof it === 'string'))
      return isKey && [ifSet, ifUnset].every((part) => part === undefined || isTemplate(part))
    })
  )
}

/** OTP's `invalid_formatter_config`, `invalid_formatter_template`. */
export function checkFormatter(spec: unknown): ExitReason | undefined {
  if (typeof spec !== 'object' || spec === null) return ['invalid_formatter', spec]
  if ('fun' in spec) return isFunRef(spec.fun) ? undefined : ['invalid_formatter', spec]
  for (const [key, value] of Object.entries(spec)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key] : undefined
    if (check?.(value) === true) continue
    if (key === 'template') return ['invalid_formatter_template', 'formatter', value]
    return ['invalid_formatter_config', 'formatter', [key, value]]
  }
  return undefined
}

/**
 * Names a report callback: how a kind of report reads.
 * @param url always `import.meta.url`
 * @example export const saleText = reportCallback(import.meta.url, 'saleText', ({ item }) => `sold ${String(item)}`)
 * logger.notice(self, { item: 'loom' }, { reportCallback: saleText })
 */
export function reportCallback(url: string, name: string, code: ReportCallback): FunRef<ReportCallback> {
  return named(url, name, code)
}

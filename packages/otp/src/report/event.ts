/**
 * A *log event*: what happened, how much it matters, and what is known about its circumstances (*metadata*). Plain data,
 * whatever it was made of: it travels to the handlers as a message. What it says is a text, a text with arguments, or a
 * *report*, an object that a *report callback* turns into text when somebody wants to read it.
 */

import type { Pid } from '@heddle/scheduler'
import type { FunRef } from './fun.ts'
import type { Level } from './level.ts'

/** An object that says what happened, by keys. OTP's own have a `label`: `['supervisor', 'child_terminated']`. */
export interface Report {
  readonly label?: Label
  readonly [key: string]: unknown
}

/** Who reports, and what. */
export type Label = readonly [from: string, what: string]

/** What the formatter allows a text to be. */
export interface ReportLimits {
  readonly depth: number
  readonly charsLimit: number
  readonly singleLine: boolean
}

/** Turns a report into text; or into a text with arguments, which the formatter then keeps within the limits. */
export type ReportCallback = (
  report: Report,
  limits: ReportLimits,
) => string | readonly [format: string, args: readonly unknown[]]

/** Where in the code an event comes from. */
export interface Source {
  readonly url: string
  readonly function?: string
  readonly line?: number
}

/** What users may say about the circumstances; any other key, too. */
export interface UserMeta {
  /** What area the event belongs to, from the large to the small; OTP's own are `['otp']` and `['otp', 'sasl']`. */
  readonly domain?: readonly string[]
  readonly source?: Source
  readonly reportCallback?: FunRef<ReportCallback>
  readonly [key: string]: unknown
}

export interface Meta extends UserMeta {
  /** Whose event it is. */
  readonly pid: Pid
  readonly groupLeader?: Pid
  /** 0 is the host's thread; `undefined` where that was not known. */
  readonly scheduler?: number
  /** When, by the system's clock: microseconds since 1970. */
  readonly timeUs: number
  /** When, by the VM's clock. */
  readonly nowMs: number
}

interface EventBase {
  readonly level: Level
  readonly meta: Meta
}

/** A text; with `args`, which are put in for `%s`, `%d`, `%j`, `%o` and so on, as by Node's `util.format`. */
export interface TextEvent extends EventBase {
  readonly msg: string
  readonly args?: readonly unknown[]
  readonly report?: undefined
}

export interface ReportEvent extends EventBase {
  readonly report: Report
  readonly msg?: undefined
  readonly args?: undefined
}

export type LogEvent = TextEvent | ReportEvent

export function isReportEvent(event: LogEvent): event is ReportEvent {
  return event.report !== undefined
}

/** The label of a report that has one. */
export function labelOf(event: LogEvent): Label | undefined {
  return isReportEvent(event) ? event.report.label : undefined
}

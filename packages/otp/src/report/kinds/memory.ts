/**
 * Memory: the last so many events, to be looked through while the system runs: a report browser. What is asked is plain data, so it
 * can be asked from any process, and from the host.
 *
 * Source: OTP's `rb`, which looks through files; these events are as they were, not their text.
 */

import { HeddleError, type Pid, samePid } from '@heddle/scheduler'
import { type LogEvent, labelOf } from '../event.ts'
import { type FormatterConfig, formatEvent } from '../formatter.ts'
import { handlerKind } from '../kind.ts'
import { isLevel, type LevelLimit, levelNumber } from '../level.ts'

export interface MemoryConfig {
  /** How many events are kept; default 1,000. */
  readonly countMax?: number
}

/** What kind of report an event is, as OTP's report browser has them; `log` is all that is no report of OTP's. */
export type ReportType = 'crash_report' | 'supervisor_report' | 'progress' | 'error_report' | 'log'

/** What is looked for; all of it has to fit. */
export interface BrowseQuery {
  readonly number?: number
  readonly type?: ReportType
  /** At least as severe. */
  readonly level?: LevelLimit
  readonly pid?: Pid
  /** By the system's clock, in ms since 1970, as `Date.now()`. */
  readonly sinceMs?: number
  readonly untilMs?: number
  /** The source of a regular expression, to be found in the text. */
  readonly grep?: string
  /** Keys of the report or the metadata, and what they have to be: a text that is found in it, or the same number or boolean. */
  readonly where?: Readonly<Record<string, string | number | boolean>>
  /** The newest so many. */
  readonly last?: number
}

export interface BrowseEntry {
  /** Counts up as long as the handler lives. */
  readonly number: number
  readonly type: ReportType
  readonly event: LogEvent
  /** As the formatter shows it, on several lines. */
  readonly text: string
}

interface Kept {
  readonly number: number
  readonly event: LogEvent
}

interface MemoryState {
  readonly countMax: number
  /** A ring: the event of number n stands at n % countMax. */
  readonly kept: Kept[]
  count: number
}

/** What the handler is asked. */
export type MemoryQuestion =
  | { readonly ask: 'browse'; readonly query: BrowseQuery; readonly format?: FormatterConfig }
  | { readonly ask: 'clear' }

export function reportTypeOf(event: LogEvent): ReportType {
  const label = labelOf(event)
  if (label === undefined) return 'log'
  const [from, what] = label
  if (what === 'progress') return 'progress'
  if (what === 'crash') return 'crash_report'
  if (from === 'supervisor' || from === 'supervisor_bridge') return 'supervisor_report'
  return event.level === 'error' ? 'error_report' : 'log'
}

function keptOf({ kept, count, countMax }: MemoryState): Kept[] {
  if (count <= countMax) return kept.slice()
  const first = count % countMax
  return [...kept.slice(first), ...kept.slice(0, first)]
}

const SHOWN: FormatterConfig = { singleLine: false, depth: 16, charsLimit: 100_000 }

function browse(state: MemoryState, query: BrowseQuery, format: FormatterConfig): BrowseEntry[] {
  const pattern = query.grep === undefined ? undefined : new RegExp(query.grep)
  const fitting = keptOf(state).filter((it) => fits(it, query))
  const entries = fitting.map(({ number, event }) => {
    return { number, type: reportTypeOf(event), event, text: formatEvent(event, { ...SHOWN, ...format }) }
  })
  const found = pattern === undefined ? entries : entries.filter(({ text }) => pattern.test(text))
  return query.last === undefined ? found : found.slice(-query.last)
}

function fits({ number, event }: Kept, query: BrowseQuery): boolean {
  const { level, pid, sinceMs = -Infinity, untilMs = Infinity, type } = query
  const timeMs = event.meta.timeUs / 1_000
  return (
    (query.number === undefined || query.number === number) &&
    (type === undefined || type === reportTypeOf(event)) &&
    (level === undefined || levelNumber(event.level) <= levelNumber(level)) &&
    (pid === undefined || samePid(pid, event.meta.pid)) &&
    timeMs >= sinceMs &&
    timeMs <= untilMs &&
    Object.entries(query.where ?? {}).every(([key, wanted]) => hasField(event, key, wanted))
  )
}

function hasField(event: LogEvent, key: string, wanted: string | number | boolean): boolean {
  const value = event.report?.[key] ?? event.meta[key]
  if (value === undefined) return false
  if (typeof wanted !== 'string') return value === wanted
  return (typeof value === 'string' ? value : JSON.stringify(value)).includes(wanted)
}

function checkQuery(query: BrowseQuery): void {
  if (query.level !== undefined && levelNumber(query.level) === undefined && !isLevel(query.level)) {
    throw new HeddleError('ERR_BAD_ARGUMENT', `there is no level ${String(query.level)}`)
  }
}

/** Keeps the last events in memory; ask for them with `logger.browse`. */
const memoryKind = handlerKind<MemoryConfig, MemoryState>(import.meta.url, 'memory', {
  check: ({ countMax = 1_000 }) => {
    if (!Number.isInteger(countMax) || countMax < 1)
      throw new TypeError(`countMax is a whole number from 1, not ${String(countMax)}`)
    return { countMax }
  },
  open: ({ countMax = 1_000 }) => ({ countMax, kept: [], count: 0 }),
  writeEvents: (state, events) => {
    for (const event of events) {
      state.kept[state.count % state.countMax] = { number: state.count + 1, event }
      state.count += 1
    }
    return state
  },
  change: (state, { countMax = 1_000 }) => {
    const kept = keptOf(state).slice(-countMax)
    // Numbers go on; the ring begins where they say.
    const ring: Kept[] = []
    for (const it of kept) ring[(it.number - 1) % countMax] = it
    return { countMax, kept: ring, count: state.count }
  },
  query: (state, question) => {
    const it = question as MemoryQuestion
    if (it.ask === 'clear') {
      state.kept.length = 0
      state.count = 0
      return undefined
    }
    checkQuery(it.query)
    return browse(state, it.query, it.format ?? {})
  },
})

/** Keeps the last so many events, for `logger.browse`. */
export function memory(config: MemoryConfig = {}): ReturnType<typeof memoryKind> {
  return memoryKind(config)
}

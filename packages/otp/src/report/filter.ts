/**
 * Filters: functions that stop log events, let them pass, or change them. Primary filters are asked first, then those of each
 * handler. A filter that has no opinion says `ignore`; if all do, `filterDefault` decides.
 *
 * Source of the rules: OTP's `logger` and `logger_filters`.
 */

import { HeddleError } from '@heddle/scheduler'
import { type LogEvent, labelOf } from './event.ts'
import { type FunRef, lookUp, named } from './fun.ts'
import { compareLevels, isLevel, type Level } from './level.ts'

/** `stop`: no further; `ignore`: no opinion; an event: it passes, as it is now. */
export type FilterResult = LogEvent | 'stop' | 'ignore'
export type FilterFunction<X = never> = (event: LogEvent, extra: X) => FilterResult

/** A filter and what it is called with; plain data. */
export interface FilterSpec {
  readonly fun: FunRef<FilterFunction>
  readonly extra?: unknown
}

export interface Filter extends FilterSpec {
  readonly id: string
}

export type FilterDefault = 'log' | 'stop'

/**
 * Names a filter of your own. It runs in whatever process logs, and must be quick; one that throws is removed.
 * @param url always `import.meta.url`
 * @example export const sampled = filter(import.meta.url, 'sampled', (event, every: number) =>
 *   event.level === 'debug' && Number(event.meta.timeUs) % every !== 0 ? 'stop' : 'ignore')
 * logger.addPrimaryFilter(self, 'sampled', sampled(100))
 */
export function filter<X = undefined>(
  url: string,
  name: string,
  code: FilterFunction<X>,
): (extra: X) => FilterSpec {
  if (typeof code !== 'function') throw new HeddleError('ERR_BAD_ARGUMENT', 'filter() takes a function')
  const fun = named(url, name, code as FilterFunction)
  return (extra) => ({ fun, extra })
}

// ---- the house's own ----

type Action = 'log' | 'stop'

const onMatch = (action: Action, event: LogEvent): FilterResult => (action === 'log' ? event : 'stop')

export type DomainComparison = 'sub' | 'super' | 'equal' | 'not_equal' | 'undefined'
export type LevelComparison = 'eq' | 'neq' | 'lt' | 'gt' | 'lteq' | 'gteq'

const isPrefix = (a: readonly string[], b: readonly string[]): boolean =>
  a.length <= b.length && a.every((part, n) => b[n] === part)

function domainFits(domain: unknown, comparison: DomainComparison, wanted: readonly string[]): boolean {
  if (!Array.isArray(domain)) {
    return domain === undefined && (comparison === 'undefined' || comparison === 'not_equal')
  }
  const isEqual = domain.length === wanted.length && isPrefix(domain, wanted)
  switch (comparison) {
    case 'sub':
      return isPrefix(wanted, domain)
    case 'super':
      return isPrefix(domain, wanted)
    case 'equal':
      return isEqual
    case 'not_equal':
      return !isEqual
    default:
      return false
  }
}

const byDomain = named(
  import.meta.url,
  'domain',
  (event: LogEvent, [action, comparison, wanted]: [Action, DomainComparison, readonly string[]]) =>
    domainFits(event.meta.domain, comparison, wanted) ? onMatch(action, event) : 'ignore',
)

const LEVEL_FITS: Readonly<Record<LevelComparison, readonly string[]>> = {
  eq: ['eq'],
  neq: ['lt', 'gt'],
  lt: ['lt'],
  gt: ['gt'],
  lteq: ['lt', 'eq'],
  gteq: ['gt', 'eq'],
}

const byLevel = named(
  import.meta.url,
  'level',
  (event: LogEvent, [action, comparison, level]: [Action, LevelComparison, Level]) =>
    LEVEL_FITS[comparison].includes(compareLevels(event.level, level)) ? onMatch(action, event) : 'ignore',
)

const byProgress = named(import.meta.url, 'progress', (event: LogEvent, action: Action) =>
  labelOf(event)?.[1] === 'progress' ? onMatch(action, event) : 'ignore',
)

const byRemoteLeader = named(import.meta.url, 'remote_gl', (event: LogEvent, action: Action) => {
  const { node } = event.meta
  return node === undefined ? 'ignore' : onMatch(action, event)
})

function bad(what: string): never {
  throw new HeddleError('ERR_BAD_ARGUMENT', `a filter ${what}`)
}

function checkAction(action: unknown): void {
  if (action !== 'log' && action !== 'stop') bad(`does 'log' or 'stop', not ${String(action)}`)
}

/**
 * The house's own filters; OTP's `logger_filters`.
 * @example logger.addHandlerFilter(self, 'default', 'no_sasl', filters.domain('stop', 'sub', ['otp', 'sasl']))
 */
export const filters = {
  /**
   * By the event's domain: `sub`, it is the given one or below; `super`, it is the given one or above; `undefined`, it has none.
   * @throws HeddleError ERR_BAD_ARGUMENT
   */
  domain(action: Action, comparison: DomainComparison, domain: readonly string[]): FilterSpec {
    checkAction(action)
    const isKnown = ['sub', 'super', 'equal', 'not_equal', 'undefined'].includes(comparison)
    if (!isKnown || !Array.isArray(domain)) bad(`does not compare domains by ${String(comparison)}`)
    return { fun: byDomain as FunRef<FilterFunction>, extra: [action, comparison, domain] }
  },
  /** By the event's level: `gteq`, at least as severe as the given one. @throws HeddleError ERR_BAD_ARGUMENT */
  level(action: Action, comparison: LevelComparison, level: Level): FilterSpec {
    checkAction(action)
    if (!(comparison in LEVEL_FITS) || !isLevel(level))
      bad(`does not compare levels by ${String(comparison)}`)
    return { fun: byLevel as FunRef<FilterFunction>, extra: [action, comparison, level] }
  },
  /** Progress reports: what supervisors and applications started. @throws HeddleError ERR_BAD_ARGUMENT */
  progress(action: Action): FilterSpec {
    checkAction(action)
    return { fun: byProgress as FunRef<FilterFunction>, extra: action }
  },
  /** Events of processes whose group leader is on another node: those with `node` in their metadata. */
  remoteGroupLeader(action: Action): FilterSpec {
    checkAction(action)
    return { fun: byRemoteLeader as FunRef<FilterFunction>, extra: action }
  },
} as const

// ---- asking them ----

function isEvent(result: unknown): result is LogEvent {
  const { level, meta } = (result ?? {}) as Partial<LogEvent>
  return isLevel(level) && typeof meta === 'object' && meta !== null
}

/**
 * The event as the filters leave it, or `undefined` if it is stopped. `failed` is told of filters that threw or returned
 * nonsense; to the event they had no opinion.
 */
export function applyFilters(
  list: readonly Filter[],
  filterDefault: FilterDefault,
  event: LogEvent,
  failed: (filter: Filter, why: unknown) => void,
): LogEvent | undefined {
  let now = event
  let isAllowed = false
  for (const each of list) {
    let result: unknown
    try {
      const code = lookUp(each.fun)
      if (code === undefined)
        throw new HeddleError('ERR_UNKNOWN_DEFINITION', `there is no filter '${each.id}'`)
      result = code(now, each.extra as never)
    } catch (error) {
      failed(each, error)
      continue
    }
    if (result === 'stop') return undefined
    if (result === 'ignore') continue
    if (!isEvent(result)) {
      failed(each, ['bad_return_value', result])
      continue
    }
    now = result
    isAllowed = true
  }
  return isAllowed || filterDefault === 'log' ? now : undefined
}

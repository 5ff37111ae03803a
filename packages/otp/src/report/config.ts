/**
 * Configurations: of the logger (*primary*), and of each handler. What is wrong with one is said in OTP's words, `['invalid_level', x]`
 * for instance, wherever it came from, and then nothing is changed. All of it is plain data.
 *
 * Source: OTP's `logger` and `logger_server`.
 */

import type { ExitReason, Pid, SpawnOptions } from '@heddle/scheduler'
import type { UserMeta } from './event.ts'
import type { Filter, FilterDefault } from './filter.ts'
import { checkFormatter, type FormatterSpec } from './formatter.ts'
import { type FunRef, isFunRef } from './fun.ts'
import type { HandlerKind } from './kind.ts'
import type { Ledger } from './ledger.ts'
import { type LevelLimit, levelNumber } from './level.ts'
import { checkLimits, OVERLOAD_DEFAULTS, type OverloadLimits } from './overload.ts'

/** What holds for all handlers. */
export interface PrimaryConfig {
  /** Events that are less severe go no further. Default `notice`. */
  readonly level: LevelLimit
  /** In the order in which they are asked. */
  readonly filters: readonly Filter[]
  /** What happens to an event about which no filter has an opinion. Default `log`. */
  readonly filterDefault: FilterDefault
  /** Goes into every event; what the process and the event say themselves wins. */
  readonly metadata: UserMeta
}

export interface HandlerConfig {
  readonly id: string
  /** Its code. */
  readonly kind: FunRef<HandlerKind>
  /** What its kind takes. */
  readonly config: unknown
  /** Default `all`. */
  readonly level: LevelLimit
  readonly filters: readonly Filter[]
  /** Default `log`. */
  readonly filterDefault: FilterDefault
  readonly formatter: FormatterSpec
  readonly overload: OverloadLimits
  /** Where its processes run; default: beside the logger. */
  readonly scheduler: SpawnOptions['scheduler']
}

/** What may be said about a handler; the rest has defaults. */
export interface HandlerOptions extends Partial<Omit<HandlerConfig, 'id' | 'kind' | 'config' | 'overload'>> {
  readonly overload?: Partial<OverloadLimits>
}

/** A configuration is refused for this reason; nothing was changed. */
export class Fault {
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    this.reason = reason
  }
}

export const PRIMARY_DEFAULTS: PrimaryConfig = {
  level: 'notice',
  filters: [],
  filterDefault: 'log',
  metadata: {},
}

export function handlerDefaults(id: string, kind: FunRef<HandlerKind>, config: unknown): HandlerConfig {
  return {
    id,
    kind,
    config,
    level: 'all',
    filters: [],
    filterDefault: 'log',
    formatter: {},
    overload: OVERLOAD_DEFAULTS,
    scheduler: undefined,
  }
}

type Check = (value: unknown) => Fault | undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function checkLevel(level: unknown): Fault | undefined {
  return levelNumber(level) === undefined ? new Fault(['invalid_level', level]) : undefined
}

export function checkFilter(it: unknown): Fault | undefined {
  const { id, fun } = (isObject(it) ? it : {}) as Partial<Filter>
  return typeof id === 'string' && isFunRef(fun) ? undefined : new Fault(['invalid_filter', it])
}

function checkFilters(filters: unknown): Fault | undefined {
  if (!Array.isArray(filters)) return new Fault(['invalid_filters', filters])
  const ids = filters.map((it: Partial<Filter> | undefined) => it?.id)
  const twice = ids.find((id, n) => ids.indexOf(id) !== n)
  const fault = filters.map(checkFilter).find((it) => it !== undefined)
  return fault ?? (twice === undefined ? undefined : new Fault(['already_exist', twice]))
}

const checkFilterDefault: Check = (it) =>
  it === 'log' || it === 'stop' ? undefined : new Fault(['invalid_filter_default', it])

const asFault = (reason: ExitReason | undefined): Fault | undefined =>
  reason === undefined ? undefined : new Fault(reason)

const SHARED_CHECKS: Readonly<Record<string, Check>> = {
  level: checkLevel,
  filters: checkFilters,
  filterDefault: checkFilterDefault,
}

const PRIMARY_CHECKS: Readonly<Record<string, Check>> = {
  ...SHARED_CHECKS,
  metadata: (it) => (isObject(it) ? undefined : new Fault(['invalid_metadata', it])),
}

const HANDLER_CHECKS: Readonly<Record<string, Check>> = {
  ...SHARED_CHECKS,
  formatter: (it) => asFault(checkFormatter(it)),
  overload: (it) => asFault(checkLimits(it)),
  scheduler: (it) => {
    const isPlace = it === undefined || it === 'local' || it === 'spread' || Number.isInteger(it)
    return isPlace ? undefined : new Fault(['invalid_scheduler', it])
  },
  config: () => undefined,
}

/** What is wrong with a change of the primary configuration. */
export function checkPrimary(change: unknown): Fault | undefined {
  return checkKeys(change, PRIMARY_CHECKS, 'invalid_logger_config')
}

/** What is wrong with a change of a handler's configuration; its kind has its own say. */
export function checkHandler(change: unknown): Fault | undefined {
  return checkKeys(change, HANDLER_CHECKS, 'invalid_handler_config')
}

function checkKeys(
  change: unknown,
  checks: Readonly<Record<string, Check>>,
  word: 'invalid_logger_config' | 'invalid_handler_config',
): Fault | undefined {
  if (!isObject(change)) return new Fault([word, change])
  for (const [key, value] of Object.entries(change)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined
    const fault = check === undefined ? new Fault([word, [key, value]]) : check(value)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** A handler as those who log know it. */
export interface Outlet {
  readonly id: string
  /** Its process. */
  readonly gate: Pid
  readonly ledger: Ledger
  readonly levelNumber: number
  readonly filters: readonly Filter[]
  readonly filterDefault: FilterDefault
}

/** What every thread keeps a copy of: all that decides whether an event is wanted, and by whom. */
export interface Published {
  /** Whose configuration it is: no two loggers have the same, in whatever VM. */
  readonly token: string
  /** A name that is registered as long as this version is the newest. */
  readonly epoch: string
  readonly version: number
  readonly server: Pid
  /** The system's clock less the VM's, in microseconds. */
  readonly originUs: number
  readonly levelNumber: number
  readonly filters: readonly Filter[]
  readonly filterDefault: FilterDefault
  readonly metadata: UserMeta
  /** By module: `import.meta.url`, or who reports (`supervisor`). */
  readonly moduleLevels: ReadonlyMap<string, number>
  readonly outlets: readonly Outlet[]
}

/** All functions that somebody who logs needs. */
export function funsOf({ filters, outlets }: Published): FunRef<unknown>[] {
  return [...filters, ...outlets.flatMap((outlet) => outlet.filters)].map(({ fun }) => fun)
}

/**
 * The way of a log event from whoever logs to the handlers. Everything is decided here, in the process that logs, from the
 * thread's copy of the configuration (`store.ts`): whether the level is wanted, whether the filters let it pass, and who gets it.
 *
 *     log -> no copy, no logger: nothing
 *         -> level too low: nothing; a lazy message is not even asked
 *         -> primary filters -> each handler: level, filters, overload -> a message to its gate
 *         -> no copy that holds: the event goes to the logger, which does the same
 *
 * Nothing here throws, and nothing waits.
 */

import { HeddleError, type Pid, type Self } from '@heddle/scheduler'
import { type Caller, checkCaller, isProcess } from '../door/caller.ts'
import type { Outlet, Published } from './config.ts'
import type { LogEvent, Meta, Report, UserMeta } from './event.ts'
import { applyFilters, type Filter } from './filter.ts'
import { noteSent } from './ledger.ts'
import { type Level, levelNumber } from './level.ts'
import { print } from './print.ts'
import { type Store, storeOf } from './store.ts'

/** The name of the logger. */
export const LOGGER = 'logger'

const badArgument = (message: string): HeddleError => new HeddleError('ERR_BAD_ARGUMENT', message)

/** What is said: a text, a report, or a function that comes to one, which is called only if the event is wanted. */
export type Message = string | Report | (() => string | Report)

/** Where in a process's dictionary its metadata is. */
const META_KEY = '$logger_metadata'

/** What a caller in sync mode gives up of its turn. */
const REDUCTIONS_TO_GIVE = 64

// ---- metadata of a process ----

/** The host has no dictionary. */
const hostMeta = new WeakMap<object, UserMeta>()

const WHAT = 'a log function'

export function getProcessMetadata(by: Caller): UserMeta | undefined {
  return isProcess(WHAT, by) ? (by.get(META_KEY) as UserMeta | undefined) : hostMeta.get(by)
}

/** Goes into every event of this process from now on; what an event says itself wins. @throws HeddleError ERR_BAD_ARGUMENT */
export function setProcessMetadata(by: Caller, meta: UserMeta): void {
  if (typeof meta !== 'object' || meta === null) {
    throw badArgument(`metadata is an object, not ${String(meta)}`)
  }
  if (isProcess(WHAT, by)) by.put(META_KEY, meta)
  else hostMeta.set(by, meta)
}

/** Adds to it, or changes it. @throws HeddleError ERR_BAD_ARGUMENT */
export function updateProcessMetadata(by: Caller, meta: UserMeta): void {
  setProcessMetadata(by, { ...getProcessMetadata(by), ...meta })
}

export function unsetProcessMetadata(by: Caller): void {
  if (isProcess(WHAT, by)) by.erase(META_KEY)
  else hostMeta.delete(by)
}

// ---- what is asked of the logger ----

/** An event for the logger itself to decide about: whoever logged had no copy of the configuration. */
export interface Undecided {
  readonly type: '$log_undecided'
  readonly event: LogEvent
  readonly module: string | undefined
  /** The event's metadata lack what only a copy of the configuration says. */
  readonly isBare: boolean
}

/** A filter threw. */
export interface FilterFailed {
  readonly type: '$filter_failed'
  /** Whose: a handler's id, or the logger's own. */
  readonly owner: string | undefined
  readonly filter: Filter
  readonly reason: unknown
}

/** What a handler's gate takes. */
export interface Logged {
  readonly $log: LogEvent
}

// ---- logging ----

/** The last arguments of every log function. */
export type Rest =
  | readonly []
  | readonly [meta: UserMeta]
  | readonly [args: readonly unknown[]]
  | readonly [args: readonly unknown[], meta: UserMeta]

/** The module decides the level, if one was set for it. */
export interface Origin {
  readonly module: string | undefined
  /** Metadata of the place in the code. */
  readonly meta: (() => UserMeta) | undefined
}

export const NO_ORIGIN: Origin = { module: undefined, meta: undefined }

/** Returns whether there is a logger. @throws HeddleError ERR_BAD_ARGUMENT: nobody logs, or at no level */
export function logFrom(by: Caller, level: Level, message: Message, rest: Rest, origin: Origin): boolean {
  checkCaller(WHAT, by)
  if (levelNumber(level) === undefined) throw badArgument(`there is no level '${String(level)}'`)
  const store = storeOf(by)
  if (store !== undefined && !isWanted(store.published, level, origin.module)) return true
  const server = store?.published.server ?? by.whereis(LOGGER)
  if (server === undefined) return false
  const [first, second] = rest
  const args = Array.isArray(first) ? (first as readonly unknown[]) : undefined
  const own = (Array.isArray(first) ? second : first) as UserMeta | undefined
  const event = makeEvent(by, store, level, message, args, { ...origin.meta?.(), ...own })
  if (store !== undefined) {
    emit(by, store, event)
    return true
  }
  const undecided: Undecided = { type: '$log_undecided', event, module: origin.module, isBare: true }
  send(by, server, undecided, () => ({ ...undecided, event: plainEvent(event) }))
  return true
}

/** Whether an event of this level would be looked at: so far as is known here. */
export function allows(by: Caller, level: Level, module?: string): boolean {
  const store = storeOf(by)
  if (store === undefined) return by.whereis(LOGGER) !== undefined
  return isWanted(store.published, level, module)
}

export function isWanted(published: Published, level: Level, module: string | undefined): boolean {
  const { moduleLevels } = published
  const special = moduleLevels.size > 0 && module !== undefined ? moduleLevels.get(module) : undefined
  return levelNumber(level) <= (special ?? published.levelNumber)
}

function makeEvent(
  by: Caller,
  store: Store | undefined,
  level: Level,
  message: Message,
  args: readonly unknown[] | undefined,
  own: UserMeta,
): LogEvent {
  const said = typeof message === 'function' ? ask(message) : message
  const meta = metaOf(by, store, own)
  if (typeof said === 'string')
    return args === undefined ? { level, msg: said, meta } : { level, msg: said, args, meta }
  if (typeof said === 'object' && said !== null) return { level, report: said, meta }
  return { level, msg: String(said), meta }
}

function ask(message: () => string | Report): string | Report {
  try {
    return message()
  } catch (error) {
    return `LAZY_FUN CRASH: ${String(error)}`
  }
}

function metaOf(by: Caller, store: Store | undefined, own: UserMeta): Meta {
  const nowMs = by.nowMs()
  const known: Meta = {
    ...store?.published.metadata,
    pid: by.pid,
    nowMs,
    timeUs: Math.round((store?.published.originUs ?? 0) + nowMs * 1_000),
    ...(isProcess(WHAT, by) ? { groupLeader: by.groupLeader() } : {}),
    ...(store?.scheduler === undefined ? {} : { scheduler: store.scheduler }),
  }
  return { ...known, ...getProcessMetadata(by), ...own }
}

/** Filters, and then handlers. */
export function emit(by: Lender, store: Store, event: LogEvent): void {
  const { filters, filterDefault, outlets, server } = store.published
  const failed = (owner: string | undefined) => (filter: Filter, why: unknown) => {
    const told: FilterFailed = { type: '$filter_failed', owner, filter, reason: print(why, WORDS_LIMITS) }
    send(by, server, told, () => told)
  }
  const passed = applyFilters(filters, filterDefault, event, failed(undefined))
  if (passed === undefined) return
  for (const outlet of outlets) {
    if (levelNumber(passed.level) > outlet.levelNumber) continue
    const left = applyFilters(outlet.filters, outlet.filterDefault, passed, failed(outlet.id))
    if (left !== undefined) deliver(by, store, outlet, left)
  }
}

/** Whoever sends: a process, the host, or the logger for somebody else. */
type Lender = Pick<Self, 'send'> & { readonly bumpReductions?: Self['bumpReductions'] }

function deliver(by: Lender, { modes, dropped }: Store, { gate, ledger }: Outlet, event: LogEvent): void {
  noteSent(ledger)
  const mode = modes.get(gate.$pid)
  if (mode === 'drop') {
    dropped.set(gate.$pid, (dropped.get(gate.$pid) ?? 0) + 1)
    return
  }
  const logged: Logged = { $log: event }
  send(by, gate, logged, () => ({ $log: plainEvent(event) }))
  // OTP's callers wait; here they let others go first, the handler among them.
  if (mode === 'sync') by.bumpReductions?.(REDUCTIONS_TO_GIVE)
}

/** What cannot be cloned is told in words. */
function send(by: Lender, to: Pid, message: unknown, inWords: () => unknown): void {
  try {
    by.send(to, message)
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error
    if (error.code === 'ERR_UNCLONABLE') by.send(to, inWords())
  }
}

const WORDS_LIMITS = { depth: 8, charsLimit: 10_000 }

/** The same event, of what can be cloned for certain. */
function plainEvent(event: LogEvent): LogEvent {
  const meta = plainFields(event.meta) as unknown as Meta
  if (event.report !== undefined) return { level: event.level, report: plainFields(event.report), meta }
  const { level, msg, args } = event
  return args === undefined ? { level, msg, meta } : { level, msg, args: args.map(plainValue), meta }
}

const plainFields = (fields: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]))

function plainValue(value: unknown): unknown {
  try {
    // Both agree on what can be cloned; what this makes of it is thrown away.
    structuredClone(value)
    return value
  } catch {
    return print(value, WORDS_LIMITS)
  }
}

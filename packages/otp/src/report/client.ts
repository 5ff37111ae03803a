/**
 * The logger as its users see it, in processes and on the host: what it is asked to change, and what it is asked for. A process
 * gets an operation, to be waited for with `yield*` or `await`; the host, with its VM, a promise.
 */

import type { Self } from '@heddle/scheduler'
import { type Asked, type Caller, checkCaller, isProcess } from '../door/caller.ts'
import type { ConfigInfo, HandlerChange } from './book.ts'
import type { HandlerConfig, HandlerOptions, PrimaryConfig } from './config.ts'
import type { FilterSpec } from './filter.ts'
import type { FormatterConfig } from './formatter.ts'
import type { GateRequest, HandlerInfo } from './gate.ts'
import type { HandlerSpec } from './kind.ts'
import type { BrowseEntry, BrowseQuery, MemoryQuestion } from './kinds/memory.ts'
import type { LevelLimit } from './level.ts'
import { LOGGER } from './log.ts'
import type { LoggerResult } from './publish.ts'
import type { LoggerRequest, RequestName, Requests } from './request.ts'
import { storeOf } from './store.ts'
import { IN_CALLBACK } from './writer.ts'

const WHAT = 'a function of the logger'

/** It may have to wait for a handler's device. */
const PATIENCE_MS = 10_000

function ask<B extends Caller, Name extends RequestName>(
  by: B,
  name: Name,
  arg: Requests[Name][0],
): Asked<B, LoggerResult<Requests[Name][1]>> {
  const inCallback = isProcess(WHAT, by) && by.get(IN_CALLBACK) === true
  const request: LoggerRequest = inCallback ? { $call: name, arg, inCallback } : { $call: name, arg }
  return call(by, LOGGER, request)
}

function call<B extends Caller, T>(by: B, to: Parameters<Self['call']>[0], request: object): Asked<B, T> {
  return by.call(to as string, request as never, { timeoutMs: PATIENCE_MS }) as unknown as Asked<B, T>
}

type Done<B extends Caller> = Asked<B, LoggerResult>

// ---- the logger's own configuration ----

/** All that is configured. */
export function getConfig<B extends Caller>(by: B): Asked<B, LoggerResult<ConfigInfo>> {
  return ask(by, 'get_config', undefined)
}

/** Replaces the primary configuration; what is not said is as at first. */
export function setPrimaryConfig<B extends Caller>(by: B, config: Partial<PrimaryConfig>): Done<B> {
  return ask(by, 'set_primary', { change: config, isUpdate: false })
}

/** Changes what is said of the primary configuration. */
export function updatePrimaryConfig<B extends Caller>(by: B, config: Partial<PrimaryConfig>): Done<B> {
  return ask(by, 'set_primary', { change: config, isUpdate: true })
}

/** Asked before the filters of any handler. Errors: `['already_exist', id]`, `['invalid_filter', x]`, `['unknown_function', address]`. */
export function addPrimaryFilter<B extends Caller>(by: B, id: string, spec: FilterSpec): Done<B> {
  return ask(by, 'add_filter', { owner: undefined, id, spec })
}

export function removePrimaryFilter<B extends Caller>(by: B, id: string): Done<B> {
  return ask(by, 'remove_filter', { owner: undefined, id })
}

/** For events of these modules (`import.meta.url`, or who reports: `supervisor`) this level counts, not the primary one. */
export function setModuleLevel<B extends Caller>(
  by: B,
  modules: readonly string[],
  level: LevelLimit,
): Done<B> {
  return ask(by, 'set_module_level', { modules, level })
}

/** For all modules, if none are named. */
export function unsetModuleLevel<B extends Caller>(by: B, modules?: readonly string[]): Done<B> {
  return ask(by, 'unset_module_level', { modules })
}

// ---- handlers ----

/**
 * Adds a handler; it gets events when this is through.
 *
 * Errors: `['already_exist', id]`; `['handler_not_added', reason]`, if its device cannot be opened; what is wrong with
 * the options, `['invalid_level', x]` for instance; `['attempting_syncronous_call_to_self', request]`, from a handler's own callback.
 *
 * @example yield* logger.addHandler(self, 'errors', logger.file({ path: 'errors.log' }), { level: 'error' })
 */
export function addHandler<B extends Caller>(
  by: B,
  id: string,
  spec: HandlerSpec,
  options: HandlerOptions = {},
): Done<B> {
  return ask(by, 'add_handler', { id, spec, options })
}

/** Ends a handler, when it has written what it has. Error: `['not_found', id]`. */
export function removeHandler<B extends Caller>(by: B, id: string): Done<B> {
  return ask(by, 'remove_handler', { id })
}

export function getHandlerConfig<B extends Caller>(by: B, id: string): Asked<B, LoggerResult<HandlerConfig>> {
  return ask(by, 'get_handler', { id })
}

/** Replaces what may be said of a handler. Error: `['illegal_config_change', old, new]` for its id and its kind. */
export function setHandlerConfig<B extends Caller>(by: B, id: string, change: HandlerChange): Done<B> {
  return ask(by, 'set_handler', { id, change, isUpdate: false })
}

/** Changes what is said. */
export function updateHandlerConfig<B extends Caller>(by: B, id: string, change: HandlerChange): Done<B> {
  return ask(by, 'set_handler', { id, change, isUpdate: true })
}

export function updateFormatterConfig<B extends Caller>(by: B, id: string, change: FormatterConfig): Done<B> {
  return ask(by, 'update_formatter', { id, change })
}

export function addHandlerFilter<B extends Caller>(
  by: B,
  handler: string,
  id: string,
  spec: FilterSpec,
): Done<B> {
  return ask(by, 'add_filter', { owner: handler, id, spec })
}

export function removeHandlerFilter<B extends Caller>(by: B, handler: string, id: string): Done<B> {
  return ask(by, 'remove_filter', { owner: handler, id })
}

// ---- what a handler is asked ----

function askHandler<B extends Caller, T>(by: B, id: string, request: GateRequest): Asked<B, LoggerResult<T>> {
  checkCaller(WHAT, by)
  // Straight to its gate, behind all that was logged from here.
  const outlet = storeOf(by)?.published.outlets.find((it) => it.id === id)
  if (outlet !== undefined) return call(by, outlet.gate, request)
  return call(by, LOGGER, { $call: 'forward', arg: { id, request } } satisfies LoggerRequest)
}

/** Through when all that this process has logged before is written; a file, to the disk. OTP's `filesync`. */
export function sync<B extends Caller>(by: B, handler: string): Done<B> {
  return askHandler(by, handler, { $call: 'sync' })
}

/** How a handler stands: its mode, and what it has accepted and dropped. */
export function handlerInfo<B extends Caller>(by: B, handler: string): Asked<B, LoggerResult<HandlerInfo>> {
  return askHandler(by, handler, { $call: 'info' })
}

/** Asks a handler of a kind that answers questions. */
export function query<B extends Caller>(
  by: B,
  handler: string,
  question: unknown,
): Asked<B, LoggerResult<unknown>> {
  return askHandler(by, handler, { $call: 'query', arg: question })
}

/**
 * The events that a `memory` handler keeps, and their text: all, or those that fit. In the order in which they came.
 * @example const { value } = yield* logger.browse(self, 'reports', { type: 'crash_report', grep: 'ECONNRESET', last: 10 })
 */
export function browse<B extends Caller>(
  by: B,
  handler: string,
  query_: BrowseQuery = {},
  format: FormatterConfig = {},
): Asked<B, LoggerResult<readonly BrowseEntry[]>> {
  const question: MemoryQuestion = { ask: 'browse', query: query_, format }
  return askHandler(by, handler, { $call: 'query', arg: question })
}

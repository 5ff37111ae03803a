/**
 * The logger's book: all that is configured, and how requests change it; pure. A change that is refused is a `Fault`, and changes
 * nothing. To *set* a configuration is to replace it, with defaults for what is not said; to *update* it, to change what is said.
 *
 * Source: OTP's `logger_server`.
 */

import {
  checkFilter,
  checkHandler,
  checkLevel,
  checkPrimary,
  Fault,
  type HandlerConfig,
  type HandlerOptions,
  handlerDefaults,
  PRIMARY_DEFAULTS,
  type PrimaryConfig,
} from './config.ts'
import type { Filter, FilterSpec } from './filter.ts'
import { checkFormatter, type FormatterConfig } from './formatter.ts'
import { isFunRef } from './fun.ts'
import type { HandlerSpec } from './kind.ts'
import { type LevelLimit, levelNumber } from './level.ts'

/** Plain data, changed in place. */
export interface Book {
  primary: PrimaryConfig
  /** In the order in which they were added. */
  readonly handlers: Map<string, HandlerConfig>
  readonly moduleLevels: Map<string, LevelLimit>
}

/** All that is configured. */
export interface ConfigInfo {
  readonly primary: PrimaryConfig
  readonly handlers: readonly HandlerConfig[]
  readonly moduleLevels: Readonly<Record<string, LevelLimit>>
}

export function infoOf({ primary, handlers, moduleLevels }: Book): ConfigInfo {
  return { primary, handlers: [...handlers.values()], moduleLevels: Object.fromEntries(moduleLevels) }
}

export function newBook(): Book {
  return { primary: PRIMARY_DEFAULTS, handlers: new Map(), moduleLevels: new Map() }
}

export function setPrimary(book: Book, change: Partial<PrimaryConfig>, isUpdate: boolean): Fault | undefined {
  const fault = checkPrimary(change)
  if (fault !== undefined) return fault
  book.primary = { ...(isUpdate ? book.primary : PRIMARY_DEFAULTS), ...change }
  return undefined
}

/** A handler to be added. */
export function plan(
  book: Book,
  id: string,
  spec: HandlerSpec,
  options: HandlerOptions,
): HandlerConfig | Fault {
  if (typeof id !== 'string' || id === '') return new Fault(['invalid_id', id])
  if (book.handlers.has(id)) return new Fault(['already_exist', id])
  if (!isFunRef(spec?.kind)) return new Fault(['invalid_handler', spec])
  return withOptions(handlerDefaults(id, spec.kind, spec.config), options)
}

/** What may be said of a handler that is there; its id and its kind stay. */
export interface HandlerChange extends HandlerOptions {
  readonly config?: unknown
}

/** A handler as it would be. */
export function replan(
  book: Book,
  id: string,
  change: HandlerChange,
  isUpdate: boolean,
): HandlerConfig | Fault {
  const old = book.handlers.get(id)
  if (old === undefined) return new Fault(['not_found', id])
  const { id: newId = id, kind = old.kind, ...options } = change as Partial<HandlerConfig>
  const { url, name } = old.kind.$fun
  const isSame = newId === id && kind?.$fun?.url === url && kind.$fun.name === name
  if (!isSame) return new Fault(['illegal_config_change', { id, kind: old.kind }, { id: newId, kind }])
  return withOptions(isUpdate ? old : handlerDefaults(id, old.kind, old.config), options)
}

function withOptions(base: HandlerConfig, options: HandlerOptions): HandlerConfig | Fault {
  const fault = checkHandler(options)
  if (fault !== undefined) return fault
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { ...base, ...said, overload: { ...base.overload, ...options.overload } }
}

export function withFormatter(book: Book, id: string, change: FormatterConfig): HandlerConfig | Fault {
  const old = book.handlers.get(id)
  if (old === undefined) return new Fault(['not_found', id])
  if (typeof change !== 'object' || change === null) return new Fault(['invalid_formatter_config', change])
  const own = 'fun' in old.formatter
  const formatter = own
    ? { ...old.formatter, config: { ...(old.formatter.config as object), ...change } }
    : { ...old.formatter, ...change }
  const fault = checkFormatter(formatter)
  return fault === undefined ? { ...old, formatter } : new Fault(fault)
}

/** `owner`: a handler's id; `undefined` for the logger's own filters. */
export function addFilter(
  book: Book,
  owner: string | undefined,
  id: string,
  spec: FilterSpec,
): Fault | undefined {
  const added: Filter = { id, ...spec }
  return (
    checkFilter(added) ??
    changeFilters(book, owner, (filters) => {
      return filters.some((it) => it.id === id) ? new Fault(['already_exist', id]) : [...filters, added]
    })
  )
}

export function removeFilter(book: Book, owner: string | undefined, id: string): Fault | undefined {
  return changeFilters(book, owner, (filters) => {
    return filters.some((it) => it.id === id)
      ? filters.filter((it) => it.id !== id)
      : new Fault(['not_found', id])
  })
}

function changeFilters(
  book: Book,
  owner: string | undefined,
  how: (filters: readonly Filter[]) => readonly Filter[] | Fault,
): Fault | undefined {
  const holder = owner === undefined ? book.primary : book.handlers.get(owner)
  if (holder === undefined) return new Fault(['not_found', owner])
  const filters = how(holder.filters)
  if (filters instanceof Fault) return filters
  if (owner === undefined) book.primary = { ...book.primary, filters }
  else book.handlers.set(owner, { ...(holder as HandlerConfig), filters })
  return undefined
}

export function setModuleLevel(book: Book, modules: readonly string[], level: LevelLimit): Fault | undefined {
  const isList = Array.isArray(modules) && modules.every((it) => typeof it === 'string')
  if (!isList) return new Fault(['not_a_list_of_modules', modules])
  const fault = checkLevel(level)
  if (fault !== undefined) return fault
  for (const each of modules) book.moduleLevels.set(each, level)
  return undefined
}

/** Of all modules, if none is named. */
export function unsetModuleLevel(book: Book, modules: readonly string[] | undefined): Fault | undefined {
  if (modules === undefined) book.moduleLevels.clear()
  else if (!Array.isArray(modules)) return new Fault(['not_a_list_of_modules', modules])
  else for (const each of modules) book.moduleLevels.delete(each)
  return undefined
}

export function moduleNumbers(book: Book): Map<string, number> {
  return new Map([...book.moduleLevels].map(([module, level]) => [module, levelNumber(level)]))
}

/**
 * What can be asked of the logger, and what is done about it. A request is answered when all that it changes is in force: whoever
 * has its answer, and all whom it tells, log by the new configuration.
 */

import { reasonOfThrown, type Self } from '@heddle/scheduler'
import {
  type ConfigInfo,
  type HandlerChange,
  infoOf,
  plan,
  removeFilter,
  replan,
  setModuleLevel,
  setPrimary,
  unsetModuleLevel,
  withFormatter,
} from './book.ts'
import { checkPrimary, Fault, type HandlerConfig, type HandlerOptions, type PrimaryConfig } from './config.ts'
import type { FilterSpec } from './filter.ts'
import type { FormatterConfig } from './formatter.ts'
import { loadAll } from './fun.ts'
import { addFilterTo, changeHandler, startHandler, stopHandler } from './handlers.ts'
import type { HandlerSpec } from './kind.ts'
import type { LevelLimit } from './level.ts'
import type { Logger, LoggerResult } from './publish.ts'

/** Requests by name: what they take, and what they come to. */
export interface Requests {
  get_config: [undefined, ConfigInfo]
  set_primary: [{ readonly change: Partial<PrimaryConfig>; readonly isUpdate: boolean }, undefined]
  add_filter: [
    { readonly owner: string | undefined; readonly id: string; readonly spec: FilterSpec },
    undefined,
  ]
  remove_filter: [{ readonly owner: string | undefined; readonly id: string }, undefined]
  add_handler: [
    { readonly id: string; readonly spec: HandlerSpec; readonly options: HandlerOptions },
    undefined,
  ]
  remove_handler: [{ readonly id: string }, undefined]
  get_handler: [{ readonly id: string }, HandlerConfig]
  set_handler: [
    { readonly id: string; readonly change: HandlerChange; readonly isUpdate: boolean },
    undefined,
  ]
  update_formatter: [{ readonly id: string; readonly change: FormatterConfig }, undefined]
  set_module_level: [{ readonly modules: readonly string[]; readonly level: LevelLimit }, undefined]
  unset_module_level: [{ readonly modules: readonly string[] | undefined }, undefined]
}

export type RequestName = keyof Requests

/** As it stands in a call; plain data. */
export interface LoggerRequest {
  readonly $call: RequestName | 'poll' | 'forward' | 'kernel_report'
  readonly arg: unknown
  /** It comes from a handler's own callback. */
  readonly inCallback?: boolean
}

export interface Answer {
  readonly result: LoggerResult<unknown>
  readonly hasChanged: boolean
}

const ok = (value: unknown): Answer => ({ result: { status: 'ok', value }, hasChanged: false })
const CHANGED: Answer = { result: { status: 'ok', value: undefined }, hasChanged: true }
const refused = ({ reason }: Fault): Answer => ({ result: { status: 'error', reason }, hasChanged: false })
const outcome = (fault: Fault | undefined): Answer => (fault === undefined ? CHANGED : refused(fault))

type Handling = {
  readonly [Name in RequestName]: (
    state: Logger,
    arg: Requests[Name][0],
    self: Self,
  ) => Answer | Promise<Answer>
}

const HANDLING: Handling = {
  get_config: ({ book }) => ok(infoOf(book)),
  set_primary: async ({ book }, { change, isUpdate }) => {
    const fault = checkPrimary(change)
    if (fault !== undefined) return refused(fault)
    const missing = await loadAll((change.filters ?? []).map(({ fun }) => fun))
    if (missing.length > 0) return refused(new Fault(['unknown_function', missing[0]?.$fun]))
    return outcome(setPrimary(book, change, isUpdate))
  },
  add_filter: async (state, { owner, id, spec }) => outcome(await addFilterTo(state, owner, id, spec)),
  remove_filter: ({ book }, { owner, id }) => outcome(removeFilter(book, owner, id)),
  add_handler: async (state, { id, spec, options }, self) => {
    const config = plan(state.book, id, spec, options)
    return config instanceof Fault ? refused(config) : outcome(await startHandler(state, config, self))
  },
  remove_handler: async (state, { id }, self) => {
    if (!state.book.handlers.has(id)) return refused(new Fault(['not_found', id]))
    await stopHandler(state, id, self)
    return CHANGED
  },
  get_handler: ({ book }, { id }) => {
    const config = book.handlers.get(id)
    return config === undefined ? refused(new Fault(['not_found', id])) : ok(config)
  },
  set_handler: async (state, { id, change, isUpdate }, self) => {
    const config = replan(state.book, id, change, isUpdate)
    return config instanceof Fault ? refused(config) : outcome(await changeHandler(state, config, self))
  },
  update_formatter: async (state, { id, change }, self) => {
    const config = withFormatter(state.book, id, change)
    return config instanceof Fault ? refused(config) : outcome(await changeHandler(state, config, self))
  },
  set_module_level: ({ book }, { modules, level }) => outcome(setModuleLevel(book, modules, level)),
  unset_module_level: ({ book }, { modules }) => outcome(unsetModuleLevel(book, modules)),
}

export async function answerRequest(state: Logger, request: LoggerRequest, self: Self): Promise<Answer> {
  const { $call, arg } = request
  if (!Object.hasOwn(HANDLING, $call)) return refused(new Fault(['unknown_request', $call]))
  const handle = HANDLING[$call as RequestName] as (state: Logger, arg: unknown, self: Self) => Answer
  try {
    return await handle(state, arg, self)
  } catch (error) {
    // Whoever asks nonsense in a way that nobody has thought of is told so; the logger goes on.
    return refused(new Fault(['badarg', reasonOfThrown(error)]))
  }
}

/**
 * `eventHandler`: an event handler's definition from its callbacks, and the constructors of its calls. Any number of
 * handlers can be added to an event manager, in whose process they all run, one after the other.
 */

import type { Self, Step } from '@heddle/scheduler'
import {
  callbacksOf,
  checkFunctions,
  checkKeys,
  checkMessageNames,
  refusing,
  requireFunctions,
  sectionOf,
  sourceOf,
} from '../../door/callbacks.ts'
import type { FailInit } from '../../gen/initialise.ts'
import type { Constructor, None, ReplyOf } from '../gen-server.ts'
import type { Ok } from '../next.ts'
import { defineCode, type HandlerCode } from './code.ts'
import type { HandlerDef } from './definition.ts'
import type { EventNext, HandlerCallNext } from './next.ts'

/** What `init` gets of the handler that this one replaces. */
export interface Swapped {
  /** What its `terminate` returned; `'error'` if it was not there. */
  readonly value: unknown
}

/** What a handler's part of `sys.getStatus` and of error reports is made of; what it returns stands there instead. */
export interface HandlerStatus<S> {
  readonly state: S
  /** The last message, and why the handler ended, in a report. */
  readonly message?: unknown
  readonly reason?: unknown
}

/** One of a handler's calls. */
export type HandlerCall<S> = (state: S, argument: never, self: Self) => Step<HandlerCallNext<unknown, S>>

/**
 * The callbacks of an event handler. Each may return its result, a promise of it, or a generator of it; meanwhile the
 * manager's other messages wait.
 */
export interface HandlerCallbacks<A, S, E, C> {
  /** The version of the state's shape. */
  readonly vsn?: number
  /**
   * First, as it fixes the type of the state, which must be structured-clone data: `ok(state)`, or `failInit(reason)`.
   * `swapped` is there if the handler replaces another.
   */
  readonly init: (argument: A, self: Self, swapped: Swapped | undefined) => Step<Ok<S> | FailInit>
  /** What was sent with `notify` and `syncNotify`. */
  readonly handleEvent: (state: NoInfer<S>, event: E, self: Self) => Step<EventNext<NoInfer<S>>>
  readonly handleCall?: C & { readonly [Name in keyof C]: HandlerCall<NoInfer<S>> }
  /** All other messages; EXIT, too, as a manager traps exits. */
  readonly handleInfo?: (state: NoInfer<S>, message: unknown, self: Self) => Step<EventNext<NoInfer<S>>>
  /**
   * The last to run. `argument`: that of `deleteHandler` or of a swap; `'stop'` (the manager ends), `['stop', reason]` (its
   * supervisor ended), `'remove_handler'`, `['error', ['EXIT', reason]]`, `['error', value]`. What it returns goes
   * to whoever deleted it, or to the `init` of what replaces it.
   */
  readonly terminate?: (argument: unknown, state: NoInfer<S>, self: Self) => unknown
  /** For upgrades: the state of version `from`, as this version has it. */
  readonly codeChange?: (from: number, state: unknown, extra: unknown, self: Self) => Step<NoInfer<S>>
  /** What shows of the state. */
  readonly formatStatus?: (status: HandlerStatus<NoInfer<S>>) => HandlerStatus<unknown>
}

declare const of: unique symbol
declare const result: unique symbol

/** A request to a handler; made by its definition's own constructors, `average.mean()`. */
export interface HandlerRequest<C, R> {
  readonly $request: string
  readonly arg: unknown
  readonly [of]?: (calls: C) => C
  readonly [result]?: R
}

/** A handler's definition: what is added to a manager, and the constructors of its calls. */
export type EventHandler<A, E, C> = HandlerDef<A, E, C> & {
  readonly [Name in keyof C]: Constructor<C[Name], HandlerRequest<C, ReplyOf<C[Name]>>>
}

/**
 * Defines an event handler that any event manager can run, on any scheduler.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT (a call named `then` or `$…`, a callback that there is not, or that is
 *   no function), ERR_DUPLICATE_DEFINITION
 * @example export const average = eventHandler(import.meta.url, 'average', {
 *   init: (_: void) => ok({ sum: 0, count: 0 }),
 *   handleEvent: ({ sum, count }, celsius: number) => ok({ sum: sum + celsius, count: count + 1 }),
 *   handleCall: { mean: (state) => reply(state.sum / state.count, state) },
 * })
 */
export function eventHandler<A, S, E, C = None>(
  url: string,
  name: string,
  callbacks: HandlerCallbacks<A, S, E, C>,
): EventHandler<A, E, C> {
  const calls = checkCallbacks(name, callbacks)
  const { vsn = 0, init, handleEvent, handleInfo, terminate, codeChange, formatStatus } = callbacks
  const code = {
    vsn,
    init,
    event: handleEvent,
    info: handleInfo,
    calls,
    terminate,
    codeChange,
    formatStatus,
  }
  const address = defineCode(url, name, code as HandlerCode, sourceOf(callbacks))
  const definition: Record<string, unknown> = { $: Object.freeze({ ...address, isEventHandler: true }) }
  for (const each of calls?.keys() ?? []) {
    definition[each] = (argument: unknown) => ({ $request: each, arg: argument })
  }
  return Object.freeze(definition) as unknown as EventHandler<A, E, C>
}

const OPTIONAL = ['handleEvent', 'handleInfo', 'terminate', 'codeChange', 'formatStatus'] as const
const KEYS: readonly string[] = ['vsn', 'init', 'handleCall', ...OPTIONAL]

/** Returns the calls. */
function checkCallbacks(name: unknown, given: unknown): HandlerCode['calls'] {
  const refuse = refusing('event handler', name)
  const callbacks = callbacksOf('eventHandler', given, refuse)
  checkKeys(callbacks, KEYS, refuse)
  requireFunctions(callbacks, ['init'], refuse)
  checkFunctions(callbacks, OPTIONAL, refuse)
  const calls = sectionOf(callbacks, 'handleCall', refuse)
  checkMessageNames(calls?.keys() ?? [], [], refuse)
  return calls as HandlerCode['calls']
}

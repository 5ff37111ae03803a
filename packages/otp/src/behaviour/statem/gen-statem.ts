/**
 * `genStatem`: a state machine's definition from its callbacks, and its message constructors. OTP's two callback modes
 * are one shape here: what stands under `states` is a state's own (`state_functions`); what stands beside it is for an
 * event that the state has no callback for, in whatever state (`handle_event_function`), and gets the state as well.
 * A machine without `states` has states of any plain data.
 *
 * The messages are those of all states together: `door.open(code)` is one message, whichever states handle it, and in
 * whichever it is postponed. A state that has no callback for an event crashes the machine: nothing is dropped unseen.
 *
 * Rejected: one callback per state that is given the event (the type checker could not tell a sender what the machine
 * takes); a table of transitions (it says where, but not what with the data).
 */

import type { CallMessage, CastMessage, ExitReason, From, Self, Step } from '@heddle/scheduler'
import {
  callbacksOf,
  checkFunctions,
  checkKeys,
  checkMessageNames,
  type Given,
  type Refuse,
  refusing,
  requireFunctions,
  sectionOf,
  sourceOf,
} from '../../door/callbacks.ts'
import { defineBehaviour } from '../../gen/behaviour.ts'
import type { ServerDef } from '../../gen/definition.ts'
import { exitCause } from '../../gen/ending.ts'
import type { FailInit, Ignore, StopInit } from '../../gen/initialise.ts'
import { after, isStep } from '../../gen/step.ts'
import type { Stop } from '../next.ts'
import {
  type Callback,
  type CallbackSet,
  type Life,
  type MachineCode,
  presentCode,
  registerCode,
} from './code.ts'
import { beginMachine, end, enterMachine, handleMessage } from './machine.ts'
import type { Begin, Keep, NextState, StopAndReply } from './next.ts'
import { formatMachine, type StatemStatus } from './status.ts'

/** What an event's callback may return. */
export type StatemNext<S, D> = NextState<S, D, unknown> | EnterNext<D>
/** What an enter callback may return: it cannot change the state. */
export type EnterNext<D> = Keep<D, unknown> | Stop<unknown, D> | StopAndReply<D, unknown>
/** Names the reply's type where the reply comes later: `ask: (data, _: void, self, from): CallTo<string, 'idle', Data> => …`. */
export type CallTo<R, S, D> = NextState<S, D, R> | Keep<D, R> | Stop<R, D> | StopAndReply<D, R>

/** The callbacks of one state; each may return its result, a promise of it, or a generator of it. */
export interface StateCallbacks<S, D> {
  /** The state has been entered, from `oldState`: from itself at the start, and when it is repeated. */
  readonly enter?: (data: D, oldState: S, self: Self) => Step<EnterNext<D>>
  readonly call?: {
    readonly [name: string]: (data: D, argument: never, self: Self, from: From) => Step<StatemNext<S, D>>
  }
  readonly cast?: {
    readonly [name: string]: (data: D, argument: never, self: Self) => Step<StatemNext<S, D>>
  }
  /** All other messages. */
  info?(data: D, message: unknown, self: Self): Step<StatemNext<S, D>>
  /** What `nextEvent('internal', content)` asked for. A method, as those below, so that it may name what it is given. */
  internal?(data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  stateTimeout?(data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  /** The event time-out. */
  timeout?(data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  /** Generic time-outs, by name. */
  readonly timeouts?: { readonly [name: string]: TimeoutCallback<S, D>['timeout'] }
}

interface TimeoutCallback<S, D> {
  timeout(data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
}

/** The same callbacks for any state: each gets the state first. */
export interface CommonCallbacks<S, D, C, K> {
  readonly enter?: (state: S, data: D, oldState: S, self: Self) => Step<EnterNext<D>>
  readonly call?: C & { readonly [Name in keyof C]: CommonCall<S, D> }
  readonly cast?: K & { readonly [Name in keyof K]: CommonCast<S, D> }
  info?(state: S, data: D, message: unknown, self: Self): Step<StatemNext<S, D>>
  internal?(state: S, data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  stateTimeout?(state: S, data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  timeout?(state: S, data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
  readonly timeouts?: { readonly [name: string]: CommonTimeout<S, D>['timeout'] }
  /** The last to run when the machine stops, crashes, or traps exits and its parent ends. */
  readonly terminate?: (reason: ExitReason, state: S, data: D, self: Self) => Step<void>
}

interface CommonTimeout<S, D> {
  timeout(state: S, data: D, content: unknown, self: Self): Step<StatemNext<S, D>>
}

type CommonCall<S, D> = (state: S, data: D, argument: never, self: Self, from: From) => Step<StatemNext<S, D>>
type CommonCast<S, D> = (state: S, data: D, argument: never, self: Self) => Step<StatemNext<S, D>>

// ---- from callbacks to messages ----

type Settled<T> = T extends Generator<unknown, infer R, never> ? R : T extends PromiseLike<infer R> ? R : T
type ReplyIn<N> =
  N extends Stop<infer R, unknown>
    ? R
    : N extends NextState<unknown, unknown, infer R> | Keep<unknown, infer R> | StopAndReply<unknown, infer R>
      ? R
      : never
type ReplyOf<H> = H extends (...args: never) => infer N ? ReplyIn<Settled<N>> : never

/** As contravariant: an argument must do for every callback that may get it. */
type Taking<H, Before extends readonly unknown[]> = H extends (...all: infer P) => unknown
  ? P extends readonly [...Before, infer A, ...unknown[]]
    ? (argument: A) => void
    : never
  : never
type ArgumentOf<T> = [T] extends [never] ? undefined : [T] extends [(argument: infer A) => void] ? A : never

type NamesIn<St, Section extends string> = {
  [S in keyof St]: St[S] extends { readonly [Each in Section]?: infer C } ? keyof C : never
}[keyof St]
type HandlersIn<St, Section extends string, Name> = {
  [S in keyof St]: St[S] extends { readonly [Each in Section]?: infer C }
    ? Name extends keyof C
      ? C[Name]
      : never
    : never
}[keyof St]
type HandlerOf<C, Name> = Name extends keyof C ? C[Name] : never

/** What is known of one message: its argument and its reply. */
type Told<St, C, Section extends string, Name> = readonly [
  argument: ArgumentOf<
    Taking<HandlersIn<St, Section, Name>, [unknown]> | Taking<HandlerOf<C, Name>, [unknown, unknown]>
  >,
  reply: ReplyOf<HandlersIn<St, Section, Name>> | ReplyOf<HandlerOf<C, Name>>,
]

/** The messages that a machine takes, those of all its states. */
export interface StatemApi<St, C, K> {
  readonly call: {
    readonly [Name in (NamesIn<St, 'call'> | keyof C) & string]: Told<St, C, 'call', Name>
  }
  readonly cast: {
    readonly [Name in (NamesIn<St, 'cast'> | keyof K) & string]: Told<St, K, 'cast', Name>
  }
}

type Constructor<A, M> = [A] extends [undefined]
  ? () => M
  : [A] extends [never]
    ? () => M
    : (argument: A) => M

/** A machine's definition: what is started, and the constructors of its messages. */
export type GenStatem<A, St, C, K> = ServerDef<A, StatemApi<St, C, K>> & {
  readonly [Name in keyof StatemApi<St, C, K>['call']]: Constructor<
    StatemApi<St, C, K>['call'][Name][0],
    CallMessage<StatemApi<St, C, K>, StatemApi<St, C, K>['call'][Name][1]>
  >
} & {
  readonly [Name in keyof StatemApi<St, C, K>['cast']]: Constructor<
    StatemApi<St, C, K>['cast'][Name][0],
    CastMessage<StatemApi<St, C, K>>
  >
}

/** No states of their own, no calls, no casts. */
type None = Record<never, never>

/** The names of the states; where there are none, what `init` begins with. */
type StateOf<N, S> = [N] extends [never] ? S : N

/** A section that there is not. As the states' type is inferred from what is written, nothing in it would be too much. */
type NoOthers<St> = {
  readonly [S in keyof St]: {
    readonly [Key in Exclude<keyof St[S], keyof StateCallbacks<unknown, unknown>>]?: never
  }
}

/** Where states have names, it begins in one of them. */
type Among<N> = [N] extends [never] ? unknown : N

/** The callbacks of a machine. */
export interface StatemCallbacks<A, S, D, N extends string, St, C, K>
  extends CommonCallbacks<StateOf<NoInfer<N>, NoInfer<S>>, NoInfer<D>, C, K> {
  /** The version of the shape of state and data. */
  readonly vsn?: number
  /** Why its processes must stay on their scheduler: they hold something of its thread that their data does not show. */
  readonly pinned?: string
  /** First, as it fixes the type of the data, which must be structured-clone data. */
  readonly init: (
    argument: A,
    self: Self,
  ) => Step<Begin<S & Among<NoInfer<N>>, D> | Ignore | StopInit | FailInit>
  /** By name. */
  readonly states?: St & {
    readonly [Name in N]: StateCallbacks<StateOf<NoInfer<N>, NoInfer<S>>, NoInfer<D>>
  } & NoOthers<NoInfer<St>>
  /** For upgrades: `beginIn(state, data)`, those of version `from` as this version has them. Throws to refuse. */
  readonly codeChange?: (
    from: unknown,
    state: unknown,
    data: unknown,
    extra: unknown,
    self: Self,
  ) => Step<Begin<StateOf<NoInfer<N>, NoInfer<S>>, NoInfer<D>>>
  /** What people see: `sys.getStatus`, the report of a crash. What it leaves out is shown as it is. */
  readonly formatStatus?: (status: StatemStatus) => Partial<StatemStatus>
}

/**
 * Defines a state machine that any scheduler can run.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT (a name that is both a call and a cast, `then`, or begins with `$`; a callback
 *   that there is not, or that is no function; no callbacks at all), ERR_DUPLICATE_DEFINITION
 * @example export const door = genStatem(import.meta.url, 'door', {
 *   init: (code: string) => beginIn('locked', { code }),
 *   states: {
 *     locked: {
 *       call: {
 *         open: (data, code: string, _self, from) =>
 *           code === data.code
 *             ? nextState('open', data, [replyTo(from, 'opened'), stateTimeout(10_000, 'lock')])
 *             : keepState(data, replyTo(from, 'wrong code')),
 *       },
 *     },
 *     open: {
 *       call: { open: () => keepStateAndData(postpone()) },
 *       stateTimeout: (data) => nextState('locked', data),
 *     },
 *   },
 * })
 */
export function genStatem<A, S, D, N extends string = never, St = None, C = None, K = None>(
  url: string,
  name: string,
  callbacks: StatemCallbacks<A, S, D, N, St, C, K>,
): GenStatem<A, St, C, K> {
  return defineStatem(url, name, callbacks, () => sourceOf(callbacks)) as unknown as GenStatem<A, St, C, K>
}

/** The same without types. `source` tells this definition's code from another's. */
export function defineStatem(
  url: string,
  name: string,
  callbacks: { readonly vsn?: number; readonly pinned?: string },
  source: () => string,
): { readonly $: ServerDef<never, unknown>['$'] } {
  const code = codeOf(name, callbacks)
  const { calls, casts } = namesOf(name, code)
  const { vsn, pinned } = callbacks
  const options = { source, pinned, ...(vsn === undefined ? {} : { vsn }) }
  const address = defineBehaviour(url, code, options)
  registerCode(address, code)
  const definition: Record<string, unknown> = { $: address }
  for (const each of calls) definition[each] = (arg: unknown) => statemCall(each, arg)
  for (const each of casts) definition[each] = (arg: unknown) => ({ $cast: each, arg })
  return Object.freeze(definition) as never
}

/** A call of a machine waits for ever, unless it is told otherwise. */
function statemCall(name: string, arg: unknown): CallMessage<unknown, unknown> {
  return { $call: name, arg, $module: 'gen_statem', $timeoutMs: Infinity }
}

// ---- from what the user wrote to callbacks ----

const SECTIONS = ['call', 'cast', 'timeouts'] as const
const FUNCTIONS = ['enter', 'info', 'internal', 'stateTimeout', 'timeout'] as const

const SET_KEYS: readonly string[] = [...SECTIONS, ...FUNCTIONS]
const OWN_KEYS: readonly string[] = [
  'vsn',
  'pinned',
  'init',
  'states',
  'terminate',
  'codeChange',
  'formatStatus',
]

function codeOf(name: string, callbacks: unknown): MachineCode {
  const refuse = refusing('machine', name)
  const given = callbacksOf('genStatem', callbacks, refuse)
  const common = callbackSet(given, [...OWN_KEYS, ...SET_KEYS], refuse)
  requireFunctions(given, ['init'], refuse)
  checkFunctions(given, ['terminate', 'codeChange', 'formatStatus'], refuse)
  const states = given.states === undefined ? undefined : statesOf(given.states, refuse)
  if (states === undefined && Object.values(common).every((each) => each === undefined)) {
    throw refuse('it has neither states nor callbacks')
  }
  const code: MachineCode = {
    module: 'gen_statem',
    name,
    init: given.init as MachineCode['init'],
    states,
    common,
    terminate: given.terminate as MachineCode['terminate'],
    codeChange: given.codeChange as MachineCode['codeChange'],
    format: given.formatStatus as MachineCode['format'],
    begin: (birth, self) => beginMachine(code, birth, self),
    handle: (life, message, self) => handleMessage(code, life, message, self),
    end: (life, reason, self) => end(code, life, exitCause(reason), reason, self),
    getState: ({ state, data }) => ({ state, data }),
    replaceState: (life, change) => {
      const { state, data } = change({ state: life.state, data: life.data }) as StateAndData
      Object.assign(life, { state, data })
      return { state, data }
    },
    changeCode: (life, from, extra, self) => changeCode(code, life, from, extra, self),
    formatStatus: (life, mode, self) => formatMachine(code, life, mode, self),
    enter: (birth, begin, _options, self) => enterMachine(code, birth, begin, self),
    needs: ({ modules }) => modules,
  }
  return code
}

interface StateAndData {
  readonly state: unknown
  readonly data: unknown
}

/** Without a callback state and data are as good as they were. */
function changeCode(own: MachineCode, life: Life, from: unknown, extra: unknown, self: Self): unknown {
  const { codeChange } = presentCode(own, life) ?? own
  if (codeChange === undefined) return undefined
  const changed = codeChange(from, life.state, life.data, extra, self)
  const set = (given: unknown): void => {
    const { state, data } = given as StateAndData
    Object.assign(life, { state, data })
  }
  return isStep(changed) ? after(changed, set) : set(changed)
}

function statesOf(given: unknown, refuse: Refuse): ReadonlyMap<string, CallbackSet> {
  if (typeof given !== 'object' || given === null) throw refuse("'states' is no object")
  const entries = Object.entries(given)
  if (entries.length === 0) throw refuse('it has no states')
  return new Map(
    entries.map(([state, set]) => {
      const where = `state '${state}': `
      if (typeof set !== 'object' || set === null) throw refuse(`${where}no object of callbacks`)
      return [state, callbackSet(set as Given, SET_KEYS, refuse, where)]
    }),
  )
}

function callbackSet(set: Given, known: readonly string[], refuse: Refuse, where = ''): CallbackSet {
  checkKeys(set, known, refuse, where)
  checkFunctions(set, FUNCTIONS, refuse, where)
  const [calls, casts, timeouts] = SECTIONS.map((each) => sectionOf<Callback>(set, each, refuse, where))
  const { enter, info, internal, stateTimeout, timeout } = set as Record<string, Callback | undefined>
  return { enter, calls, casts, info, internal, stateTimeout, timeout, timeouts }
}

/** The names of all messages. */
function namesOf(name: string, { states, common }: MachineCode): Record<'calls' | 'casts', Set<string>> {
  const sets = [common, ...(states?.values() ?? [])]
  const calls = new Set(sets.flatMap((set) => [...(set.calls?.keys() ?? [])]))
  const casts = new Set(sets.flatMap((set) => [...(set.casts?.keys() ?? [])]))
  checkMessageNames(calls, casts, refusing('machine', name))
  return { calls, casts }
}

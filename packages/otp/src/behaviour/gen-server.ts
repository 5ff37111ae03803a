/**
 * `genServer`: a server's definition from its callbacks, and its message constructors. One definition is
 * both: `counter` is what is started, `counter.add(2)` is a message to it. A message is plain data, its
 * name and its argument; that the name exists, and takes this argument, the type checker sees at the
 * sender, and go-to-definition on `counter.add` lands on the handler.
 *
 * Rejected: an interface apart from its implementation (said twice, and it drifts), methods on a proxy
 * (a call then looks local, and has no place for a time limit).
 */

import type { CallMessage, CastMessage, ExitReason, From, Self, Step } from '@heddle/scheduler'
import {
  callbacksOf,
  checkFunctions,
  checkKeys,
  checkMessageNames,
  refusing,
  requireFunctions,
  sectionOf,
  sourceOf,
} from '../door/callbacks.ts'
import { defineBehaviour } from '../gen/behaviour.ts'
import { newCore } from '../gen/core.ts'
import type { BehaviourName, ServerDef } from '../gen/definition.ts'
import { exitCause } from '../gen/ending.ts'
import { after, isStep } from '../gen/step.ts'
import { beginServer } from './init.ts'
import type { CallNext, CastNext, InitResult, NextOptions } from './next.ts'
import {
  type CallCallback,
  type CastCallback,
  end,
  goOn,
  handleMessage,
  type Server,
  type ServerCode,
} from './server.ts'
import { formatServer, type ServerStatus } from './server-status.ts'

export type { ServerStatus }

/** A call's callback. `from` is for a reply that comes later. */
export type CallHandler<S> = (state: S, argument: never, self: Self, from: From) => Step<CallNext<unknown, S>>
/** A cast's callback. */
export type CastHandler<S> = (state: S, argument: never, self: Self) => Step<CastNext<S>>

/** The callbacks of a server; each may return its result, a promise of it, or a generator of it. */
export interface ServerCallbacks<A, S, C, K> {
  /** The version of the state's shape. */
  readonly vsn?: number
  /** Why its processes must stay on their scheduler: they hold something of its thread that their state does not show. */
  readonly pinned?: string
  /** First, as it fixes the type of the state, which must be structured-clone data. */
  readonly init: (argument: A, self: Self) => Step<InitResult<S>>
  readonly call?: C & { readonly [Name in keyof C]: CallHandler<NoInfer<S>> }
  readonly cast?: K & { readonly [Name in keyof K]: CastHandler<NoInfer<S>> }
  /** All other messages: EXIT, DOWN, timers, `TIMEOUT`, what was sent with `send`. */
  readonly info?: (state: NoInfer<S>, message: unknown, self: Self) => Step<CastNext<NoInfer<S>>>
  /** What a `continue` option asked for. A method, so that it may name the arguments that it is given. */
  continue?(state: NoInfer<S>, argument: unknown, self: Self): Step<CastNext<NoInfer<S>>>
  /** The last to run when the server stops, crashes, or traps exits and its parent ends. */
  readonly terminate?: (reason: ExitReason, state: NoInfer<S>, self: Self) => Step<void>
  /** For upgrades: the state of version `from`, as this version has it. To throw is to refuse. */
  readonly codeChange?: (from: number, state: unknown, extra: unknown, self: Self) => Step<NoInfer<S>>
  /** What people are shown, by `sys.getStatus` and in reports: leaves out what is secret, or huge. */
  readonly formatStatus?: (status: ServerStatus<NoInfer<S>>) => ServerStatus
}

type ArgumentOf<H> = H extends (state: never, argument: infer A, self: never, from: never) => unknown
  ? A
  : never
type Settled<T> = T extends Generator<unknown, infer R, never> ? R : T extends PromiseLike<infer R> ? R : T
type ReplyIn<N> = N extends { readonly reply: infer R } ? R : never
export type ReplyOf<H> = H extends (...args: never) => infer N ? ReplyIn<Settled<N>> : never

/** A message's constructor takes what the callback takes behind the state. */
export type Constructor<H, M> = H extends (...all: infer P) => unknown
  ? P extends readonly [unknown, infer A, ...unknown[]]
    ? [A] extends [never]
      ? () => M
      : (argument: A) => M
    : P['length'] extends 0 | 1
      ? () => M
      : P extends readonly [unknown, (infer A)?, ...unknown[]]
        ? (argument?: A) => M
        : never
  : never

/** The messages that a server takes: each call with its argument and its reply, each cast with its argument. */
export interface ServerApi<C, K> {
  readonly call: { readonly [Name in keyof C]: readonly [ArgumentOf<C[Name]>, ReplyOf<C[Name]>] }
  readonly cast: { readonly [Name in keyof K]: readonly [ArgumentOf<K[Name]>] }
}

/** A server's definition: what is started, and the constructors of its messages. */
export type GenServer<A, C, K> = ServerDef<A, ServerApi<C, K>> & {
  readonly [Name in keyof C]: Constructor<C[Name], CallMessage<ServerApi<C, K>, ReplyOf<C[Name]>>>
} & {
  readonly [Name in keyof K]: Constructor<K[Name], CastMessage<ServerApi<C, K>>>
}

/** No calls, or no casts. */
export type None = Record<never, never>

/**
 * Defines a server that any scheduler can run.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT (a name that is both a call and a cast, `then`, or begins with `$`; a
 *   callback that there is not, or that is no function), ERR_DUPLICATE_DEFINITION
 * @example export const counter = genServer(import.meta.url, 'counter', {
 *   init: (start: number) => ({ total: start }),
 *   call: { get: (state) => reply(state.total, state) },
 *   cast: { add: (state, by: number) => noreply({ total: state.total + by }) },
 * })
 */
export function genServer<A, S, C = None, K = None>(
  url: string,
  name: string,
  callbacks: ServerCallbacks<A, S, C, K>,
): GenServer<A, C, K> {
  checkCallbacks(name, callbacks)
  const { call, cast } = callbacks as { call?: CallSection; cast?: CastSection }
  const address = defineServer(url, name, 'gen_server', callbacks as ErasedCallbacks)
  const definition: Record<string, unknown> = { $: address }
  for (const each of Object.keys(call ?? {})) {
    definition[each] = (argument: unknown) => ({ $call: each, arg: argument })
  }
  for (const each of Object.keys(cast ?? {})) {
    definition[each] = (argument: unknown) => ({ $cast: each, arg: argument })
  }
  return Object.freeze(definition) as unknown as GenServer<A, C, K>
}

type CallSection = Readonly<Record<string, CallCallback>>
type CastSection = Readonly<Record<string, CastCallback>>

/** Callbacks without their users' types. */
export interface ErasedCallbacks {
  readonly pinned?: string
  readonly vsn?: number
  readonly init: ServerCode['init']
  readonly call?: CallSection
  readonly cast?: CastSection
  readonly info?: ServerCode['info']
  readonly continue?: ServerCode['continue']
  readonly terminate?: ServerCode['terminate']
  readonly codeChange?: ServerCode['codeChange']
  readonly formatStatus?: ServerCode['format']
}

/** Registers a server with the scheduler; its address, plain data. What all behaviours made of a server use. */
export function defineServer(
  url: string,
  name: string,
  behaviour: BehaviourName,
  callbacks: ErasedCallbacks,
  /** What tells this definition's code from another's. */
  source: () => string = () => sourceOf(callbacks),
): ServerDef<never, unknown>['$'] {
  const { call, cast } = callbacks
  checkMessageNames(Object.keys(call ?? {}), Object.keys(cast ?? {}), refusing('server', name))
  const { vsn, pinned } = callbacks
  const options = { source, pinned, ...(vsn === undefined ? {} : { vsn }) }
  return defineBehaviour(url, serverCode(name, callbacks), options, behaviour)
}

/** A server's callbacks, as the floor runs them. */
export function serverCode(name: string, callbacks: ErasedCallbacks): ServerCode {
  const { init, call, cast, info, terminate, codeChange, formatStatus } = callbacks
  const code: ServerCode = {
    module: 'gen_server',
    name,
    init,
    calls: call && new Map(Object.entries(call)),
    casts: cast && new Map(Object.entries(cast)),
    info,
    continue: callbacks.continue,
    terminate,
    codeChange,
    format: formatStatus,
    begin: (birth, self) => beginServer(code, birth, self),
    handle: (server, message, self) => handleMessage(code, server, message, self),
    end: (server, reason, self) => end(code, server, exitCause(reason), undefined, self),
    getState: (server) => server.state,
    replaceState: (server, change) => {
      server.state = change(server.state)
      return server.state
    },
    changeCode: (server, from, extra, self) => changeCode(code, server, from, extra, self),
    formatStatus: (server, mode, self) => formatServer(code, server, mode, self),
    enter: (birth, state, options, self) => {
      const server: Server = { ...newCore(birth), state }
      return goOn(code, server, { state, options: options as NextOptions | undefined }, self)
    },
  }
  return code
}

/** Without a callback the state is as good as it was. */
function changeCode(code: ServerCode, server: Server, from: unknown, extra: unknown, self: Self): unknown {
  if (code.codeChange === undefined) return undefined
  const changed = code.codeChange(from as never, server.state, extra, self)
  const set = (state: unknown): void => {
    server.state = state
  }
  return isStep(changed) ? after(changed, set) : set(changed)
}

const SECTIONS = ['call', 'cast'] as const
const FUNCTIONS = ['info', 'continue', 'terminate', 'codeChange', 'formatStatus'] as const
const KEYS: readonly string[] = ['vsn', 'pinned', 'init', ...SECTIONS, ...FUNCTIONS]

function checkCallbacks(name: unknown, given: unknown): void {
  const refuse = refusing('server', name)
  const callbacks = callbacksOf('genServer', given, refuse)
  checkKeys(callbacks, KEYS, refuse)
  for (const section of SECTIONS) sectionOf(callbacks, section, refuse)
  requireFunctions(callbacks, ['init'], refuse)
  checkFunctions(callbacks, FUNCTIONS, refuse)
}

/**
 * *Special processes*: written by hand, as a loop of the user's own, and yet good members of the tower: started as servers
 * are, with ancestors and crash reports, open to `sys`. What a behaviour does by itself such a process does when it
 * meets a system message: it hands it to `handleSystem`, which takes over the loop, for as long as the process is
 * suspended, and comes back through its callbacks.
 *
 * Or it does something first, and then becomes a server: `enterLoop`.
 *
 * Source: OTP's "sys and proc_lib", `sys:handle_system_msg`, `proc_lib`, `gen_server:enter_loop`.
 */

import {
  ANY,
  again,
  type BodyResult,
  type DefinitionAddress,
  done,
  type ExitMessage,
  HeddleError,
  hibernate,
  isVia,
  type Moving,
  type Pid,
  process,
  registryOf,
  type Self,
  type Step,
  Turn,
  type Via,
  type WaitEnd,
} from '@heddle/scheduler'
import { callbacksOf, checkKeys, refusing, requireFunctions, sectionOf } from '../door/callbacks.ts'
import { ANCESTORS } from './ancestry.ts'
import {
  type Behaviour,
  behaviourAt,
  dispatch,
  needsOf,
  packCore,
  resumeSuspended,
  withFunctions,
} from './behaviour.ts'
import { answerStarter, type Birth, born } from './birth.ts'
import { type Core, newCore, noExtras, withoutCache } from './core.ts'
import { type DebugEvent, type Debugged, noteEvent } from './debug.ts'
import type { ServerDef } from './definition.ts'
import { endProcess, exitCause, faultCause, leave, thrownCause } from './ending.ts'
import { type Ending, isDoomed, type Mode, type Subject, serve, serveSuspended } from './handle-system.ts'
import { type FailInit, type Ignore, initialise, type StopInit } from './initialise.ts'
import { nameOf } from './name.ts'
import { after, afterResting, isStep, type Towards } from './step.ts'
import { isExitOf, isSystemMessage, type SystemMessage } from './system-message.ts'

/** How `sys` gets at a special process. All may wait. */
export interface SystemCallbacks<S> {
  /** What `sys.getState` shows. Default: the state that `handleSystem` was given. */
  getState?(state: S): unknown
  /** What `sys.replaceState` answers, and the new state. Default: both are what `change` makes of the state. */
  replaceState?(
    change: (state: unknown) => unknown,
    state: S,
  ): Step<readonly [answer: unknown, state: S]> | readonly [answer: unknown, state: S]
  /** The state as this version has it; to throw is to refuse. Without it the state is as good as it was. */
  codeChange?(state: S, from: unknown, extra: unknown, self: Self): Step<S>
  /** The end, asked for by `sys.terminate` or the parent's. Its result does not matter. */
  terminate?(reason: Ending['reason'], state: S, self: Self): unknown
  /** What `sys.getStatus` shows. Default: the state. */
  formatStatus?(state: S, mode: Mode): unknown
  /** How it goes on. Default: `again(state)`. */
  continue?(state: S, self: Self): Step<Turn<S>>
}

/** What a special process can do beside `self`. */
export interface SpecialProcess<S> {
  /** Whose EXIT is this process's end; the process itself if it has none. */
  readonly parent: Pid
  /** Answers the starter before `init` is through; `info` goes with the answer. Once. */
  initAck(info?: unknown): void
  isSystem(message: unknown): message is SystemMessage
  isParentExit(message: unknown): message is ExitMessage
  /** To be returned from `run`: serves the message and what follows it, then goes on with this state, or ends. */
  handleSystem(message: SystemMessage, state: S): Handled<S>
  /** Tells whoever debugs this process what has happened. */
  note(event: DebugEvent): void
}

export interface SpecialBody<A, S> {
  readonly vsn?: number
  /** The state; the start is over when this is through. */
  init(argument: A, self: Self, life: SpecialProcess<never>): Step<S | Ignore | StopInit | FailInit>
  /** One turn: waits for messages, as a raw process does; hands on what is the system's. */
  run(
    state: NoInfer<S>,
    self: Self,
    life: SpecialProcess<NoInfer<S>>,
  ): Step<Turn<NoInfer<S>> | Handled<NoInfer<S>> | Entered>
  readonly system?: SystemCallbacks<NoInfer<S>>
}

/** A system message on its way. */
export class Handled<S> {
  readonly message: SystemMessage
  readonly state: S
  constructor(message: SystemMessage, state: S) {
    this.message = message
    this.state = state
  }
}

/** A process on its way to be a server. */
export class Entered {
  readonly address: DefinitionAddress
  readonly state: unknown
  readonly options: unknown
  constructor(address: DefinitionAddress, state: unknown, options: unknown) {
    this.address = address
    this.state = state
    this.options = options
  }
}

/** The record of a special process. */
interface Special extends Core {
  state: unknown
  /** What it has become. */
  server: Entry | undefined
}

interface Entry {
  readonly address: DefinitionAddress
  core: Core
  /** How long its present rest lasts. */
  waitMs: number
  /** After a move: how much of that is left. */
  leftMs?: number
}

type Body = SpecialBody<unknown, unknown>

/**
 * Defines a special process that any scheduler can run; it is started as a server is, and is no server: what it makes of
 * calls and casts is its own affair.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const ticker = special(import.meta.url, 'ticker', {
 *   init: (everyMs: number) => ({ everyMs, ticks: 0 }),
 *   *run(state, self, life) {
 *     const message = yield* self.receive(ANY, { afterMs: state.everyMs })
 *     if (message === TIMEOUT) return again({ ...state, ticks: state.ticks + 1 })
 *     if (life.isSystem(message)) return life.handleSystem(message, state)
 *     return life.isParentExit(message) ? done(message.reason) : again(state)
 *   },
 * })
 */
export function special<A, S>(url: string, name: string, body: SpecialBody<A, S>): ServerDef<A, unknown> {
  checkBody(name, body)
  const code = body as unknown as Body
  const source = () => `${String(body.init)}\n${String(body.run)}`
  const run = (record: Special, self: Self) => runTurn(name, code, record, self)
  Object.defineProperty(run, 'toString', { value: source })
  const defined = process<unknown, Special>(url, name, {
    ...(body.vsn === undefined ? {} : { vsn: body.vsn }),
    moving: movingOf(name, code),
    init: (given, self) =>
      born(given, self, [name, 'init', 1], (birth) => begin(code, birth, self)) as Step<Special>,
    run: run as unknown as (record: Special, self: Self) => Step<Turn<Special>>,
  })
  const address = Object.freeze({ url: defined.$.url, name: defined.$.name, behaviour: 'special' })
  return Object.freeze({ $: address }) as ServerDef<A, unknown>
}

const SYSTEM_KEYS: readonly (keyof SystemCallbacks<unknown>)[] = [
  'getState',
  'replaceState',
  'codeChange',
  'terminate',
  'formatStatus',
  'continue',
]

function checkBody(name: unknown, given: unknown): void {
  const refuse = refusing('special process', name)
  const body = callbacksOf('special', given, refuse)
  checkKeys(body, ['vsn', 'init', 'run', 'system'], refuse)
  requireFunctions(body, ['init', 'run'], refuse)
  const system = sectionOf(body, 'system', refuse)
  if (system !== undefined) checkKeys(body.system as object, SYSTEM_KEYS, refuse, 'system: ')
}

function begin(code: Body, birth: Birth, self: Self): Towards<Special> {
  const record: Special = { ...newCore(birth), state: undefined, server: undefined }
  const life = lifeOf(record, self, birth)
  return initialise(
    birth,
    self,
    () => code.init(birth.argument, self, life as SpecialProcess<never>),
    (state, isThrown) => {
      if (isThrown) return undefined
      record.state = state
      return { goOn: () => record }
    },
  )
}

function lifeOf(record: Special, self: Self, birth?: Birth): SpecialProcess<unknown> {
  return {
    parent: record.parent === 0 ? self.pid : (self.parent as Pid),
    initAck: (info) => {
      answerStarter(self, birth?.from, info === undefined ? 'ok' : ['ok', info])
      if (birth !== undefined) birth.from = undefined
    },
    isSystem: isSystemMessage,
    isParentExit: (message): message is ExitMessage => isExitOf(message, record.parent),
    handleSystem: (message, state) => new Handled(message, state),
    note: (event) => {
      const debug = record.extras?.debug
      if (debug !== undefined) noteEvent(debug, event, debuggedOf(record, self))
    },
  }
}

function debuggedOf(record: Special, self: Self): Debugged {
  return { name: nameOf(record, self), state: () => record.state }
}

type Result = BodyResult<Special>

function runTurn(name: string, code: Body, record: Special, self: Self): Result {
  if (record.server !== undefined) return serveTurn(record, record.server, self)
  const returned = (value: unknown): Result => finish(name, code, record, value, self)
  const thrown = (error: unknown): Result => {
    if (isDoomed(error)) throw error
    return leave(self, thrownCause(error)) as Result
  }
  let step: unknown
  try {
    step = code.run(record.state, self, lifeOf(record, self))
  } catch (error) {
    return thrown(error)
  }
  return isStep(step) ? after(step, returned, thrown) : returned(step)
}

function finish(name: string, code: Body, record: Special, value: unknown, self: Self): Result {
  if (value instanceof Handled) return handle(name, code, record, value, self)
  if (value instanceof Entered) return enter(record, value, self)
  if (!(value instanceof Turn)) {
    return leave(self, faultCause('exit', ['bad_return_value', value])) as Result
  }
  if (value.kind === done().kind) return leave(self, exitCause(value.reason)) as Result
  record.state = value.state
  return new Turn(value.kind, record, value.afterMs, value.reason)
}

// ---- system messages ----

function handle(name: string, code: Body, record: Special, given: Handled<unknown>, self: Self): Result {
  const { system = {} } = code
  record.state = given.state
  return goOnFrom(name, code, record, serve(subjectOf(name, system, record, self), given.message, self), self)
}

/** What is next when system messages have been served. */
function goOnFrom(
  name: string,
  code: Body,
  record: Special,
  served: Towards<Ending | undefined>,
  self: Self,
): Result {
  const { system = {} } = code
  const goOn = (ending: Ending | undefined): Result => {
    if (ending !== undefined) {
      const { reason } = ending
      const terminate = system.terminate && (() => system.terminate?.(reason, record.state, self))
      return endProcess(self, exitCause(reason), { terminate }) as Result
    }
    const next = system.continue === undefined ? again(record.state) : system.continue(record.state, self)
    const returned = (value: unknown) => finish(name, code, record, value, self)
    return isStep(next) ? (after(next, returned) as Result) : returned(next)
  }
  return isStep(served)
    ? (after(served, goOn as (ending: unknown) => Result) as Result)
    : goOn(served as undefined)
}

function subjectOf(name: string, system: SystemCallbacks<unknown>, record: Special, self: Self): Subject {
  const setState = (state: unknown): unknown => {
    record.state = state
    return state
  }
  return {
    module: name,
    parent: record.parent,
    get debug() {
      return record.extras?.debug
    },
    set debug(debug) {
      record.extras ??= noExtras()
      record.extras.debug = debug
    },
    get isSuspended() {
      return record.extras?.isSuspended === true
    },
    set isSuspended(is) {
      if (record.extras === undefined && !is) return
      record.extras ??= noExtras()
      record.extras.isSuspended = is
    },
    debugged: debuggedOf(record, self),
    getState: () => (system.getState === undefined ? record.state : system.getState(record.state)),
    replaceState: (change) => {
      if (system.replaceState === undefined) return setState(change(record.state))
      const replaced = system.replaceState(change, record.state)
      const set = ([answer, state]: readonly [unknown, unknown]) => {
        setState(state)
        return answer
      }
      return isStep(replaced)
        ? after(replaced as PromiseLike<[unknown, unknown]>, set)
        : set(replaced as [unknown, unknown])
    },
    changeCode: (_module, from, extra) => {
      const changed = system.codeChange?.(record.state, from, extra, self) ?? record.state
      return isStep(changed) ? after(changed, setState) : setState(changed)
    },
    misc: (mode) =>
      system.formatStatus === undefined ? record.state : system.formatStatus(record.state, mode),
  }
}

// ---- becoming a server ----

export interface EnterOptions {
  /** The name that the process has registered; to be told when it has not. */
  readonly name?: string | Via
  readonly timeoutMs?: number
  readonly continue?: unknown
  readonly hibernate?: true
}

/**
 * From a special process's `run`: it becomes a server, with this state, and what `ok(state, options)` says would come next.
 *
 * Exits with `'process_was_not_started_by_proc_lib'` in a process that is no special one, with
 * `'process_not_registered'` or `'process_not_registered_via'` if it does not have the name.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT
 * @example *run(state, self) {
 *   yield* handshake(self)
 *   return enterLoop(self, counter, { total: state.total })
 * }
 */
export function enterLoop<A, Api>(
  self: Self,
  definition: ServerDef<A, Api>,
  state: unknown,
  options: EnterOptions = {},
): Entered {
  if (!Array.isArray(self.get(ANCESTORS))) return self.exit('process_was_not_started_by_proc_lib')
  const { name, ...next } = options
  if (isVia(name)) {
    if (registryOf(name).whereisName(name.name, self)?.$pid !== self.pid.$pid)
      return self.exit('process_not_registered_via')
  } else if (name !== undefined && self.whereis(name)?.$pid !== self.pid.$pid) {
    return self.exit('process_not_registered')
  }
  const behaviour = behaviourAt(definition?.$)
  if (behaviour?.enter === undefined)
    throw new HeddleError('ERR_BAD_ARGUMENT', 'enterLoop() takes a definition of a server')
  return new Entered(definition.$, state, next)
}

function enter(record: Special, { address, state, options }: Entered, self: Self): Result {
  const behaviour = behaviourAt(address) as Behaviour<Core>
  const first = behaviour.enter?.(record, state, options, self)
  return rested(record, address, first, self)
}

/** One message of a process that has become a server. */
function serveTurn(record: Special, server: NonNullable<Special['server']>, self: Self): Result {
  const { address, core, waitMs, leftMs = waitMs } = server
  delete server.leftMs
  const behaviour = behaviourAt(address) as Behaviour<Core>
  return afterResting(self.receive(ANY, { afterMs: leftMs }), (message) =>
    rested(record, address, dispatch(behaviour, core, message, self), self),
  ) as Result
}

/** What the server's turn is for the process. */
function rested(record: Special, address: DefinitionAddress, turn: unknown, self: Self): Result {
  if (isStep(turn)) return after(turn, (value) => rested(record, address, value, self)) as Result
  if (!(turn instanceof Turn) || turn.kind === done().kind) return turn as Result
  const { afterMs, state } = turn as Turn<Core>
  record.server = { address, core: state, waitMs: afterMs >= 0 ? afterMs : Infinity }
  return afterMs === hibernate(0).afterMs ? hibernate(record) : again(record)
}

// ---- moves ----

/** It moves between two of its turns; suspended by `sys`; and, when it has become a server, while that rests. */
function movingOf(name: string, code: Body): Moving {
  return {
    pack: (record: Special) => ({ ...withoutCache(record), server: packEntry(record.server) }),
    needs: ({ server }: Special) =>
      server === undefined ? [] : [server.address, ...needsOf(behaviourAt(server.address), server.core)],
    unpack: (record: Special, self, wait) => {
      const { server, extras } = record
      if (server !== undefined && wait !== undefined) server.leftMs = leftOf(wait, self)
      return withFunctions(record, (server?.core ?? record).extras?.debug ?? extras?.debug)
    },
    resume: (record: Special, self): unknown => {
      const { server } = record
      if (server === undefined) {
        const subject = subjectOf(name, code.system ?? {}, record, self)
        return goOnFrom(name, code, record, serveSuspended(subject, self), self)
      }
      const { address, core } = server
      if (core.extras?.isSuspended !== true) return serveTurn(record, server, self)
      const behaviour = behaviourAt(address) as Behaviour<Core>
      return rested(record, address, resumeSuspended(behaviour, core, self), self)
    },
  }
}

function packEntry(server: Entry | undefined): unknown {
  return server && { ...server, core: packCore(behaviourAt(server.address) as Behaviour<Core>, server.core) }
}

function leftOf(wait: WaitEnd, self: Self): number {
  return 'leftMs' in wait ? wait.leftMs : Math.max(0, Math.ceil(wait.dueMs - self.nowMs()))
}

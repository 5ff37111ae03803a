/**
 * What all behaviours sit on. A *behaviour* is the difference: what its `init` may return, what it does with a message,
 * how its state is shown. The floor does the rest: the start protocol, system messages, debugging, hibernation, and the
 * end of the parent.
 *
 *     spawn -> born (start protocol, names, debugging) -> begin -> rest
 *     message -> a system message: `handle-system.ts`, then back to the rest that it interrupted
 *             -> EXIT of the parent: end
 *             -> anything else, TIMEOUT too: handle
 *
 * The plain path is one look at the message's `type` and one at `core.extras`. Source: OTP's `gen`, `sys`.
 */

import {
  type BodyResult,
  type DefinitionAddress,
  type ExitMessage,
  type Moving,
  process,
  type Self,
  TIMEOUT,
  type Turn,
} from '@heddle/scheduler'
import { loadAll, lookUp } from '../report/fun.ts'
import { type Birth, born } from './birth.ts'
import { type Core, isIdleEnough, noExtras, restAgain, restHibernating, withoutCache } from './core.ts'
import { type Debug, type DebugEvent, type Debugged, noteEvent } from './debug.ts'
import type { BehaviourName, ServerDef } from './definition.ts'
import { type Ending, type Mode, type Subject, serve, serveSuspended } from './handle-system.ts'
import { nameOf } from './name.ts'
import { after, isStep, type Towards } from './step.ts'
import { isExitOf, SYSTEM, type SystemMessage } from './system-message.ts'

/** What makes a behaviour. `C`: the record of its processes, made with `newCore`. */
export interface Behaviour<C extends Core> {
  /** `gen_server`, …: how `sys` and reports call it. */
  readonly module: BehaviourName
  /** The definition's name: OTP's callback module. */
  readonly name: string
  /** Runs the user's `init` (see `initialise`); comes to the record, or to its first rest. */
  begin(birth: Birth, self: Self): Towards<C | Turn<C>>
  /** One message that is not the floor's. */
  handle(core: C, message: unknown, self: Self): BodyResult<C>
  /** Ends for this reason, which came from outside: from the parent, or from `sys.terminate`. See `endProcess`. */
  end(core: C, reason: Ending['reason'], self: Self): BodyResult<C>
  /** What `sys.getState` shows. */
  getState(core: C): unknown
  /** Sets what `change` makes of the state (of each, if there are several), and returns what the asker gets. */
  replaceState(core: C, change: (state: unknown) => unknown): unknown
  /** The state as this version has it. May wait; throws to refuse, and then nothing has changed. */
  changeCode(core: C, from: unknown, extra: unknown, self: Self, module: string): unknown
  /** What `sys.getStatus` shows beside what all processes show. */
  formatStatus(core: C, mode: Mode, self: Self): unknown
  /** A line for people. Default: the event as it is. */
  formatEvent?(event: DebugEvent, name: string): string
  /** The record as plain data, for a move, where it is more than that. `core` is a copy without the floor's own cache. */
  pack?(core: C): C
  /** Definitions that it needs to go on, beside its own. */
  needs?(core: C): readonly DefinitionAddress[]
  /** For `enterLoop`: the record, or its first rest, of a process that is there already and has this state. */
  enter?(birth: Pick<Birth, 'parent' | 'extras'>, state: unknown, options: unknown, self: Self): BodyResult<C>
}

/** This thread's, by the addresses of their definitions. */
const known = new Map<string, Behaviour<Core>>()

const keyOf = ({ url, name }: DefinitionAddress) => `${name}\n${url}`

export function behaviourAt(address: DefinitionAddress): Behaviour<Core> | undefined {
  return known.get(keyOf(address))
}

export interface BehaviourOptions {
  /** The version of the state's shape. */
  readonly vsn?: number
  /** Why its processes cannot move to another scheduler. */
  readonly pinned?: string | undefined
  /** What tells this definition's code from another's: the text of its callbacks. */
  readonly source?: () => string
}

/**
 * Registers a definition of a behaviour; its address, plain data: what a definition has as its `$`.
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 */
export function defineBehaviour<C extends Core>(
  url: string,
  behaviour: Behaviour<C>,
  options: BehaviourOptions = {},
  kind: BehaviourName = behaviour.module,
): ServerDef<never, unknown>['$'] {
  const { name } = behaviour
  const handle = (core: C, message: unknown, self: Self) => dispatch(behaviour, core, message, self)
  // The scheduler tells definitions apart by the source of their functions; all behaviours share this one.
  if (options.source !== undefined) Object.defineProperty(handle, 'toString', { value: options.source })
  const init = (given: unknown, self: Self) =>
    born(given, self, [name, 'init', 1], (birth) => behaviour.begin(birth, self)) as Towards<C>
  const defined = process<unknown, C>(url, name, {
    ...(options.vsn === undefined ? {} : { vsn: options.vsn }),
    moving: movingOf(behaviour, options.pinned),
    init,
    handle: handle as (core: NoInfer<C>, message: unknown, self: Self) => BodyResult<NoInfer<C>>,
  })
  known.set(keyOf({ url, name }), behaviour as Behaviour<never> as Behaviour<Core>)
  return Object.freeze({ url: defined.$.url, name: defined.$.name, behaviour: kind })
}

// ---- moves ----

function movingOf<C extends Core>(behaviour: Behaviour<C>, pinned: string | undefined): Moving {
  return {
    ...(pinned === undefined ? {} : { pinned }),
    pack: (core: C) => packCore(behaviour, core),
    needs: (core: C) => needsOf(behaviour, core),
    unpack: (core: C) => withFunctions(core, core.extras?.debug),
    resume: (core: C, self) => resumeSuspended(behaviour, core, self),
  }
}

export function packCore<C extends Core>(behaviour: Behaviour<C>, core: C): unknown {
  const data = withoutCache(core) as C
  return behaviour.pack === undefined ? data : behaviour.pack(data)
}

export function needsOf<C extends Core>(
  behaviour: Behaviour<C> | undefined,
  core: C,
): readonly DefinitionAddress[] {
  return behaviour?.needs?.(core) ?? []
}

/** With the functions at hand that debug it, since events do not wait. */
export function withFunctions<T>(record: T, debug: Debug | undefined): T | Promise<T> {
  const missing = (debug?.installed ?? []).map((one) => one.function).filter((it) => lookUp(it) === undefined)
  return missing.length === 0 ? record : loadAll(missing).then(() => record)
}

/** It was suspended by `sys` when it was moved. */
export function resumeSuspended<C extends Core>(behaviour: Behaviour<C>, core: C, self: Self): BodyResult<C> {
  return goOnFrom(behaviour, core, serveSuspended(subjectOf(behaviour, core, self), self), self)
}

// ---- messages ----

interface Incoming {
  readonly type?: unknown
  readonly request?: { readonly $call?: unknown } | null
}

/** One message, whatever it is. */
export function dispatch<C extends Core>(
  behaviour: Behaviour<C>,
  core: C,
  message: unknown,
  self: Self,
): BodyResult<C> {
  if (typeof message === 'object' && message !== null) {
    const { type } = message as Incoming
    if (type === '$call') {
      if ((message as Incoming).request?.$call === SYSTEM)
        return handleSystem(behaviour, core, message as SystemMessage, self)
    } else if (type === 'EXIT' && isExitOf(message, core.parent)) {
      return behaviour.end(core, (message as ExitMessage).reason, self)
    }
  }
  if (core.extras !== undefined) {
    if (isIdleEnough(core.extras, message === TIMEOUT)) return restHibernating(core)
    if (core.extras.debug !== undefined) note(behaviour, core, ['in', shown(message)], self)
  }
  return behaviour.handle(core, message, self)
}

/** A symbol cannot be sent to whoever asks for the log. */
function shown(message: unknown): unknown {
  return message === TIMEOUT ? 'timeout' : message
}

/** Tells whoever debugs this process what has happened; see `isWatched`. */
export function note<C extends Core>(behaviour: Behaviour<C>, core: C, event: DebugEvent, self: Self): void {
  const debug = core.extras?.debug
  if (debug !== undefined) noteEvent(debug, event, debuggedOf(behaviour, core, self))
}

/** Whether anybody debugs it: ask before an event is made, as most of the time nobody does. */
export function isWatched(core: Core): boolean {
  return core.extras !== undefined && core.extras.debug !== undefined
}

function debuggedOf<C extends Core>(behaviour: Behaviour<C>, core: C, self: Self): Debugged {
  return {
    name: nameOf(core, self),
    formatEvent: behaviour.formatEvent,
    state: () => behaviour.getState(core),
  }
}

function handleSystem<C extends Core>(
  behaviour: Behaviour<C>,
  core: C,
  message: SystemMessage,
  self: Self,
): BodyResult<C> {
  return goOnFrom(behaviour, core, serve(subjectOf(behaviour, core, self), message, self), self)
}

/** What is next when system messages have been served. */
function goOnFrom<C extends Core>(
  behaviour: Behaviour<C>,
  core: C,
  served: Towards<Ending | undefined>,
  self: Self,
): BodyResult<C> {
  const goOn = (ending: Ending | undefined): BodyResult<C> =>
    ending === undefined ? restAgain(core) : behaviour.end(core, ending.reason, self)
  return isStep(served) ? (after(served, goOn) as BodyResult<C>) : goOn(served as Ending | undefined)
}

function subjectOf<C extends Core>(behaviour: Behaviour<C>, core: C, self: Self): Subject {
  return {
    module: behaviour.module,
    parent: core.parent,
    get debug() {
      return core.extras?.debug
    },
    set debug(debug) {
      if (core.extras === undefined && debug === undefined) return
      core.extras ??= noExtras()
      core.extras.debug = debug
    },
    get isSuspended() {
      return core.extras?.isSuspended === true
    },
    set isSuspended(is) {
      if (core.extras === undefined && !is) return
      core.extras ??= noExtras()
      core.extras.isSuspended = is
    },
    debugged: debuggedOf(behaviour, core, self),
    getState: () => behaviour.getState(core),
    replaceState: (change) => behaviour.replaceState(core, change),
    changeCode: (module, from, extra) => behaviour.changeCode(core, from, extra, self, module),
    misc: (mode) => behaviour.formatStatus(core, mode, self),
  }
}

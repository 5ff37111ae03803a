/**
 * What a machine's callback may ask for beside its new state: *transition actions*, done in the order in which they
 * stand. They are opaque: made by the functions here, told apart by a number, checked by the engine as it does them.
 *
 * Rejected: bare tuples, as OTP has them (the type checker would see arrays of anything); checks where an action is
 * made (OTP's fault for a bad one is `bad_action_from_state_function`, and it is found when the action is done).
 */

import type { CallMessage, CastMessage, From, Spawnable } from '@heddle/scheduler'
import type { MachineEvent } from './events.ts'

/** Tells actions apart for the type checker; at run time `does` does. */
declare const kind: unique symbol

export const DOES = { reply: 0, timeout: 1, nextEvent: 2, postpone: 3, hibernate: 4, module: 5 } as const

/** One thing to do. */
export abstract class Action {
  declare readonly [kind]: unknown
  abstract readonly does: (typeof DOES)[keyof typeof DOES]
}

/** One action, or several, in order. */
export type Actions = Action | readonly Action[]

/** Replies to a call. */
export class ReplyTo<R> extends Action {
  declare readonly [kind]: R
  readonly does = DOES.reply
  readonly from: From
  readonly value: R
  constructor(from: From, value: R) {
    super()
    this.from = from
    this.value = value
  }
}

/** A time-out's name: `state_timeout`, `timeout`, or a generic one's behind this. */
export const GENERIC = 'timeout:'
export const STATE_TIMEOUT = 'state_timeout'
export const EVENT_TIMEOUT = 'timeout'

/** Starts, changes or cancels a time-out. */
export class TimeoutAction extends Action {
  readonly does = DOES.timeout
  readonly key: string
  readonly time: number | 'update' | 'cancel'
  readonly content: unknown
  readonly isAbsolute: unknown
  constructor(key: string, time: TimeoutAction['time'], content: unknown, isAbsolute: unknown) {
    super()
    this.key = key
    this.time = time
    this.content = content
    this.isAbsolute = isAbsolute
  }
}

/** Puts an event in front of all that wait. */
export class NextEvent extends Action {
  readonly does = DOES.nextEvent
  /** As it was given: for the reason of a fault. */
  readonly type: unknown
  readonly content: unknown
  readonly event: MachineEvent | undefined
  constructor(type: unknown, content: unknown, event: MachineEvent | undefined) {
    super()
    this.type = type
    this.content = content
    this.event = event
  }
}

class Postpone extends Action {
  readonly does = DOES.postpone
}

class Hibernate extends Action {
  readonly does = DOES.hibernate
}

/** From now on another definition's callbacks run. */
export class ModuleAction extends Action {
  readonly does = DOES.module
  readonly how: 'change' | 'push' | 'pop'
  readonly definition: Spawnable<never> | undefined
  constructor(how: ModuleAction['how'], definition: Spawnable<never> | undefined) {
    super()
    this.how = how
    this.definition = definition
  }
}

const POSTPONE = new Postpone()
const HIBERNATE = new Hibernate()
const POP = new ModuleAction('pop', undefined)

/**
 * Replies to a call, now or later: `from` is plain data and may be kept.
 * @example nextState('open', data, replyTo(from, 'opened'))
 */
export function replyTo<R>(from: From, value: R): ReplyTo<R> {
  return new ReplyTo(from, value)
}

/** Keeps the event until the state changes, and then handles it again, before all that came later. */
export function postpone(): Action {
  return POSTPONE
}

/** Rests until a message comes, if no event waits. OTP's `hibernate`. */
export function hibernate(): Action {
  return HIBERNATE
}

export interface TimeoutOptions {
  /** The time is a point of `self.nowMs()`. */
  readonly abs?: boolean
}

/** ms, a whole number from 0 to 2^32 - 1, or `Infinity`, which is as good as `'cancel'`. */
type Time = number

/**
 * The *state time-out*: the callback `stateTimeout` gets `content`, unless the state changes before. To set it again
 * starts it anew; `'update'` changes its content alone (and makes one that does not run due at once); `'cancel'` ends it.
 * @example nextState('open', data, stateTimeout(10_000, 'lock'))
 */
export function stateTimeout(ms: Time, content: unknown, options?: TimeoutOptions): Action
export function stateTimeout(what: 'update', content: unknown): Action
export function stateTimeout(what: 'cancel'): Action
export function stateTimeout(
  time: TimeoutAction['time'],
  content?: unknown,
  options?: TimeoutOptions,
): Action {
  return new TimeoutAction(STATE_TIMEOUT, time, content, options?.abs)
}

/** The *event time-out*: the callback `timeout` gets `content`, unless any event is handled before. OTP's `{timeout, T, C}`. */
export function eventTimeout(ms: Time, content: unknown, options?: TimeoutOptions): Action
export function eventTimeout(what: 'update', content: unknown): Action
export function eventTimeout(what: 'cancel'): Action
export function eventTimeout(
  time: TimeoutAction['time'],
  content?: unknown,
  options?: TimeoutOptions,
): Action {
  return new TimeoutAction(EVENT_TIMEOUT, time, content, options?.abs)
}

/** A *generic time-out*, one of any number, by name: the callback in `timeouts` with that name gets `content`. OTP's `{{timeout, Name}, T, C}`. */
export function genericTimeout(name: string, ms: Time, content: unknown, options?: TimeoutOptions): Action
export function genericTimeout(name: string, what: 'update', content: unknown): Action
export function genericTimeout(name: string, what: 'cancel'): Action
export function genericTimeout(
  name: string,
  time: TimeoutAction['time'],
  content?: unknown,
  options?: TimeoutOptions,
): Action {
  return new TimeoutAction(GENERIC + name, time, content, options?.abs)
}

/**
 * Handles this event next, before all that wait; several, in their order. An event of any kind can be made up.
 * @example keepState(data, nextEvent('internal', 'recount'))
 */
export function nextEvent(type: 'internal' | 'info' | 'state_timeout' | 'timeout', content: unknown): Action
export function nextEvent(type: readonly ['timeout', name: string], content: unknown): Action
export function nextEvent(type: 'cast', message: CastMessage<never>): Action
export function nextEvent(type: 'call', message: CallMessage<never, unknown>, from: From): Action
export function nextEvent(type: unknown, content: unknown, from?: From): Action {
  return new NextEvent(type, content, eventOf(type, content, from))
}

function eventOf(type: unknown, content: unknown, from: From | undefined): MachineEvent | undefined {
  switch (type) {
    case 'internal':
    case 'info':
    case STATE_TIMEOUT:
    case EVENT_TIMEOUT:
      return { type, content }
    case 'cast':
      return content as CastMessage<unknown>
    case 'call':
      return from === undefined ? undefined : { type: '$call', from, request: content }
    default: {
      const [word, name] = (Array.isArray(type) ? type : []) as unknown[]
      return word === 'timeout' && typeof name === 'string' ? { type: 'timeout', name, content } : undefined
    }
  }
}

/** From now on the callbacks of another machine's definition run; `popCallbackModule` brings these back. */
export function pushCallbackModule(definition: Spawnable<never>): Action {
  return new ModuleAction('push', definition)
}

/** As `pushCallbackModule`, but these are not kept. */
export function changeCallbackModule(definition: Spawnable<never>): Action {
  return new ModuleAction('change', definition)
}

export function popCallbackModule(): Action {
  return POP
}

/** An action as OTP writes it: plain data, for a reason. */
export function describeAction(action: unknown): unknown {
  if (!(action instanceof Action)) return action
  if (action instanceof ReplyTo) return ['reply', action.from, action.value]
  if (action instanceof NextEvent) return ['next_event', action.type, action.content]
  if (action instanceof TimeoutAction) {
    const { key, time, content, isAbsolute } = action
    const type = key.startsWith(GENERIC) ? ['timeout', key.slice(GENERIC.length)] : key
    if (time === 'cancel') return [type, time]
    return isAbsolute === undefined ? [type, time, content] : [type, time, content, ['abs', isAbsolute]]
  }
  if (action instanceof ModuleAction) {
    const { how, definition } = action
    return how === 'pop' ? 'pop_callback_module' : [`${how}_callback_module`, definition?.$]
  }
  return action === POSTPONE ? 'postpone' : 'hibernate'
}

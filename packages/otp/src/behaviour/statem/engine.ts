/**
 * A state machine without its process: events in, what callbacks returned in; out comes which callback to run next,
 * whether to rest, and how it ends. Replies and timers it asks for through `Outside`. It runs no callback and knows
 * no definition, so it is tested alone.
 *
 *     event -> take -> CALL -> (callback) -> settle -+-> ENTER -> (enter callback) -> settle -+
 *                                                    |                                       |
 *                                                    +------------- transition --------------+
 *                                                                       |
 *        CALL: the next event in the queue  <---------------------------+---> REST, STOP, FAIL
 *
 * What is handled next, from first to last: events that the callback inserted, events that were postponed and are
 * retried since the state has changed, what was in the queue, zero time-outs, the mailbox. The queue's end is its
 * front: so to put something in front costs nothing.
 *
 *     queue:  [ later ... sooner ]           postponed:  [ older ... newer ]
 *
 * A *transition* collects what the callback and the enter callback of one event ask for, and does it in the end; so of
 * two time-outs of one name the last one counts. A machine is plain data at rest, and its record is changed in place;
 * the plain path (a new state, no actions, nothing that waits) allocates nothing.
 *
 * Source of the rules: OTP's `gen_statem`.
 */

import type { CallEnvelope, ExitReason, Ref, Self, Spawnable } from '@heddle/scheduler'
import { Stop } from '../next.ts'
import {
  Action,
  DOES,
  describeAction,
  EVENT_TIMEOUT,
  GENERIC,
  type ModuleAction,
  type NextEvent,
  type ReplyTo,
  STATE_TIMEOUT,
  type TimeoutAction,
} from './actions.ts'
import { isSameState } from './equal.ts'
import type { EventType, MachineEvent } from './events.ts'
import { Keep, NextState, StopAndReply } from './next.ts'

/** What the engine asks of the process that it is the machine of. */
export interface Outside extends Pick<Self, 'pid' | 'reply' | 'startTimer' | 'cancelTimer'> {
  /** Hears of each event that has been handled; for debugging. */
  readonly handled?: (event: MachineEvent, isPostponed: boolean, state: unknown, nextState: unknown) => void
}

interface Timer {
  /** `null`: a zero time-out, which stands in `Machine.due`. */
  readonly ref: Ref | null
  content: unknown
}

/** What the callbacks of one event have asked for. */
interface Transition {
  state: unknown
  data: unknown
  /** Whether `state` is not the machine's own. */
  changes: boolean
  isEntering: boolean
  postpones: boolean
  hibernates: boolean
  readonly inserted: MachineEvent[]
  readonly timeouts: TimeoutAction[]
}

/** The reason why it ends; `isError`: a fault of the callbacks, told with a stack. */
export interface End {
  readonly reason: ExitReason
  readonly isError: boolean
}

export interface Machine {
  state: unknown
  data: unknown
  /** The event that is handled; `undefined` while it begins. */
  current: MachineEvent | undefined
  readonly queue: MachineEvent[]
  readonly postponed: MachineEvent[]
  /** By key: `state_timeout`, `timeout`, `timeout:NAME`. */
  readonly timers: Map<string, Timer>
  /** The keys of the zero time-outs, the first that is due first. */
  readonly due: string[]
  /** Whose callbacks run, if not its own definition's: the last one's. */
  readonly modules: Spawnable<never>['$'][]
  hibernates: boolean
  end: End | undefined
  readonly transition: Transition
}

/** Nothing is to be done but to wait for a message. */
export const REST = 0
/** Run the callback for `current` in `state`, with `data`. */
export const CALL = 1
/** Run the enter callback of the transition's `state`, with its `data`; the old state is the machine's. */
export const ENTER = 2
/** It ends as `end` says. */
export const END = 3
export type Verdict = typeof REST | typeof CALL | typeof ENTER | typeof END

export function newMachine(): Machine {
  return {
    state: undefined,
    data: undefined,
    current: undefined,
    queue: [],
    postponed: [],
    timers: new Map(),
    due: [],
    modules: [],
    hibernates: false,
    end: undefined,
    transition: {
      state: undefined,
      data: undefined,
      changes: false,
      isEntering: false,
      postpones: false,
      hibernates: false,
      inserted: [],
      timeouts: [],
    },
  }
}

/** It begins in this state: as if an event had led there, so that the state is entered, and the actions are done. */
export function begin(
  machine: Machine,
  state: unknown,
  data: unknown,
  actions: unknown,
  outside: Outside,
): Verdict {
  machine.state = state
  machine.data = data
  open(machine, undefined)
  return act(machine, actions, true, outside)
}

/** Handles this event: run its callback, then `settle`. */
export function take(machine: Machine, event: MachineEvent): typeof CALL {
  open(machine, event)
  return CALL
}

function open(machine: Machine, event: MachineEvent | undefined): void {
  machine.current = event
  const { transition } = machine
  transition.state = machine.state
  transition.data = machine.data
  transition.changes = false
  transition.isEntering = false
  transition.postpones = false
  transition.hibernates = false
}

/** What a callback returned, or threw as if it had. */
export function settle(machine: Machine, result: unknown, outside: Outside): Verdict {
  const { transition } = machine
  if (result instanceof Keep) {
    if (result.hasData) transition.data = result.data
    return act(machine, result.actions, result.repeats, outside)
  }
  if (result instanceof NextState) {
    const changes = !isSameState(result.state, transition.state)
    if (changes && transition.isEntering) {
      return fail(machine, 'bad_state_enter_return_from_state_function', describeNext(result))
    }
    if (changes) {
      transition.state = result.state
      transition.changes = !isSameState(result.state, machine.state)
    }
    transition.data = result.data
    return act(machine, result.actions, changes, outside)
  }
  if (result instanceof Stop) return stop(machine, result, outside)
  if (result instanceof StopAndReply) return stopAndReply(machine, result, outside)
  return fail(machine, 'bad_return_from_state_function', result)
}

/** There is no enter callback. */
export function skipEnter(machine: Machine, outside: Outside): Verdict {
  return finish(machine, outside)
}

/** A time-out's message has come; `undefined` if the time-out was cancelled, or set again, since. */
export function expire(machine: Machine, key: string, ref: Ref): MachineEvent | undefined {
  const timer = machine.timers.get(key)
  if (timer?.ref?.$ref !== ref.$ref) return undefined
  machine.timers.delete(key)
  return timeoutEvent(key, timer.content)
}

function timeoutEvent(key: string, content: unknown): MachineEvent {
  if (key.startsWith(GENERIC)) return { type: 'timeout', name: key.slice(GENERIC.length), content }
  return { type: key as EventType, content }
}

// ---- actions ----

function act(machine: Machine, actions: unknown, enters: boolean, outside: Outside): Verdict {
  if (actions !== undefined) {
    const all: readonly unknown[] = Array.isArray(actions) ? actions : [actions]
    for (const each of all) if (!perform(machine, each, outside)) return END
  }
  if (enters) {
    machine.transition.isEntering = true
    return ENTER
  }
  return finish(machine, outside)
}

/** Does one action, or notes it for the end of the transition. False if it is a bad one: then the machine ends. */
function perform(machine: Machine, action: unknown, outside: Outside): boolean {
  const { transition } = machine
  if (!(action instanceof Action)) return refuse(machine, action, false)
  switch (action.does) {
    case DOES.reply: {
      const { from, value } = action as ReplyTo<unknown>
      if (!isFrom(from)) return refuse(machine, action, false)
      outside.reply(from, value)
      return true
    }
    case DOES.timeout:
      if (!isTimeout(action as TimeoutAction)) return refuse(machine, action, false)
      transition.timeouts.push(action as TimeoutAction)
      return true
    case DOES.hibernate:
      transition.hibernates = true
      return true
    case DOES.postpone:
      transition.postpones = true
      break
    case DOES.nextEvent: {
      const { event } = action as NextEvent
      if (event === undefined) return refuse(machine, action, transition.isEntering)
      if (!transition.isEntering) transition.inserted.push(event)
      break
    }
    default:
      if (!transition.isEntering && !changeModule(machine, action as ModuleAction)) {
        return refuse(machine, action, false)
      }
  }
  // What only an event's callback may ask for.
  return !transition.isEntering || refuse(machine, action, true)
}

function changeModule({ modules }: Machine, { how, definition }: ModuleAction): boolean {
  if (how === 'pop') return modules.pop() !== undefined
  const address = definition?.$
  if (address === undefined) return false
  if (how === 'push' || modules.length === 0) modules.push(address)
  else modules[modules.length - 1] = address
  return true
}

const TIMEOUT_MS_MAX = 0xffff_ffff

function isTimeout({ time, isAbsolute }: TimeoutAction): boolean {
  if (typeof time !== 'number') return time === 'update' || time === 'cancel'
  if (time === Infinity) return true
  if (isAbsolute === true) return Number.isFinite(time)
  if (isAbsolute !== undefined && isAbsolute !== false) return false
  return Number.isInteger(time) && time >= 0 && time <= TIMEOUT_MS_MAX
}

function isFrom(from: unknown): boolean {
  const it = from as { pid?: { $pid?: unknown }; ref?: { $ref?: unknown } } | null | undefined
  return typeof it?.pid?.$pid === 'number' && typeof it.ref?.$ref === 'number'
}

// ---- the end of a transition ----

function finish(machine: Machine, outside: Outside): Verdict {
  const { transition, postponed, queue, timers } = machine
  if (outside.handled !== undefined && machine.current !== undefined) {
    outside.handled(machine.current, transition.postpones, machine.state, transition.state)
  }
  if (transition.postpones && machine.current !== undefined) postponed.push(machine.current)
  if (transition.changes) {
    // The oldest comes to stand in front.
    while (postponed.length > 0) queue.push(postponed.pop() as MachineEvent)
  }
  if (timers.size > 0) {
    cancel(machine, EVENT_TIMEOUT, outside)
    if (transition.changes) cancel(machine, STATE_TIMEOUT, outside)
  }
  if (transition.timeouts.length > 0) setTimeouts(machine, outside)
  while (transition.inserted.length > 0) queue.push(transition.inserted.pop() as MachineEvent)
  if (transition.changes) machine.state = transition.state
  machine.data = transition.data
  machine.hibernates = transition.hibernates
  return goOn(machine)
}

/** What is next, when all is done that an event asked for. */
function goOn(machine: Machine): Verdict {
  const { queue, due, timers } = machine
  const event = queue.pop()
  if (event !== undefined) return take(machine, event)
  const key = due.shift()
  if (key !== undefined) {
    const content = timers.get(key)?.content
    timers.delete(key)
    return take(machine, timeoutEvent(key, content))
  }
  machine.current = undefined
  machine.transition.state = undefined
  machine.transition.data = undefined
  return REST
}

/** Of several for the same time-out the last one counts. */
function setTimeouts(machine: Machine, outside: Outside): void {
  const { timeouts } = machine.transition
  for (let n = 0; n < timeouts.length; n++) {
    const timeout = timeouts[n] as TimeoutAction
    let isLast = true
    for (let m = n + 1; m < timeouts.length; m++) isLast &&= timeouts[m]?.key !== timeout.key
    if (isLast) startTimeout(machine, timeout, outside)
  }
  timeouts.length = 0
}

function startTimeout(
  machine: Machine,
  { key, time, content, isAbsolute }: TimeoutAction,
  outside: Outside,
): void {
  const { timers, due } = machine
  if (time === 'update') {
    const running = timers.get(key)
    if (running !== undefined) {
      running.content = content
      return
    }
  } else {
    cancel(machine, key, outside)
    if (time === 'cancel' || time === Infinity) return
    if (time !== 0) {
      const options = isAbsolute === true ? ABSOLUTE : undefined
      const ref = outside.startTimer(time, outside.pid, { $timeout: key }, options)
      timers.set(key, { ref, content })
      return
    }
  }
  timers.set(key, { ref: null, content })
  due.push(key)
}

const ABSOLUTE = { abs: true }
/** Also reaches a timer that stands on another scheduler since the process was moved. */
const QUIETLY = { async: true, info: false } as const

/** One whose message is in the mailbox already is not known any more when that comes: see `expire`. */
function cancel({ timers, due }: Machine, key: string, outside: Outside): void {
  const timer = timers.get(key)
  if (timer === undefined) return
  timers.delete(key)
  if (timer.ref === null) due.splice(due.indexOf(key), 1)
  else outside.cancelTimer(timer.ref, QUIETLY)
}

// ---- the machine's end ----

function stop(machine: Machine, result: Stop<unknown, unknown>, outside: Outside): Verdict {
  const { current } = machine
  if (result.hasReply) {
    const from = (current as Partial<CallEnvelope> | undefined)?.from
    if (from === undefined || machine.transition.isEntering) {
      return fail(machine, 'bad_return_from_state_function', result)
    }
    outside.reply(from, result.reply)
  }
  return end(machine, result.reason, machine.transition.state, result.state)
}

function stopAndReply(machine: Machine, result: StopAndReply<unknown, unknown>, outside: Outside): Verdict {
  const { reason, replies, hasData, data } = result
  const { transition } = machine
  if (hasData) transition.data = data
  for (const each of Array.isArray(replies) ? (replies as unknown[]) : [replies]) {
    const action = each as Partial<ReplyTo<unknown>> | null | undefined
    if (!(each instanceof Action) || action?.does !== DOES.reply || !isFrom(action.from)) {
      return fail(machine, 'bad_reply_action_from_state_function', describeAction(each))
    }
    const { from, value } = each as ReplyTo<unknown>
    outside.reply(from, value)
  }
  return end(machine, reason, transition.state, transition.data)
}

function end(machine: Machine, reason: ExitReason, state: unknown, data: unknown): typeof END {
  machine.state = state
  machine.data = data
  machine.end = { reason, isError: false }
  return END
}

function refuse(machine: Machine, action: unknown, isEntering: boolean): false {
  const what = isEntering ? 'bad_state_enter_action_from_state_function' : 'bad_action_from_state_function'
  fail(machine, what, describeAction(action))
  return false
}

/** The callbacks are at fault; `terminate` finds state and data as far as they had come. */
function fail(machine: Machine, what: string, value: unknown): typeof END {
  machine.state = machine.transition.state
  machine.data = machine.transition.data
  machine.end = { reason: [what, value], isError: true }
  return END
}

function describeNext({ state, data, actions }: NextState<unknown, unknown, unknown>): unknown {
  if (actions === undefined) return ['next_state', state, data]
  const all: readonly unknown[] = Array.isArray(actions) ? actions : [actions]
  return ['next_state', state, data, all.map(describeAction)]
}

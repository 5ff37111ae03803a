/**
 * Alarms: conditions that last, until they are cleared. One event manager of the VM is told of them, under the name
 * `alarm_handler`; the handler that it begins with keeps a list. An application that wants to do more adds a handler of
 * its own, or swaps the first for it, and gets the list.
 *
 * Source: OTP's `alarm_handler`, of SASL.
 */

import { isDeepStrictEqual } from 'node:util'
import type { CallMessage, Op, Pid, Self, Vm } from '@heddle/scheduler'
import type { HandlerRef } from '../behaviour/event/definition.ts'
import type { HandlerReply, HandlerResult } from '../behaviour/event/fate.ts'
import { eventHandler } from '../behaviour/event/handler.ts'
import {
  type Argument,
  type DeleteResult,
  type EventApi,
  eventManager,
  handler as withHandler,
} from '../behaviour/event/manager.ts'
import { ok, reply } from '../behaviour/next.ts'
import { type StartOptions, type StartResult, startLink as startServerLink } from '../gen/start.ts'

/** What the manager is registered as. */
export const NAME = 'alarm_handler'

/** A condition; `id` is any plain data. OTP's `{AlarmId, Description}`. */
export interface Alarm {
  readonly id: unknown
  readonly description: unknown
}

/** What handlers of alarms are told. OTP's `{set_alarm, Alarm}` and `{clear_alarm, AlarmId}`. */
export type AlarmEvent =
  | { readonly type: 'set_alarm'; readonly alarm: Alarm }
  | { readonly type: 'clear_alarm'; readonly id: unknown }

/**
 * The handler that is there at first. Swapped with `'swap'`, it leaves `['alarm_handler', alarms]` to the next.
 */
export const handler = eventHandler(import.meta.url, 'alarm_handler', {
  init: (_: void) => ok<readonly Alarm[]>([]),
  handleEvent: (alarms, event: AlarmEvent) => {
    if (event.type === 'set_alarm') return ok([event.alarm, ...alarms])
    if (event.type === 'clear_alarm') return ok(alarms.filter(({ id }) => !isDeepStrictEqual(id, event.id)))
    return ok(alarms)
  },
  handleCall: {
    getAlarms: (alarms) => reply(alarms, alarms),
  },
  handleInfo: (alarms) => ok(alarms),
  terminate: (argument, alarms) => (argument === 'swap' ? [NAME, alarms] : 'ok'),
})

/**
 * The manager of alarms.
 * @example child(alarmHandler.manager, undefined, { name: alarmHandler.NAME })
 */
export const manager = eventManager<AlarmEvent>(import.meta.url, 'alarms', () => [withHandler(handler)])

/** A process, or the host. */
type Caller = Self | Vm
/** What an operation of this caller is. */
type Outcome<C extends Caller, T> = C extends Vm ? Promise<T> : Op<T>

/** Starts the manager of alarms, linked to this process, under its name. */
export function startLink(self: Self, options: Omit<StartOptions, 'name'> = {}): Op<StartResult<Pid>> {
  return startServerLink(self, manager, undefined, { ...options, name: NAME })
}

/**
 * Tells of a condition. Setting one that is set tells of it again, and it is there twice.
 * @throws HeddleError ERR_UNKNOWN_NAME if nobody manages alarms, ERR_UNCLONABLE
 * @example alarmHandler.setAlarm(self, { id: 'disk_almost_full', description: '/' })
 */
export function setAlarm(by: Caller, alarm: Alarm): void {
  by.send(NAME, manager.notify({ type: 'set_alarm', alarm }))
}

/**
 * Tells that a condition is over, however often it was set. One that is not set does no harm.
 * @throws HeddleError ERR_UNKNOWN_NAME, ERR_UNCLONABLE
 */
export function clearAlarm(by: Caller, id: unknown): void {
  by.send(NAME, manager.notify({ type: 'clear_alarm', id }))
}

/** The alarms that are set, the newest first; `bad_module` if another handler has taken the place of the first. */
export function getAlarms<C extends Caller>(by: C): Outcome<C, HandlerReply<readonly Alarm[]>> {
  return ask(by, manager.call(handler, handler.getAlarms()))
}

/** Adds a handler of alarms. */
export function addAlarmHandler<C extends Caller, A>(
  by: C,
  it: HandlerRef<A, AlarmEvent>,
  ...argument: Argument<NoInfer<A>>
): Outcome<C, HandlerResult> {
  return ask(by, manager.addHandler(it, ...argument))
}

/** Removes one. */
export function deleteAlarmHandler<C extends Caller>(by: C, it: HandlerRef<never>): Outcome<C, DeleteResult> {
  return ask(by, manager.deleteHandler(it))
}

function ask<C extends Caller, R>(by: C, message: CallMessage<EventApi<AlarmEvent>, R>): Outcome<C, R> {
  return (by as Self).call(NAME, message) as Outcome<C, R>
}

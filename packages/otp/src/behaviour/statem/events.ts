/**
 * What a machine handles: *events*. Calls and casts are the messages themselves, so that the plain path makes nothing
 * new; all others are records, a message from the mailbox, too: so a message cannot pass for a time-out. Events that
 * are postponed are kept at rest, and so they are plain data.
 */

import type { CallEnvelope, CastMessage } from '@heddle/scheduler'

export type EventType = 'info' | 'internal' | 'state_timeout' | 'timeout'

/** `name` is a generic time-out's. */
export interface EventRecord {
  readonly type: EventType
  readonly name?: string
  readonly content: unknown
}

export type MachineEvent = CallEnvelope | CastMessage<unknown> | EventRecord

export function isCast(event: MachineEvent): event is CastMessage<unknown> {
  return typeof (event as Partial<CastMessage<unknown>>).$cast === 'string'
}

/** An event as a report, or a status, shows it: OTP's pair of type and content. */
export function describeEvent(event: MachineEvent): unknown {
  if (isCast(event)) return ['cast', [event.$cast, event.arg]]
  if (event.type === '$call') {
    const { $call, arg } = event.request as { $call?: unknown; arg?: unknown }
    return [
      ['call', event.from],
      [$call, arg],
    ]
  }
  return [event.name === undefined ? event.type : [event.type, event.name], event.content]
}

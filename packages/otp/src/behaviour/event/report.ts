/**
 * What an event manager has people hear of. The shapes are OTP's: a handler that was removed because it failed, and a
 * message that a handler has no callback for.
 */

import type { Self } from '@heddle/scheduler'
import { nameOf } from '../../gen/name.ts'
import { report, takesReports } from '../../report/report.ts'
import type { HandlerEnd } from './fate.ts'
import { CODE, type Handler, idOf, type Manager } from './handlers.ts'

/** A handler failed, and is gone. Its state, the message and the reason go through its `formatStatus`. */
export function reportFailure(
  manager: Manager,
  handler: Handler,
  reason: HandlerEnd,
  lastMessage: unknown,
  self: Self,
): void {
  if (!takesReports(self, 'error', 'gen_event')) return
  const isExit = Array.isArray(reason) && reason[0] === 'EXIT' && reason.length === 2
  const given = { state: handler.state, message: lastMessage, reason: isExit ? reason[1] : reason }
  const shown = formatted(handler, given)
  report(self, 'error', ['gen_event', 'terminate'], {
    handler: idOf(handler),
    name: nameOf(manager, self),
    lastMessage: shown.message,
    state: shown.state,
    reason: isExit ? ['EXIT', shown.reason] : shown.reason,
  })
}

export function reportNoInfo(handler: Handler, message: unknown, self: Self): void {
  report(self, 'warning', ['gen_event', 'no_handle_info'], { module: handler.name, message })
}

interface Status {
  readonly state: unknown
  readonly message?: unknown
  readonly reason?: unknown
}

/** A handler's status as it wants it to be seen; as it is, if its `formatStatus` fails. */
export function formatted(handler: Handler, status: Status): Status {
  const format = handler[CODE]?.formatStatus
  if (format === undefined) return status
  try {
    return { ...status, ...(format(status as never) as Status) }
  } catch {
    return { ...status, state: `${handler.name}:formatStatus crashed` }
  }
}

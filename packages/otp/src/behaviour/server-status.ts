/**
 * What people see of a server: its status, and the report of its end. Both show the state, the message, the reason and the
 * log as the user's `formatStatus` has them, so that what is secret or huge need not be shown.
 * Source: OTP's `gen_server:format_status/2`, `error_info`.
 */

import { type CallEnvelope, type ExitReason, isPid, type Self } from '@heddle/scheduler'
import type { DebugEvent } from '../gen/debug.ts'
import type { Cause } from '../gen/ending.ts'
import type { Mode } from '../gen/handle-system.ts'
import { labelOf, nameOf } from '../gen/name.ts'
import { report } from '../report/report.ts'
import type { Server, ServerCode } from './server.ts'

/** What `formatStatus` gets, and returns: in a report of an end all of it, else without `message` and `reason`. */
export interface ServerStatus<S = unknown> {
  readonly state: S
  /** The last message. */
  readonly message?: unknown
  readonly reason?: ExitReason
  readonly log: readonly DebugEvent[]
}

function formatted(code: ServerCode, status: ServerStatus): ServerStatus {
  if (code.format === undefined) return status
  try {
    return { ...status, ...(code.format(status as never) as ServerStatus) }
  } catch {
    return { ...status, state: `${code.name}:formatStatus crashed` }
  }
}

const logOf = (server: Server): readonly DebugEvent[] => server.extras?.debug?.log?.events ?? []

/** What `sys.getStatus` shows of a server. */
export function formatServer(code: ServerCode, server: Server, mode: Mode, self: Self): unknown {
  const { state, log } = formatted(code, { state: server.state, log: [...logOf(server)] })
  return {
    header: `Status for generic server ${nameOf(server, self)}`,
    data: {
      status: mode,
      parent: server.parent === 0 ? self.pid : self.parent,
      loggedEvents: log,
    },
    state,
  }
}

/** OTP's server error report. */
export function reportEnd(
  code: ServerCode,
  server: Server,
  cause: Cause,
  message: unknown,
  self: Self,
): void {
  const given = { state: server.state, message, reason: cause.reason, log: [...logOf(server)] }
  const shown = formatted(code, given)
  const from = (message as Partial<CallEnvelope> | null | undefined)?.from
  report(self, 'error', ['gen_server', 'terminate'], {
    name: nameOf(server, self),
    lastMessage: shown.message,
    state: shown.state,
    log: shown.log,
    reason: shown.reason,
    clientInfo: isPid(from?.pid) ? { pid: from.pid } : undefined,
    ...(labelOf(self) === undefined ? {} : { processLabel: labelOf(self) }),
  })
}

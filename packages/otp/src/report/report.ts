/**
 * What people should hear of, beside crashes (which the scheduler reports itself): a supervisor that
 * restarts a child or gives up, a message that nobody handles. A *report* is plain data, sent as a
 * message to the process registered as `logger`, as OTP's are; where nobody has that name it is dropped.
 *
 * Rejected: writing to the console (a library does not, and a thread's console waits for the main
 * thread); a callback (functions do not travel between schedulers); a topic with subscribers (that is
 * what the logger itself is for).
 */

import { type ExitReason, HeddleError, type Pid, type Self } from '@heddle/scheduler'

/** The name under which reports are received. */
export const LOGGER = 'logger'

/** A server got a message that it has no callback for; the message is dropped, the server lives. */
export interface UnhandledReport {
  readonly type: 'report'
  readonly label: 'no_info_callback'
  readonly pid: Pid
  /** The server's definition. */
  readonly name: string
  readonly message: unknown
}

/** Something happened to a child. */
export interface SupervisorReport {
  readonly type: 'report'
  readonly label: 'child_terminated' | 'start_error' | 'shutdown_error' | 'shutdown'
  /** The supervisor, and its definition. */
  readonly pid: Pid
  readonly name: string
  readonly reason: ExitReason
  readonly offender: { readonly id: string; readonly pid: Pid | undefined }
}

export type OtpReport = UnhandledReport | SupervisorReport

/** Sends a report to the logger, if there is one. Never throws. */
export function report(self: Self, it: OtpReport): void {
  const logger = self.whereis(LOGGER)
  if (logger === undefined) return
  try {
    self.send(logger, it)
  } catch (error) {
    // A message that was transferred here may hold what cannot be cloned once more.
    if (!(error instanceof HeddleError)) throw error
  }
}

/**
 * What a process holds outside of the VM: sockets, servers, file handles. On a BEAM these are ports, and a port is closed when its
 * owner has ended, however that came: also when it was killed, and `terminate` had no say. Here nobody but the process knows
 * what it has opened, so it leaves word of how to close it.
 *
 * Rejected: a guard process that is linked to the owner (what is open cannot be sent to it), `terminate` alone (a killed
 * process runs none), finalizers (nobody knows when).
 */

import type { Extras } from '../process/extras.ts'
import type { Process } from '../process/process.ts'
import { type ExitReason, reasonOfThrown } from '../term/exit-reason.ts'
import type { Report } from './report.ts'

/** The process has ended. Its cleanups run when what ended it is off the stack: they are code of the user's. */
export function cleanUpAfter(
  { pidTerm, address, extras }: Process,
  reason: ExitReason,
  tell: (report: Report) => void,
  scheduler: number,
): void {
  const cleanups = takeFrom(extras)
  if (cleanups.length === 0) return
  void Promise.resolve().then(() => {
    for (const cleanUp of cleanups) {
      try {
        cleanUp(reason)
      } catch (thrown) {
        const { url, name } = address
        const definition = { url, name: `${name}, cleaning up` }
        const why = reasonOfThrown(thrown)
        tell({ type: 'crash', pid: pidTerm, scheduler, definition, registeredName: undefined, reason: why })
      }
    }
  })
}

function takeFrom(extras: Extras | null): ((reason: ExitReason) => void)[] {
  if (extras === null || extras.cleanups.size === 0) return []
  const latestFirst = [...extras.cleanups].reverse()
  extras.cleanups.clear()
  return latestFirst
}

/**
 * Functions that run inside a process that somebody looks into. Code is not sent from core to core: they are *named* here,
 * and whoever needs one imports this module.
 */

import { named, type sys } from '@heddle/otp'
import type { From, Pid } from '@heddle/scheduler'
import type { Band } from '../../frequency/dist/band.js'

/**
 * A trace function: it sees each event of the process, and keeps a state of its own, here the clients that were denied a
 * frequency. `sys.getStatus` shows that state, as part of `debug`.
 */
export const denied = named(
  import.meta.url,
  'denied',
  (clients: readonly Pid[], event: sys.DebugEvent): readonly Pid[] => {
    const [what, answer, to] = event
    return what === 'out' && answer === 'no_frequency' ? [...clients, (to as From).pid] : clients
  },
)

/** A change of state while it runs: more frequencies. */
export const widen = named(import.meta.url, 'widen', (band: Band, frequencies: readonly number[]): Band => {
  return { ...band, free: [...band.free, ...frequencies] }
})

/** Whom `denied` has seen so far. */
export function deniedClients(status: sys.SystemStatus): readonly Pid[] {
  for (const option of status.debug) {
    if (option[0] !== 'install') continue
    const { function: installed, state } = option[1] as sys.DebugInstall
    if (installed.$fun.name === denied.$fun.name) return state as readonly Pid[]
  }
  return []
}

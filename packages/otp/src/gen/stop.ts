/**
 * Ends a server from outside and waits until it is gone. Source: OTP's `gen_server:stop/3`, `proc_lib:stop/3`.
 *
 *     caller                        server
 *       monitor                      |
 *       terminate, reason ---------> ok; then its `terminate`
 *       DOWN <---------------------- exits
 */

import { isDeepStrictEqual } from 'node:util'
import type { Steps } from '@heddle/scheduler'
import { type Down, down, Exit, type ExitReason, type Op, type Self, TIMEOUT } from '@heddle/scheduler'
import { type Caller, pidOfTarget, type Target } from '../door/caller.ts'
import { asking } from './sequence.ts'
import * as sys from './sys.ts'
import { checkTimeoutMs } from './timeout.ts'

/**
 * Ends a server, through its `terminate`, and waits until it is gone; the caller's links and EXIT messages are its own
 * affair. Also while the server is suspended; not while it is in a callback.
 *
 * Exits with `'noproc'` if there is none, `'timeout'` if it takes longer than `timeoutMs` (it may then still end later), the
 * server's reason if that is another, `[reason, ['sys', 'terminate', args]]` if it ended before it could be told.
 *
 * @param reason default `normal`
 * @param timeoutMs default `Infinity`
 * @throws HeddleError ERR_TIMEOUT_VALUE
 * @example yield* stopServer(self, counter)
 *          await stopServer(vm, 'counter', 'shutdown', 1_000)
 */
export function stopServer(
  caller: Caller,
  target: Target,
  reason: ExitReason = 'normal',
  timeoutMs = Infinity,
): Op<void> {
  checkTimeoutMs(timeoutMs)
  return asking('stopServer()', caller, () => stopping(caller as Self, target, reason, timeoutMs))
}

function* stopping(caller: Self, target: Target, reason: ExitReason, timeoutMs: number): Steps<void> {
  const pid = pidOfTarget(caller, target)
  if (pid === undefined) throw new Exit('noproc')
  const endMs = caller.nowMs() + timeoutMs
  const watch = caller.monitor(pid)
  try {
    yield sys.terminate(caller, pid, reason, { timeoutMs })
  } catch (thrown) {
    caller.demonitor(watch, { flush: true })
    throw told(thrown)
  }
  const afterMs = Math.max(0, Math.ceil(endMs - caller.nowMs()))
  const message = (yield caller.receive(down(watch), { afterMs })) as Down | typeof TIMEOUT
  if (message === TIMEOUT) {
    caller.demonitor(watch, { flush: true })
    throw new Exit('timeout')
  }
  if (!isDeepStrictEqual(message.reason, reason)) throw new Exit(message.reason)
}

/** These two are told as they are. */
function told(thrown: unknown): unknown {
  if (!(thrown instanceof Exit)) return thrown
  const [why] = thrown.reason as readonly [ExitReason]
  return why === 'noproc' || why === 'timeout' ? new Exit(why) : thrown
}

/**
 * Finds circles of calls: A waits for B, which waits for A (or for C, which …). A call that has waited for a while sends a
 * *probe* to its target. Whoever gets one, owes the reply that it follows, and waits in a call itself, sends it on. A
 * probe that comes back to its sender, in the same call still, has walked a circle: nobody in it will ever reply.
 *
 *     A --call 1--> B --call 2--> C --call 3--> A
 *     A --probe [A], 1--> B --probe [A, B], 2--> C --probe [A, B, C], 3--> A: found
 *
 * Each step is checked where it is taken, behind all that was sent before (a reply that is under way ends the walk), so a
 * circle that is found was one. Not seen are processes that wait for a message of their own protocol, and those that
 * wait for several things at once; and a process that has handed on whom it owes the reply may be blamed in vain.
 *
 * Source: Chandy, Misra, Haas: Distributed Deadlock Detection (1983), the AND-less case.
 */

import type { PendingCall, Process } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import { PidTerm, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'

/** When a call that may take so long sends its probe. */
const PROBE_MS_MAX = 1_000
/** Calls that are given up sooner than this are not worth a probe. */
const TIMEOUT_MS_MIN = 50
/** No circle is as long as this; a walk over so many ends. */
const PATH_LENGTH_MAX = 64

export interface Probe {
  /** The call that the walk began with. */
  readonly callRef: number
  /** Who waits for whom, by `$pid`; the first began the walk. */
  readonly path: readonly number[]
}

/** When a call with this timeout looks for a circle; the timeout itself if never. */
export function probeAfterMs(timeoutMs: number): number {
  return timeoutMs < TIMEOUT_MS_MIN ? timeoutMs : Math.min(Math.ceil(timeoutMs / 2), PROBE_MS_MAX)
}

/** The process has waited in this call for a while. */
export function sendProbe(kernel: Kernel, process: Process, call: PendingCall): void {
  const probe: Probe = { callRef: call.refNumber, path: [process.pid] }
  kernel.signal(SIGNAL.probe, call.target, process.pid, call.refNumber, probe)
}

/** `ref`: the call that leads here. */
export function receiveProbe(kernel: Kernel, process: Process, ref: number, value: unknown): void {
  const { callRef, path } = value as Probe
  if (!owesReply(process, ref)) return
  if (process.pid === path[0]) {
    process.findCall(callRef)?.inCircle?.(path)
    return
  }
  if (path.includes(process.pid) || path.length >= PATH_LENGTH_MAX) return
  const next = onlyCallOf(process)
  if (next === null) return
  const probe: Probe = { callRef, path: [...path, process.pid] }
  // Its own now: named after who began the walk, it would be one of that one's signals that comes by another way than the rest.
  kernel.signal(SIGNAL.probe, next.target, process.pid, next.refNumber, probe)
}

function owesReply(process: Process, ref: number): boolean {
  if (process.watchers?.has(ref) === true) return true
  for (let caller = process.callers; caller !== null; caller = caller.nextCaller)
    if (caller.refNumber === ref) return true
  return false
}

/** The call that a process waits in, if it waits for nothing else. */
function onlyCallOf(process: Process): PendingCall | null {
  const operation = process.waiting
  return operation === null || operation.nextWaiting !== null ? null : operation.call
}

/** Of those in the circle one tells of it: the oldest slot's. */
export function reportCircle(kernel: Kernel, process: Process, path: readonly number[]): void {
  if (process.pid !== Math.min(...path)) return
  const circle = path.map((pid) => ({
    pid: new PidTerm(pid),
    registeredName: kernel.names.nameOf(slotOf(pid)),
  }))
  kernel.report({ type: 'deadlock', scheduler: kernel.endpoint, circle })
}

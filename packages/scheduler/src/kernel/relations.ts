/**
 * Links, monitors and calls: who is told when a process ends.
 *
 * Each end keeps its own record, also when both live on one scheduler, so that nothing here depends on
 * where the other end is. A link's two records are made by `link` and by its signal. An unlink must be
 * acknowledged before an EXIT of that link can be trusted again: until then the record stays, marked,
 * and swallows what was on its way (OTP's protocol).
 *
 *     A: unlink -> marks its record n, sends unlink(n)    B: drops its record, answers unlinkAck(n)
 *     A: an exit of B's that comes while marked is void;  unlinkAck(n) removes the record
 *
 * A call is a request and a monitor in one signal; a reply ends both. A call between two processes of
 * one scheduler keeps no record but the call itself, in the list of its target's callers.
 */

import type { CallEnvelope, ReplyMessage } from '../process/call.ts'
import { type CallerNode, type PendingCall, type Process, STATUS } from '../process/process.ts'
import type { MonitorOptions } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import { PidTerm } from '../term/pid.ts'
import { RefTerm } from '../term/ref.ts'
import { addAlias, aliasMode, monitorEnded, removeAlias } from './aliases.ts'
import type { Kernel } from './kernel.ts'
import { breakingOrder } from './link-order.ts'
import { releaseNeeded, unmuteFor } from './muting.ts'
import { resumeAll, resumeFor } from './suspension.ts'

// ---- what a process does ----

/** @throws HeddleError ERR_NO_PROCESS */
export function link(kernel: Kernel, process: Process, peer: number): void {
  if (peer === process.pid) return
  const known = process.links?.get(peer)
  if (known !== undefined && known.unlinkId === 0) return
  if (!kernel.isAlivePid(peer) && !process.trapsExits) {
    throw new HeddleError('ERR_NO_PROCESS', 'cannot link: the process is dead (noproc)')
  }
  ;(process.links ??= new Map()).set(peer, { endpoint: kernel.locate(peer), unlinkId: 0 })
  kernel.signal(SIGNAL.link, peer, process.pid, 0, undefined)
}

export function unlink(kernel: Kernel, process: Process, peer: number): void {
  const known = process.links?.get(peer)
  if (known === undefined || known.unlinkId !== 0) return
  known.unlinkId = kernel.newRef()
  kernel.signal(SIGNAL.unlink, peer, process.pid, known.unlinkId, undefined)
}

/** `target` 0: nobody has the name. */
export function monitor(
  kernel: Kernel,
  process: Process,
  target: number,
  name: string | undefined,
  options: MonitorOptions | undefined,
): number {
  const ref = kernel.newRef()
  const tag = copy(options?.tag)
  if (options?.alias !== undefined) addAlias(process, ref, options.alias)
  process.mailbox.mark(ref)
  // A process can watch itself; it will never see the end.
  if (target === process.pid) return ref
  const endpoint = kernel.locate(target)
  ;(process.monitors ??= new Map()).set(ref, { ref, target, endpoint, name, tag })
  const ask = () => kernel.signal(SIGNAL.monitor, target, process.pid, ref, undefined)
  // Known to be dead: as on a BEAM, that is told when the process next gives way, so a receive that does not wait goes by it.
  if (name === undefined && !kernel.isAlivePid(target)) kernel.later(process, ask)
  else ask()
  return ref
}

/** Returns whether the monitor was active. */
export function demonitor(kernel: Kernel, process: Process, ref: number): boolean {
  // Asked for with a spawn request that has not been answered: not a monitor yet.
  if (process.findCall(ref) !== undefined) return false
  const known = process.monitors?.get(ref)
  process.mailbox.unmark(ref)
  monitorEnded(process, ref)
  if (known === undefined) return false
  process.monitors?.delete(ref)
  kernel.signal(SIGNAL.demonitor, known.target, process.pid, ref, undefined)
  return true
}

// ---- what it is told ----

/** `from`: the endpoint that the signal came from, where its sender lives. */
export function receiveLink(process: Process, peer: number, from: number): void {
  const known = process.links?.get(peer)
  // Both linked at once, or this end is unlinking: its unlink is on the way and will undo this.
  if (known !== undefined) return
  ;(process.links ??= new Map()).set(peer, { endpoint: from, unlinkId: 0 })
}

export function receiveUnlink(kernel: Kernel, process: Process, peer: number, unlinkId: number): void {
  // If this end is unlinking too, its own acknowledgement is still to come.
  if (process.links?.get(peer)?.unlinkId === 0) process.links.delete(peer)
  kernel.signal(SIGNAL.unlinkAck, peer, process.pid, unlinkId, undefined)
}

export function receiveUnlinkAck(process: Process, peer: number, unlinkId: number): void {
  if (process.links?.get(peer)?.unlinkId === unlinkId) process.links.delete(peer)
}

export function receiveMonitor(process: Process, watcher: number, ref: number, from: number): void {
  ;(process.watchers ??= new Map()).set(ref, { pid: watcher, endpoint: from })
}

/** A monitored process has ended, or one that was called. */
export function receiveDown(
  kernel: Kernel,
  process: Process,
  source: number,
  ref: number,
  reason: unknown,
): void {
  const call = process.takeCall(ref)
  if (call !== undefined) {
    call.targetDown(reason as ExitReason)
    return
  }
  const known = process.monitors?.get(ref)
  // Demonitored meanwhile.
  if (known === undefined) return
  process.monitors?.delete(ref)
  monitorEnded(process, ref)
  const named = known.name === undefined ? {} : { name: known.name }
  const message = {
    type: known.tag === undefined ? 'DOWN' : known.tag,
    ref: new RefTerm(ref, process.pid),
    pid: new PidTerm(source),
    ...named,
    reason: reason as ExitReason,
  }
  kernel.deliverOwn(process, message)
}

/** A message has come by an alias. */
export function receiveAliased(kernel: Kernel, process: Process, ref: number, message: unknown): void {
  const mode = aliasMode(process, ref)
  if (mode === undefined) {
    kernel.droppedCount += 1
    return
  }
  if (mode === 'reply') removeAlias(process, ref)
  // Ends the alias, too.
  if (mode === 'reply_demonitor') {
    demonitor(kernel, process, ref)
    removeAlias(process, ref)
  }
  kernel.deliver(process, message)
}

/** A call has come from another scheduler: it is watched until the reply. */
export function receiveCall(
  kernel: Kernel,
  process: Process,
  caller: number,
  ref: number,
  request: unknown,
  from: number,
): void {
  if (process.isSuspended) releaseNeeded(kernel, process)
  receiveMonitor(process, caller, ref, from)
  kernel.deliver(process, callEnvelope(new PidTerm(caller), ref, request))
}

/**
 * A reply has come: to the call that waits for it; or, if the reference is an alias, as a message, since that is how
 * whoever made it wants to hear.
 */
export function receiveReply(
  kernel: Kernel,
  process: Process,
  source: number,
  ref: number,
  value: unknown,
): void {
  const call = process.takeCall(ref)
  if (call !== undefined) call.answer(value, source)
  else if (process.extras !== null && aliasMode(process, ref) !== undefined) {
    const message: ReplyMessage = { type: '$reply', ref: new RefTerm(ref, process.pid), reply: value }
    receiveAliased(kernel, process, ref, message)
  }
}

export function callEnvelope(caller: PidTerm, ref: number, request: unknown): CallEnvelope {
  return { type: '$call', from: { pid: caller, ref: new RefTerm(ref, caller.$pid) }, request }
}

/** Ends a call: it has its reply, or was given up. */
export function forgetCaller(target: Process, node: CallerNode): void {
  if (node.previousCaller !== null) node.previousCaller.nextCaller = node.nextCaller
  else if (target.callers === node) target.callers = node.nextCaller
  else return
  if (node.nextCaller !== null) node.nextCaller.previousCaller = node.previousCaller
  node.previousCaller = null
  node.nextCaller = null
}

export function rememberCaller(target: Process, node: CallerNode): void {
  node.nextCaller = target.callers
  if (target.callers !== null) target.callers.previousCaller = node
  target.callers = node
}

// ---- the end ----

/** Tells all who linked, monitored or called a process that has ended. */
export function breakRelations(kernel: Kernel, process: Process, reason: ExitReason): void {
  const { pid, links, watchers, monitors } = process
  process.links = null
  process.watchers = null
  process.monitors = null
  for (let node = process.callers; node !== null; node = process.callers) {
    forgetCaller(process, node)
    node.targetDown(copy(reason))
  }
  if (links !== null) {
    // Also over a link that is being unlinked: the other end has not agreed yet, and will drop it.
    const peers = [...links.keys()]
    for (const position of breakingOrder(peers.length))
      kernel.signal(SIGNAL.exitLink, peers[position] as number, pid, 0, reason)
  }
  if (watchers !== null) {
    for (const [ref, watcher] of watchers) kernel.signal(SIGNAL.down, watcher.pid, pid, ref, reason)
  }
  resumeAll(kernel, process)
  if (monitors !== null) {
    for (const own of monitors.values()) kernel.signal(SIGNAL.demonitor, own.target, pid, own.ref, undefined)
  }
}

/**
 * A scheduler has died; all it ever published has been handled. Whatever here was bound to a process of
 * its own breaks, as if that process had ended with this reason. Who lives and is to run there belongs to its successor.
 */
export function breakWithScheduler(kernel: Kernel, endpoint: number): void {
  // A process that is on its way to another kernel breaks with the dead there.
  for (const process of [...kernel.table])
    if (process.status !== STATUS.moving) breakProcessWith(kernel, process, endpoint)
}

/** The same, for one process. */
export function breakProcessWith(kernel: Kernel, process: Process, endpoint: number): void {
  const { routes } = kernel.moves
  const isThere = (pid: number, where: number): boolean => routes.where(pid, where) === endpoint
  breakWithLost(kernel, process, endpoint, (pid, where) => isThere(pid, where) && !kernel.isAlivePid(pid))
  if (!process.isSuspended) return
  resumeFor(kernel, process, isThere)
  unmuteFor(kernel, process, isThere)
}

/** The same, but with the processes that died on their way to or from that scheduler. */
export function breakProcessWithMoving(
  kernel: Kernel,
  process: Process,
  endpoint: number,
  hasDied: (pid: number) => boolean,
): void {
  breakWithLost(kernel, process, endpoint, hasDied)
  if (!process.isSuspended) return
  resumeFor(kernel, process, hasDied)
  unmuteFor(kernel, process, hasDied)
}

function breakWithLost(
  kernel: Kernel,
  process: Process,
  endpoint: number,
  isLost: (pid: number, where: number) => boolean,
): void {
  const reason = ['scheduler_down', endpoint] as const
  for (const call of [...process.pendingCalls()]) {
    if (isLost(call.target, call.endpoint)) downFrom(kernel, process, call, reason)
  }
  for (const { ref, target, endpoint: where } of [...(process.monitors?.values() ?? [])]) {
    if (isLost(target, where)) kernel.receive(SIGNAL.down, process.pid, target, ref, copy(reason))
  }
  for (const [ref, watcher] of [...(process.watchers ?? [])]) {
    if (isLost(watcher.pid, watcher.endpoint)) process.watchers?.delete(ref)
  }
  for (const [peer, known] of [...(process.links ?? [])]) {
    if (isLost(peer, known.endpoint)) kernel.receive(SIGNAL.exitLink, process.pid, peer, 0, copy(reason))
  }
}

function downFrom(kernel: Kernel, process: Process, call: PendingCall, reason: ExitReason): void {
  kernel.receive(SIGNAL.down, process.pid, call.target, call.refNumber, copy(reason))
}

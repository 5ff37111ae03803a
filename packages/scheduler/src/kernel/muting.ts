/**
 * Holding senders back: a process with `maxMailbox: { count, onFull: 'mute_senders' }` that has so many messages waiting is
 * *overloaded*; whoever sends to it then is *muted*: held at its next turn, until the mailbox has drained by half.
 *
 *     sender                                              receiver
 *     sends, sees that the receiver is overloaded
 *     (or that what it sent did not fit into the ring),
 *     is muted, and says so: `mute`, behind what it sent   overloaded: remembers it
 *                                                         not, or dead: `unmute` at once
 *     goes on                                    unmute    has drained by half, waits, or ends
 *
 * Nobody is held for ever, and no circle is:
 * - An overloaded process is never muted itself: it runs until it has drained.
 * - One that waits for a message, or is suspended, holds nobody: what it waits for may be theirs to send. One that
 *   stands still otherwise (in a call, in I/O) lets go when it has for `STALL_MS`.
 * - A muted process that is called, or told to exit, goes on.
 * - The end of either process, or of its scheduler, ends it.
 *
 * Rejected: muting when the message is handled (the receiver does not know who sent it); letting only as many through as
 * the receiver has credits for (every message of every process would pay for the bookkeeping).
 */

import { MUTES, NO_PRESSURE, OVERLOADED } from '../memory/pressure.ts'
import type { Extras } from '../process/extras.ts'
import { type Process, STATUS } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import { slotOf } from '../term/pid.ts'
import type { Alarm } from './alarms.ts'
import type { Kernel } from './kernel.ts'
import { goOn } from './suspension.ts'

/** How long an overloaded process may stand still before it lets its senders go. */
const STALL_MS = 100

// ---- the sender ----

/** To be called behind a message to a process that is under `pressure`. */
export function muteFor(kernel: Kernel, process: Process, target: number, pressure: number): void {
  if (process.isHost || process.pid === target || process.extras?.isOverloaded === true) return
  if (process.extras?.mutedBy?.has(target) === true) return
  const endpoint = kernel.locate(target)
  const isHeldUp = endpoint !== kernel.endpoint && kernel.outside.heldFor(endpoint) > 0
  if (pressure !== OVERLOADED && !isHeldUp) return
  const extras = process.ownExtras()
  extras.mutedBy ??= new Map()
  extras.mutedBy.set(target, endpoint)
  process.isSuspended = true
  kernel.mutedCount += 1
  kernel.signal(SIGNAL.mute, target, process.pid, 0, undefined)
}

/** The process is not muted any more by this one. */
export function receiveUnmute(kernel: Kernel, process: Process, source: number): void {
  const mutedBy = process.extras?.mutedBy
  if (mutedBy?.delete(source) === true && mutedBy.size === 0) goOnUnlessSuspended(kernel, process)
}

/** It is needed: whoever has called it, or told it to end, shall not wait for a third one's mailbox. */
export function releaseNeeded(kernel: Kernel, process: Process): void {
  const mutedBy = process.extras?.mutedBy
  if (mutedBy == null || mutedBy.size === 0) return
  mutedBy.clear()
  goOnUnlessSuspended(kernel, process)
}

/** A scheduler has died. */
export function unmuteFor(
  kernel: Kernel,
  process: Process,
  isLost: (pid: number, where: number) => boolean,
): void {
  for (const [source, where] of [...(process.extras?.mutedBy ?? [])])
    if (isLost(source, where)) receiveUnmute(kernel, process, source)
}

function goOnUnlessSuspended(kernel: Kernel, process: Process): void {
  if ((process.extras?.suspenders?.size ?? 0) === 0) goOn(kernel, process)
}

// ---- the receiver ----

/** A process has this policy from now on. */
export function beginMuting(kernel: Kernel, process: Process): void {
  kernel.slots.pressure.set(slotOf(process.pid), MUTES)
}

/** Its limit is another one: who has been held by the old one goes on. */
export function changeMuting(kernel: Kernel, process: Process): void {
  endMuting(kernel, process)
  if (process.extras?.mailboxLimit?.onFull === 'mute_senders') beginMuting(kernel, process)
}

/** A message has come to a mailbox that holds `maxMailbox.count` already. */
export function overload(kernel: Kernel, process: Process, extras: Extras): void {
  if (extras.isOverloaded || waitsForMessage(process)) return
  extras.isOverloaded = true
  kernel.slots.pressure.set(slotOf(process.pid), OVERLOADED)
  releaseNeeded(kernel, process)
  watchForStall(kernel, process, extras)
}

export function receiveMute(kernel: Kernel, process: Process, source: number): void {
  const { extras } = process
  if (extras?.isOverloaded === true) (extras.muted ??= new Set()).add(source)
  else kernel.signal(SIGNAL.unmute, source, process.pid, 0, undefined)
}

/** To be called when a turn of an overloaded process is over. */
export function checkOverload(kernel: Kernel, process: Process, extras: Extras): void {
  if (process.status === STATUS.dead) return
  const { mailbox } = process
  const countMax = (extras.mailboxLimit?.count ?? 0) / 2
  if (mailbox.length - mailbox.ownCount <= countMax || waitsForMessage(process))
    relax(kernel, process, extras)
}

/** Lets all go whom it has muted. */
export function relax(kernel: Kernel, process: Process, extras: Extras): void {
  kernel.slots.pressure.set(slotOf(process.pid), MUTES)
  unmuteAll(kernel, process, extras)
}

/** It has ended, or has another policy. */
export function endMuting(kernel: Kernel, process: Process): void {
  const { extras } = process
  const { pressure } = kernel.slots
  const slot = slotOf(process.pid)
  if (extras === null || pressure.of(slot) === NO_PRESSURE) return
  pressure.set(slot, NO_PRESSURE)
  unmuteAll(kernel, process, extras)
}

function unmuteAll(kernel: Kernel, process: Process, extras: Extras): void {
  const { muted } = extras
  extras.isOverloaded = false
  extras.muted = null
  if (extras.stallAlarm !== null) kernel.alarms.stop(extras.stallAlarm as Alarm)
  extras.stallAlarm = null
  for (const sender of muted ?? []) kernel.signal(SIGNAL.unmute, sender, process.pid, 0, undefined)
}

/** It waits in a receive (or for a registry, a suspension …), not for its scheduler, a while, a reply, or I/O. */
function waitsForMessage(process: Process): boolean {
  if (process.isSuspended && (process.extras?.suspenders?.size ?? 0) > 0) return true
  if (process.status !== STATUS.waiting) return false
  for (let operation = process.waiting; operation !== null; operation = operation.nextWaiting)
    if (operation.waitsForMessage) return true
  return false
}

function watchForStall(kernel: Kernel, process: Process, extras: Extras): void {
  const { reductionCount } = process
  const timeUp = (): void => {
    kernel.alarms.stop(extras.stallAlarm as Alarm)
    extras.stallAlarm = null
    const hasStoodStill = process.reductionCount === reductionCount && process.status === STATUS.waiting
    if (hasStoodStill) relax(kernel, process, extras)
    else watchForStall(kernel, process, extras)
  }
  extras.stallAlarm = kernel.alarms.start({ timeUp }, STALL_MS)
}

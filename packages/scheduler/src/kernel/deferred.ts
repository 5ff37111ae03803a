/**
 * Signals that wait at a process: what came while its own code was on the stack takes effect when that has returned,
 * in order; what came while it is being moved travels with it.
 */

import { type Process, STATUS } from '../process/process.ts'
import type { ExitMessage } from '../process/self.ts'
import { exitEffect, SIGNAL, type SignalKind } from '../process/signals.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import { Doomed } from './doomed.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'

/** Its own code is on the stack, or something waits already. Questions are not signals: they need not wait for code. */
export function mustDefer(process: Process, kind: SignalKind): boolean {
  if (process.deferred !== null) return true
  return process.status === STATUS.running && kind !== SIGNAL.query && kind !== SIGNAL.timer
}

/** Handles the signals that came while the process was running. */
export function applyDeferred(kernel: Kernel, process: Process): void {
  while (process.deferred !== null) {
    const signals = process.deferred
    process.deferred = null
    for (const signal of signals) {
      const { kind, source, ref, value, from } = signal
      if (process.status !== STATUS.dead) kernel.apply(process, kind, source, ref, value, from)
      else kernel.answerForDead(kind, process.pid, source, ref, value)
    }
  }
  // By its mailbox, which has become too full.
  if (process.doom !== null) terminate(kernel, process, process.doom.reason)
}

/** Signals that a running process sent to itself take effect at once; it may be doomed then. */
export function applyToSelf(kernel: Kernel, process: Process): void {
  if (process.status === STATUS.dead) throw new Doomed()
  const signals = process.deferred
  process.deferred = null
  for (const signal of signals ?? []) {
    if (signal.kind === SIGNAL.exit && signal.source === process.pid) exitOwn(kernel, process, signal.value)
    else (process.deferred ??= []).push(signal)
  }
  if (process.doom !== null) throw new Doomed()
}

function exitOwn(kernel: Kernel, process: Process, reason: unknown): void {
  const effect = exitEffect(process.trapsExits, reason as ExitReason, false, true)
  if (effect.do === 'die') process.doom = { reason: effect.reason }
  else if (effect.do === 'deliver') {
    const message: ExitMessage = { type: 'EXIT', pid: process.pidTerm, reason: effect.reason }
    kernel.deliverOwn(process, message)
  }
}

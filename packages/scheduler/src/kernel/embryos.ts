/**
 * Processes that are to run here, but whose spawn request is still on its way: another scheduler may hear of the pid,
 * and send to it, sooner. What comes for them is held until they are there.
 */

import type { SignalRecord } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'
import { answerForDead } from './arrival.ts'
import type { Kernel } from './kernel.ts'

export class Embryos {
  private readonly held = new Map<number, SignalRecord[]>()
  private readonly kernel: Kernel
  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  isExpected(pid: number): boolean {
    const { slots, endpoint } = this.kernel
    const slot = slotOf(pid)
    return this.kernel.isAlivePid(pid) && slots.owner(slot) === endpoint && slots.isStarting(slot)
  }

  hold(pid: number, signal: SignalRecord): void {
    const held = this.held.get(pid)
    if (held === undefined) this.held.set(pid, [signal])
    else held.push(signal)
  }

  /** The process is there. */
  release(pid: number): void {
    for (const { kind, source, ref, value, from } of this.take(pid))
      this.kernel.receive(kind, pid, source, ref, value, from)
  }

  /** It will never be. */
  abandon(pid: number): void {
    for (const { kind, source, ref, value } of this.take(pid))
      answerForDead(this.kernel, kind, pid, source, ref, value)
  }

  private take(pid: number): readonly SignalRecord[] {
    const held = this.held.get(pid) ?? []
    this.held.delete(pid)
    return held
  }
}

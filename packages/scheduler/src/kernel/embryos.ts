/**
 * Processes that are to run here, but are still on their way, as a spawn request or as what moves here: another scheduler
 * may hear of that, and send to them, sooner. What comes for them is held until they are there.
 */

import type { Process, SignalRecord } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'
import { breakProcessWith } from './relations.ts'

/** A signal, or what is to be done behind those before it. */
type Held = SignalRecord | { readonly act: (process: Process) => void }

export class Embryos {
  private readonly held = new Map<number, Held[]>()
  private readonly kernel: Kernel
  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Processes that something is held for. */
  get count(): number {
    return this.held.size
  }

  isExpected(pid: number): boolean {
    const { slots, endpoint } = this.kernel
    const slot = slotOf(pid)
    if (slots.isStarting(slot)) return this.kernel.isAlivePid(pid) && slots.owner(slot) === endpoint
    return this.kernel.moves.isComing(pid)
  }

  hold(pid: number, signal: SignalRecord): void {
    const held = this.held.get(pid)
    if (held === undefined) this.held.set(pid, [signal])
    else held.push(signal)
  }

  /** A scheduler has died: what its processes bind here, by signals that are held, breaks behind them. */
  breakWith(endpoint: number): void {
    this.whenThere((process) => breakProcessWith(this.kernel, process, endpoint))
  }

  /** Is done to each that something is held for, behind that. */
  whenThere(act: (process: Process) => void): void {
    for (const held of this.held.values()) held.push({ act })
  }

  /** The process is there. */
  release(pid: number): void {
    for (const each of this.take(pid)) {
      if ('act' in each) {
        const process = this.kernel.table.get(pid)
        if (process !== undefined) each.act(process)
      } else this.kernel.receive(each.kind, pid, each.source, each.ref, each.value, each.from)
    }
  }

  /** It will never be: the spawn request will not come any more. */
  abandon(pid: number): void {
    for (const each of this.take(pid)) {
      if (!('act' in each)) this.kernel.answerForDead(each.kind, pid, each.source, each.ref, each.value)
    }
  }

  /** Those that were on their way and have died there will never be. */
  abandonLost(): void {
    for (const pid of [...this.held.keys()]) if (!this.isExpected(pid)) this.abandon(pid)
  }

  private take(pid: number): readonly Held[] {
    const held = this.held.get(pid) ?? []
    this.held.delete(pid)
    return held
  }
}

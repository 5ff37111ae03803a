/**
 * A move, seen from the old owner: a batch of processes on their way from this kernel to another.
 *
 *     begin     each names its heir in the table, is frozen; `moved` goes to all endpoints
 *     flushing  ... until each has answered `flush`, or is dead and read to the end
 *     install   each is packed, let go of, and sent; `landed` behind the last
 *     landing   ... until the new owner has answered `arrived`
 *
 * A frozen process is left alone: what arrives for it waits, in order, and goes with it. Not even its death is dealt with
 * here, nor is a question answered: the answer would travel on this kernel's ring, and what the process does next on another.
 * So whatever was frozen arrives, unless a scheduler dies.
 */

import { type Process, type SignalRecord, STATUS } from '../process/process.ts'
import type { Transferable } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { movablesOf } from '../term/codec-port.ts'
import { generationOf, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'
import { endSealed } from './lifecycle.ts'
import { detachProcess, type Parcel, packProcess } from './parcel.ts'

/** Stands for the source of a signal that could not go along: such a message is dropped. No pid. */
export const LOST_SOURCE = -1

/** To all endpoints. */
export interface Moved {
  readonly pids: readonly number[]
  readonly to: number
  /** By endpoint, in which life it was when the processes were frozen. */
  readonly epochs: readonly number[]
}

/** One process, to the new owner. */
export interface Install {
  readonly parcel: Parcel
  /** What else there is to know of each signal that follows. */
  readonly following: readonly Pick<SignalRecord, 'kind' | 'from'>[]
  readonly epochs: readonly number[]
}

export class MoveOut {
  readonly ref: number
  readonly to: number
  readonly processes: readonly Process[]
  protected readonly kernel: Kernel
  private readonly epochs: readonly number[]
  /** Endpoints whose flush is still to come. */
  private readonly flushing: Set<number>
  private isLanding = false

  /** All of `processes` are at rest, and have named `to` their heir. */
  constructor(kernel: Kernel, to: number, processes: readonly Process[], peers: readonly number[]) {
    this.kernel = kernel
    this.ref = kernel.newRef()
    this.to = to
    this.processes = processes
    this.flushing = new Set(peers)
    this.epochs = Array.from({ length: kernel.endpointCount }, (_, index) => kernel.control.epoch(index))
  }

  begin(): void {
    const { kernel, to, epochs, processes } = this
    for (const process of processes) {
      process.status = STATUS.moving
      process.deferred = []
    }
    const moved: Moved = { pids: processes.map(({ pid }) => pid), to, epochs }
    for (const peer of this.flushing) kernel.post(peer, SIGNAL.moved, 0, 0, this.ref, moved)
  }

  /** This endpoint sends nothing more for these processes to here; or it is dead, and what it had sent is read. */
  flushed(endpoint: number): void {
    if (this.flushing.delete(endpoint) && this.flushing.size === 0) this.install()
  }

  private install(): void {
    const { kernel, to, ref } = this
    this.isLanding = true
    for (const process of this.processes) this.send(process)
    kernel.post(to, SIGNAL.landed, 0, 0, ref, this.epochs)
  }

  protected send(process: Process): void {
    const { kernel, to, ref, epochs } = this
    const signals = process.deferred ?? []
    process.deferred = null
    const packing = packProcess(kernel, process, (pid, endpoint) => kernel.moves.routes.where(pid, endpoint))
    if (!('parcel' in packing)) throw new Error(`a frozen process has changed: ${JSON.stringify(packing)}`)
    detachProcess(kernel, process, to)
    kernel.moves.routes.set(process.pid, to, kernel.endpoint)
    const following = signals.map(({ kind, from }) => ({ kind, from }))
    const install: Install = { parcel: packing.parcel, following, epochs }
    kernel.post(to, SIGNAL.install, 0, 0, ref, install)
    for (const signal of signals) this.follow(process.pid, signal)
  }

  /** A frame of its own: what can just be cloned by itself may be nested too deeply as part of something. */
  private follow(pid: number, signal: SignalRecord): void {
    try {
      this.postFollowing(pid, signal, undefined)
    } catch {
      this.followMoving(pid, signal)
    }
  }

  /** It holds what can be moved and not cloned, as a MessagePort: that was moved to here, and is moved on. */
  private followMoving(pid: number, signal: SignalRecord): void {
    try {
      this.postFollowing(pid, signal, movablesOf(signal.value) as readonly Transferable[])
    } catch {
      // A port that its other end has closed can go nowhere any more.
      const { kernel, to } = this
      kernel.droppedCount += 1
      kernel.post(to, SIGNAL.followed, pid, LOST_SOURCE, signal.ref, undefined)
    }
  }

  private postFollowing(
    pid: number,
    { source, ref, value }: SignalRecord,
    transfer: readonly Transferable[] | undefined,
  ): void {
    this.kernel.post(this.to, SIGNAL.followed, pid, source, ref, value, transfer)
  }

  /**
   * The new owner is dead. What had not arrived has died with it: the host has sealed it. Who had been told of the move sees to
   * its own relations; before the flushes are in, not all have been.
   */
  lost(): void {
    const { kernel, to } = this
    for (const process of this.processes) {
      const slot = slotOf(process.pid)
      const { slots } = kernel
      const isHere =
        slots.generation(slot) === generationOf(process.pid) && slots.owner(slot) === kernel.endpoint
      if (!isHere) continue
      if (this.isLanding) kernel.graves.release(slot, process.pid)
      else endSealed(kernel, process, ['scheduler_down', to])
    }
  }
}

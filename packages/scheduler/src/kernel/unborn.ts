/**
 * Processes that no scheduler runs yet: their spawn requests stand in a queue (`steal.ts`), and who will take them nobody
 * knows. So nobody is asked to forward: whoever has signals for one keeps them, in order, and writes into the slot that
 * somebody waits (`SlotTable.awaitOwner`). Whoever takes the process sees that and tells everybody, `born`; then each sends
 * what it kept straight to the owner. A send that finds the owner there already does not wait to be told.
 *
 *     A here: send m1 --> no owner: kept, AWAITED        T: takes it, sees AWAITED, says born to all
 *     A here: send m2 --> kept, behind m1
 *     born             --> m1, m2 to T                   (or: a send m3 finds T in the slot: m1, m2, m3)
 *
 * Records (links, monitors, calls) that were made meanwhile name no endpoint. Where the process was born is noted here for
 * them: `where`. The spawner of a linked or monitored process is told of its birth in any case, since it has such records
 * from the start.
 *
 * Rejected: a home that forwards, which is a path that must be kept in order with the direct one, and a scheduler that must
 * answer though it may stand in a long callback: those are the ones that processes are taken from.
 */

import { isUnassigned } from '../memory/state-word.ts'
import type { Transferable } from '../process/self.ts'
import type { SignalKind } from '../process/signals.ts'
import { copyTransferring } from '../term/codec-port.ts'
import { copy } from '../term/copy.ts'
import { generationOf, pidNumber, slotOf } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'

/** A signal for a process that nobody runs yet. Its value is a clone. */
export interface HeldSignal {
  readonly kind: SignalKind
  readonly target: number
  readonly source: number
  readonly ref: number
  readonly value: unknown
  /** What of the value is to move when it is sent. */
  readonly transfer: readonly Transferable[] | undefined
  /** The `$pid` whose turn it was: messages do not say who sent them. */
  readonly sender: number
}

/** @throws HeddleError ERR_UNCLONABLE */
export function heldSignal(
  kind: SignalKind,
  target: number,
  source: number,
  ref: number,
  value: unknown,
  transfer: readonly Transferable[] | undefined,
  sender: number,
): HeldSignal {
  if (transfer === undefined)
    return { kind, target, source, ref, value: copy(value), transfer, sender: source || sender }
  const clone = copyTransferring([value, transfer], transfer) as [unknown, readonly Transferable[]]
  return { kind, target, source, ref, value: clone[0], transfer: clone[1], sender: source || sender }
}

interface Birthplace {
  readonly endpoint: number
  readonly epoch: number
  /** The drain in which it was found dead; 0 if it was not. */
  deadSince: number
}

const WEED_COUNT_MIN = 256

export class Unborn {
  private readonly kernel: Kernel
  private readonly held = new Map<number, HeldSignal[]>()
  /** Signals held, by who sent them; 0 if nobody knows. */
  private readonly senders = new Map<number, number>()
  /** Whose records say nothing of where their process is to be: by its pid, its parent. */
  private readonly expectant = new Map<number, number>()
  private readonly places = new Map<number, Birthplace>()
  private weedAtCount = WEED_COUNT_MIN

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Processes whose birth is waited for here. */
  get count(): number {
    return this.held.size
  }

  /** Processes of which it is noted where they were born. */
  get placeCount(): number {
    return this.places.size
  }

  /** All signals that are held. */
  *signals(): Iterable<HeldSignal> {
    for (const signals of this.held.values()) yield* signals
  }

  /** This kernel has records of a process that it has put up for anyone to take: it will be told of its birth. */
  expect(pid: number, parent: number): void {
    if (!this.held.has(pid)) this.held.set(pid, [])
    this.expectant.set(pid, parent)
    this.addSender(parent)
  }

  /** Keeps a signal until its target is born. Returns false if it is by now, or is dead. */
  hold(signal: HeldSignal): boolean {
    const { target } = signal
    const { slots } = this.kernel
    const signals = this.held.get(target)
    if (signals === undefined || signals.length === 0) {
      if (!slots.awaitOwner(slotOf(target), generationOf(target))) return false
      if (signals === undefined) this.held.set(target, [signal])
      else signals.push(signal)
    } else signals.push(signal)
    this.addSender(signal.sender)
    return true
  }

  /** Whether signals that this process sent, or may have sent, are held, or it waits to hear where one was born. */
  isHolding(sender: number): boolean {
    return this.senders.size > 0 && (this.senders.has(sender) || this.senders.has(0))
  }

  /** A process has an owner now, or is dead: what was held for it goes its way. */
  release(pid: number, bornAt = this.kernel.lastOwner(pid)): void {
    const signals = this.held.get(pid)
    if (signals === undefined) return
    this.held.delete(pid)
    const parent = this.expectant.get(pid)
    if (parent !== undefined) {
      this.expectant.delete(pid)
      this.forgetSender(parent)
    }
    const { kernel } = this
    if (bornAt >= 0 && !isUnassigned(bornAt) && bornAt !== kernel.endpoint) this.note(pid, bornAt)
    for (const signal of signals) {
      this.forgetSender(signal.sender)
      kernel.sendHeld(signal)
    }
  }

  /** This slot has just been allocated again: whoever had it before was born, or was not, and is dead. */
  slotReused(slot: number): void {
    const { slots } = this.kernel
    const generation = slots.generation(slot)
    if (generation > 0) this.release(pidNumber(slot, generation - 1), slots.formerOwner)
  }

  /** A scheduler has died; all it ever published has been handled, and what nobody had taken of its is dead. */
  settle(): void {
    for (const pid of [...this.held.keys()]) {
      const slot = slotOf(pid)
      const { slots } = this.kernel
      const isWaiting = slots.isAlive(slot, generationOf(pid)) && isUnassigned(slots.owner(slot))
      if (!isWaiting) this.release(pid)
    }
  }

  // ---- where they were born ----

  /** Where a process was born of which a record says that it was on `endpoint`, if that is no endpoint. */
  where(pid: number, endpoint: number): number {
    if (!isUnassigned(endpoint)) return endpoint
    const born = this.places.get(pid)?.endpoint
    // Nothing waits for its birth, and nothing is noted of it: that was here.
    return born ?? (this.held.has(pid) ? endpoint : this.kernel.endpoint)
  }

  /** A scheduler has died, and what was bound to it here is broken. */
  forgetPlace(endpoint: number): void {
    for (const [pid, place] of this.places) if (place.endpoint === endpoint) this.places.delete(pid)
  }

  private note(pid: number, endpoint: number): void {
    this.places.set(pid, { endpoint, epoch: this.kernel.control.epoch(endpoint), deadSince: 0 })
    if (this.places.size >= this.weedAtCount) this.weed()
  }

  /**
   * Of a process that has ended by itself nothing is needed any more once its last signals have been read: they lie in
   * a ring. If its scheduler has died it is needed until this kernel parts with that.
   */
  private weed(): void {
    const { control, outside } = this.kernel
    for (const [pid, place] of this.places) {
      if (this.kernel.isAlivePid(pid) || control.epoch(place.endpoint) !== place.epoch) continue
      if (place.deadSince === 0) place.deadSince = outside.drainCount()
      else if (place.deadSince < outside.caughtUpCount()) this.places.delete(pid)
    }
    this.weedAtCount = Math.max(WEED_COUNT_MIN, this.places.size * 2)
  }

  private addSender(sender: number): void {
    this.senders.set(sender, (this.senders.get(sender) ?? 0) + 1)
  }

  private forgetSender(sender: number): void {
    const left = (this.senders.get(sender) ?? 1) - 1
    if (left === 0) this.senders.delete(sender)
    else this.senders.set(sender, left)
  }
}

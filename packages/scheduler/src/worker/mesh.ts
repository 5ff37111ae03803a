/** One endpoint's channels to and from all others. */

import type { MessagePort } from 'node:worker_threads'
import { Traffic, type Ways } from '../kernel/traffic.ts'
import type { Control } from '../memory/control.ts'
import type { SharedMemory } from '../memory/layout.ts'
import type { Transferable } from '../process/self.ts'
import type { SignalKind } from '../process/signals.ts'
import { type Deliver, InChannel, OutChannel } from './channel.ts'

/** So many signals of one channel before the next has its turn. */
const DRAIN_BATCH = 256

export class Mesh {
  /** By endpoint; none to itself. */
  private readonly outs: (OutChannel | undefined)[] = []
  private readonly ins: (InChannel | undefined)[] = []
  private readonly openOuts: OutChannel[] = []
  private readonly openIns: InChannel[] = []
  private readonly traffic: Traffic
  /** By endpoint, since its channel was last empty: the drain at which its end was noted; 0 if it was not. */
  private readonly notedBy: number[]

  constructor(shared: SharedMemory, control: Control, endpoint: number, endpointCount: number) {
    this.traffic = new Traffic(control, endpoint, endpointCount)
    this.notedBy = new Array<number>(endpointCount).fill(0)
    for (let peer = 0; peer < endpointCount; peer++) {
      this.outs.push(peer === endpoint ? undefined : new OutChannel(shared, control, endpoint, peer))
      this.ins.push(peer === endpoint ? undefined : new InChannel(shared, control, peer, endpoint))
    }
  }

  /** Signals that had to wait for room in a ring, since the start. */
  get overflowCount(): number {
    return this.outs.reduce((sum, out) => sum + (out?.overflowCount ?? 0), 0)
  }

  /** Signals that wait for room in a ring, or for its other end. */
  get heldCount(): number {
    return this.outs.reduce((sum, out) => sum + (out?.waitingCount ?? 0), 0)
  }

  get heldBytes(): number {
    return this.outs.reduce((sum, out) => sum + (out?.heldBytes ?? 0), 0)
  }

  /** The endpoint for which most waits here, and how much. */
  mostHeld(): { to: number; heldCount: number; heldBytes: number } {
    const all = this.outs.map((out, to) => ({
      to,
      heldCount: out?.waitingCount ?? 0,
      heldBytes: out?.heldBytes ?? 0,
    }))
    return all.reduce((most, one) => (one.heldBytes > most.heldBytes ? one : most))
  }

  heldFor(to: number): number {
    return this.outOf(to).waitingCount
  }

  /** Asks the readers of full rings to wake this endpoint when there is room again. */
  awaitRoom(): void {
    for (const out of this.openOuts) if (out.waitingCount > 0) out.awaitRoom()
  }

  open(peer: number, port: MessagePort, epoch: number): void {
    const out = this.outOf(peer)
    const incoming = this.inOf(peer)
    // A port is read by hand, in the order that the ring says; it must not keep the thread alive.
    port.unref()
    this.openOuts.push(out)
    this.openIns.push(incoming)
    incoming.open(port)
    out.open(port, epoch)
  }

  /**
   * The peer has died: reads what it had published to the end, then closes both ways. Returns how many
   * signals for it are dropped that had not gone yet.
   */
  close(peer: number, deliver: Deliver): number {
    const out = this.outOf(peer)
    const incoming = this.inOf(peer)
    while (incoming.drain(DRAIN_BATCH, deliver) > 0);
    incoming.close()
    remove(this.openOuts, out)
    remove(this.openIns, incoming)
    return out.close()
  }

  /** Processes that are to run on whoever takes this dead peer's place. */
  spawnsFor(peer: number): Set<number> {
    return new Set(this.outOf(peer).waitingSpawns())
  }

  post(
    to: number,
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    transfer?: readonly Transferable[],
  ): void {
    this.outOf(to).post(this.traffic.postedCount + 1, kind, target, source, ref, value, transfer)
    this.traffic.notePosted()
  }

  flush(): void {
    let firstHeld = Infinity
    for (const out of this.outs) {
      if (out === undefined) continue
      out.flush()
      firstHeld = Math.min(firstHeld, out.waitingOrder)
    }
    this.traffic.noteFlushed(firstHeld)
  }

  /** Publishes what was posted to one endpoint: what is said of all others is said by the next `flush`. */
  publish(to: number): void {
    this.outOf(to).flush()
  }

  /** How many signals were ever posted. */
  get postedCount(): number {
    return this.traffic.postedCount
  }

  /** So many of them, the oldest, can be seen by their readers. */
  get publishedCount(): number {
    return this.traffic.publishedCount
  }

  drain(deliver: Deliver): number {
    let count = 0
    this.traffic.beginDrain()
    for (let peer = 0; peer < this.ins.length; peer++) {
      const incoming = this.ins[peer]
      if (incoming === undefined) continue
      const drained = incoming.drain(DRAIN_BATCH, deliver)
      if (drained < DRAIN_BATCH) {
        this.traffic.noteEmptied(peer)
        this.notedBy[peer] = 0
      } else this.noteEndOf(incoming, peer)
      count += drained
    }
    return count
  }

  /** More comes in than one drain takes, perhaps for ever: what had come before some drain is read all the same. */
  private noteEndOf(incoming: InChannel, peer: number): void {
    const noted = this.notedBy[peer] ?? 0
    if (noted !== 0) {
      if (!incoming.hasReachedEnd) return
      this.traffic.noteEmptied(peer, noted)
    }
    incoming.noteEnd()
    this.notedBy[peer] = this.traffic.drainCount
  }

  get drainCount(): number {
    return this.traffic.drainCount
  }

  /** All that was published before drain number so-and-so began has been read. */
  get caughtUpCount(): number {
    return this.traffic.caughtUpCount(this.ways)
  }

  private readonly ways: Ways = {
    isReading: (peer) => this.inOf(peer).isReading,
    isHolding: (peer) => this.inOf(peer).isHolding,
  }

  /** Whether both ways to and from this peer are open, to the one that is up. */
  reaches(peer: number): boolean {
    return this.outOf(peer).isOpen && this.inOf(peer).isReading
  }

  hasInput(): boolean {
    return this.openIns.some((incoming) => incoming.hasInput())
  }

  isEmpty(): boolean {
    return this.openIns.every((incoming) => incoming.isEmpty())
  }

  private outOf(peer: number): OutChannel {
    const out = this.outs[peer]
    if (out === undefined) throw new RangeError(`there is no channel to endpoint ${peer}`)
    return out
  }

  private inOf(peer: number): InChannel {
    const incoming = this.ins[peer]
    if (incoming === undefined) throw new RangeError(`there is no channel from endpoint ${peer}`)
    return incoming
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}

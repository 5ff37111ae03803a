/**
 * The way from one endpoint to another, as `worker/channel.ts` makes it from a ring, without the ring:
 *
 *     post --> overflow ---> staged ------> ring --> drain
 *              no room       room,          published, for the reader to see
 *              in the ring   unpublished
 *
 * What counts is kept as it is there: frames stay in order, every few are published at once, a full ring spills to the
 * sender, a wire that is not open yet keeps what is sent, both ends of the codec start afresh with each life of either
 * endpoint. When the sender dies, what it had published can be read to the end, and the rest is lost; when the reader
 * dies, what it had not read is.
 *
 * What is published can be seen at once, as in memory: whoever learns by another way that it was published must find it.
 * Delays come from threads that stand still between two of their steps (`endpoint.ts`).
 */

import type { Transferable } from '../process/self.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { Decoder, Encoder, FULL, NEEDS_PORT } from '../term/codec.ts'
import { copyTransferring } from '../term/codec-port.ts'
import { HeddleError } from '../term/errors.ts'
import type { Sabotage } from './sabotage.ts'

export interface Frame {
  readonly kind: SignalKind
  readonly target: number
  readonly source: number
  readonly ref: number
  /** The judge's number for this signal. */
  readonly id: number
  /** The how-manyth signal of its endpoint it is. */
  readonly order: number
  /** The encoded value, or, if it takes the way through a port, the value itself, cloned. */
  readonly bytes: Uint8Array | undefined
  readonly parcel: unknown
}

const SCRATCH_BYTES_MIN = 1 << 12
const SCRATCH_BYTES_MAX = 2 ** 30

/** Frames are encoded here first, whatever wire they go by. */
export class Scratch {
  bytes = new Uint8Array(SCRATCH_BYTES_MIN)

  grow(): void {
    if (this.bytes.length >= SCRATCH_BYTES_MAX)
      throw new HeddleError('ERR_UNCLONABLE', 'a message is larger than 1 GiB')
    this.bytes = new Uint8Array(this.bytes.length * 4)
  }
}

export type Receive = (frame: Frame, value: unknown, from: number) => void

export class Wire {
  readonly from: number
  readonly to: number
  private readonly capacity: number
  /** Frames that are published together at the latest. */
  private readonly batch: number
  private readonly scratch: Scratch
  private readonly sabotage: Sabotage
  private readonly epochOf: (endpoint: number) => number
  private encoder: Encoder | undefined
  private decoder: Decoder | undefined
  private isOutOpen = false
  /** The life of the reader that all this is for, and how many frames were for one that had ended. */
  private epoch: number
  private dropped = 0
  private isInOpen = false
  private overflow: Frame[] = []
  private staged: Frame[] = []
  private ring: Frame[] = []
  /** Frames of the ring that are read already. */
  private ringHead = 0

  constructor(
    from: number,
    to: number,
    capacity: number,
    batch: number,
    scratch: Scratch,
    sabotage: Sabotage,
    epochOf: (endpoint: number) => number,
  ) {
    this.from = from
    this.to = to
    this.capacity = capacity
    this.batch = batch
    this.scratch = scratch
    this.sabotage = sabotage
    this.epochOf = epochOf
    this.epoch = epochOf(to)
  }

  // ---- the sender's end ----

  /** The reader is up, in this life; which may be over already. */
  openOut(epoch: number): void {
    this.keepUp()
    this.isOutOpen = epoch === this.epoch
  }

  /** Whether what is sent goes to the life that is up now. */
  get isOpen(): boolean {
    return this.isOutOpen && this.epoch === this.epochOf(this.to)
  }

  /** A fresh sender. */
  beginOut(): void {
    this.epoch = this.epochOf(this.to)
  }

  /** The reader is dead, and the sender knows. Returns how many frames for it were dropped. */
  closeOut(): number {
    this.keepUp()
    const { dropped } = this
    this.dropped = 0
    return dropped
  }

  /** The reader may have died and the sender not have been told yet: what it sends from then on is for the next. */
  private keepUp(): void {
    const epoch = this.epochOf(this.to)
    if (epoch === this.epoch) return
    this.epoch = epoch
    this.dropped += this.overflow.length
    this.isOutOpen = false
    this.overflow = []
    this.encoder = undefined
  }

  /** Processes whose spawn request waits here. */
  waitingSpawns(): Set<number> {
    return new Set(this.overflow.filter(({ kind }) => kind === SIGNAL.spawn).map(({ target }) => target))
  }

  /** @throws HeddleError ERR_UNCLONABLE, and then nothing is sent */
  post(
    order: number,
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    id: number,
    value: unknown,
    transfer: readonly Transferable[] | undefined,
  ): void {
    this.keepUp()
    // Through a ring that is broken on purpose clones go as they are: it is the judge that shall notice, not the codec.
    const isBroken = this.sabotage.publish !== undefined || this.sabotage.overflow !== undefined
    const bytes = transfer === undefined && !isBroken ? this.encode(value) : undefined
    const parcel = bytes === undefined ? copyTransferring(value, transfer ?? []) : undefined
    this.put({ order, kind, target, source, ref, id, bytes, parcel })
  }

  /** Publishes all that the ring can take. */
  flush(): void {
    this.spillBack()
    this.publish()
  }

  /** Signals that wait for room, or for the reader to be up. */
  get heldCount(): number {
    return this.overflow.length
  }

  /** The order of the first signal that waits for room; Infinity if none does. */
  get waitingOrder(): number {
    return this.overflow[0]?.order ?? Infinity
  }

  /** Whether a flush would move something: for a sender that waited for room. */
  get hasRoomForOverflow(): boolean {
    return this.overflow.length > 0 && this.isOutOpen && this.usedCount < this.capacity
  }

  /** The sender is dead: what it had not published is lost. */
  abandon(lost: (frame: Frame) => void): void {
    const unpublished = [...this.staged, ...this.overflow]
    this.staged = []
    this.overflow = []
    for (const frame of unpublished) lost(frame)
    this.isOutOpen = false
    this.encoder = undefined
  }

  // ---- the reader's end ----

  openIn(): void {
    this.isInOpen = true
  }

  /** The sender is dead, and all it published has been read. */
  closeIn(): void {
    this.isInOpen = false
    this.decoder = undefined
  }

  get isReading(): boolean {
    return this.isInOpen
  }

  get hasInput(): boolean {
    return this.isInOpen && this.inTransitCount > 0
  }

  /** Hands over at most so many frames; returns how many it did. */
  drain(countMax: number, receive: Receive): number {
    let count = 0
    while (count < countMax && this.hasInput) {
      const frame = this.ring[this.ringHead++] as Frame
      if (this.ringHead === this.ring.length) {
        this.ring = []
        this.ringHead = 0
      }
      count += 1
      receive(frame, this.decode(frame), this.from)
    }
    return count
  }

  /** Both ends are through with a dead endpoint: what is left was for nobody. Returns how much that was. */
  reset(): number {
    const dropped = this.inTransitCount
    this.ring = []
    this.ringHead = 0
    this.staged = []
    this.decoder = undefined
    return dropped
  }

  /** Frames that were published and not read yet. */
  get inTransitCount(): number {
    return this.ring.length - this.ringHead
  }

  // ----

  private get usedCount(): number {
    return this.inTransitCount + this.staged.length
  }

  private publish(): void {
    for (const frame of this.staged) {
      if (this.sabotage.publish?.(this.ring, frame, this.ringHead) !== true) this.ring.push(frame)
    }
    this.staged = []
  }

  private put(frame: Frame): void {
    if (this.isOutOpen && this.overflow.length === 0 && this.usedCount < this.capacity) {
      this.staged.push(frame)
      if (this.staged.length >= this.batch) this.publish()
    } else if (this.sabotage.overflow?.(this.overflow, frame) !== true) this.overflow.push(frame)
  }

  private spillBack(): void {
    if (!this.isOutOpen || this.overflow.length === 0) return
    const room = this.capacity - this.usedCount
    if (room > 0) this.staged.push(...this.overflow.splice(0, room))
  }

  private encode(value: unknown): Uint8Array | undefined {
    const { scratch } = this
    this.encoder ??= new Encoder()
    for (;;) {
      const end = this.encoder.encode(value, scratch.bytes, 0, scratch.bytes.length)
      if (end === NEEDS_PORT) return undefined
      if (end !== FULL) return scratch.bytes.slice(0, end)
      scratch.grow()
    }
  }

  private decode(frame: Frame): unknown {
    if (frame.bytes === undefined) return frame.parcel
    this.decoder ??= new Decoder()
    return this.decoder.decode(frame.bytes, 0, frame.bytes.length)
  }
}

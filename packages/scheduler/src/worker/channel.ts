/**
 * A channel takes signals from one endpoint to another, in order. Its way is a ring in shared memory;
 * what the ring cannot take now waits in the sender's overflow, already encoded; what it could never
 * take goes through a MessagePort, with a marker in the ring to keep its place in the order.
 *
 * A frame (8-aligned, in the ring or kept for it):
 *
 *     0      4      8          16         24         32
 *     | length | kind | target | source | ref    | value ...      all kinds but message
 *     | length | kind | target | value ...                        message
 *
 * `kind` carries the way of the value: inline, as encoded bytes through the port (too long for a ring), or as
 * a payload of its own through the port (with a transfer list, or with parts that only the port can carry).
 *
 * A channel is closed until both ends are up; what is sent meanwhile waits, in order.
 */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Control } from '../memory/control.ts'
import type { SharedMemory } from '../memory/layout.ts'
import { wake } from '../memory/park.ts'
import { RingReader, RingWriter } from '../memory/ring.ts'
import type { Transferable } from '../process/self.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { Decoder, Encoder, FULL, NEEDS_PORT } from '../term/codec.ts'
import { decodeFromPort, encodeForPort, type PortPayload } from '../term/codec-port.ts'
import { HeddleError } from '../term/errors.ts'

const KIND_MASK = 0xff
const BYTES_THROUGH_PORT = 0x100
const PAYLOAD_THROUGH_PORT = 0x200

const SHORT_HEADER_BYTES = 16
const LONG_HEADER_BYTES = 32
/** The least room with which it is worth trying to encode straight into the ring. */
const FRAME_BYTES_TRIED = 256
/** Frames published together: half as fast again as one by one, and nobody waits long. */
const PUBLISH_BATCH = 16
const SCRATCH_BYTES_MIN = 1 << 16
const SCRATCH_BYTES_MAX = 2 ** 30
/** Frames that wait share buffers of so many bytes; one of more than a quarter has its own. */
const CHUNK_BYTES = 1 << 16

function headerBytes(kind: number): number {
  return kind === SIGNAL.message ? SHORT_HEADER_BYTES : LONG_HEADER_BYTES
}

interface KeptFrame {
  readonly bytes: Uint8Array
  /** The how-manyth signal of its endpoint it is. */
  readonly order: number
  /** What must go through the port when the frame goes into the ring. */
  readonly parcel: Parcel | undefined
}

interface Parcel {
  readonly value: unknown
  readonly transfer: readonly Transferable[]
}

/** Where frames are encoded that the ring cannot take now. */
class Scratch {
  readonly bytes: Uint8Array
  private readonly words: Int32Array
  private readonly floats: Float64Array

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength)
    this.words = new Int32Array(this.bytes.buffer)
    this.floats = new Float64Array(this.bytes.buffer)
  }

  writeHeader(kind: number, target: number, source: number, ref: number): void {
    this.words[1] = kind
    this.floats[1] = target
    if ((kind & KIND_MASK) === SIGNAL.message) return
    this.floats[2] = source
    this.floats[3] = ref
  }
}

/** Copies of what stood in the scratch. */
class Kept {
  private chunk = new Uint8Array(0)
  private used = 0

  copy(bytes: Uint8Array, length: number): Uint8Array {
    if (length > CHUNK_BYTES / 4) return bytes.slice(0, length)
    if (this.used + length > this.chunk.length) {
      this.chunk = new Uint8Array(CHUNK_BYTES)
      this.used = 0
    }
    const copy = this.chunk.subarray(this.used, this.used + length)
    copy.set(bytes.subarray(0, length))
    this.used += length
    return copy
  }
}

export class OutChannel {
  private readonly ring: RingWriter
  private readonly encoder = new Encoder()
  private readonly control: Control
  private readonly to: number
  private port: MessagePort | null = null
  private overflow: KeptFrame[] = []
  /** Where the overflow begins; what lies before has gone. */
  private overflowHead = 0
  private scratch = new Scratch(SCRATCH_BYTES_MIN)
  private readonly kept = new Kept()
  private spilled = 0
  private waitingBytes = 0
  /** The life of the other end that all this is for. */
  private epoch: number
  /** Signals for a life that had ended when they could have gone. */
  private droppedCount = 0

  constructor(shared: SharedMemory, control: Control, from: number, to: number) {
    this.ring = new RingWriter(shared, from, to)
    this.control = control
    this.to = to
    this.epoch = control.peekEpoch(to)
  }

  /** Signals that had to wait, since the start. */
  get overflowCount(): number {
    return this.spilled
  }

  get waitingCount(): number {
    return this.overflow.length - this.overflowHead
  }

  /** What the signals that wait hold; what goes with them through a port is not counted. */
  get heldBytes(): number {
    return this.waitingBytes
  }

  /** The order of the first signal that waits for room; Infinity if none does. */
  get waitingOrder(): number {
    return this.overflow[this.overflowHead]?.order ?? Infinity
  }

  /** The other end is up, in this life; which may be over already, and then what waits here is not for it. */
  open(port: MessagePort, epoch: number): void {
    this.keepUp()
    if (epoch !== this.epoch) return
    this.port = port
    this.ring.reset()
    this.flush()
  }

  /** Whether what is sent goes to the life that is up now. */
  get isOpen(): boolean {
    return this.port !== null && this.epoch === this.control.epoch(this.to)
  }

  /** The other end is dead, and this end knows. Returns how many signals for it were dropped. */
  close(): number {
    this.keepUp()
    const dropped = this.droppedCount
    this.droppedCount = 0
    return dropped
  }

  /**
   * The other end may have died and this end not have been told yet: what is sent from then on is for its successor, which
   * may have processes already that wait for it to start, and must not be lost with what was for the dead.
   */
  private keepUp(): void {
    const epoch = this.control.peekEpoch(this.to)
    if (epoch === this.epoch) return
    this.epoch = epoch
    this.droppedCount += this.waitingCount
    this.port?.close()
    this.port = null
    this.overflow = []
    this.overflowHead = 0
    this.waitingBytes = 0
    this.encoder.reset()
  }

  /** Processes whose spawn request waits here. */
  *waitingSpawns(): Iterable<number> {
    for (const { bytes } of this.overflow.slice(this.overflowHead)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      if ((view.getInt32(4, true) & KIND_MASK) === SIGNAL.spawn) yield view.getFloat64(8, true)
    }
  }

  /**
   * `order`: the how-manyth signal of this endpoint it is.
   * @throws HeddleError ERR_UNCLONABLE, and then nothing is sent
   */
  post(
    order: number,
    kind: SignalKind,
    target: number,
    source: number,
    ref: number,
    value: unknown,
    transfer: readonly Transferable[] | undefined,
  ): void {
    this.keepUp()
    if (transfer !== undefined) {
      this.postParcel(order, kind | PAYLOAD_THROUGH_PORT, target, source, ref, ownPayload(value, transfer))
      return
    }
    if (this.waitingCount === 0 && this.port !== null && this.postInline(kind, target, source, ref, value))
      return
    this.postKept(order, kind, target, source, ref, value)
  }

  /** Tries to encode straight into the ring. */
  private postInline(kind: number, target: number, source: number, ref: number, value: unknown): boolean {
    const { ring } = this
    const at = ring.begin(FRAME_BYTES_TRIED)
    if (at < 0) return false
    const begin = at + headerBytes(kind)
    const end = this.encoder.encode(value, ring.bytes, begin, Math.min(ring.limit(), at + ring.frameBytesMax))
    // Too long for here, or not for the ring at all.
    if (end < 0) return false
    ring.words[(at >> 2) + 1] = kind
    ring.floats[(at >> 3) + 1] = target
    if (kind !== SIGNAL.message) {
      ring.floats[(at >> 3) + 2] = source
      ring.floats[(at >> 3) + 3] = ref
    }
    ring.commit(end - at)
    if (ring.unpublishedCount >= PUBLISH_BATCH) this.publish()
    return true
  }

  /** Encodes aside, then puts the frame in the ring or in the overflow. */
  private postKept(
    order: number,
    kind: number,
    target: number,
    source: number,
    ref: number,
    value: unknown,
  ): void {
    const begin = headerBytes(kind)
    let end: number = FULL
    for (;;) {
      const { bytes } = this.scratch
      end = this.encoder.encode(value, bytes, begin, bytes.length)
      if (end !== FULL) break
      if (bytes.length >= SCRATCH_BYTES_MAX) {
        throw new HeddleError('ERR_UNCLONABLE', 'a message is larger than 1 GiB')
      }
      this.scratch = new Scratch(bytes.length * 4)
    }
    const { scratch } = this
    if (end === NEEDS_PORT) {
      this.postParcel(order, kind | PAYLOAD_THROUGH_PORT, target, source, ref, ownPayload(value, []))
    } else if (end > this.ring.frameBytesMax) {
      const bytes = scratch.bytes.slice(begin, end).buffer
      this.postParcel(order, kind | BYTES_THROUGH_PORT, target, source, ref, {
        value: bytes,
        transfer: [bytes],
      })
      this.scratch = new Scratch(SCRATCH_BYTES_MIN)
    } else {
      scratch.writeHeader(kind, target, source, ref)
      this.put({ bytes: this.kept.copy(scratch.bytes, end), order, parcel: undefined })
    }
  }

  private postParcel(
    order: number,
    kind: number,
    target: number,
    source: number,
    ref: number,
    parcel: Parcel,
  ): void {
    this.scratch.writeHeader(kind, target, source, ref)
    const bytes = this.kept.copy(this.scratch.bytes, headerBytes(kind & KIND_MASK))
    this.put({ bytes, order, parcel })
  }

  private put(frame: KeptFrame): void {
    if (this.waitingCount === 0 && this.write(frame)) return
    this.spilled += 1
    this.waitingBytes += frame.bytes.length
    this.overflow.push(frame)
  }

  private write(frame: KeptFrame): boolean {
    const { ring, port } = this
    const { bytes, parcel } = frame
    if (port === null) return false
    const at = ring.begin(bytes.length)
    if (at < 0) return false
    // Behind the port's message comes its marker: whoever sees the marker finds the message.
    if (parcel !== undefined) port.postMessage(parcel.value, parcel.transfer as ArrayBuffer[])
    ring.bytes.set(bytes, at)
    ring.commit(bytes.length)
    if (ring.unpublishedCount >= PUBLISH_BATCH) this.publish()
    return true
  }

  /** Publishes all that the ring can take. */
  flush(): void {
    while (this.overflowHead < this.overflow.length) {
      const frame = this.overflow[this.overflowHead]
      if (frame === undefined || !this.write(frame)) break
      this.overflowHead += 1
      this.waitingBytes -= frame.bytes.length
    }
    if (this.overflowHead > 0 && this.overflowHead * 2 >= this.overflow.length) {
      this.overflow = this.overflow.slice(this.overflowHead)
      this.overflowHead = 0
    }
    this.publish()
  }

  /** Before sleep, with signals that the ring has no room for: the reader is to wake this end when it has. */
  awaitRoom(): void {
    this.ring.awaitRoom()
  }

  private publish(): void {
    if (this.port !== null && this.ring.publish()) wake(this.control, this.to)
  }
}

/** Encoded now, and owning what is transferred: whatever the sender does while the frame waits, it is too late. */
function ownPayload(value: unknown, transfer: readonly Transferable[]): Parcel {
  const payload = encodeForPort(value, transfer)
  if (transfer.length === 0) return { value: payload, transfer: [] }
  try {
    return structuredClone({ value: payload, transfer }, { transfer: [...transfer] as ArrayBuffer[] })
  } catch (error) {
    throw new HeddleError('ERR_UNCLONABLE', `cannot transfer: ${(error as Error).message}`, { cause: error })
  }
}

export type Deliver = (
  kind: SignalKind,
  target: number,
  source: number,
  ref: number,
  value: unknown,
  from: number,
) => void

export class InChannel {
  private readonly ring: RingReader
  private readonly decoder = new Decoder()
  private port: MessagePort | null = null
  private isOpen = false
  /** @see noteEnd */
  private notedEnd = 0

  private readonly control: Control
  private readonly from: number

  constructor(shared: SharedMemory, control: Control, from: number, to: number) {
    this.ring = new RingReader(shared, from, to)
    this.control = control
    this.from = from
  }

  open(port: MessagePort): void {
    this.port = port
    this.ring.reset()
    this.isOpen = true
  }

  /** The other end is dead, and all it published has been read. */
  close(): void {
    this.isOpen = false
    this.port?.close()
    this.port = null
    this.decoder.reset()
  }

  /** Whether there is something to read; a plain look, which may be a moment late. */
  hasInput(): boolean {
    return this.isOpen && this.ring.peek() >= 0
  }

  /** The fenced look before going to sleep. */
  isEmpty(): boolean {
    if (!this.isOpen) return true
    // Nobody may sleep who still owes its peer a wake-up.
    if (this.ring.feed()) wake(this.control, this.from)
    return this.ring.isEmpty()
  }

  get isReading(): boolean {
    return this.isOpen
  }

  /** Whether something waits to be read, whether the channel is open or not. */
  get isHolding(): boolean {
    return !this.ring.isBlank()
  }

  /** Remembers where what is published now ends. */
  noteEnd(): void {
    this.notedEnd = this.ring.end()
  }

  /** Whether all that was published before the last `noteEnd` has been read. */
  get hasReachedEnd(): boolean {
    return this.ring.hasRead(this.notedEnd)
  }

  /** Hands over at most so many signals; returns how many it did. */
  drain(countMax: number, deliver: Deliver): number {
    if (!this.isOpen) return 0
    const { ring } = this
    if (ring.isAwaited && ring.feed()) wake(this.control, this.from)
    let count = 0
    while (count < countMax) {
      const at = ring.peek()
      if (at < 0) break
      const kind = ring.words[(at >> 2) + 1] as number
      const target = ring.floats[(at >> 3) + 1] as number
      const isMessage = (kind & KIND_MASK) === SIGNAL.message
      const source = isMessage ? 0 : (ring.floats[(at >> 3) + 2] as number)
      const ref = isMessage ? 0 : (ring.floats[(at >> 3) + 3] as number)
      const begin = at + (isMessage ? SHORT_HEADER_BYTES : LONG_HEADER_BYTES)
      const value =
        kind <= KIND_MASK ? this.decoder.decode(ring.bytes, begin, at + ring.length()) : this.takeParcel(kind)
      ring.release()
      count += 1
      deliver((kind & KIND_MASK) as SignalKind, target, source, ref, value, this.from)
    }
    if (count > 0 && ring.isAwaited && ring.feed()) wake(this.control, this.from)
    return count
  }

  private takeParcel(kind: number): unknown {
    const received = this.port === null ? undefined : receiveMessageOnPort(this.port)
    if (received === undefined) throw new Error('a marker in the ring has no message at the port')
    const { message } = received as { message: unknown }
    if ((kind & PAYLOAD_THROUGH_PORT) !== 0) return decodeFromPort(message as PortPayload)
    const bytes = new Uint8Array(message as ArrayBuffer)
    return this.decoder.decode(bytes, 0, bytes.length)
  }
}

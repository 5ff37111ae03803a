/**
 * A byte ring between two threads: one producer, one consumer, in order, no lock.
 *
 *                    head                         tail            write
 *                     |                            |                |
 *     +---------------+----------------------------+----------------+------------------+
 *     |     free      |  published frames          |  committed     |      free        |
 *     +---------------+----------------------------+----------------+------------------+
 *                      the consumer reads these      only the producer knows of these
 *
 *     frame   | length: int32 | payload ... | up to 8 bytes alignment |      length counts itself
 *     pad     | -1            | skip to the end of the data area      |
 *
 * A frame never wraps: it is written and read in place, as bytes, words or floats. A frame that does not
 * fit before the end is preceded by a pad. Positions are int32 counters that run on and wrap; position
 * modulo `ringBytes` is the offset, and the difference of two positions is the number of bytes between.
 *
 * Who writes: TAIL only the producer, HEAD and CONSUMED only the consumer, on different cache lines.
 * Each keeps the other's position as it last saw it, and looks again only when that is not enough.
 *
 *     producer   plain stores of the frames, then Atomics.store(TAIL)      publish()
 *     consumer   Atomics.load(TAIL), then plain loads of the frames        peek(), isEmpty()
 *     consumer   plain loads of the frames, then Atomics.store(HEAD)       release()
 *     producer   Atomics.load(HEAD), then plain stores into what is free   begin(), freeBytes()
 *
 * Death. A frame exists from the moment its TAIL is stored, and whatever was not published is gone with
 * its producer. A new producer goes on at TAIL, a new consumer (the host first, then the new worker) at
 * CONSUMED, which is stored with every release by a plain store: whoever is told that a thread has ended
 * sees all its stores. HEAD is for the living producer, costs a fence, and is stored less often.
 *
 * Rejected: many producers on one ring (68 ns instead of 35, collapses under contention); wrapping
 * frames (decoders would need two pieces); a length per cache line; waiting in here (see `park.ts`).
 */

import {
  FRAME_ALIGN_BYTES,
  frameBytesMax,
  RING_CONSUMED,
  RING_HEAD,
  RING_HUNGRY,
  RING_TAIL,
  ringData,
  ringWords,
  type SharedMemory,
} from './layout.ts'

export { frameBytesMax } from './layout.ts'

/** Stands where a frame's length would: nothing more before the end of the data area. */
const PAD = -1
const WORD_BYTES = 4

function alignUp(byteCount: number): number {
  return (byteCount + FRAME_ALIGN_BYTES - 1) & -FRAME_ALIGN_BYTES
}

/**
 * Bytes that are published and not read, pads included: for anybody to look at, a hint. Two plain loads at two moments,
 * so what is read in between may be missing or there twice.
 */
export function ringDepthBytes(shared: SharedMemory, from: number, to: number): number {
  const words = ringWords(shared, from, to)
  return Math.max(0, ((words[RING_TAIL] as number) - (words[RING_CONSUMED] as number)) | 0)
}

export class RingWriter {
  /** Three views of the data area. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly words: Int32Array<SharedArrayBuffer>
  readonly floats: Float64Array<SharedArrayBuffer>
  readonly frameBytesMax: number

  private readonly header: Int32Array
  private readonly size: number
  private readonly mask: number
  /** Where the next frame goes; what lies between `published` and here is committed. */
  private write = 0
  private published = 0
  /** The consumer's HEAD as last seen: all that is known to be free ends `size` after it. */
  private head = 0
  private frameCount = 0

  // The area of the last `begin`: it starts `padBytes` behind `write`.
  private padBytes = 0
  private areaBytes = 0

  constructor(shared: SharedMemory, from: number, to: number) {
    this.bytes = ringData(shared, from, to)
    this.words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / WORD_BYTES)
    this.floats = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / 8)
    this.frameBytesMax = frameBytesMax(shared.options)
    this.header = ringWords(shared, from, to)
    this.size = this.bytes.length
    this.mask = this.size - 1
    this.reset()
  }

  /** Takes the positions from shared memory: at the start, and after `resetRing`. Forgets what is unpublished. */
  reset(): void {
    this.write = Atomics.load(this.header, RING_TAIL)
    this.published = this.write
    this.head = Atomics.load(this.header, RING_HEAD)
    this.frameCount = 0
    this.padBytes = 0
    this.areaBytes = 0
  }

  /**
   * Byte offset (a multiple of 8) of a contiguous free area of at least `bytesMin`, which reaches up to
   * `limit()`; -1 if the consumer has to read first. Nothing is changed until `commit`, so it may be
   * called again, for a larger area, if the frame turns out longer.
   * @throws RangeError if the ring is asked for more than `frameBytesMax` and cannot give it
   */
  begin(bytesMin: number): number {
    const need = alignUp(bytesMin)
    const offset = this.write & this.mask
    const toEnd = this.size - offset
    const pad = need <= toEnd ? 0 : toEnd
    let free = this.size - ((this.write - this.head) | 0)
    if (free < pad + need) {
      // Pairs with the store in `RingReader.release`.
      this.head = Atomics.load(this.header, RING_HEAD)
      free = this.size - ((this.write - this.head) | 0)
      if (free < pad + need) return this.noArea(bytesMin)
    }
    this.padBytes = pad
    this.areaBytes = Math.min(pad === 0 ? Math.min(toEnd, free) : free - pad, this.frameBytesMax)
    return (offset + pad) & this.mask
  }

  private noArea(bytesMin: number): -1 {
    if (bytesMin > this.frameBytesMax) throw new RangeError(`a frame has at most ${this.frameBytesMax} bytes`)
    this.areaBytes = 0
    return -1
  }

  /** Byte offset at which the area of the last `begin` ends. */
  limit(): number {
    return ((this.write + this.padBytes) & this.mask) + this.areaBytes
  }

  /** The frame at the offset of the last `begin` is complete and this long. Not visible before `publish`. */
  commit(byteLength: number): void {
    if (byteLength < WORD_BYTES || byteLength > this.areaBytes) {
      throw new RangeError(`a frame of ${byteLength} bytes in an area of ${this.areaBytes}`)
    }
    if (this.padBytes !== 0) {
      this.words[(this.write & this.mask) >> 2] = PAD
      this.write = (this.write + this.padBytes) | 0
      this.padBytes = 0
    }
    this.words[(this.write & this.mask) >> 2] = byteLength
    this.write = (this.write + alignUp(byteLength)) | 0
    this.areaBytes = 0
    this.frameCount += 1
  }

  /** Lets the consumer see all committed frames. Returns false if there was none. */
  publish(): boolean {
    if (this.write === this.published) return false
    // Pairs with the loads in `RingReader`: who sees this tail sees the frames before it.
    Atomics.store(this.header, RING_TAIL, this.write)
    this.published = this.write
    this.frameCount = 0
    return true
  }

  /**
   * "Wake me when there is room." After this the producer must look for room once more: either it sees
   * what the consumer has freed, or the consumer sees that it waits.
   */
  awaitRoom(): void {
    // Pairs with the load in `RingReader.feed`.
    Atomics.store(this.header, RING_HUNGRY, 1)
  }

  /** Frames that are committed, but not published. */
  get unpublishedCount(): number {
    return this.frameCount
  }

  freeBytes(): number {
    this.head = Atomics.load(this.header, RING_HEAD)
    return this.size - ((this.write - this.head) | 0)
  }
}

export class RingReader {
  /** Three views of the data area. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly words: Int32Array<SharedArrayBuffer>
  readonly floats: Float64Array<SharedArrayBuffer>

  private readonly header: Int32Array
  private readonly size: number
  private readonly mask: number
  /** How much may be consumed before the producer is told. */
  private readonly headLagMax: number
  /** The frame that is next. */
  private head = 0
  private publishedHead = 0
  /** The producer's TAIL as last seen. */
  private tail = 0
  private frameBytes = 0

  constructor(shared: SharedMemory, from: number, to: number) {
    this.bytes = ringData(shared, from, to)
    this.words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / WORD_BYTES)
    this.floats = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / 8)
    this.header = ringWords(shared, from, to)
    this.size = this.bytes.length
    this.mask = this.size - 1
    this.headLagMax = this.size / 8
    this.reset()
  }

  /** Takes the positions from shared memory: at the start, and after `resetRing`. */
  reset(): void {
    this.head = Atomics.load(this.header, RING_CONSUMED)
    this.publishedHead = Atomics.load(this.header, RING_HEAD)
    this.tail = Atomics.load(this.header, RING_TAIL)
    this.frameBytes = 0
  }

  /**
   * Byte offset of the next published frame, -1 if there is none. Polls by a plain read, so a loop that
   * does nothing else must ask `isEmpty` now and then, and whoever goes to sleep must ask it.
   */
  peek(): number {
    if (this.head === this.tail) {
      if (this.header[RING_TAIL] === this.tail) return -1
      this.tail = Atomics.load(this.header, RING_TAIL)
    }
    const offset = this.head & this.mask
    const length = this.words[offset >> 2]
    if (length < WORD_BYTES || length > this.size) return this.peekBehindPad(offset, length)
    this.frameBytes = length
    return offset
  }

  private peekBehindPad(offset: number, length: number): number {
    const first = this.words[0]
    if (length !== PAD || first < WORD_BYTES) throw new Error(`a frame of ${length} bytes: the ring is torn`)
    this.head = (this.head + this.size - offset) | 0
    this.frameBytes = first
    return 0
  }

  /** Length of the frame that `peek` found, its first word included. */
  length(): number {
    return this.frameBytes
  }

  /**
   * Done with the frame that `peek` found: its bytes may be overwritten. The producer is told after every
   * eighth of the ring, so to it up to an eighth that is free may look taken, also when all is read. That
   * cannot stop it: any frame fits into half a ring.
   */
  release(): void {
    this.head = (this.head + alignUp(this.frameBytes)) | 0
    this.frameBytes = 0
    this.header[RING_CONSUMED] = this.head
    if (((this.head - this.publishedHead) | 0) >= this.headLagMax) {
      // Pairs with the load in `RingWriter.begin`: who sees this head may overwrite what is before it.
      Atomics.store(this.header, RING_HEAD, this.head)
      this.publishedHead = this.head
    }
  }

  /** Tells the producer of all that is free. Returns whether it waits for room, and so must be woken. */
  feed(): boolean {
    if (this.head !== this.publishedHead) {
      // Pairs with the load in `RingWriter.begin`.
      Atomics.store(this.header, RING_HEAD, this.head)
      this.publishedHead = this.head
    }
    // Pairs with the store in `RingWriter.awaitRoom`.
    return Atomics.exchange(this.header, RING_HUNGRY, 0) === 1
  }

  /** A plain look at whether the producer waits for room; `feed` confirms it. */
  get isAwaited(): boolean {
    return this.header[RING_HUNGRY] === 1
  }

  /** Whether nothing is left to read. Fenced: the check between announcing sleep and sleeping. */
  isEmpty(): boolean {
    return this.depthBytes() === 0
  }

  /** The same, asked before this end reads at all: by what memory says of both positions. */
  isBlank(): boolean {
    return Atomics.load(this.header, RING_TAIL) === Atomics.load(this.header, RING_CONSUMED)
  }

  /** Where what is published now ends; pairs with the store in `RingWriter.publish`. */
  end(): number {
    return Atomics.load(this.header, RING_TAIL)
  }

  /** Whether all that lies before this end has been read. */
  hasRead(end: number): boolean {
    return ((end - this.head) | 0) <= 0
  }

  /** Bytes that are published and not yet read. */
  depthBytes(): number {
    this.tail = Atomics.load(this.header, RING_TAIL)
    return (this.tail - this.head) | 0
  }
}

/** Empties a ring. Only when neither end has a living thread; ends that exist must then be `reset`. */
export function resetRing(shared: SharedMemory, from: number, to: number): void {
  const header = ringWords(shared, from, to)
  Atomics.store(header, RING_TAIL, 0)
  Atomics.store(header, RING_HEAD, 0)
  Atomics.store(header, RING_CONSUMED, 0)
  Atomics.store(header, RING_HUNGRY, 0)
}

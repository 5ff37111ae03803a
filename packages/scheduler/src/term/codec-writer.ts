/**
 * Writes tags, numbers and strings into the bytes of a frame, and holds the encoder's end of the string
 * cache. Methods that write return where the next value begins, or FULL.
 *
 * The string cache is a table that both ends fill alike: a string's slot is a hash of its length and
 * three of its characters, and whoever comes last has it. A string found in its slot is sent as the
 * slot's number. So it is bounded, mends itself after a flood of strings that never come back, and needs no
 * eviction. Rejected: a Map from string to number (no faster, and it must know whom to evict); learning
 * only at the second sight (another table, and the first two messages of each kind pay for it).
 */

import * as tags from './codec-tags.ts'
import { FULL } from './codec-tags.ts'

const NO_BYTES = new Uint8Array(0)
/** Undo records that may stay allocated. */
const UNDO_COUNT_KEPT = 1024

export class Writer {
  protected bytes: Uint8Array = NO_BYTES
  protected view: DataView = new DataView(NO_BYTES.buffer)
  protected limit = 0
  private hostView: Buffer | undefined = undefined
  /** The empty string is never looked up, and so can mean none. */
  private readonly known: string[] = new Array(tags.STRING_SLOT_COUNT).fill('')
  private learnedCount = 0
  private readonly learnedSlots: number[] = []
  private readonly displaced: string[] = []

  protected attach(bytes: Uint8Array, limit: number): void {
    this.limit = Math.min(limit, bytes.length)
    if (bytes === this.bytes) return
    const { buffer, byteOffset, length } = bytes
    this.bytes = bytes
    this.view = new DataView(buffer, byteOffset, length)
    this.hostView = undefined
  }

  /** Made only when a longer string comes: bytes that are used once are common, long strings in them less so. */
  private host(): Buffer {
    const { buffer, byteOffset, length } = this.bytes
    return (this.hostView ??= Buffer.from(buffer as ArrayBuffer, byteOffset, length))
  }

  protected forgetStrings(): void {
    this.known.fill('')
    this.learnedCount = 0
  }

  /** What this frame has taught the other end is settled, or has not happened. */
  protected settleStrings(isSent: boolean): void {
    if (!isSent) {
      for (let i = this.learnedCount - 1; i >= 0; i--) {
        this.known[this.learnedSlots[i] as number] = this.displaced[i] as string
      }
    }
    if (this.learnedCount > UNDO_COUNT_KEPT) this.learnedSlots.length = this.displaced.length = 0
    this.learnedCount = 0
  }

  protected tag(tag: number, at: number): number {
    if (at >= this.limit) return FULL
    this.bytes[at] = tag
    return at + 1
  }

  protected number(value: number, at: number): number {
    const int = value | 0
    if (int !== value || (int === 0 && Object.is(value, -0))) return this.double(tags.DOUBLE, value, at)
    if (int >= 0 && int < tags.SMALL_INT) return this.tag(tags.SMALL_INT + int, at)
    if (at + 5 > this.limit) return FULL
    this.bytes[at] = tags.INT
    this.view.setInt32(at + 1, int, true)
    return at + 5
  }

  protected double(tag: number, value: number, at: number): number {
    if (at + 9 > this.limit) return FULL
    this.bytes[at] = tag
    this.view.setFloat64(at + 1, value, true)
    return at + 9
  }

  /** A tag with a count, a length or a number behind it. */
  protected head(tag: number, count: number, at: number): number {
    if (at + 5 > this.limit) return FULL
    this.bytes[at] = tag
    this.view.setUint32(at + 1, count, true)
    return at + 5
  }

  protected bigint(value: bigint, at: number): number {
    if (BigInt.asIntN(64, value) === value) {
      if (at + 9 > this.limit) return FULL
      this.bytes[at] = tags.BIGINT
      this.view.setBigInt64(at + 1, value, true)
      return at + 9
    }
    if (at + 2 > this.limit) return FULL
    this.bytes[at] = tags.BIG_BIGINT
    this.bytes[at + 1] = value < 0n ? 1 : 0
    return this.plainString((value < 0n ? -value : value).toString(16), at + 2)
  }

  protected string(value: string, at: number): number {
    const { length } = value
    if (length === 0 || length > tags.CACHED_LENGTH_MAX) return this.plainString(value, at)
    const slot = slotOf(value)
    if (this.known[slot] !== value) return this.newString(value, slot, at)
    if (at + 3 > this.limit) return FULL
    this.bytes[at] = tags.KNOWN_STRING
    this.view.setUint16(at + 1, slot, true)
    return at + 3
  }

  private newString(value: string, slot: number, at: number): number {
    const { length } = value
    const end = at + 4 + length
    if (end > this.limit) return FULL
    if (!this.latin1(value, at + 4)) return this.plainString(value, at)
    this.bytes[at] = tags.LEARN_STRING
    this.view.setUint16(at + 1, slot, true)
    this.bytes[at + 3] = length
    const undo = this.learnedCount++
    this.learnedSlots[undo] = slot
    this.displaced[undo] = this.known[slot] as string
    this.known[slot] = value
    return end
  }

  /** A string outside of the cache. */
  protected plainString(value: string, at: number): number {
    const { length } = value
    const begin = at + 5
    if (begin + length > this.limit) return FULL
    if (this.latin1(value, begin)) return this.head(tags.LATIN1, length, at) + length
    if (begin + 2 * length > this.limit) return FULL
    this.host().write(value, begin, 2 * length, 'utf16le')
    return this.head(tags.TWO_BYTE, length, at) + 2 * length
  }

  /** Writes a string of Latin-1 there is room for; false if it is not such. (A long one must even be ASCII.) */
  private latin1(value: string, at: number): boolean {
    const { length } = value
    if (length > tags.LOOP_LENGTH_MAX) {
      if (Buffer.byteLength(value) !== length) return false
      this.host().write(value, at, length, 'latin1')
      return true
    }
    const { bytes } = this
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0xff) return false
      bytes[at + i] = code
    }
    return true
  }
}

function slotOf(value: string): number {
  const { length } = value
  const first = value.charCodeAt(0)
  const middle = value.charCodeAt(length >> 1)
  const last = value.charCodeAt(length - 1)
  // The golden ratio spreads what differs in few bits over all; the upper ten are the slot.
  return Math.imul(length ^ (first << 4) ^ (middle << 9) ^ (last << 14), 0x9e3779b1) >>> 22
}

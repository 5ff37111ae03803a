/**
 * Reads numbers and strings from the bytes of a frame, and holds the decoder's end of the string cache
 * (see `codec-writer.ts`). Every string is copied out: nothing of a message is left in the ring.
 */

import * as tags from './codec-tags.ts'

const NO_BYTES = new Uint8Array(0)
/** As far as `shortLatin1` goes. */
const SHORT_LENGTH_MAX = 16
/** From here on memory that need not be zeroed is worth a detour. */
const LARGE_BYTE_COUNT = 1 << 14

export class Reader {
  protected bytes: Uint8Array = NO_BYTES
  /** Where the next thing begins. */
  protected at = 0
  private view: DataView = new DataView(NO_BYTES.buffer)
  private hostView: Buffer | undefined = undefined
  private readonly known: string[] = new Array(tags.STRING_SLOT_COUNT).fill('')

  protected attach(bytes: Uint8Array, offset: number): void {
    this.at = offset
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
  }

  protected uint8(): number {
    return this.bytes[this.at++] as number
  }

  protected uint16(): number {
    const { at } = this
    this.at = at + 2
    return this.view.getUint16(at, true)
  }

  protected uint32(): number {
    const { at } = this
    this.at = at + 4
    return this.view.getUint32(at, true)
  }

  protected int32(): number {
    const { at } = this
    this.at = at + 4
    return this.view.getInt32(at, true)
  }

  protected float64(): number {
    const { at } = this
    this.at = at + 8
    return this.view.getFloat64(at, true)
  }

  protected bigint64(): bigint {
    const { at } = this
    this.at = at + 8
    return this.view.getBigInt64(at, true)
  }

  protected bigBigint(): bigint {
    const isNegative = this.uint8() === 1
    // A value follows, with its tag; it is always of this kind.
    this.at += 1
    const magnitude = BigInt(`0x${this.latin1(this.uint32())}`)
    return isNegative ? -magnitude : magnitude
  }

  protected knownString(): string {
    return this.known[this.uint16()] as string
  }

  protected learnString(): string {
    const slot = this.uint16()
    return (this.known[slot] = this.latin1(this.uint8()))
  }

  protected latin1(length: number): string {
    const { at, bytes } = this
    this.at = at + length
    if (length <= SHORT_LENGTH_MAX) return shortLatin1(bytes, at, length)
    return this.host().toString('latin1', at, at + length)
  }

  protected twoByte(length: number): string {
    const { at } = this
    this.at = at + 2 * length
    return this.host().toString('utf16le', at, this.at)
  }

  /** The next bytes, in a buffer of their own. */
  protected rawBytes(length: number): Uint8Array<ArrayBuffer> {
    const at = tags.aligned(this.at)
    this.at = at + length
    const copy = freshBytes(length)
    copy.set(this.bytes.subarray(at, at + length))
    return copy
  }
}

/** Bytes that are overwritten at once. Large ones are not zeroed first: that would be a third of what they cost. */
function freshBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length < LARGE_BYTE_COUNT) return new Uint8Array(length)
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/**
 * One call that makes the whole string: 20 to 45 ns. The host takes 85; adding up characters takes longer, and
 * leaves a rope.
 */
// biome-ignore format: a table
function shortLatin1(b: Uint8Array, i: number, length: number): string {
  const of = String.fromCharCode
  switch (length) {
    case 0: return ''
    case 1: return of(b[i])
    case 2: return of(b[i], b[i+1])
    case 3: return of(b[i], b[i+1], b[i+2])
    case 4: return of(b[i], b[i+1], b[i+2], b[i+3])
    case 5: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4])
    case 6: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5])
    case 7: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6])
    case 8: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7])
    case 9: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8])
    case 10: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9])
    case 11: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9], b[i+10])
    case 12: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9],
      b[i+10], b[i+11])
    case 13: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9],
      b[i+10], b[i+11], b[i+12])
    case 14: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9],
      b[i+10], b[i+11], b[i+12], b[i+13])
    case 15: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9],
      b[i+10], b[i+11], b[i+12], b[i+13], b[i+14])
    default: return of(b[i], b[i+1], b[i+2], b[i+3], b[i+4], b[i+5], b[i+6], b[i+7], b[i+8], b[i+9],
      b[i+10], b[i+11], b[i+12], b[i+13], b[i+14], b[i+15])
  }
}

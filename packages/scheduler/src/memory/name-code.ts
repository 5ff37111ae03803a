/**
 * The bytes of a name: UTF-8, a hash of it, and padding to whole words, so that names are compared word
 * by word. One name is in hand at a time; nothing is allocated to encode one.
 *
 * Names that are not well-formed are refused: all lone surrogates encode to the same replacement
 * character, so two names could be one.
 */

import { NAME_BYTES_MAX, NAME_ROOM_BYTES } from './layout.ts'

const FNV_BASIS = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193
const ASCII_END = 0x80

export class NameCode {
  /** The name; zero up to the next word, leftovers behind that. */
  readonly scratch = new Uint8Array(NAME_ROOM_BYTES)
  readonly words = new Int32Array(this.scratch.buffer)
  byteLength = 0
  hash = 0

  private readonly encoder = new TextEncoder()
  private readonly copied = Buffer.alloc(NAME_ROOM_BYTES)

  /** @returns false if it is no name */
  encode(name: string): boolean {
    const { length } = name
    if (length === 0 || length > NAME_BYTES_MAX) return false
    this.words[length >> 2] = 0
    let hash = FNV_BASIS
    for (let index = 0; index < length; index++) {
      const unit = name.charCodeAt(index)
      if (unit >= ASCII_END) return this.encodeUnicode(name)
      this.scratch[index] = unit
      hash = Math.imul(hash ^ unit, FNV_PRIME)
    }
    this.byteLength = length
    this.hash = mix(hash)
    return true
  }

  /** A name that stands in shared memory. What is torn there gives some string, or none. */
  decode(bytes: Uint8Array, offset: number, byteLength: number): string {
    const length = Math.min(byteLength >>> 0, NAME_BYTES_MAX)
    // Copied first: a decoder that meets bytes which change while it reads them may do anything.
    for (let index = 0; index < length; index++) this.copied[index] = bytes[offset + index]
    return this.copied.toString('utf8', 0, length)
  }

  private encodeUnicode(name: string): boolean {
    if (/\p{Surrogate}/u.test(name)) return false
    const { read, written } = this.encoder.encodeInto(name, this.scratch)
    if (read < name.length || written > NAME_BYTES_MAX) return false
    this.scratch.fill(0, written, (written + 4) & -4)
    let hash = FNV_BASIS
    for (let index = 0; index < written; index++) hash = Math.imul(hash ^ this.scratch[index], FNV_PRIME)
    this.byteLength = written
    this.hash = mix(hash)
    return true
  }
}

/** FNV's low bits know little of the last bytes' high bits; the bucket is taken from the low ones. */
function mix(hash: number): number {
  return hash ^ (hash >>> 15)
}

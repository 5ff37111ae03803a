/**
 * The decoder reads what one encoder wrote, each frame once and in order, and so comes to know the same
 * shapes and strings. It trusts what it reads: both ends are the same code, and a frame that makes no
 * sense is a bug of the VM, not of its user.
 *
 * Containers are numbered only when the frame's header announces back references. An object may then be
 * referred to while its values are still being read, so it is built key by key; otherwise by its shape,
 * which reads the values as they are stored.
 */

import { Reader } from './codec-reader.ts'
import * as tags from './codec-tags.ts'
import { fillError, makeError } from './error-parts.ts'
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'
import type { PlainObject, SlotSource } from './shape-sites.ts'
import { define, type Shape, shapeTree } from './shapes.ts'
import { makeView } from './views.ts'

const NOTHING: PlainObject = {}
const NO_ATTACHMENTS: readonly unknown[] = []

export class Decoder extends Reader implements SlotSource {
  private shapes: Shape[] = [shapeTree().root]
  /** The containers so far, if the frame refers back to any. */
  private containers: unknown[] | undefined = undefined
  private attachments = NO_ATTACHMENTS

  /** Both ends start afresh. */
  reset(): void {
    this.forgetStrings()
    this.shapes = [shapeTree().root]
  }

  /**
   * The value of the frame between `offset` and `end`: where `encode` began and ended, or a little behind its end,
   * if frames are padded.
   */
  decode(bytes: Uint8Array, offset: number, end: number, attachments = NO_ATTACHMENTS): unknown {
    this.attach(bytes, offset)
    this.containers = this.uint8() === tags.HAS_BACK_REFERENCES ? [] : undefined
    this.attachments = attachments
    const value = this.slot()
    if (this.at > end) throw new Error(`a frame of ${end - offset} bytes held ${this.at - offset}`)
    if (this.containers !== undefined) this.containers = undefined
    this.attachments = NO_ATTACHMENTS
    return value
  }

  /** A frame of `encodeAlone`. It tells all that it needs, so that what is known may be forgotten at any time. */
  decodeAlone(bytes: Uint8Array, offset: number, end: number, attachments: readonly unknown[]): unknown {
    // A tree that has been given up has no room for shapes.
    if (this.shapes[0]?.tree !== shapeTree()) this.reset()
    return this.decode(bytes, offset, end, attachments)
  }

  /** The next value. */
  slot(): unknown {
    const tag = this.bytes[this.at++] as number
    if (tag >= tags.SMALL_INT) return tag - tags.SMALL_INT
    switch (tag) {
      case tags.KNOWN_STRING:
        return this.knownString()
      case tags.LEARN_STRING:
        return this.learnString()
      case tags.INT:
        return this.int32()
      case tags.OBJECT:
        return this.object()
      case tags.DOUBLE:
        return this.float64()
      case tags.LATIN1:
        return this.latin1(this.uint32())
      case tags.TRUE:
        return true
      case tags.FALSE:
        return false
      case tags.NULL:
        return null
      case tags.UNDEFINED:
        return undefined
      case tags.PID:
        return new PidTerm(this.float64())
      case tags.REF:
        return new RefTerm(this.float64(), this.float64())
      case tags.ARRAY:
        return this.array()
      default:
        return this.rare(tag)
    }
  }

  private rare(tag: number): unknown {
    switch (tag) {
      case tags.BACK:
        return (this.containers as unknown[])[this.uint32()]
      case tags.TWO_BYTE:
        return this.twoByte(this.uint32())
      case tags.BIGINT:
        return this.bigint64()
      case tags.BIG_BIGINT:
        return this.bigBigint()
      case tags.SHAPE:
        this.learnShape()
        return this.slot()
      case tags.IRREGULAR:
        return this.irregular()
      case tags.SPARSE:
        return this.sparse()
      case tags.MAP:
        return this.map()
      case tags.SET:
        return this.set()
      case tags.DATE:
        return this.adopt(new Date(this.float64()))
      case tags.REGEXP:
        return this.adopt(new RegExp(this.slot() as string, this.slot() as string))
      case tags.BOXED:
        return this.adopt(Object(this.slot()))
      case tags.ERROR:
        return this.error()
      case tags.BUFFER:
        return this.adopt(this.rawBytes(this.uint32()).buffer)
      case tags.BYTES:
        return this.wholeView()
      case tags.VIEW:
        return this.arrayView()
      case tags.ATTACHED:
        return this.adopt(this.attachments[this.uint32()])
      default:
        throw new Error(`not a tag of the ring codec: ${tag}`)
    }
  }

  private adopt<T>(container: T): T {
    if (this.containers !== undefined) this.containers.push(container)
    return container
  }

  private object(): unknown {
    return (this.shapes[this.uint16()] as Shape).fill(this.adopt({}), this, NOTHING)
  }

  private learnShape(): void {
    const index = this.uint16()
    const parent = this.shapes[this.uint16()] as Shape
    this.shapes[index] = parent.childAnyway(this.slot() as string)
  }

  private irregular(): unknown {
    const object = this.adopt({})
    this.defineAll(object, this.uint32())
    return object
  }

  private defineAll(object: object, count: number): void {
    for (let i = 0; i < count; i++) {
      const key = this.slot() as string
      define(object, key, this.slot())
    }
  }

  private array(): unknown[] {
    const length = this.uint32()
    const array: unknown[] = this.adopt([])
    for (let i = 0; i < length; i++) array.push(this.slot())
    return array
  }

  private sparse(): unknown[] {
    const array: unknown[] = this.adopt([])
    array.length = this.uint32()
    this.defineAll(array, this.uint32())
    return array
  }

  private map(): unknown {
    const count = this.uint32()
    const map = this.adopt(new Map<unknown, unknown>())
    for (let i = 0; i < count; i++) {
      const key = this.slot()
      map.set(key, this.slot())
    }
    return map
  }

  private set(): unknown {
    const count = this.uint32()
    const set = this.adopt(new Set<unknown>())
    for (let i = 0; i < count; i++) set.add(this.slot())
    return set
  }

  private error(): unknown {
    const type = this.uint8()
    const message = this.slot() as string | undefined
    const stack = this.slot() as string | undefined
    const name = this.slot() as string | undefined
    const error = this.adopt(makeError({ type, message, stack, name }))
    fillError(error, this.slot() as PlainObject, this.slot() as PlainObject)
    return error
  }

  private wholeView(): unknown {
    const view = this.adopt(this.rawBytes(this.uint32()))
    if (this.containers !== undefined) this.adopt(view.buffer)
    return view
  }

  private arrayView(): unknown {
    const number = this.containers?.push(undefined)
    const type = this.uint8()
    const byteOffset = this.float64()
    const length = this.float64()
    const view = makeView(type, this.slot() as ArrayBufferLike, byteOffset, length)
    if (this.containers !== undefined) this.containers[(number as number) - 1] = view
    return view
  }
}

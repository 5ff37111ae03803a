/**
 * The encoder writes values for one ring, frame after frame. It walks a value once, and reads each property
 * once, so every getter runs once and nothing is measured first. An object is the index of its shape and
 * its values; a shape that the other end has not heard of is taught right before.
 *
 * What the other end knows (shapes, cached strings) is this encoder's state, and must be exactly what the
 * frames so far have told. A frame that fails is taken back whole: `newShapes` and the undo records of the
 * string cache say what it had added.
 *
 * Methods that write return where the next value begins, or FULL or NEEDS_PORT, which each caller hands
 * up. Rejected: throwing those two (2 us, and a ring is full when there is no time to lose).
 */

import { denseElements, sparseEntries } from './arrays.ts'
import type { Attachments } from './codec-port.ts'
import * as tags from './codec-tags.ts'
import { aligned, FULL, NEEDS_PORT } from './codec-tags.ts'
import { Writer } from './codec-writer.ts'
import { errorParts } from './error-parts.ts'
import { HeddleError } from './errors.ts'
import * as kinds from './kind.ts'
import { isArguments, type Kind, kindOf, ownFields, unboxed } from './kind.ts'
import { DEPTH_MAX, Memo } from './memo.ts'
import type { PidTerm } from './pid.ts'
import type { RefTerm } from './ref.ts'
import type { PlainObject } from './shape-sites.ts'
import { SHAPE_COUNT_MAX, type Shape, shapeOf, shapeTree } from './shapes.ts'
import { cloneError, Refusal } from './unclonable.ts'
import { isResizable, isWholeBytes, refuseDetached, viewLength, viewType } from './views.ts'

export class Encoder extends Writer {
  private tree = shapeTree()
  /** Shapes of the tree that the other end knows, by index. */
  private readonly sent = new Uint8Array(SHAPE_COUNT_MAX)
  /** Those of them that it learns from the frame being written. */
  private newShapes: Shape[] = []
  /** The first container of the frame; the memo is made when there is a second. */
  private first: object | undefined = undefined
  private memo: Memo | undefined = undefined
  private hasBackReferences = false
  private depth = 0
  private isBusy = false
  private readonly attachments: Attachments | undefined

  /** @param attachments takes what only a MessagePort can carry; without it, such values are not encoded. */
  constructor(attachments?: Attachments) {
    super()
    this.attachments = attachments
    this.forgetShapes()
  }

  /** Both ends start afresh. */
  reset(): void {
    this.forgetStrings()
    this.forgetShapes()
  }

  /**
   * Writes `value` into `bytes` from `offset` on. Returns where it ends; or FULL (-1) if it does not fit before
   * `limit`, or NEEDS_PORT (-2) if no ring can carry it, and then, as after an exception, it is as if
   * it had not been called (though `bytes` may have been written to).
   *
   * @throws HeddleError ERR_UNCLONABLE, naming the part that cannot be cloned
   */
  encode(value: unknown, bytes: Uint8Array, offset: number, limit: number): number {
    return this.encodeFor(value, bytes, offset, limit, true)
  }

  /**
   * The same, for whoever comes to read it: that one need not know anything, and nothing is taken for known afterwards.
   * Only by an encoder that is used for nothing else.
   */
  encodeAlone(value: unknown, bytes: Uint8Array, offset: number, limit: number): number {
    return this.encodeFor(value, bytes, offset, limit, false)
  }

  private encodeFor(
    value: unknown,
    bytes: Uint8Array,
    offset: number,
    limit: number,
    teaches: boolean,
  ): number {
    if (this.isBusy) {
      throw new HeddleError('ERR_UNCLONABLE', 'a getter in the message sent a message of its own')
    }
    this.attach(bytes, limit)
    if (this.tree !== shapeTree()) this.forgetShapes()
    this.isBusy = true
    try {
      const end = this.frame(value, offset)
      this.settle(teaches && end >= 0)
      return end
    } catch (error) {
      this.settle(false)
      throw cloneError(value, error)
    }
  }

  private frame(value: unknown, at: number): number {
    if (at >= this.limit) return FULL
    const end = this.value(value, at + 1)
    this.bytes[at] = this.hasBackReferences ? tags.HAS_BACK_REFERENCES : 0
    return end
  }

  private settle(isSent: boolean): void {
    this.settleStrings(isSent)
    if (this.newShapes.length > 0) {
      if (!isSent) for (const shape of this.newShapes) this.sent[shape.index] = 0
      this.newShapes = []
    }
    this.first = this.memo = undefined
    this.hasBackReferences = this.isBusy = false
    this.depth = 0
  }

  private forgetShapes(): void {
    this.tree = shapeTree()
    this.sent.fill(0)
    this.sent[this.tree.root.index] = 1
  }

  /** (A chain of comparisons: V8 turns each into a look at the value, but a switch into a call.) */
  private value(value: unknown, at: number): number {
    if (typeof value === 'string') return this.string(value, at)
    if (typeof value === 'number') return this.number(value, at)
    if (typeof value === 'object') return value === null ? this.tag(tags.NULL, at) : this.object(value, at)
    if (typeof value === 'boolean') return this.tag(value ? tags.TRUE : tags.FALSE, at)
    if (value === undefined) return this.tag(tags.UNDEFINED, at)
    if (typeof value === 'bigint') return this.bigint(value, at)
    throw new Refusal(value)
  }

  /** Goes on with a value, unless what came before it has failed. */
  private onward(at: number, value: unknown): number {
    return at < 0 ? at : this.value(value, at)
  }

  private object(value: object, at: number): number {
    const kind = kindOf(value)
    if (kind === kinds.PID) return this.double(tags.PID, (value as PidTerm).$pid, at)
    if (kind === kinds.REF) return this.ref(value as RefTerm, at)
    if (this.first === undefined) this.first = value
    else {
      const memo = (this.memo ??= memoOf(this.first))
      const known = memo.find(value)
      if (known >= 0) return this.back(known, at)
      memo.add(value)
    }
    if (++this.depth > DEPTH_MAX) throw new Refusal(value, `is nested deeper than ${DEPTH_MAX}`)
    const end = kind === kinds.PLAIN ? this.plain(value as PlainObject, at) : this.other(value, kind, at)
    this.depth -= 1
    return end
  }

  private plain(source: PlainObject, at: number): number {
    const shape = shapeOf(source, this.tree.root)
    if (shape === undefined || shape === this.tree.root) return this.irregular(source, at)
    const begin = this.sent[shape.index] === 1 ? at : this.announce(shape, at)
    if (begin < 0 || begin + 3 > this.limit) return FULL
    this.bytes[begin] = tags.OBJECT
    this.view.setUint16(begin + 1, shape.index, true)
    let end = begin + 3
    let count = 0
    // The keys again, not `shape.keys`: V8 then knows where each value is, and need not look for it.
    for (const key in source) {
      end = this.value(source[key], end)
      if (end < 0) return end
      count += 1
    }
    if (count !== shape.keys.length) throw new Refusal(source, 'was changed by a getter while it was cloned')
    return end
  }

  /** Tells the other end of a shape that it has not heard of: its parent, which thus comes first, and one key. */
  private announce(shape: Shape, at: number): number {
    if (this.sent[shape.index] === 1) return at
    const parent = shape.parent as Shape
    const end = this.announce(parent, at)
    if (end < 0 || end + 5 > this.limit) return FULL
    this.bytes[end] = tags.SHAPE
    this.view.setUint16(end + 1, shape.index, true)
    this.view.setUint16(end + 3, parent.index, true)
    this.sent[shape.index] = 1
    this.newShapes.push(shape)
    return this.string(shape.key, end + 5)
  }

  /** An object whose keys go with it. */
  private irregular(source: PlainObject, at: number): number {
    if (isArguments(source)) throw new Refusal(source)
    let count = 0
    let end = this.head(tags.IRREGULAR, 0, at)
    for (const key in source) {
      if (end < 0) return end
      end = this.onward(this.string(key, end), source[key])
      count += 1
    }
    return this.counted(count, at, end)
  }

  /** Fills in a count when all is written: a getter on the way may have changed how many there are. */
  private counted(count: number, at: number, end: number): number {
    if (end >= 0) this.view.setUint32(at + 1, count, true)
    return end
  }

  private other(value: object, kind: Kind, at: number): number {
    if (this.attachments?.isWanted(value)) return this.attached(value, at)
    switch (kind) {
      case kinds.ARRAY:
        return this.array(value as unknown[], at)
      case kinds.INSTANCE:
        return this.plain(ownFields(value), at)
      case kinds.MAP:
        return this.map(value as Map<unknown, unknown>, at)
      case kinds.SET:
        return this.set(value as Set<unknown>, at)
      case kinds.DATE:
        return this.double(tags.DATE, Date.prototype.getTime.call(value), at)
      case kinds.REGEXP:
        return this.pair(tags.REGEXP, (value as RegExp).source, (value as RegExp).flags, at)
      case kinds.BOXED:
        return this.onward(this.tag(tags.BOXED, at), unboxed(value))
      case kinds.ERROR:
        return this.error(value as Error, at)
      case kinds.BUFFER:
        return this.buffer(value as ArrayBuffer, at)
      case kinds.VIEW:
        return this.arrayView(value as ArrayBufferView, at)
      case kinds.SHARED_BUFFER:
      case kinds.HOST:
        return this.attached(value, at)
      case kinds.SUSPECT:
        // Perhaps `structuredClone` refuses it only because it holds what is to be transferred.
        if (this.attachments?.isTransferring) return this.plain(ownFields(value), at)
        throw new Refusal(value)
      default:
        throw new Refusal(value)
    }
  }

  private pair(tag: number, left: unknown, right: unknown, at: number): number {
    return this.onward(this.onward(this.tag(tag, at), left), right)
  }

  private ref({ $ref, $of }: RefTerm, at: number): number {
    const end = this.double(tags.REF, $ref, at)
    if (end < 0 || end + 8 > this.limit) return FULL
    this.view.setFloat64(end, $of, true)
    return end + 8
  }

  private back(known: number, at: number): number {
    this.hasBackReferences = true
    return this.head(tags.BACK, known, at)
  }

  private attached(value: object, at: number): number {
    if (this.attachments === undefined) return NEEDS_PORT
    return this.head(tags.ATTACHED, this.attachments.add(value), at)
  }

  private array(source: unknown[], at: number): number {
    const elements = denseElements(source)
    if (elements === undefined) return this.sparse(source, at)
    let end = this.head(tags.ARRAY, elements.length, at)
    for (let i = 0; i < elements.length && end >= 0; i++) end = this.value(elements[i], end)
    return end
  }

  private sparse(source: unknown[], at: number): number {
    const entries = sparseEntries(source)
    let end = this.head(tags.SPARSE, source.length, at)
    if (end < 0 || end + 4 > this.limit) return FULL
    this.view.setUint32(end, entries.length, true)
    end += 4
    for (const [key, value] of entries) end = this.onward(this.onward(end, key), value)
    return end
  }

  private map(source: Map<unknown, unknown>, at: number): number {
    let count = 0
    let end = this.head(tags.MAP, 0, at)
    for (const [key, value] of Map.prototype.entries.call(source)) {
      if (end < 0) return end
      end = this.onward(this.onward(end, key), value)
      count += 1
    }
    return this.counted(count, at, end)
  }

  private set(source: Set<unknown>, at: number): number {
    let count = 0
    let end = this.head(tags.SET, 0, at)
    for (const value of Set.prototype.values.call(source)) {
      if (end < 0) return end
      end = this.value(value, end)
      count += 1
    }
    return this.counted(count, at, end)
  }

  private error(source: Error, at: number): number {
    const { type, message, stack, name, hidden, fields } = errorParts(source)
    let end = this.tag(tags.ERROR, at)
    if (end < 0 || end >= this.limit) return FULL
    this.bytes[end++] = type
    for (const part of [message, stack, name, hidden, fields]) end = this.onward(end, part)
    return end
  }

  private buffer(source: ArrayBuffer, at: number): number {
    if (isResizable(source)) return this.attached(source, at)
    refuseDetached(source)
    return this.rawBytes(tags.BUFFER, new Uint8Array(source), at)
  }

  private rawBytes(tag: number, source: Uint8Array, at: number): number {
    const { length } = source
    const begin = aligned(at + 5)
    if (begin + length > this.limit) return FULL
    this.head(tag, length, at)
    this.bytes.set(source, begin)
    return begin + length
  }

  private arrayView(source: ArrayBufferView, at: number): number {
    if (isWholeBytes(source) && this.isFree(source.buffer)) {
      this.memo?.add(source.buffer)
      return this.rawBytes(tags.BYTES, source, at)
    }
    const { buffer, byteOffset } = source
    const type = viewType(source)
    if (type < 0 || isResizable(buffer)) return this.attached(source, at)
    if (at + 18 > this.limit) return FULL
    this.bytes[at] = tags.VIEW
    this.bytes[at + 1] = type
    this.view.setFloat64(at + 2, byteOffset, true)
    this.view.setFloat64(at + 10, viewLength(source), true)
    return this.object(buffer, at + 18)
  }

  /** Whether nobody has met the buffer yet, and it does not travel apart: then a view can bring it along. */
  private isFree(buffer: ArrayBuffer): boolean {
    if (this.attachments?.isWanted(buffer)) return false
    return this.memo === undefined || this.memo.find(buffer) < 0
  }
}

function memoOf(first: object): Memo {
  const memo = new Memo()
  memo.add(first)
  return memo
}

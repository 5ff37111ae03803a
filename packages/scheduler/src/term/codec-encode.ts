/**
 * The encoder writes values for one ring, frame after frame. It walks a value once: the keys of an object
 * are matched against the tree of shapes while its values are written, and the index of the shape is
 * filled in at the end; shapes that the other end has not heard of are defined behind the value. So every
 * getter runs once, and nothing is measured first.
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
import { FULL, NEEDS_PORT } from './codec-tags.ts'
import { Writer } from './codec-writer.ts'
import { errorParts } from './error-parts.ts'
import { HeddleError } from './errors.ts'
import * as kinds from './kind.ts'
import { isArguments, type Kind, kindOf, ownFields, unboxed } from './kind.ts'
import { DEPTH_MAX, Memo } from './memo.ts'
import type { PidTerm } from './pid.ts'
import type { RefTerm } from './ref.ts'
import type { PlainObject } from './shape-sites.ts'
import { SHAPE_COUNT_MAX, type Shape, shapeTree } from './shapes.ts'
import { cloneError, Refusal } from './unclonable.ts'
import { isResizable, refuseDetached, UINT8_ARRAY, viewLength, viewType } from './views.ts'

export class Encoder extends Writer {
  private tree = shapeTree()
  /** Shapes of the tree that the other end knows, by index. */
  private readonly sent = new Uint8Array(SHAPE_COUNT_MAX)
  private newShapes: Shape[] = []
  /** The first container of the frame, and all of them once there is a second. */
  private first: object | undefined = undefined
  private memo: Memo | undefined = undefined
  private hasBackReferences = false
  private depth = 0
  private isBusy = false
  private readonly attachments: Attachments | undefined

  /** @param attachments takes what only a MessagePort can carry; without it, such a value is not encoded. */
  constructor(attachments?: Attachments) {
    super()
    this.attachments = attachments
    this.sent[this.tree.root.index] = 1
  }

  /** Both ends start afresh. */
  reset(): void {
    this.forgetStrings()
    this.forgetShapes()
  }

  /**
   * Writes `value` into `bytes` from `offset`. Returns where it ends; FULL (-1) if it does not fit before
   * `limit`, or NEEDS_PORT (-2) if a ring cannot carry it at all, and then it is as if it had not been
   * called (though `bytes` may have been written to). Frames must be decoded in the order of encoding.
   *
   * @throws HeddleError ERR_UNCLONABLE, as if it had not been called either
   */
  encode(value: unknown, bytes: Uint8Array, offset: number, limit: number): number {
    if (this.isBusy) {
      throw new HeddleError('ERR_UNCLONABLE', 'a getter in the message sent a message of its own')
    }
    this.attach(bytes, limit)
    if (this.tree !== shapeTree()) this.forgetShapes()
    this.isBusy = true
    let end = FULL
    try {
      end = this.frame(value, offset)
    } catch (error) {
      throw cloneError(value, error)
    } finally {
      this.settle(end >= 0)
    }
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

  private frame(value: unknown, begin: number): number {
    const valueAt = begin + tags.HEADER_BYTES
    if (valueAt > this.limit) return FULL
    const valueEnd = this.value(value, valueAt)
    const isDefining = this.newShapes.length > 0
    const end = isDefining && valueEnd >= 0 ? this.definitions(valueEnd) : valueEnd
    if (end < 0) return end
    if (end - begin > tags.FRAME_BYTES_MAX) return FULL
    const definitionsAt = isDefining ? valueEnd - begin : 0
    this.view.setUint32(begin, (definitionsAt << 1) | (this.hasBackReferences ? 1 : 0), true)
    return end
  }

  private definitions(at: number): number {
    if (at + 2 > this.limit) return FULL
    this.view.setUint16(at, this.newShapes.length, true)
    let end = at + 2
    for (const { index, parent, key } of this.newShapes) {
      if (end + 4 > this.limit) return FULL
      this.view.setUint16(end, index, true)
      this.view.setUint16(end + 2, (parent as Shape).index, true)
      // Definitions are read before the value, so they cannot speak of strings that the value has taught.
      end = this.plainString(key, end + 4)
      if (end < 0) return end
    }
    return end
  }

  /** (A chain of `typeof` comparisons: V8 compiles each to a look at the value, but a switch to a call.) */
  private value(value: unknown, at: number): number {
    if (typeof value === 'string') return this.string(value, at)
    if (typeof value === 'number') return this.number(value, at)
    if (typeof value === 'object') return value === null ? this.tag(tags.NULL, at) : this.object(value, at)
    if (typeof value === 'boolean') return this.tag(value ? tags.TRUE : tags.FALSE, at)
    if (value === undefined) return this.tag(tags.UNDEFINED, at)
    if (typeof value === 'bigint') return this.bigint(value, at)
    throw new Refusal(value)
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
    const { limit } = this
    let shape = this.tree.root
    let end = at + tags.OBJECT_HEAD_BYTES
    let openAt = 0
    let openCount = 0
    if (end > limit) return FULL
    for (const key in source) {
      if (openAt === 0) {
        const child = shape.lastKey === key ? shape.lastChild : shape.child(key)
        if (child !== undefined) shape = child
        else {
          openAt = end
          end += 4
        }
      }
      if (openAt !== 0) {
        openCount += 1
        if (end > limit) return FULL
        end = this.string(key, end)
        if (end < 0) return end
      }
      end = this.value(source[key], end)
      if (end < 0) return end
    }
    if (shape === this.tree.root && isArguments(source)) throw new Refusal(source)
    if (this.sent[shape.index] === 0) this.announce(shape)
    this.bytes[at] = openAt === 0 ? tags.OBJECT : tags.OPEN
    this.view.setUint16(at + 1, shape.index, true)
    if (openAt !== 0) this.view.setUint32(openAt, openCount, true)
    return end
  }

  /** A shape is defined by its parent and one key, so the parent comes first. */
  private announce(shape: Shape): void {
    const { parent } = shape
    if (parent !== undefined && this.sent[parent.index] === 0) this.announce(parent)
    this.sent[shape.index] = 1
    this.newShapes.push(shape)
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
        return this.then(this.tag(tags.BOXED, at), unboxed(value))
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

  /** Goes on with `value`, unless what came before it has failed. */
  private then(at: number, value: unknown): number {
    return at < 0 ? at : this.value(value, at)
  }

  private pair(tag: number, left: unknown, right: unknown, at: number): number {
    return this.then(this.then(this.tag(tag, at), left), right)
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
    for (const [key, value] of entries) end = this.then(this.then(end, key), value)
    return end
  }

  /** Counts what there was when all is written: a getter on the way may change the Map. */
  private map(source: Map<unknown, unknown>, at: number): number {
    let count = 0
    let end = this.head(tags.MAP, 0, at)
    for (const [key, value] of Map.prototype.entries.call(source)) {
      end = this.then(this.then(end, key), value)
      if (end < 0) return end
      count += 1
    }
    if (end >= 0) this.view.setUint32(at + 1, count, true)
    return end
  }

  private set(source: Set<unknown>, at: number): number {
    let count = 0
    let end = this.head(tags.SET, 0, at)
    for (const value of Set.prototype.values.call(source)) {
      end = this.then(end, value)
      if (end < 0) return end
      count += 1
    }
    if (end >= 0) this.view.setUint32(at + 1, count, true)
    return end
  }

  private error(source: Error, at: number): number {
    const { type, message, stack, name, hidden, fields } = errorParts(source)
    let end = this.tag(tags.ERROR, at)
    if (end < 0 || end >= this.limit) return FULL
    this.bytes[end] = type
    end = this.then(this.then(this.then(end + 1, message), stack), name)
    if (end >= 0) end = this.plain(hidden, end)
    return end < 0 ? end : this.plain(fields, end)
  }

  private buffer(source: ArrayBuffer, at: number): number {
    if (isResizable(source)) return this.attached(source, at)
    refuseDetached(source)
    return this.rawBytes(tags.BUFFER, new Uint8Array(source), at)
  }

  private rawBytes(tag: number, source: Uint8Array, at: number): number {
    const { length } = source
    if (at + 5 + length > this.limit) return FULL
    const end = this.head(tag, length, at)
    this.bytes.set(source, end)
    return end + length
  }

  private arrayView(source: ArrayBufferView, at: number): number {
    const { buffer, byteOffset } = source
    const type = viewType(source)
    if (type < 0 || isResizable(buffer)) return this.attached(source, at)
    if (type === UINT8_ARRAY && this.isAllOf(source as Uint8Array, buffer)) {
      this.memo?.add(buffer)
      return this.rawBytes(tags.BYTES, source as Uint8Array, at)
    }
    if (at + 18 > this.limit) return FULL
    this.bytes[at] = tags.VIEW
    this.bytes[at + 1] = type
    this.view.setFloat64(at + 2, byteOffset, true)
    this.view.setFloat64(at + 10, viewLength(source), true)
    return this.object(buffer, at + 18)
  }

  /** Whether view and buffer can go as one: nobody has met the buffer yet, and there is no more of it. */
  private isAllOf(source: Uint8Array, buffer: ArrayBufferLike): boolean {
    const isWhole = source.length === buffer.byteLength && source.length > 0 && buffer instanceof ArrayBuffer
    if (!isWhole || this.attachments?.isWanted(buffer)) return false
    return this.memo === undefined || this.memo.find(buffer) < 0
  }
}

function memoOf(first: object): Memo {
  const memo = new Memo()
  memo.add(first)
  return memo
}

/**
 * Typed arrays and DataViews: which they are, and how to make one over another buffer. The type is read
 * from the brand, so that a Node `Buffer` and a user's subclass are the Uint8Array that
 * `structuredClone` makes of them.
 *
 * A clone keeps the whole buffer, not just the part in view, because that is what `structuredClone` does
 * and other views of the message may look at the rest. (So a small `Buffer` drags its 8 KB pool along.)
 */

import { Refusal } from './unclonable.ts'

type View = DataView | Uint8Array
type ViewConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => View

/** In the order of their numbers on the wire: append only. */
const VIEW_NAMES = [
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
]
const UINT8_ARRAY = VIEW_NAMES.indexOf('Uint8Array')

const constructors = VIEW_NAMES.map((name) => Reflect.get(globalThis, name) as ViewConstructor)

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object
const typeName = Object.getOwnPropertyDescriptor(TypedArrayPrototype, Symbol.toStringTag)?.get as () =>
  | string
  | undefined

/** The number of a view's type; -1 for one that this version does not know. */
export function viewType(view: ArrayBufferView): number {
  return VIEW_NAMES.indexOf(typeName.call(view) ?? 'DataView')
}

/** Elements of a typed array, bytes of a DataView. */
export function viewLength(view: ArrayBufferView): number {
  return view instanceof DataView ? view.byteLength : (view as Uint8Array).length
}

export function makeView(type: number, buffer: ArrayBufferLike, byteOffset: number, length: number): View {
  return new (constructors[type] as ViewConstructor)(buffer, byteOffset, length)
}

/** Whether a view is a Uint8Array and shows all of its buffer: then the two can be cloned as one. */
export function isWholeBytes(view: ArrayBufferView): view is Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = view
  const isWhole = byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
  return isWhole && viewType(view) === UINT8_ARRAY && !isResizable(buffer)
}

/** Resizable and growable buffers, and views that follow them, are left to the host. */
export function isResizable(buffer: ArrayBufferLike): boolean {
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean }
  return resizable === true || growable === true
}

export function refuseDetached(buffer: ArrayBuffer): void {
  if (buffer.byteLength > 0) return
  try {
    new Uint8Array(buffer)
  } catch {
    throw new Refusal(buffer, 'is a detached ArrayBuffer, which cannot be cloned')
  }
}

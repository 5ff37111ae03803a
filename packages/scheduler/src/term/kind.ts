/**
 * The kind of an object says how it is cloned. It is read off the object's brand (what made it) rather
 * than its prototype, because that is what `structuredClone` goes by: an instance of a subclass of Map is
 * a Map, and an object that merely inherits from `Map.prototype` is plain.
 *
 * The order of the questions is the design: a plain object has answered after two native calls (is it a
 * proxy, what is its prototype; 10 ns each), all else may take longer. Designs that lost: reading
 * `value.constructor` (an own key of that name lies, and it is no faster among mixed shapes),
 * `Object.prototype.toString` (runs user code), not looking for proxies (then a message would be refused
 * or let through depending on where its receiver lives).
 */

import { types } from 'node:util'
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'

/** Its content is what `for..in` yields. */
export const PLAIN = 0
export const ARRAY = 1
export const PID = 2
export const REF = 3
/** Of a class written in JavaScript, or without a prototype: its own enumerable string keys are its content. */
export const INSTANCE = 4
export const MAP = 5
export const SET = 6
export const DATE = 7
export const REGEXP = 8
export const ERROR = 9
/** A typed array or a DataView. */
export const VIEW = 10
export const BUFFER = 11
export const SHARED_BUFFER = 12
export const BOXED = 13
/** Only the host's structured clone knows how: Blob, KeyObject, WebAssembly.Module, ... */
export const HOST = 14
/** Refused by `structuredClone`, either for what it is or for what it holds. */
export const SUSPECT = 15
export const REFUSED = 16

export type Kind = number

const { getPrototypeOf, prototype: OBJECT_PROTOTYPE } = Object
const { isProxy } = types
const { prototype: PID_PROTOTYPE } = PidTerm
const { prototype: REF_PROTOTYPE } = RefTerm
const EMPTY = {}

/** Prototypes whose instances have turned out to be plain: it takes a trial, and one is enough for a class. */
const instancePrototypes = new WeakSet<object>()

export function kindOf(value: object): Kind {
  if (isProxy(value)) return REFUSED
  const prototype: object | null = getPrototypeOf(value)
  if (prototype === OBJECT_PROTOTYPE) return isPrototypePolluted() ? INSTANCE : PLAIN
  if (Array.isArray(value)) return ARRAY
  if (prototype === PID_PROTOTYPE) return PID
  if (prototype === REF_PROTOTYPE) return REF
  if (prototype === null) return types.isModuleNamespaceObject(value) ? REFUSED : INSTANCE
  if (instancePrototypes.has(prototype)) return INSTANCE
  return kindOfBrand(value) ?? kindByTrial(value, prototype)
}

/** Somebody gave all objects an enumerable property: `for..in` would yield what is not theirs. */
function isPrototypePolluted(): boolean {
  for (const _ in EMPTY) return true
  return false
}

function kindOfBrand(value: object): Kind | undefined {
  if (types.isMap(value)) return MAP
  if (types.isSet(value)) return SET
  if (ArrayBuffer.isView(value)) return VIEW
  if (types.isDate(value)) return DATE
  if (types.isNativeError(value)) return ERROR
  if (types.isRegExp(value)) return REGEXP
  if (types.isArrayBuffer(value)) return BUFFER
  if (types.isSharedArrayBuffer(value)) return SHARED_BUFFER
  if (types.isSymbolObject(value)) return REFUSED
  if (types.isBoxedPrimitive(value)) return BOXED
  return undefined
}

/**
 * Whether an object is plain, belongs to the host (Node marks those invisibly) or can never be cloned
 * (WeakMap, Promise, generators, ...) shows only when it is cloned.
 */
function kindByTrial(value: object, prototype: object): Kind {
  let clone: object
  try {
    clone = structuredClone(value)
  } catch {
    return SUSPECT
  }
  if (getPrototypeOf(clone) !== OBJECT_PROTOTYPE) return HOST
  if (isTelling(value, prototype)) instancePrototypes.add(prototype)
  return INSTANCE
}

/**
 * Whether this one instance speaks for all with its prototype: not if a native class is among its ancestors
 * (`Object.create(Error.prototype)` is no error, but errors have that prototype), nor if it is empty, as the
 * objects of the host are.
 */
function isTelling(value: object, prototype: object): boolean {
  if (Object.keys(value).length === 0) return false
  for (let each: object | null = prototype; each !== null && each !== OBJECT_PROTOTYPE; ) {
    const maker: unknown = Object.getOwnPropertyDescriptor(each, 'constructor')?.value
    if (typeof maker !== 'function' || /\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker)))
      return false
    each = getPrototypeOf(each) as object | null
  }
  return true
}

/** An instance's content as a plain object. (Symbol keys may come along; `for..in` passes over them.) */
export function ownFields(value: object): Record<string, unknown> {
  return isPrototypePolluted() ? { __proto__: null, ...value } : { ...value }
}

/** What only looks like a plain object; asked off the hot path, since none has the keys of a usual message. */
export function isArguments(value: object): boolean {
  return types.isArgumentsObject(value)
}

/** The primitive in a boxed one. */
export function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  return BigInt.prototype.valueOf.call(value)
}

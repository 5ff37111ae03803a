/**
 * An immutable value is shared instead of copied between processes of one scheduler: nobody can write to
 * it, so nobody can tell the difference. Between schedulers it is encoded like any other value.
 *
 * Only plain data qualifies, and only such that a clone would be equal to it: what a clone would drop
 * (symbol keys, hidden properties) or turn into something else (instances of classes, getters) would
 * otherwise reach some receivers and not others. Maps, Sets, Dates, typed arrays and the like cannot be
 * frozen: `Object.freeze` leaves their content writable.
 *
 * The marks are this thread's own: a WeakSet of every object inside, since any of them may be sent alone.
 */

import { HeddleError } from './errors.ts'
import { ARRAY, isArguments, kindOf, PID, PLAIN, REF } from './kind.ts'

const marked = new WeakSet<object>()
/** Nobody pays for looking into the set before there is something in it. */
let isAnyMarked = false

export function isImmutable(value: object): boolean {
  return isAnyMarked && marked.has(value)
}

/**
 * Freezes plain data all the way down and lets it travel by reference within a scheduler.
 *
 * @example const routes = immutable({ '/': 'index', '/about': 'about' })
 * @throws HeddleError ERR_UNCLONABLE for what cannot be cloned or frozen, and then nothing is frozen
 */
export function immutable<T>(value: T): T {
  const found = new Set<object>()
  const queue: [path: string, value: unknown][] = [['value', value]]
  for (const [path, each] of queue) {
    if (typeof each === 'function' || typeof each === 'symbol') {
      throw new HeddleError('ERR_UNCLONABLE', `${path} is a ${typeof each}, which cannot be cloned`)
    }
    if (typeof each !== 'object' || each === null || found.has(each) || isImmutable(each)) continue
    found.add(each)
    collect(path, each, queue)
  }
  for (const each of found) {
    Object.freeze(each)
    marked.add(each)
  }
  isAnyMarked ||= found.size > 0
  return value
}

function collect(path: string, value: object, queue: [string, unknown][]): void {
  const refuse = (reason: string): never => {
    throw new HeddleError('ERR_UNCLONABLE', `${path} ${reason}`)
  }
  const kind = kindOf(value)
  const isPlain =
    (kind === PLAIN && Object.getPrototypeOf(value) !== null && !isArguments(value)) || kind === ARRAY
  if (!isPlain && kind !== PID && kind !== REF) {
    const type = Object.prototype.toString.call(value)
    refuse(`is not a plain object or array but ${type}, whose content cannot be frozen or shared`)
  }
  for (const key of Reflect.ownKeys(value)) {
    const {
      enumerable,
      value: content,
      get,
      set,
    } = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    if (kind === ARRAY && key === 'length') continue
    if (typeof key === 'symbol') refuse(`has the key ${String(key)}, which a clone would not have`)
    if (get !== undefined || set !== undefined) refuse(`has an accessor for ${String(key)}`)
    if (!enumerable) refuse(`has the hidden property ${String(key)}, which a clone would not have`)
    queue.push([`${path}.${String(key)}`, content])
  }
}

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
import { ARRAY, isArguments, type Kind, kindOf, PID, PLAIN, REF } from './kind.ts'

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
      refuse(path, `is a ${typeof each}, which cannot be cloned`)
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
  const kind = kindOf(value)
  if (kind === PID || kind === REF) return
  refuseUnlessPlain(path, value, kind)
  for (const key of Reflect.ownKeys(value)) {
    if (kind === ARRAY && key === 'length') continue
    const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    if (typeof key === 'symbol' || !property.enumerable || !('value' in property)) {
      refuse(path, `has the property ${String(key)}, which a clone would not have as it is`)
    }
    queue.push([`${path}[${JSON.stringify(String(key))}]`, property.value])
  }
}

function refuseUnlessPlain(path: string, value: object, kind: Kind): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (kind === ARRAY && prototype === Array.prototype) return
  if (kind === PLAIN && prototype === Object.prototype && !isArguments(value)) return
  refuse(
    path,
    'is not a plain object or array: its content cannot be frozen, or a clone would be another type',
  )
}

function refuse(path: string, reason: string): never {
  throw new HeddleError('ERR_UNCLONABLE', `${path} ${reason}`)
}

/**
 * What cannot be cloned is refused: inside copier and encoder by throwing a bare `Refusal`, which knows
 * only the value; at their doors as a `HeddleError` that names the path too.
 *
 * The path is looked for afterwards, from the root, because remembering it on the way down would cost
 * every message that is fine. The search reads data properties only: no getter runs twice to word an
 * error.
 */

import { types } from 'node:util'
import { HeddleError } from './errors.ts'

export class Refusal {
  readonly value: unknown
  /** What is wrong with the value, where its type does not say it. */
  readonly complaint: string | undefined
  constructor(value: unknown, complaint?: string) {
    this.value = value
    this.complaint = complaint
  }
}

const ROOT = 'message'
/** The search for a path is a courtesy, and ends somewhere. */
const SEARCH_COUNT_MAX = 100_000

/** What the caller shall see for what was caught while `root` was cloned. A getter's own error stays itself. */
export function cloneError(root: unknown, caught: unknown): unknown {
  if (caught instanceof Refusal) return refusalError(root, caught)
  if (caught instanceof RangeError && caught.message === 'Maximum call stack size exceeded') {
    return new HeddleError('ERR_UNCLONABLE', `${ROOT} is nested too deeply for the stack`, { cause: caught })
  }
  if (caught instanceof DOMException && caught.name === 'DataCloneError') {
    return new HeddleError('ERR_UNCLONABLE', `${ROOT}: ${caught.message}`, { cause: caught })
  }
  return caught
}

function refusalError(root: unknown, { value, complaint }: Refusal): HeddleError {
  const path = find(ROOT, root, (each) => each === value)?.path ?? `a part of ${ROOT}`
  if (complaint !== undefined) return new HeddleError('ERR_UNCLONABLE', `${path} ${complaint}`)
  // An instance is refused as a whole; say which part of it is to blame, where that can be told.
  const blamed = find(path, value, isFunctionOrSymbol) ?? { path, value }
  return new HeddleError(
    'ERR_UNCLONABLE',
    `${blamed.path} is ${describe(blamed.value)}, which cannot be cloned`,
  )
}

function isFunctionOrSymbol(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol'
}

function describe(value: unknown): string {
  if (isFunctionOrSymbol(value)) return `a ${typeof value}`
  if (types.isProxy(value)) return 'a proxy'
  try {
    return `of type ${Object.prototype.toString.call(value).slice('[object '.length, -1)}`
  } catch {
    // What it calls itself is a getter, too.
    return 'an object'
  }
}

interface Place {
  readonly path: string
  readonly value: unknown
}

/** Looks through a graph, breadth first, so that the shortest path is the one that is named. */
function find(path: string, root: unknown, isWanted: (value: unknown) => boolean): Place | undefined {
  const queue: Place[] = [{ path, value: root }]
  const seen = new Set<unknown>()
  for (let head = 0; head < queue.length && head < SEARCH_COUNT_MAX; head++) {
    const place = queue[head] as Place
    if (isWanted(place.value)) return place
    if (typeof place.value !== 'object' || place.value === null || seen.has(place.value)) continue
    seen.add(place.value)
    if (types.isProxy(place.value)) continue
    for (const child of childrenOf(place.path, place.value)) queue.push(child)
  }
  return undefined
}

function childrenOf(path: string, parent: object): Place[] {
  const children: Place[] = []
  if (types.isMap(parent)) {
    let index = 0
    for (const [key, value] of Map.prototype.entries.call(parent)) {
      children.push({ path: `${path}.keys()[${index}]`, value: key })
      children.push({ path: `${path}.get(${nameOf(key)})`, value })
      index += 1
    }
  } else if (types.isSet(parent)) {
    let index = 0
    for (const value of Set.prototype.values.call(parent)) {
      children.push({ path: `${path}.values()[${index}]`, value })
      index += 1
    }
  } else if (!ArrayBuffer.isView(parent)) {
    for (const [key, { value, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(parent))) {
      const isSeen = enumerable || types.isNativeError(parent)
      if (isSeen) children.push({ path: `${path}${accessor(key)}`, value })
    }
  }
  return children
}

function nameOf(key: unknown): string {
  return typeof key === 'object' || typeof key === 'function' ? '...' : JSON.stringify(String(key))
}

function accessor(key: string): string {
  if (/^(0|[1-9]\d*)$/.test(key)) return `[${key}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

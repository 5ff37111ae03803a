/**
 * What instrumented code calls, as text that is put at the end of its module: it imports nothing, and what it finds of the
 * language is what was there when the module was loaded.
 */

import type { OwnNames } from './names.ts'

/**
 * Never run unless a variable holds no number where others did: until then V8 knows nothing of this call, and compiles
 * none of it.
 */
export function sameText({ same }: OwnNames): string {
  return `\nfunction ${same}(value) { return value }\n`
}

/**
 * How `for…of` goes on after it was left. `open` says by what: `null`, by index, what iterates itself as an array does;
 * an iterator of the language's own that has no `return`; anything else in a wrapper that knows whether it is to be
 * closed, as the language has it.
 */
export function iteratingText({ iterating }: OwnNames): string {
  return `
function ${iterating}({ Array, ArrayBuffer, Int8Array, Map, Object, Set, String, Symbol, TypeError }) {
  const { iterator: key } = Symbol
  const values = Array.prototype[key]
  const typedValues = Object.getPrototypeOf(Int8Array.prototype)[key]
  const elements = Object.getPrototypeOf([][key]())
  const { next: nextElement } = elements
  const nexts = new Map([[elements, nextElement]])
  for (const each of [new Map(), new Set(), '']) {
    const iterator = each[key]()
    nexts.set(Object.getPrototypeOf(iterator), iterator.next)
  }
  class Wrapper {
    done = false
    value = undefined
    isOpen = false
    constructor(iterator, take) {
      this.iterator = iterator
      this.take = take
    }
    next() {
      this.isOpen = false
      const result = this.take.call(this.iterator)
      if (Object(result) !== result) throw new TypeError('Iterator result ' + String(result) + ' is not an object')
      this.done = Boolean(result.done)
      if (this.done) return this
      this.value = result.value
      this.isOpen = true
      return this
    }
    close() {
      if (!this.isOpen) return
      this.isOpen = false
      const { iterator } = this
      const end = iterator.return
      if (end === undefined || end === null) return
      const result = end.call(iterator)
      if (Object(result) !== result) throw new TypeError('Iterator result ' + String(result) + ' is not an object')
    }
  }
  const open = (source) => {
    const method = source?.[key]
    if (typeof method !== 'function') throw new TypeError(typeof source + ' is not iterable')
    const isPlain = Array.isArray(source) ? method === values : method === typedValues && ArrayBuffer.isView(source)
    if (isPlain && elements.next === nextElement) return null
    const iterator = method.call(source)
    if (Object(iterator) !== iterator) throw new TypeError('Result of the Symbol.iterator method is not an object')
    const { next } = iterator
    const isKnown = next !== undefined && nexts.get(Object.getPrototypeOf(iterator)) === next
    return isKnown && iterator.return === undefined ? iterator : new Wrapper(iterator, next)
  }
  const close = (iterator) => {
    if (iterator instanceof Wrapper) iterator.close()
  }
  const fail = (iterator) => {
    try {
      close(iterator)
    } catch {}
  }
  return { open, close, fail }
}
`
}

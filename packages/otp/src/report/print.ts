/**
 * Values for people to read, within limits: so deep, so many characters. What is beyond a limit is not even looked at, so that a
 * gigantic crash report costs what it shows. Pids and references are written as Erlang writes them.
 *
 * Rejected: Node's `inspect` (its work has no limit, only its depth), JSON (it knows no maps, no cycles, no `undefined`).
 */

import { formatPid, formatRef, isPid, isRef } from '@heddle/scheduler'

export interface PrintLimits {
  /** Levels of nesting. */
  readonly depth: number
  /** Characters, about. */
  readonly charsLimit: number
}

const REST = '...'

class Printer {
  private readonly parts: string[] = []
  private left: number
  constructor(charsLimit: number) {
    this.left = charsLimit
  }

  get text(): string {
    return this.parts.join('')
  }

  /** Returns whether there is room for more. */
  write(text: string): boolean {
    if (this.left <= 0) return false
    if (text.length > this.left) {
      this.parts.push(text.slice(0, this.left), REST)
      this.left = 0
      return false
    }
    this.parts.push(text)
    this.left -= text.length
    return this.left > 0
  }

  value(value: unknown, depth: number, isTop: boolean): void {
    if (this.left <= 0) return
    if (typeof value === 'string') this.write(isTop ? value : quoted(value, this.left))
    else if (typeof value !== 'object' || value === null) this.write(scalar(value))
    else if (isPid(value)) this.write(formatPid(value))
    else if (isRef(value)) this.write(formatRef(value))
    else if (value instanceof Error) this.write(value.stack ?? String(value))
    else if (value instanceof Date)
      this.write(Number.isNaN(value.valueOf()) ? 'Invalid Date' : value.toISOString())
    else if (ArrayBuffer.isView(value)) this.write(`${value.constructor.name}(${value.byteLength} bytes)`)
    else if (depth <= 0) this.write(REST)
    else this.composite(value, depth - 1)
  }

  private composite(value: object, depth: number): void {
    if (Array.isArray(value)) this.list('[', value, ']', (it) => this.value(it, depth, false))
    else if (value instanceof Map) {
      this.list('Map{', value, '}', ([key, it]) => {
        this.value(key, depth, false)
        this.write(' => ')
        this.value(it, depth, false)
      })
    } else if (value instanceof Set) this.list('Set{', value, '}', (it) => this.value(it, depth, false))
    else {
      this.list('{', Object.keys(value), '}', (key) => {
        if (this.write(`${key}: `)) this.value((value as Record<string, unknown>)[key], depth, false)
      })
    }
  }

  private list<T>(open: string, items: Iterable<T>, close: string, print: (item: T) => void): void {
    let separator = open
    for (const item of items) {
      if (!this.write(separator)) return
      print(item)
      separator = ', '
    }
    this.write(separator === open ? open + close : close)
  }
}

function quoted(text: string, charsLimit: number): string {
  return JSON.stringify(text.length > charsLimit ? text.slice(0, charsLimit) : text)
}

function scalar(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return `function ${value.name}`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A text as it is, anything else as code would write it. Never throws. */
export function print(value: unknown, { depth, charsLimit }: PrintLimits): string {
  const printer = new Printer(charsLimit)
  try {
    printer.value(value, depth, true)
  } catch (error) {
    return `${printer.text}[unprintable: ${String(error)}]`
  }
  return printer.text
}

/**
 * What happened in a run, step by step: a hash of it always, and lines for people if they are wanted. Two runs
 * are the same if and only if their hashes are; the lines are as equal as the hashes.
 *
 * Only numbers go into the hash (who, what kind, which pid, which reference, when): a message's content is in the
 * lines alone, since putting it into words costs more than the step itself.
 */

import { formatReason } from '../term/exit-reason.ts'
import { generationOf, slotOf } from '../term/pid.ts'

const TEXT_LENGTH_MAX = 160

export class Trace {
  /** Whether lines are kept. */
  readonly isKept: boolean
  readonly lines: string[] = []
  private low = 0x811c9dc5 | 0
  private high = 0x1b873593 | 0
  private count = 0

  constructor(isKept: boolean) {
    this.isKept = isKept
  }

  /** Something happened. `code`: what; the numbers: to whom. */
  note(code: number, a: number, b: number, c: number, d: number): void {
    this.count += 1
    this.mix(code)
    this.mixWide(a)
    this.mixWide(b)
    this.mixWide(c)
    this.mixWide(d)
  }

  /** Only if lines are kept: see `isKept`. */
  line(nowUs: number, text: string): void {
    this.lines.push(`${(nowUs / 1_000).toFixed(3)}  ${text}`)
  }

  get eventCount(): number {
    return this.count
  }

  get hash(): string {
    return hex(this.low) + hex(this.high)
  }

  private mixWide(value: number): void {
    this.mix(value | 0)
    if (value > 0x7fffffff) this.mix(Math.floor(value / 2 ** 32) | 0)
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x01000193)
    this.high = (Math.imul((this.high << 13) | (this.high >>> 19), 5) + 0x64ad) ^ value ^ (this.low >>> 7)
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

/** `<generation.slot>` */
export function pidText(pid: number): string {
  return pid === 0 ? '-' : `<${generationOf(pid)}.${slotOf(pid)}>`
}

/** A message or a reason, in short. Stacks are left out: they name folders. */
export function valueText(value: unknown): string {
  let text: string
  try {
    text = typeof value === 'string' ? value : (JSON.stringify(value, withoutStack) ?? String(value))
  } catch {
    text = formatReason(value)
  }
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`
}

function withoutStack(key: string, value: unknown): unknown {
  if (key === 'stack') return undefined
  if (key === '$pid' && typeof value === 'number') return pidText(value)
  if (value instanceof Map) return [...value]
  return value instanceof Set ? [...value] : typeof value === 'bigint' ? String(value) : value
}

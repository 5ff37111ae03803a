/**
 * A reference is unique in the VM for its life: requests, monitors, timers and aliases are named by
 * one. It remembers which process made it, so that a message can be sent to an alias.
 */

import { generationOf, slotOf } from './pid.ts'

export interface Ref {
  readonly $ref: number
  /** The `$pid` of the process that made it. */
  readonly $of: number
}

/** What `monitor` returns. */
export type MonitorRef = Ref
/** What `sendAfter` and `startTimer` return. */
export type TimerRef = Ref

/** As in `pid.ts`. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

export class RefTerm implements Ref {
  readonly $ref: number
  readonly $of: number
  constructor(refNumber: number, of: number) {
    this.$ref = refNumber
    this.$of = of
  }

  toString(): string {
    return formatRef(this)
  }

  /** What `console.log` and `util.inspect` show. */
  [INSPECT](): string {
    return formatRef(this)
  }
}

/** For people, as Erlang writes it: `#Ref<0.slot.generation.number>`, slot and generation those of who made it. */
export function formatRef({ $ref, $of }: Ref): string {
  return `#Ref<0.${slotOf($of)}.${generationOf($of)}.${$ref}>`
}

export function isRef(value: unknown): value is Ref {
  return (
    typeof value === 'object' &&
    value !== null &&
    Number.isSafeInteger((value as Partial<Ref>).$ref) &&
    Number.isSafeInteger((value as Partial<Ref>).$of)
  )
}

export function sameRef(a: Ref, b: Ref): boolean {
  return a.$ref === b.$ref
}

/**
 * A reference is unique in the VM for its life: requests, monitors, timers and aliases are named by
 * one. It remembers which process made it, so that a message can be sent to an alias.
 */

export interface Ref {
  readonly $ref: number
  /** The `$pid` of the process that made it. */
  readonly $of: number
}

/** What `monitor` returns. */
export type MonitorRef = Ref
/** What `sendAfter` and `startTimer` return. */
export type TimerRef = Ref

export class RefTerm implements Ref {
  readonly $ref: number
  readonly $of: number
  constructor(refNumber: number, of: number) {
    this.$ref = refNumber
    this.$of = of
  }
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

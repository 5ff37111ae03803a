/** What is wrong with specs or flags: the reason that OTP gives. A value, as it becomes a reply or an exit reason. */

import type { ExitReason } from '@heddle/scheduler'

export class Fault {
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    this.reason = reason
  }
}

export function isOneOf<T>(value: unknown, known: readonly T[]): value is T {
  return known.includes(value as T)
}

/** Neither null nor an array: something that can have flags. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

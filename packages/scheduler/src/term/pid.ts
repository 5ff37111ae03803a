/**
 * A pid names one process of one VM, for ever: the slot of the process table it lives in, and the
 * generation of that slot. It is plain data (one number), travels in messages, and is never reused.
 *
 *     $pid = generation * 2^24 + slot          generation < 2^29, slot < 2^24
 *
 * Rejected: two fields (twice the size in every message), a BigInt (10 times slower to compare), an
 * object compared by identity (a clone of a pid must still be that pid).
 */

export interface Pid {
  readonly $pid: number
}

/** By its public name, as the floors down here import nothing of Node's. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** The pids that the VM makes. A class, so that copier and codec know them at a glance; any `{ $pid }` is as good. */
export class PidTerm implements Pid {
  readonly $pid: number
  constructor(pidNumber: number) {
    this.$pid = pidNumber
  }

  toString(): string {
    return formatPid(this)
  }

  /** What `console.log` and `util.inspect` show. */
  [INSPECT](): string {
    return formatPid(this)
  }
}

export const SLOT_BITS = 24
export const SLOT_COUNT_MAX = 2 ** SLOT_BITS
const SLOT_MASK = SLOT_COUNT_MAX - 1

export function pidNumber(slot: number, generation: number): number {
  return generation * SLOT_COUNT_MAX + slot
}

/** `&` works on the low 32 bits of any safe integer, and the slot lies in the low 24. */
export function slotOf(pid: number): number {
  return pid & SLOT_MASK
}

export function generationOf(pid: number): number {
  return Math.floor(pid / SLOT_COUNT_MAX)
}

export function isPid(value: unknown): value is Pid {
  return typeof value === 'object' && value !== null && Number.isSafeInteger((value as Partial<Pid>).$pid)
}

/** For people, as Erlang writes it: `<node.slot.generation>`, where the node is this one, 0. */
export function formatPid({ $pid }: Pid): string {
  return `<0.${slotOf($pid)}.${generationOf($pid)}>`
}

/** Whether two pids name the same process. Clones of a pid are equal, but not identical. */
export function samePid(a: Pid, b: Pid): boolean {
  return a.$pid === b.$pid
}

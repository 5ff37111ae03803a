/** What a process may grow to, and how it ranks: spawn options, checked. */

import { HeddleError } from '../term/errors.ts'
import { formatReason } from '../term/exit-reason.ts'

/**
 * A bound for a mailbox. It counts what processes and timers send; what the VM itself puts there (EXIT, DOWN, replies to
 * requests, timeouts) always comes. A call that is dropped fails at its caller with reason `mailbox_full`.
 */
export interface MailboxLimit {
  /** So many messages may wait. */
  readonly count: number
  /**
   * At the limit: the message that comes is dropped, or the oldest, or the process ends with `['mailbox_full', count]`.
   * `mute_senders` drops nothing: whoever sends then is held at its next turn until half of the messages have been handled.
   */
  readonly onFull: 'drop_newest' | 'drop_oldest' | 'exit' | 'mute_senders'
}

/**
 * A bound for what a process holds: an estimate of its state, mailbox and dictionary, made between turns. What
 * stands on its stack, or in closures, is not seen. OTP: `max_heap_size`.
 */
export interface HeapLimit {
  /** 0: no limit. */
  readonly bytes: number
  /** Ends the process with reason `killed`; default true. */
  readonly kill?: boolean
  /** Tells of it by a report; default true. */
  readonly report?: boolean
}

/** Levels of the run queue: `high` goes before `normal`, `max` before `high`; of eight turns `low` gets one. */
export type Priority = 'low' | 'normal' | 'high' | 'max'

export const PRIORITIES = ['low', 'normal', 'high', 'max'] as const satisfies readonly Priority[]
export const NORMAL = PRIORITIES.indexOf('normal')

const ON_FULL: readonly unknown[] = [
  'drop_newest',
  'drop_oldest',
  'exit',
  'mute_senders',
] satisfies MailboxLimit['onFull'][]

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function checkPriority(priority: unknown): number {
  const level = PRIORITIES.indexOf(priority as Priority)
  if (level >= 0) return level
  throw bad('priority', `one of ${PRIORITIES.join(', ')}`, priority)
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function checkMailboxLimit(limit: unknown): MailboxLimit | undefined {
  if (limit === undefined) return undefined
  const { count, onFull } = (limit ?? {}) as Partial<MailboxLimit>
  if (!Number.isInteger(count) || (count as number) < 1 || !ON_FULL.includes(onFull)) {
    throw bad(
      'maxMailbox',
      `{ count, onFull }, with a count from 1 and onFull one of ${ON_FULL.join(', ')}`,
      limit,
    )
  }
  return { count: count as number, onFull: onFull as MailboxLimit['onFull'] }
}

/** A number is short for `{ bytes }`. @throws HeddleError ERR_BAD_ARGUMENT */
export function checkHeapLimit(limit: unknown): Required<HeapLimit> | undefined {
  if (limit === undefined) return undefined
  const given = typeof limit === 'number' ? { bytes: limit } : ((limit ?? {}) as Partial<HeapLimit>)
  const { bytes, kill = true, report = true } = given
  const isSound = typeof kill === 'boolean' && typeof report === 'boolean'
  if (!Number.isInteger(bytes) || (bytes as number) < 0 || !isSound) {
    throw bad('maxHeapBytes', 'a whole number of bytes, or { bytes, kill, report }', limit)
  }
  return bytes === 0 ? undefined : { bytes: bytes as number, kill, report }
}

function bad(name: string, wanted: string, given: unknown): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `${name} must be ${wanted}, not ${formatReason(given)}`)
}

/**
 * Overload protection of a handler, as a state machine without a process: from each event that comes, and each batch that has been
 * written, to what is to be done. A handler that cannot keep up must neither slow the system down nor eat its memory:
 *
 *     length of the queue   < sync   async    accepted
 *                          >= sync   sync     accepted; those who log give way to others
 *                          >= drop   drop     refused, and counted; told when it is over
 *                         >= flush   (flush)  all that waits is thrown away, and counted; then as before
 *                          >= kill   (kill)   the handler is ended, and started again after a while
 *
 * The length counts what has come and was not dealt with; what is refused in drop mode counts until the writer takes its next
 * batch, as if it stood in a mailbox. Besides, not more than so many events are accepted within a window of time (a burst).
 *
 * Source of the rules and of all defaults: OTP's `logger_olp`.
 */

import type { ExitReason } from '@heddle/scheduler'

export type Mode = 'async' | 'sync' | 'drop'

export interface OverloadLimits {
  /** From so many events that wait on, those who log give way. Default 10. */
  readonly syncQueueLength: number
  /** From so many on, events are refused. Default 200. */
  readonly dropQueueLength: number
  /** From so many on, all that wait are thrown away. Default 1,000. */
  readonly flushQueueLength: number
  /** So many events within so many ms are accepted; `false`: any number. Default 500 in 1,000 ms. */
  readonly burst: { readonly countMax: number; readonly windowMs: number } | false
  /** From so many events, or so many bytes (an estimate), on, the handler is ended; and started again, or not. Default `false`. */
  readonly kill:
    | {
        readonly queueLength: number
        readonly bytes: number
        /** `Infinity`: never. */
        readonly restartAfterMs: number
      }
    | false
}

/** OTP's; `kill: KILL_DEFAULTS` switches it on. */
export const KILL_DEFAULTS = { queueLength: 20_000, bytes: 3_000_000, restartAfterMs: 5_000 } as const

export const OVERLOAD_DEFAULTS: OverloadLimits = {
  syncQueueLength: 10,
  dropQueueLength: 200,
  flushQueueLength: 1_000,
  burst: { countMax: 500, windowMs: 1_000 },
  kill: false,
}

/** Counts since the handler started. */
export interface LoadCounts {
  readonly accepted: number
  /** In drop mode, here or at those who log. */
  readonly dropped: number
  readonly flushed: number
  /** Beyond the burst limit. */
  readonly burst: number
}

/** How a handler stands. Plain data, changed in place. */
export interface Load {
  mode: Mode
  /** Accepted, and not yet taken by the writer. */
  waiting: number
  /** Refused since the writer last took some. */
  refused: number
  windowStartMs: number
  windowCount: number
  accepted: number
  dropped: number
  flushed: number
  burst: number
  /** How much of `dropped` and `burst` has been told. */
  toldDropped: number
  toldBurst: number
}

export function newLoad(nowMs: number): Load {
  return {
    mode: 'async',
    waiting: 0,
    refused: 0,
    windowStartMs: nowMs,
    windowCount: 0,
    accepted: 0,
    dropped: 0,
    flushed: 0,
    burst: 0,
    toldDropped: 0,
    toldBurst: 0,
  }
}

/** `flush`: throw away all that waits, this event with it. */
export type Verdict = 'accept' | 'refuse' | 'flush' | 'kill'

/** An event has come. */
export function arrive(load: Load, limits: OverloadLimits, nowMs: number): Verdict {
  const length = load.waiting + load.refused + 1
  if (limits.kill !== false && length > limits.kill.queueLength) return 'kill'
  if (length > limits.flushQueueLength) {
    load.flushed += length
    // They were counted as dropped; now they are counted as this.
    load.dropped -= load.refused
    load.waiting = load.refused = 0
    load.mode = 'async'
    return 'flush'
  }
  load.mode = modeOf(length - 1, limits)
  if (load.mode === 'drop') {
    load.refused += 1
    load.dropped += 1
    return 'refuse'
  }
  if (isBurst(load, limits, nowMs)) {
    load.burst += 1
    return 'refuse'
  }
  load.waiting += 1
  load.accepted += 1
  return 'accept'
}

/** The writer has taken so many. */
export function taken(load: Load, limits: OverloadLimits, count: number): void {
  load.waiting -= count
  load.refused = 0
  load.mode = modeOf(load.waiting, limits)
}

function modeOf(length: number, { syncQueueLength, dropQueueLength }: OverloadLimits): Mode {
  if (length >= dropQueueLength) return 'drop'
  return length >= syncQueueLength ? 'sync' : 'async'
}

function isBurst(load: Load, { burst }: OverloadLimits, nowMs: number): boolean {
  if (burst === false) return false
  if (nowMs - load.windowStartMs >= burst.windowMs) {
    load.windowStartMs = nowMs
    load.windowCount = 0
  }
  load.windowCount += 1
  return load.windowCount > burst.countMax
}

/** What was dropped and is not told yet; asking counts as telling. */
export function untold(load: Load): { readonly dropped: number; readonly burst: number } {
  const found = { dropped: load.dropped - load.toldDropped, burst: load.burst - load.toldBurst }
  load.toldDropped = load.dropped
  load.toldBurst = load.burst
  return found
}

const KEYS = Object.keys(OVERLOAD_DEFAULTS)
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0

/** What is wrong with these limits; OTP's `invalid_olp_config` and `invalid_olp_levels`. */
export function checkLimits(given: unknown): ExitReason | undefined {
  if (typeof given !== 'object' || given === null) return ['invalid_olp_config', given]
  const limits = given as Partial<OverloadLimits>
  const bad = Object.entries(limits).find(([key, value]) => !KEYS.includes(key) || !isLimit(key, value))
  if (bad !== undefined) return ['invalid_olp_config', bad]
  const { syncQueueLength, dropQueueLength, flushQueueLength } = { ...OVERLOAD_DEFAULTS, ...limits }
  const isOrdered =
    dropQueueLength > 1 && syncQueueLength <= dropQueueLength && dropQueueLength <= flushQueueLength
  if (isOrdered) return undefined
  return ['invalid_olp_levels', { syncQueueLength, dropQueueLength, flushQueueLength }]
}

function isLimit(key: string, value: unknown): boolean {
  if (key !== 'burst' && key !== 'kill') return isCount(value)
  if (value === false) return true
  if (typeof value !== 'object' || value === null) return false
  const { countMax, windowMs, queueLength, bytes, restartAfterMs } = value as Record<string, unknown>
  if (key === 'burst') return isCount(countMax) && isCount(windowMs)
  return isCount(queueLength) && isCount(bytes) && (isCount(restartAfterMs) || restartAfterMs === Infinity)
}

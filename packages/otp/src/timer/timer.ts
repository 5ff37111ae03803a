/**
 * OTP's `timer`: messages, exit signals and processes that come after a while, once or again and again.
 * For a message that comes once, to be cancelled where it was started, `self.sendAfter` costs less.
 *
 * What differs from OTP: there is no timer server, each timer is a process (on the scheduler of whoever
 * started it, with which it dies); functions do not travel, so what OTP applies is spawned here, a
 * definition with an argument; misuse throws, where OTP returns `{error, badarg}`; an interval is at least
 * 1 ms.
 */

import {
  type DefinitionAddress,
  type Destination,
  type ExitReason,
  HeddleError,
  isPid,
  isRef,
  isVia,
  type Op,
  type Pid,
  type Self,
  type Spawnable,
} from '@heddle/scheduler'
import { type Plan, ticker, type Work } from './ticker.ts'

/** A timer. Plain data: it can be kept, sent, and cancelled by whoever has it; no two timers have the same. */
export interface TRef {
  readonly $timer: Pid
}

// ---- once ----

/**
 * Sends a message after so many ms. A name is looked up then; if nobody has it, the message is dropped.
 *
 * @throws HeddleError ERR_TIMEOUT_VALUE, ERR_BAD_ARGUMENT, ERR_UNCLONABLE, ERR_SYSTEM_LIMIT
 * @example const late = timer.sendAfter(self, 500, self.pid, { type: 'late' })
 *          yield* timer.cancel(self, late)
 */
export function sendAfter(self: Self, ms: number, to: Destination, message: unknown): TRef {
  return start(self, 'never', ms, { do: 'send', to: checkDestination(self, to), message }, pidOrNone(to))
}

/**
 * Sends an exit signal after so many ms. A name is looked up then.
 * @throws HeddleError as `sendAfter`
 * @example timer.exitAfter(self, timer.seconds(30), worker, 'too_slow')
 */
export function exitAfter(self: Self, ms: number, target: Pid | string, reason: ExitReason): TRef {
  return start(self, 'never', ms, { do: 'exit', to: checkTarget(self, target), reason }, pidOrNone(target))
}

/**
 * Kills a process after so many ms, even one that traps exits: it ends with `killed`.
 * @throws HeddleError as `sendAfter`
 */
export function killAfter(self: Self, ms: number, target: Pid | string): TRef {
  return exitAfter(self, ms, target, 'kill')
}

/**
 * Spawns a process after so many ms; OTP's `apply_after`. Whoever started the timer may be gone by then.
 * @throws HeddleError as `sendAfter`
 * @example timer.applyAfter(self, timer.hours(1), sweep, { table: 'sessions' })
 */
export function applyAfter<A>(self: Self, ms: number, definition: Spawnable<A>, argument: NoInfer<A>): TRef {
  return start(self, 'never', ms, spawning(definition, argument), undefined)
}

// ---- again and again ----

/**
 * Sends a message every so many ms: the n-th not before n times that, counted from now, however late the
 * one before was. Ends when it is cancelled, or with the process that is its destination; with a name, that
 * is the process which has it now.
 *
 * What differs from OTP: an interval to an alias ends only when it is cancelled; one to a `via` name, when
 * nobody has the name any more.
 *
 * @throws HeddleError as `sendAfter`
 * @example timer.sendInterval(self, 1_000, self.pid, { type: 'tick' })
 */
export function sendInterval(self: Self, ms: number, to: Destination, message: unknown): TRef {
  const endsWith = typeof to === 'string' ? to : pidOrNone(to)
  return start(self, 'always', ms, { do: 'send', to: checkDestination(self, to), message }, endsWith)
}

/**
 * Spawns a process every so many ms, whether the ones before have ended or not. Ends when it is cancelled,
 * or with the process that started it; what it has spawned goes on.
 * @throws HeddleError as `sendAfter`
 */
export function applyInterval<A>(
  self: Self,
  ms: number,
  definition: Spawnable<A>,
  argument: NoInfer<A>,
): TRef {
  return start(self, 'always', ms, spawning(definition, argument), self.pid)
}

/**
 * As `applyInterval`, but waits until the process it has spawned has ended. What is due meanwhile is made up
 * for: the processes follow each other without a pause until there are as many as there should be.
 * @throws HeddleError as `sendAfter`
 */
export function applyRepeatedly<A>(
  self: Self,
  ms: number,
  definition: Spawnable<A>,
  argument: NoInfer<A>,
): TRef {
  return start(self, 'when_done', ms, spawning(definition, argument), self.pid)
}

// ---- the end of a timer ----

/**
 * Cancels a timer, from any process, at once. When the operation is through, nothing of the timer is under way
 * to this process: either its message is in the mailbox, or none will come. Nothing happens if the timer has
 * fired, or was cancelled before; OTP's `{ok, cancel}` says no more.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT
 * @example yield* timer.cancel(self, ticking)
 */
export function cancel(self: Self, timer: TRef): Op<void> {
  const pid = (timer as Partial<TRef> | null | undefined)?.$timer
  if (!isPid(pid)) throw new HeddleError('ERR_BAD_ARGUMENT', 'cancel() takes what a timer function returned')
  self.exit(pid, 'kill')
  // The answer travels behind all that the timer has sent here.
  return self.isAlive(pid) as Op<unknown> as Op<void>
}

// ---- time ----

/** Waits so many ms; OTP's `sleep`, with `Infinity` for ever. @throws HeddleError ERR_TIMEOUT_VALUE */
export function sleep(self: Self, ms: number): Op<void> {
  return self.sleep(ms)
}

/** What something took, and what it came to. */
export interface Timed<T> {
  readonly micros: number
  readonly value: T
}

/**
 * Runs a function and measures it, by the VM's clock. A generator is run to its end, with `yield*`; a promise is
 * waited for, with `await`. What it throws goes through.
 *
 * @example const { micros, value } = timer.tc(self, () => parse(text))
 * @example const { micros } = yield* timer.tc(self, function* () { return yield* self.call(ref, bank.total()) })
 */
export function tc<T>(
  self: Self,
  run: () => Generator<Op<unknown>, T, unknown>,
): Generator<Op<unknown>, Timed<T>, unknown>
export function tc<T>(self: Self, run: () => PromiseLike<T>): Promise<Timed<T>>
export function tc<T>(self: Self, run: () => T): Timed<T>
export function tc(self: Self, run: () => unknown): unknown {
  const startMs = self.nowMs()
  const timed = (value: unknown): Timed<unknown> => {
    return { micros: Math.round((self.nowMs() - startMs) * 1_000), value }
  }
  const value = run()
  if (isGenerator(value)) return timeSteps(value, timed)
  return isPromise(value) ? Promise.resolve(value).then(timed) : timed(value)
}

function* timeSteps<T>(
  steps: Generator<Op<unknown>, T, unknown>,
  timed: (value: T) => Timed<unknown>,
): Generator<Op<unknown>, Timed<unknown>, unknown> {
  return timed(yield* steps)
}

/** Hours, minutes and seconds in ms. */
export function hms(hoursCount: number, minutesCount: number, secondsCount: number): number {
  return hours(hoursCount) + minutes(minutesCount) + seconds(secondsCount)
}

/** Hours in ms. */
export function hours(count: number): number {
  return minutes(60 * count)
}

/** Minutes in ms. */
export function minutes(count: number): number {
  return seconds(60 * count)
}

/** Seconds in ms. */
export function seconds(count: number): number {
  return 1_000 * count
}

// ---- inside ----

/** Far enough for anybody, and ticks far ahead are still whole numbers. */
const MS_MAX = 2 ** 48

function start(
  self: Self,
  repeats: Plan['repeats'],
  everyMs: number,
  work: Work,
  endsWith: Pid | string | undefined,
): TRef {
  const min = repeats === 'never' ? 0 : 1
  if (!Number.isInteger(everyMs) || everyMs < min || everyMs > MS_MAX) {
    const wanted = `a whole number of ms from ${min} to 2^48`
    throw new HeddleError('ERR_TIMEOUT_VALUE', `this timer takes ${wanted}, not ${String(everyMs)}`)
  }
  const plan: Plan = { work, startMs: self.nowMs(), everyMs, repeats, endsWith }
  return { $timer: self.spawn(ticker, plan, { scheduler: 'local' }) }
}

function spawning<A>(definition: Spawnable<A>, argument: A): Work {
  const { url, name } =
    (definition as Partial<Spawnable<A>> | undefined)?.$ ?? ({} as Partial<DefinitionAddress>)
  if (typeof url === 'string' && typeof name === 'string') {
    return { do: 'spawn', definition: { url, name }, argument }
  }
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    'not a definition: a timer spawns what process(), genServer() or supervisor() returned',
  )
}

function checkDestination(self: Self, to: Destination): Destination {
  return isRef(to) || isVia(to) ? to : checkTarget(self, to)
}

function checkTarget<T extends Pid | string>(self: Self, target: T): T {
  if (typeof target === 'string') {
    // Whoever has it: this says what is no name.
    self.whereis(target)
    return target
  }
  if (isPid(target)) return target
  throw new HeddleError('ERR_BAD_ARGUMENT', `a timer takes a pid or a name, not ${String(target)}`)
}

function pidOrNone(to: Destination): Pid | undefined {
  return isPid(to) ? to : undefined
}

function isGenerator(value: unknown): value is Generator<Op<unknown>, unknown, unknown> {
  return typeof value === 'object' && value !== null && Symbol.toStringTag in value && 'next' in value
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}

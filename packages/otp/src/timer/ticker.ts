/**
 * The process that a timer is: it waits for its time, does its *work*, and ends or waits for the next.
 * It is all that there is of a timer, so that a timer can be cancelled from anywhere (a signal finds it),
 * and its reference is never used again (a pid is not).
 *
 *     start          tick 1          tick 2          tick 3
 *       |--- everyMs ---|--- everyMs ---|--- everyMs ---|      tick n is due at start + n * everyMs
 *
 * A tick's time is counted from the start, never from the tick before it: one that comes late makes no
 * other late, and those that it has held up come one right after the other.
 *
 * Rejected: one server for all timers, as OTP had it (every message of every timer passes through one
 * mailbox, on one core); the scheduler's own timers for those that fire once (they are cancelled on their
 * own scheduler only).
 */

import {
  again,
  type BodyResult,
  type DefinitionAddress,
  type Destination,
  done,
  Exit,
  type ExitReason,
  HeddleError,
  type MonitorRef,
  type Pid,
  process,
  type Ref,
  type Self,
  type TimerRef,
} from '@heddle/scheduler'

/** What a timer does when it is time; plain data. */
export type Work =
  | { readonly do: 'send'; readonly to: Destination; readonly message: unknown }
  | { readonly do: 'exit'; readonly to: Pid | string; readonly reason: ExitReason }
  | { readonly do: 'spawn'; readonly definition: DefinitionAddress; readonly argument: unknown }

/** What a timer is started with; plain data. */
export interface Plan {
  readonly work: Work
  /** A point of `self.nowMs()`. */
  readonly startMs: number
  readonly everyMs: number
  /** `when_done`: not before the process that the last tick spawned has ended. */
  readonly repeats: 'never' | 'always' | 'when_done'
  /** The timer ends with this process. */
  readonly endsWith: Pid | string | undefined
}

interface Ticker {
  readonly plan: Plan
  readonly watch: MonitorRef | undefined
  /** The tick that it waits for, from 1. */
  tick: number
  alarm: TimerRef
  /** The monitor of the process that the last tick spawned, if that matters. */
  run: MonitorRef | undefined
}

export const ticker = process(import.meta.url, 'timer', {
  init: (plan: Plan, self): Ticker => {
    const watch = plan.endsWith === undefined ? undefined : self.monitor(plan.endsWith)
    return { plan, watch, tick: 1, alarm: startAlarm(plan, 1, self), run: undefined }
  },
  handle: (state, message, self): BodyResult<Ticker> => {
    const { type, ref } = message as { readonly type?: unknown; readonly ref?: Ref }
    if (type === 'timeout' && isSame(ref, state.alarm)) return tick(state, self)
    if (type === 'DOWN' && isSame(ref, state.watch)) return done()
    if (type === 'DOWN' && isSame(ref, state.run)) return awaitNext(state, self)
    return again(state)
  },
})

function isSame(ref: Ref | undefined, known: Ref | undefined): boolean {
  return known !== undefined && ref?.$ref === known.$ref
}

function startAlarm({ startMs, everyMs }: Plan, tick: number, self: Self): TimerRef {
  return self.startTimer(startMs + tick * everyMs, self.pid, undefined, { abs: true })
}

function tick(state: Ticker, self: Self): BodyResult<Ticker> {
  const { plan } = state
  if (plan.repeats === 'when_done' && plan.work.do === 'spawn') {
    const { definition, argument } = plan.work
    state.run = self.spawnMonitor({ $: definition }, argument).monitor
    return again(state)
  }
  const isThere = perform(plan.work, self)
  return plan.repeats === 'always' && isThere ? awaitNext(state, self) : done()
}

function awaitNext(state: Ticker, self: Self): BodyResult<Ticker> {
  state.tick += 1
  state.alarm = startAlarm(state.plan, state.tick, self)
  return again(state)
}

/** Returns whether there was somebody to do it to. */
function perform(work: Work, self: Self): boolean {
  switch (work.do) {
    case 'send':
      return send(work.to, work.message, self)
    case 'exit': {
      const pid = typeof work.to === 'string' ? self.whereis(work.to) : work.to
      if (pid !== undefined) self.exit(pid, work.reason)
      return pid !== undefined
    }
    case 'spawn':
      self.spawn({ $: work.definition }, work.argument)
      return true
  }
}

/** A name that nobody has makes a send fail; a timer's message is dropped then. */
function send(to: Destination, message: unknown, self: Self): boolean {
  try {
    self.send(to, message)
    return true
  } catch (error) {
    if (error instanceof Exit || (error instanceof HeddleError && error.code === 'ERR_UNKNOWN_NAME'))
      return false
    throw error
  }
}

/**
 * The process of a state machine: takes messages as events, runs the callbacks that the engine asks for, and rests when
 * it says so. A callback that returns at once is handled in one loop; one that waits (a generator, a promise) leaves
 * it, and what waits in the mailbox waits, in order.
 *
 * Source of the rules: OTP's `gen_statem`.
 */

import {
  type BodyResult,
  type ExitReason,
  HeddleError,
  type Ref,
  type Self,
  type TimeoutMessage,
  type Turn,
} from '@heddle/scheduler'
import { isWatched, note } from '../../gen/behaviour.ts'
import type { Birth } from '../../gen/birth.ts'
import { newCore, rest, restHibernating } from '../../gen/core.ts'
import { type Cause, endProcess, exitCause, faultCause, thrownCause } from '../../gen/ending.ts'
import { isDoomed } from '../../gen/handle-system.ts'
import { FailInit, Ignore, initialise, StopInit } from '../../gen/initialise.ts'
import { after, isStep, type Towards } from '../../gen/step.ts'
import {
  isNoEnter,
  type Life,
  loadCode,
  type MachineCode,
  presentCode,
  runCallback,
  runEnter,
} from './code.ts'
import {
  begin,
  CALL,
  END,
  ENTER,
  expire,
  newMachine,
  type Outside,
  REST,
  settle,
  skipEnter,
  take,
  type Verdict,
} from './engine.ts'
import { describeEvent, isCast, type MachineEvent } from './events.ts'
import { Begin } from './next.ts'
import { reportEnd } from './status.ts'

type Result = BodyResult<Life>

// ---- birth ----

/** A machine's `init`. */
export function beginMachine(code: MachineCode, birth: Birth, self: Self): Towards<Life | Turn<Life>> {
  return initialise<Life | Turn<Life>>(
    birth,
    self,
    () => runInit(code, birth, self),
    (result) => (result instanceof Begin ? { goOn: () => firstState(code, birth, result, self) } : undefined),
  )
}

/** As OTP has it, what is no return value of an `init` has a reason of its own. */
function runInit(code: MachineCode, birth: Birth, self: Self): unknown {
  const thrown = (error: unknown): unknown => {
    if (error instanceof Error) throw error
    return checked(error)
  }
  let result: unknown
  try {
    result = code.init(birth.argument as never, self)
  } catch (error) {
    return thrown(error)
  }
  return isStep(result) ? after(result, checked, thrown) : checked(result)
}

function checked(result: unknown): unknown {
  const isGood =
    result instanceof Begin ||
    result instanceof StopInit ||
    result instanceof Ignore ||
    result instanceof FailInit
  return isGood ? result : new StopInit(['bad_return_from_init', result])
}

/** For `enterLoop`: the first state of a process that was something else before. */
export function enterMachine(
  code: MachineCode,
  birth: Pick<Birth, 'parent' | 'extras'>,
  result: unknown,
  self: Self,
): Result {
  if (result instanceof Begin) return firstState(code, birth, result, self)
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    `a machine is entered with beginIn(state, data), not ${String(result)}`,
  )
}

function firstState(
  code: MachineCode,
  birth: Pick<Birth, 'parent' | 'extras'>,
  result: Begin<unknown, unknown>,
  self: Self,
): Result {
  const life: Life = { ...newCore(birth), ...newMachine() }
  const { state, data, actions } = result
  return proceed(code, life, () => begin(life, state, data, actions, outsideOf(code, life, self)), self)
}

// ---- events ----

interface Incoming {
  readonly type?: unknown
}

/** One message. */
export function handleMessage(code: MachineCode, life: Life, message: unknown, self: Self): Result {
  const event = eventOf(life, message)
  if (event === undefined) return atRest(life)
  return run(code, life, take(life, event), self)
}

/** `undefined`: a time-out that was cancelled when its message was under way already. */
function eventOf(life: Life, message: unknown): MachineEvent | undefined {
  if (typeof message === 'object' && message !== null) {
    if (isCast(message as MachineEvent)) return message as MachineEvent
    const { type } = message as Incoming
    if (type === '$call') return message as MachineEvent
    if (type === 'timeout') {
      const { ref, message: content } = message as TimeoutMessage<{ $timeout?: unknown } | null>
      const key = content?.$timeout
      if (typeof key === 'string') return expire(life, key, ref as Ref)
    }
  }
  return { type: 'info', content: message }
}

function atRest(life: Life): Result {
  return life.hibernates ? restHibernating(life) : rest(life)
}

/** So many events from its own queue, and others get their turn. */
const EVENTS_PER_TURN = 256

/** Runs callbacks until there is nothing to do, or one waits. */
function run(own: MachineCode, life: Life, verdict: Verdict, self: Self): Result {
  const outside = outsideOf(own, life, self)
  let now = verdict
  for (let eventCount = 0; ; ) {
    if (now === REST) return atRest(life)
    if (now === END) return endMachine(own, life, self)
    const code = presentCode(own, life)
    if (code === undefined) return loadAndRun(own, life, now, self)
    if (now === CALL && ++eventCount > EVENTS_PER_TURN) {
      return after(self.yield(), () => run(own, life, CALL, self)) as Result
    }
    try {
      const result = now === ENTER ? enterState(code, life, self) : callBack(code, life, self)
      if (isNoEnter(result)) now = skipEnter(life, outside)
      else if (isStep(result)) return wait(own, life, result, self)
      else now = settle(life, result, outside)
    } catch (thrown) {
      return caught(own, life, thrown, self)
    }
  }
}

function enterState(code: MachineCode, life: Life, self: Self): unknown {
  const { transition, state } = life
  return runEnter(code, transition.state, transition.data, state, self)
}

function callBack(code: MachineCode, life: Life, self: Self): unknown {
  return runCallback(code, life.state, life.data, life.current as MachineEvent, self)
}

function wait(own: MachineCode, life: Life, step: PromiseLike<unknown>, self: Self): Result {
  return after(
    step,
    (value) => proceed(own, life, () => settle(life, value, outsideOf(own, life, self)), self),
    (thrown) => caught(own, life, thrown, self),
  ) as Result
}

/** It has gone over to the callbacks of a definition that this thread has not met. */
function loadAndRun(own: MachineCode, life: Life, verdict: Verdict, self: Self): Result {
  return after(
    loadCode(life),
    () => run(own, life, verdict, self),
    (thrown) => crash(own, life, thrown, self),
  ) as Result
}

/** Settles, which may fail (a reply that cannot be sent), and runs on. */
function proceed(own: MachineCode, life: Life, decide: () => Verdict, self: Self): Result {
  let verdict: Verdict
  try {
    verdict = decide()
  } catch (thrown) {
    return crash(own, life, thrown, self)
  }
  return run(own, life, verdict, self)
}

/** A callback threw: what is no error counts as returned. */
function caught(own: MachineCode, life: Life, thrown: unknown, self: Self): Result {
  if (thrown instanceof Error) return crash(own, life, thrown, self)
  return proceed(own, life, () => settle(life, thrown, outsideOf(own, life, self)), self)
}

// ---- debugging ----

/** What the engine asks goes to the process itself, and by the way to whoever watches it. */
function outsideOf(own: MachineCode, life: Life, self: Self): Outside {
  return isWatched(life) ? watchedOutside(own, life, self) : self
}

function watchedOutside(own: MachineCode, life: Life, self: Self): Outside {
  return {
    pid: self.pid,
    reply(from, value) {
      self.reply(from, value)
      note(own, life, ['out', value, from], self)
    },
    startTimer(ms, to, message, options) {
      note(own, life, ['start_timer', message, ms, life.transition.state], self)
      return self.startTimer(ms, to, message, options)
    },
    cancelTimer: self.cancelTimer.bind(self) as Self['cancelTimer'],
    handled(event, isPostponed, state, nextState) {
      note(own, life, [isPostponed ? 'postpone' : 'consume', describeEvent(event), state, nextState], self)
    },
  }
}

// ---- the end ----

function endMachine(own: MachineCode, life: Life, self: Self): Result {
  const { reason, isError } = life.end as NonNullable<Life['end']>
  if (!isError) return end(own, life, exitCause(reason), reason, self)
  const stack = new Error('a fault of a callback').stack ?? ''
  return end(own, life, faultCause('error', [reason, stack]), reason, self)
}

/** A callback threw; the machine is where it was before. */
function crash(own: MachineCode, life: Life, thrown: unknown, self: Self): Result {
  // It has ended while its callback ran: this is how the scheduler leaves its code.
  if (isDoomed(thrown)) throw thrown
  const cause = thrownCause(thrown)
  return end(own, life, cause, cause.reason, self)
}

/** Runs `terminate`, which hears `reason`, and exits. */
export function end(own: MachineCode, life: Life, cause: Cause, reason: ExitReason, self: Self): Result {
  const { terminate } = presentCode(own, life) ?? own
  return endProcess(self, cause, {
    terminate: terminate && (() => terminate(reason, life.state as never, life.data as never, self)),
    report: (last) => reportEnd(own, life, last, last === cause ? reason : last.reason, self),
  }) as Result
}

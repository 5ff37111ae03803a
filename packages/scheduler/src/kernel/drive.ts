/**
 * Running bodies. A turn takes a process from where it stands (about to start, at rest with messages,
 * inside a generator, behind a settled promise) to where it waits again, or until its reductions are
 * spent. The plain path, a callback that returns `again(state)`, stays in one small loop; generators,
 * promises and chains of them leave it.
 */

import { Operation } from '../process/op.ts'
import { PREEMPT } from '../process/preempt.ts'
import { PHASE, type Process, STATUS } from '../process/process.ts'
import { TIMEOUT } from '../process/self.ts'
import { AGAIN, Chain, HIBERNATE, NO_TIMEOUT, Turn } from '../process/turn.ts'
import { type ExitReason, formatReason } from '../term/exit-reason.ts'
import { applyDeferred } from './deferred.ts'
import { checkHeap } from './heap-limit.ts'
import type { Kernel } from './kernel.ts'
import { crash, dropWaiting, stopRestAlarm, terminate } from './lifecycle.ts'
import { checkOverload } from './muting.ts'
import { answerPreempt, firstStrip } from './preemption.ts'

/** Messages and operations a process may use up before another gets its turn. */
export const REDUCTIONS_PER_TURN = 256

export function takeTurn(kernel: Kernel, process: Process): void {
  process.status = STATUS.running
  process.budget = REDUCTIONS_PER_TURN
  // For whoever watches this thread from another: who it is that does not come back.
  kernel.counters.beginStep(process.pid, process.definition === null ? 0 : process.definition.number)
  let thrown: { readonly error: unknown } | null = null
  for (;;) {
    try {
      if (thrown === null) resume(kernel, process)
      else recover(kernel, process, thrown.error)
      break
    } catch (error) {
      thrown = { error }
    }
  }
  kernel.reductionCount += REDUCTIONS_PER_TURN - Math.max(process.budget, 0)
  process.reductionCount += REDUCTIONS_PER_TURN - Math.max(process.budget, 0)
  const { extras } = process
  if (extras === null) return
  checkHeap(kernel, process)
  if (extras.isOverloaded) checkOverload(kernel, process, extras)
}

/** Goes on from where the process stands. Throws what its code throws. */
function resume(kernel: Kernel, process: Process): void {
  switch (process.phase) {
    case PHASE.init: {
      process.phase = PHASE.rest
      const argument = process.state
      process.state = undefined
      const definition = process.definition
      if (definition === null) throw new Error('a process without definition was run')
      process.isStarted = false
      if (advance(kernel, process, definition.init(argument as never, process.self))) rest(kernel, process)
      break
    }
    case PHASE.resuming: {
      process.phase = PHASE.rest
      const resume = process.definition?.moving?.resume
      if (resume === undefined) throw new Error('a process without a wait of its own was resumed')
      if (advance(kernel, process, resume(process.state as never, process.self))) rest(kernel, process)
      break
    }
    case PHASE.iterating:
    case PHASE.settled:
      if (advance(kernel, process, RESUME)) rest(kernel, process)
      break
    default:
      rest(kernel, process)
  }
}

/** Its code threw: the chain's own handlers come first, then it crashes. */
function recover(kernel: Kernel, process: Process, error: unknown): void {
  process.iterator = null
  process.phase = PHASE.rest
  // What counts is how it was doomed, not how it left its code.
  if (process.doom !== null) {
    if (process.status !== STATUS.dead) terminate(kernel, process, process.doom.reason)
    return
  }
  while (process.chain !== null) {
    const { fail, below } = process.chain
    process.chain = below
    if (fail === undefined) continue
    if (advance(kernel, process, fail(error))) rest(kernel, process)
    return
  }
  try {
    crash(kernel, process, error)
  } catch (failure) {
    // Not to be thrown at the loop that brought us here: it would come back for ever.
    if (process.status !== STATUS.dead) terminate(kernel, process, ['crash', formatReason(failure)])
  }
}

/** "The step is inside the iterator, or in the promise that has settled." */
const RESUME: unique symbol = Symbol('resume')
/** "The process waits, or its turn is over." */
const SUSPENDED: unique symbol = Symbol('suspended')

/**
 * Takes a step to its end: through generators, promises and what waits in the chain. Returns whether
 * the process is at rest again; if not, it waits, its turn is over, or it has ended.
 */
function advance(kernel: Kernel, process: Process, from: unknown): boolean {
  let step = from === RESUME ? continueStep(kernel, process) : from
  for (;;) {
    if (step === SUSPENDED) return false
    if (process.doom !== null) {
      if (process.status !== STATUS.dead) terminate(kernel, process, process.doom.reason)
      return false
    }
    if (step instanceof Turn && process.chain === null && process.isStarted)
      return finishTurn(kernel, process, step)
    if (step instanceof Chain) {
      step.below = process.chain
      process.chain = step
      step = step.step
    } else if (isGenerator(step)) {
      process.iterator = step
      step = iterate(kernel, process, step)
    } else if (isPromise(step)) {
      step = awaitPromise(kernel, process, step)
    } else if (process.chain !== null) {
      const { finish, below } = process.chain
      process.chain = below
      step = finish(step)
    } else {
      return finishTurn(kernel, process, step)
    }
  }
}

function continueStep(kernel: Kernel, process: Process): unknown {
  if (process.iterator !== null) return iterate(kernel, process, process.iterator)
  const settled = process.settled
  process.settled = null
  process.phase = PHASE.rest
  if (settled === null) throw new Error('a process was resumed that waits for nothing')
  if (settled.isRejected) throw settled.value
  return settled.value
}

/** Runs a generator until it waits or returns. */
function iterate(kernel: Kernel, process: Process, iterator: Iterator<unknown, unknown, unknown>): unknown {
  process.phase = PHASE.iterating
  // Nobody sees the value but an instrumented loop that asked: it is the answer.
  let result: IteratorResult<unknown, unknown> | undefined = iterator.next(firstStrip(process))
  if (result.done !== true && result.value === PREEMPT) result = answerPreempt(kernel, process, iterator)
  if (result === undefined) {
    kernel.enqueue(process)
    return suspend(kernel, process)
  }
  if (result.done === true) {
    process.iterator = null
    process.phase = PHASE.rest
    return result.value
  }
  // `yield*` hands up the operation itself, which is its own iterator result.
  if (!(result instanceof Operation)) {
    throw new TypeError('a process yielded something that is not an operation: write yield* self.receive(…)')
  }
  if (result.isWaiting) process.status = STATUS.waiting
  else kernel.enqueue(process)
  return suspend(kernel, process)
}

function awaitPromise(kernel: Kernel, process: Process, promise: PromiseLike<unknown>): typeof SUSPENDED {
  const promiseId = ++process.promiseId
  const settle = (isRejected: boolean, value: unknown): void => {
    // Given up: the process has died meanwhile.
    if (process.status === STATUS.dead || process.promiseId !== promiseId) return
    // A thenable may settle twice.
    process.promiseId += 1
    process.settled = { isRejected, value }
    process.phase = PHASE.settled
    kernel.enqueue(process)
  }
  process.phase = PHASE.promise
  process.status = STATUS.waiting
  promise.then(
    (value) => settle(false, value),
    (error: unknown) => settle(true, error),
  )
  return suspend(kernel, process)
}

/** Handles what came while its code was on the stack. */
function suspend(kernel: Kernel, process: Process): typeof SUSPENDED {
  if (process.doom !== null && process.status !== STATUS.dead) terminate(kernel, process, process.doom.reason)
  if (process.deferred !== null) applyDeferred(kernel, process)
  return SUSPENDED
}

/** A whole step is through. Returns whether the process goes on. */
function finishTurn(kernel: Kernel, process: Process, result: unknown): boolean {
  // What an async callback gave up waiting for, in a race for instance, must not take later messages.
  if (process.waiting !== null) dropWaiting(process)
  if (!process.isStarted) {
    process.isStarted = true
    // `init` gives the state; or a turn, to say at once how it goes on.
    if (!(result instanceof Turn)) {
      process.state = result
      return true
    }
  }
  if (!(result instanceof Turn)) {
    terminate(kernel, process, ['bad_return_value', result] as ExitReason, { isCrash: true })
    return false
  }
  if (result.kind === AGAIN) {
    process.state = result.state
    process.restMs = result.afterMs
    return true
  }
  terminate(kernel, process, result.reason)
  return false
}

/** From rest on: runs the body again, or handles messages, until there is nothing to do. */
function rest(kernel: Kernel, process: Process): void {
  const definition = process.definition
  if (definition === null) throw new Error('a process without definition was run')
  if (definition.handle !== undefined) handleMessages(kernel, process, definition.handle as Handle)
  else runAgain(kernel, process, definition.run as Run)
}

type Handle = (state: unknown, message: unknown, self: unknown) => unknown
type Run = (state: unknown, self: unknown) => unknown

function handleMessages(kernel: Kernel, process: Process, handle: Handle): void {
  const { mailbox, self } = process
  for (;;) {
    if (process.deferred !== null) {
      applyDeferred(kernel, process)
      if (process.status === STATUS.dead) return
    }
    if (process.isSuspended) {
      kernel.enqueue(process)
      return
    }
    if (process.isWanted) {
      kernel.enqueue(process)
      kernel.moves.lookSoon()
      return
    }
    if (mailbox.length === 0 && !waitAtRest(kernel, process)) return
    if (--process.budget < 0 || kernel.isTurnLong(process)) {
      kernel.enqueue(process)
      return
    }
    const message = mailbox.shift()
    if (process.restAlarm !== null) stopRestAlarm(kernel, process)
    const result = handle(process.state, message, self)
    if (result instanceof Turn && result.kind === AGAIN && process.doom === null) {
      process.state = result.state
      process.restMs = result.afterMs
    } else if (!advance(kernel, process, result)) {
      return
    }
  }
}

function runAgain(kernel: Kernel, process: Process, run: Run): void {
  for (;;) {
    if (process.deferred !== null) {
      applyDeferred(kernel, process)
      if (process.status === STATUS.dead) return
    }
    if (process.isSuspended) {
      kernel.enqueue(process)
      return
    }
    if (process.isWanted) {
      kernel.enqueue(process)
      kernel.moves.lookSoon()
      return
    }
    if (process.restMs === HIBERNATE) {
      if (process.mailbox.length === 0) {
        process.status = STATUS.waiting
        return
      }
      process.restMs = NO_TIMEOUT
    }
    // A body that never waits must not keep the scheduler.
    if (--process.budget < 0 || kernel.isTurnLong(process)) {
      kernel.enqueue(process)
      return
    }
    if (!advance(kernel, process, run(process.state, process.self))) return
  }
}

/** Nothing waits in the mailbox. Returns true if something does now: the timeout that was asked for. */
function waitAtRest(kernel: Kernel, process: Process): boolean {
  if (process.restMs === 0) {
    process.restMs = NO_TIMEOUT
    process.mailbox.push(TIMEOUT)
    return true
  }
  if (process.restMs > 0 && process.restMs !== Infinity && process.restAlarm === null) {
    process.restAlarm = kernel.alarms.start({ timeUp: () => restTimeUp(kernel, process) }, process.restMs)
  }
  process.status = STATUS.waiting
  return false
}

/** It has been moved while its `afterMs` ran, which ends at this point in time. */
export function restUntil(kernel: Kernel, process: Process, dueMs: number): void {
  // Not at once if it is over: what came for it on its way comes first, and ends the rest.
  const target = { timeUp: () => restTimeUp(kernel, process) }
  process.restAlarm = kernel.alarms.startAt(target, Math.max(dueMs, kernel.outside.now()))
}

/** It has been moved while its `afterMs` stood still, since it is suspended. */
export function restPaused(kernel: Kernel, process: Process, leftMs: number): void {
  process.restAlarm = kernel.alarms.makePaused({ timeUp: () => restTimeUp(kernel, process) }, leftMs)
}

/** `again(state, { afterMs })`: any message cancels it. */
function restTimeUp(kernel: Kernel, process: Process): void {
  // On its way to another kernel: the rest goes on there.
  if (process.status === STATUS.moving) return
  stopRestAlarm(kernel, process)
  // A message that came first cancels it, even if that was not handled yet.
  if (process.mailbox.length > 0) return
  process.restMs = NO_TIMEOUT
  kernel.deliverOwn(process, TIMEOUT)
}

function isGenerator(value: unknown): value is Iterator<unknown, unknown, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Iterator<unknown>).next === 'function' &&
    typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function'
  )
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  )
}

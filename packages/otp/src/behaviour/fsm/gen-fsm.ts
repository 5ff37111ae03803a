/**
 * `genFsm`: what a `gen_fsm`'s callbacks return, in `genStatem`'s words. See `fsm.ts`.
 */

import { Crash, type Self, type TimeoutMessage } from '@heddle/scheduler'
import {
  callbacksOf,
  checkFunctions,
  checkKeys,
  type Given,
  refusing,
  requireFunctions,
  sourceOf,
} from '../../door/callbacks.ts'
import { after, isStep } from '../../gen/step.ts'
import { report } from '../../report/report.ts'
import { Stop } from '../next.ts'
import { type Action, eventTimeout, hibernate, replyTo } from '../statem/actions.ts'
import { defineStatem } from '../statem/gen-statem.ts'
import { beginIn, keepStateAndData, nextState, stopAndReply } from '../statem/next.ts'
import type { FsmCallbacks, FsmState, GenFsm } from './fsm.ts'
import { FsmNext, LATER, TIMER } from './fsm-next.ts'

type Callbacks = FsmCallbacks<unknown, string, unknown>
type Run = (() => unknown) | undefined

/**
 * Defines a state machine in the style of OTP's `gen_fsm`.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const lock = genFsm(import.meta.url, 'lock', {
 *   init: (code: string) => fsm.next('locked', code),
 *   states: {
 *     locked: {
 *       event: (key: unknown, code) =>
 *         key === code ? fsm.next('open', code, { timeoutMs: 10_000 }) : fsm.next('locked', code),
 *     },
 *     open: { event: (_timeout, code) => fsm.next('locked', code) },
 *   },
 * })
 */
export function genFsm<A, S extends string, D>(
  url: string,
  name: string,
  callbacks: FsmCallbacks<A, S, D>,
): GenFsm<A> {
  const given = callbacks as unknown as Callbacks
  checkCallbacks(name, given)
  const { vsn, terminate, codeChange } = given
  const machine = {
    ...(vsn === undefined ? {} : { vsn }),
    init: (argument: unknown, self: Self) =>
      run(() => given.init(argument, self), undefined, self, true) as never,
    ...(handlersOf(given, name) as object),
    ...(terminate === undefined ? {} : { terminate: terminate.bind(given) as never }),
    ...(codeChange === undefined ? {} : { codeChange: codeChange.bind(given) as never }),
  }
  return defineStatem(url, name, machine, () => sourceOf(given)) as unknown as GenFsm<A>
}

const OPTIONAL = ['handleEvent', 'handleSyncEvent', 'handleInfo', 'terminate', 'codeChange'] as const
const KEYS: readonly string[] = ['vsn', 'init', 'states', ...OPTIONAL]
const STATE_KEYS = ['event', 'sync'] as const

function checkCallbacks(name: unknown, given: unknown): void {
  const refuse = refusing('machine', name)
  const callbacks = callbacksOf('genFsm', given, refuse)
  checkKeys(callbacks, KEYS, refuse)
  requireFunctions(callbacks, ['init'], refuse)
  checkFunctions(callbacks, OPTIONAL, refuse)
  const { states } = callbacks
  if (typeof states !== 'object' || states === null) throw refuse('genFsm() takes an object with states')
  for (const [state, set] of Object.entries(states)) {
    const where = `state '${state}': `
    if (typeof set !== 'object' || set === null) throw refuse(`${where}no object of callbacks`)
    checkKeys(set, STATE_KEYS, refuse, where)
    checkFunctions(set as Given, STATE_KEYS, refuse, where)
  }
}

function handlersOf(given: Callbacks, name: string): object {
  const stateOf = (state: unknown): FsmState<string, unknown> => {
    const own = given.states[state as string]
    if (own !== undefined) return own
    throw undef(`machine '${name}' has no state '${String(state)}'`)
  }
  const event = (state: string, data: unknown, it: unknown, self: Self) => {
    const own = stateOf(state)
    return run(own.event && (() => own.event?.(it, data, self)), undefined, self)
  }
  return {
    cast: {
      event,
      allStateEvent: (state: string, data: unknown, it: unknown, self: Self) =>
        run(given.handleEvent && (() => given.handleEvent?.(it, state, data, self)), undefined, self),
    },
    call: {
      syncEvent: (state: string, data: unknown, it: unknown, self: Self, from: never) => {
        const own = stateOf(state)
        return run(own.sync && (() => own.sync?.(it, from, data, self)), from, self)
      },
      syncAllStateEvent: (state: string, data: unknown, it: unknown, self: Self, from: never) =>
        run(
          given.handleSyncEvent && (() => given.handleSyncEvent?.(it, from, state, data, self)),
          from,
          self,
        ),
    },
    timeout: event,
    info: (state: string, data: unknown, message: unknown, self: Self) => {
      const timed = eventOfTimer(message)
      if (timed !== undefined) return event(state, data, timed.event, self)
      if (given.handleInfo !== undefined) {
        return run(() => given.handleInfo?.(message, state, data, self), undefined, self)
      }
      report(self, 'warning', ['gen_fsm', 'no_handle_info'], { name, message })
      return keepStateAndData()
    },
  }
}

/** What a timer of `startTimer` or `sendEventAfter` has for the state. */
function eventOfTimer(message: unknown): { readonly event: unknown } | undefined {
  const {
    type,
    ref,
    message: content,
  } = (message ?? {}) as Partial<TimeoutMessage<Record<string, unknown> | null>>
  if (type !== 'timeout' || typeof content !== 'object' || content === null) return undefined
  if (TIMER in content) return { event: ['timeout', ref, content[TIMER]] }
  return LATER in content ? { event: content[LATER] } : undefined
}

/** Runs a callback; what it comes to, or throws that is no error, in genStatem's words. */
function run(callback: Run, from: unknown, self: Self, isInit = false): unknown {
  if (callback === undefined) throw undef('there is no callback for this kind of event')
  const settle = (result: unknown) => translate(result, from, self, isInit)
  const caught = (thrown: unknown): unknown => {
    if (thrown instanceof Error) throw thrown
    return settle(thrown)
  }
  let result: unknown
  try {
    result = callback()
  } catch (thrown) {
    return caught(thrown)
  }
  return isStep(result) ? after(result, settle, caught) : settle(result)
}

function translate(result: unknown, from: unknown, self: Self, isInit: boolean): unknown {
  if (result instanceof FsmNext && (!result.hasReply || from !== undefined)) {
    const { state, data } = result
    const actions = actionsOf(result, from, self)
    return isInit ? beginIn(state, data, actions) : nextState(state, data, actions)
  }
  // `ignore()` and the like are genStatem's affair.
  if (isInit) return result
  if (result instanceof Stop) {
    if (!result.hasReply) return result
    if (from !== undefined)
      return stopAndReply(result.reason, replyTo(from as never, result.reply), result.state)
  }
  throw new Crash(['bad_return_value', result])
}

function actionsOf(
  { hasReply, reply, options }: FsmNext<unknown, unknown>,
  from: unknown,
  self: Self,
): Action[] {
  const actions: Action[] = hasReply ? [replyTo(from as never, reply)] : []
  if (options?.hibernate === true) actions.push(hibernate())
  const { timeoutMs } = options ?? {}
  // One of 0 is behind the messages that are there, which a time-out of 0 would overtake: it is over now.
  if (timeoutMs === 0) actions.push(eventTimeout(self.nowMs() || -1, 'timeout', { abs: true }))
  else if (timeoutMs !== undefined) actions.push(eventTimeout(timeoutMs, 'timeout'))
  return actions
}

function undef(message: string): Error {
  const error = new Error(message)
  error.name = 'undef'
  return error
}

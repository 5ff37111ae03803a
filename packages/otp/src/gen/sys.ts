/**
 * OTP's `sys`: looks into a process that is made of a behaviour (a server, a supervisor, …) or follows its rules, and
 * steers it: from any process and from the host, while it runs. Each function comes to its answer when the process has
 * got round to it, between two messages; it fails as a call does:
 *
 *     ['noproc', ['sys', 'get_state', args]]      there is no such process; another reason: it ended meanwhile
 *     ['timeout', ['sys', 'get_state', args]]     no answer within `timeoutMs`, 5,000 unless given
 *     ['callback_failed', [module, callback], [class, reason]]
 */

import type { Steps } from '@heddle/scheduler'
import { Exit, type ExitReason, type Op } from '@heddle/scheduler'
import type { Caller, Target } from '../door/caller.ts'
import type { FunRef } from '../report/fun.ts'
import type { DebugEvent, DebugFunction, DebugInstall, Statistics } from './debug.ts'
import type { SystemStatus } from './handle-system.ts'
import { asking } from './sequence.ts'
import { type SystemAnswer, type SystemRequest, systemCall } from './system-message.ts'

export type { DebugEvent, DebugFunction, DebugInstall, DebugOption, Statistics } from './debug.ts'
export type { SystemStatus } from './handle-system.ts'

export interface SysOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number
}

/** Stops handling messages, until `resume`: they wait, in order. Twice is once. */
export function suspend(caller: Caller, target: Target, options?: SysOptions): Op<void> {
  return ask(caller, target, 'suspend', ['suspend'], options)
}

/** Handles messages again. */
export function resume(caller: Caller, target: Target, options?: SysOptions): Op<void> {
  return ask(caller, target, 'resume', ['resume'], options)
}

/** The state; also while it is suspended. */
export function getState<S = unknown>(caller: Caller, target: Target, options?: SysOptions): Op<S> {
  return ask(caller, target, 'get_state', ['get_state'], options)
}

/**
 * Replaces the state by what a function makes of it; comes to the new one. If the function throws, the state stays.
 * @param change named at the top level of its module, as code does not travel; `argument` is for what it needs to know
 * @example export const reset = named(import.meta.url, 'reset', (state: Counter, to: number) => ({ ...state, total: to }))
 *          yield* sys.replaceState(self, 'counter', reset, 0)
 */
export function replaceState<S, A = undefined>(
  caller: Caller,
  target: Target,
  change: FunRef<(state: S, argument: A) => S>,
  argument?: NoInfer<A>,
  options?: SysOptions,
): Op<S> {
  return ask(caller, target, 'replace_state', ['replace_state', change, argument], options)
}

/** What it is and how it stands. */
export function getStatus(caller: Caller, target: Target, options?: SysOptions): Op<SystemStatus> {
  return ask(caller, target, 'get_status', ['get_status'], options)
}

/** Ends it with this reason, through its `terminate`. Comes to its end when that has begun: see `stopServer`. */
export function terminate(
  caller: Caller,
  target: Target,
  reason: ExitReason,
  options?: SysOptions,
): Op<void> {
  return ask(caller, target, 'terminate', ['terminate', reason], options)
}

/** What changing the code came to. */
export type ChangeCodeResult =
  | { readonly status: 'ok' }
  /** `['unknown_system_msg', …]` if it is not suspended; else what its `codeChange` threw. */
  | { readonly status: 'error'; readonly reason: ExitReason }

/** Has a suspended process bring its state up to date: see `codeChange`. */
export function changeCode(
  caller: Caller,
  target: Target,
  module: string,
  from: unknown,
  extra: unknown,
  options?: SysOptions,
): Op<ChangeCodeResult> {
  return asked(caller, target, 'change_code', ['change_code', module, from, extra], options, (answer) =>
    answer.status === 'ok' ? { status: 'ok' } : answer,
  )
}

/** Counts messages: `true` begins, `false` ends, `get` tells. */
export function statistics(caller: Caller, target: Target, on: boolean, options?: SysOptions): Op<void>
export function statistics(
  caller: Caller,
  target: Target,
  what: 'get',
  options?: SysOptions,
): Op<Statistics | 'no_statistics'>
export function statistics(
  caller: Caller,
  target: Target,
  what: boolean | 'get',
  options?: SysOptions,
): Op<unknown> {
  return ask(caller, target, 'statistics', ['debug', ['statistics', what]], options)
}

/**
 * Keeps the last events, ten or as many as are given: `true` or a number begins, `false` ends, `get` tells, the oldest
 * first, `print` writes them to the standard output of the thread that the process runs on.
 */
export function log(
  caller: Caller,
  target: Target,
  how: boolean | number | 'print',
  options?: SysOptions,
): Op<void>
export function log(
  caller: Caller,
  target: Target,
  how: 'get',
  options?: SysOptions,
): Op<readonly DebugEvent[]>
export function log(
  caller: Caller,
  target: Target,
  how: boolean | number | 'get' | 'print',
  options?: SysOptions,
): Op<unknown> {
  return ask(caller, target, 'log', ['debug', ['log', how]], options)
}

/** Writes each event to a file, which is emptied first; `false` ends it. Comes to `open_file` if it cannot be written. */
export function logToFile(
  caller: Caller,
  target: Target,
  path: string | false,
  options?: SysOptions,
): Op<ChangeCodeResult> {
  return asked(caller, target, 'log_to_file', ['debug', ['log_to_file', path]], options, (answer) =>
    answer.status === 'ok' ? { status: 'ok' } : answer,
  )
}

/** Writes each event to the standard output of the thread that the process runs on. */
export function trace(caller: Caller, target: Target, on: boolean, options?: SysOptions): Op<void> {
  return ask(caller, target, 'trace', ['debug', ['trace', on]], options)
}

/**
 * Has a function called with each event: it gets its own state, the event, and the state of the process, and returns its
 * next state, or `done` to be removed. It is installed once, whoever asks. If it throws it is removed.
 */
export function install(caller: Caller, target: Target, what: DebugInstall, options?: SysOptions): Op<void> {
  return ask(caller, target, 'install', ['debug', ['install', what]], options)
}

/** Takes out what was installed, by its id or as this function. */
export function remove(
  caller: Caller,
  target: Target,
  what: string | FunRef<DebugFunction>,
  options?: SysOptions,
): Op<void> {
  return ask(caller, target, 'remove', ['debug', ['remove', what]], options)
}

/** Switches off everything that is on. */
export function noDebug(caller: Caller, target: Target, options?: SysOptions): Op<void> {
  return ask(caller, target, 'no_debug', ['debug', ['no_debug']], options)
}

function ask<T>(
  caller: Caller,
  target: Target,
  name: string,
  request: SystemRequest,
  options: SysOptions | undefined,
): Op<T> {
  return asked(caller, target, name, request, options, (answer) => {
    if (answer.status === 'error') throw new Exit(answer.reason)
    return answer.value as T
  })
}

function asked<T>(
  caller: Caller,
  target: Target,
  name: string,
  request: SystemRequest,
  options: SysOptions | undefined,
  finish: (answer: SystemAnswer) => T,
): Op<T> {
  return asking('sys', caller, function* (): Steps<T> {
    let answer: unknown
    try {
      answer = yield caller.call(target as never, systemCall(request), options) as Op<unknown>
    } catch (thrown) {
      throw failure(thrown, name, target, options)
    }
    return finish(answer as SystemAnswer)
  })
}

/** What a call fails with, told as a failure of `sys`. */
function failure(thrown: unknown, name: string, target: Target, options: SysOptions | undefined): unknown {
  if (!(thrown instanceof Exit)) return thrown
  const [reason] = thrown.reason as readonly [ExitReason]
  const timeoutMs = options?.timeoutMs
  return new Exit([reason, ['sys', name, timeoutMs === undefined ? [target] : [target, timeoutMs]]])
}

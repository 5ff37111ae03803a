/**
 * System messages, at the process that gets them. To serve one is a step; and while the process is suspended, one step
 * after the other: it takes system messages and the parent's EXIT alone, so everything else stays in the mailbox, in
 * order, and costs nothing. What it comes to is what is next: the process goes on, or ends.
 *
 * What differs between behaviours (what their state is, how it is shown) is a *subject*: `behaviour.ts` makes one of a
 * behaviour, `special.ts` of a process written by hand.
 *
 * Source: OTP's `sys:handle_system_msg`.
 */

import {
  type DefinitionAddress,
  Exit,
  type ExitReason,
  errorReason,
  type Matcher,
  type Pid,
  type Self,
  where,
} from '@heddle/scheduler'
import type { FunRef } from '../report/fun.ts'
import type { Debug, Debugged, DebugOption } from './debug.ts'
import { debugOptionsOf, setDebug } from './debug-requests.ts'
import { loadFunction } from './functions.ts'
import { after, afterResting, isStep, type Towards } from './step.ts'
import {
  isExitOf,
  isSystemMessage,
  type SystemAnswer,
  type SystemMessage,
  type SystemRequest,
} from './system-message.ts'

/** A process as `sys` sees it. */
export interface Subject {
  /** The behaviour: `gen_server`, … */
  readonly module: string
  /** The parent's `$pid`, or NO_PARENT. */
  readonly parent: number
  debug: Debug | undefined
  /** Whether it takes system messages alone; remembered, as it may be moved while it does. */
  isSuspended: boolean
  readonly debugged: Debugged
  /** May wait, as all that follow; what it throws goes to the asker. */
  getState(): unknown
  /** Sets what `change` makes of the state, and returns that. */
  replaceState(change: (state: unknown) => unknown): unknown
  /** Sets the state of this version; throws to refuse. */
  changeCode(module: string, from: unknown, extra: unknown): unknown
  /** What `getStatus` shows of this kind of process. */
  misc(mode: Mode): unknown
}

export type Mode = 'running' | 'suspended'

/** What `sys.getStatus` comes to; OTP's `{status,Pid,{module,Mod},[PDict,SysState,Parent,Debug,Misc]}`. */
export interface SystemStatus {
  readonly pid: Pid
  /** The behaviour. */
  readonly module: string
  /** OTP's callback module. */
  readonly definition: DefinitionAddress
  readonly dictionary: readonly (readonly [unknown, unknown])[]
  readonly mode: Mode
  /** The process itself if it has no parent. */
  readonly parent: Pid
  readonly debug: readonly DebugOption[]
  readonly misc: unknown
}

/** The process has to end. */
export interface Ending {
  readonly reason: ExitReason
}

/** Serves a system message, and if that suspends the process all that follow. `undefined`: it goes on. */
export function serve(subject: Subject, message: SystemMessage, self: Self): Towards<Ending | undefined> {
  return serveIn('running', subject, message, self)
}

function serveIn(
  mode: Mode,
  subject: Subject,
  message: SystemMessage,
  self: Self,
): Towards<Ending | undefined> {
  return then(perform(subject, message.request.arg, mode, self), (answer) => {
    self.reply(message.from, answer)
    const [what, detail] = message.request.arg
    if (what === 'terminate') return { reason: detail }
    const next = what === 'suspend' ? 'suspended' : what === 'resume' ? 'running' : mode
    subject.isSuspended = next === 'suspended'
    return next === 'running' ? undefined : serveSuspended(subject, self)
  })
}

/** Serves the system messages of a process that is suspended, until it goes on, or ends. */
export function serveSuspended(subject: Subject, self: Self): Towards<Ending | undefined> {
  return afterResting(self.receive(whileSuspended(subject.parent)), (message) =>
    isSystemMessage(message)
      ? serveIn('suspended', subject, message, self)
      : { reason: (message as Ending).reason },
  )
}

function whileSuspended(parent: number): Matcher<unknown> {
  return where((message) => isSystemMessage(message) || isExitOf(message, parent))
}

function perform(subject: Subject, request: SystemRequest, mode: Mode, self: Self): Towards<SystemAnswer> {
  switch (request[0]) {
    case 'suspend':
    case 'resume':
    case 'terminate':
      return done(undefined)
    case 'get_state':
      return attempt(
        () => subject.getState(),
        (thrown) => callbackFailed(subject, 'system_get_state', thrown),
      )
    case 'replace_state':
      return replaceState(subject, request[1], request[2])
    case 'get_status':
      return statusOf(subject, mode, self)
    case 'change_code': {
      if (mode === 'running') return failed(['unknown_system_msg', request])
      const [, module, from, extra] = request
      return attempt(() => subject.changeCode(module, from, extra), refused)
    }
    case 'debug':
      return attempt(() => setDebug(subject, request[1], self), refused)
    default:
      return failed(['unknown_system_msg', request])
  }
}

function replaceState(subject: Subject, ref: FunRef<unknown>, argument: unknown): Towards<SystemAnswer> {
  return attempt(
    () =>
      then(loadFunction(ref), (change) =>
        subject.replaceState((state) =>
          (change as (state: unknown, argument: unknown) => unknown)(state, argument),
        ),
      ),
    (thrown) => callbackFailed(subject, 'system_replace_state', thrown),
  )
}

function statusOf(subject: Subject, mode: Mode, self: Self): Towards<SystemAnswer> {
  const { module, parent, debug } = subject
  return attempt(() => {
    const status: Omit<SystemStatus, 'misc' | 'definition'> = {
      pid: self.pid,
      module,
      dictionary: self.get(),
      mode,
      parent: parent === 0 ? self.pid : (self.parent as Pid),
      debug: debugOptionsOf(debug),
    }
    return after(self.processInfo(self.pid, ['definition']), (info) =>
      then(subject.misc(mode), (misc) => ({ ...status, definition: info?.definition, misc })),
    )
  }, refused)
}

// ---- answers ----

const done = (value: unknown): SystemAnswer => ({ status: 'ok', value })
const failed = (reason: ExitReason): SystemAnswer => ({ status: 'error', reason })
const refused = (thrown: unknown): SystemAnswer => failed(classed(thrown)[1])

function callbackFailed({ module }: Subject, callback: string, thrown: unknown): SystemAnswer {
  return failed(['callback_failed', [module, callback], classed(thrown)])
}

/** Runs it; what it comes to is the answer, and so is what it throws: the process lives. */
function attempt(run: () => unknown, fail: (thrown: unknown) => SystemAnswer): Towards<SystemAnswer> {
  const caught = (thrown: unknown): SystemAnswer => {
    if (isDoomed(thrown)) throw thrown
    return fail(thrown)
  }
  try {
    const step = run()
    return isStep(step) ? after(step, done, caught) : done(step)
  } catch (thrown) {
    return caught(thrown)
  }
}

/** Goes on at once, or when it is through. */
function then<A, T>(step: A | Towards<A>, finish: (value: A) => Towards<T>): Towards<T> {
  return isStep(step) ? after(step as PromiseLike<A>, finish) : finish(step as A)
}

/** OTP's class and reason of something thrown. */
export function classed(thrown: unknown): readonly ['exit' | 'error' | 'throw', ExitReason] {
  if (thrown instanceof Exit) return ['exit', thrown.reason]
  if (thrown instanceof Error) return ['error', errorReason(thrown)]
  return ['throw', thrown as ExitReason]
}

/** How the scheduler leaves the code of a process that has ended meanwhile. */
export function isDoomed(thrown: unknown): boolean {
  return (thrown as Partial<Error> | null | undefined)?.name === 'Doomed'
}

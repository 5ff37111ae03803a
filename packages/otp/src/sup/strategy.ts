/**
 * What a supervisor does when something happens to its children: a pure function from its table and an
 * *event* to *actions*. One loop elsewhere (`execute.ts`) carries the actions out, and comes back with an
 * event of its own when a start fails. So every strategy can be tested without a process.
 *
 * The table is in start order: children stop in reverse, and start in this order. Nothing here changes it.
 *
 * Source: OTP's `supervisor`. One difference: the children that die with one scheduler are one event, and
 * count as one restart, since it is one fault.
 */

import { type ExitReason, isCleanExit, type Pid } from '@heddle/scheduler'
import type { Trouble } from './child-report.ts'
import type { Flags } from './flags.ts'
import { addRestart } from './intensity.ts'
import type { ChildSpec, Terms } from './spec.ts'

/** A child's place in the table. */
export interface Child {
  readonly spec: ChildSpec
  /** `stopped`: it ended and was not restarted, said `ignore`, or was told to. `restarting`: its restart is due. */
  readonly status: 'running' | 'stopped' | 'restarting'
  readonly pid: Pid | undefined
  /** What it was before it ended, for reports. */
  readonly last?: Pid | undefined
}

/** By id, in start order. */
export type Children = ReadonlyMap<string, Child>

/** What the decisions depend on. */
export interface Situation {
  readonly flags: Flags
  readonly children: Children
  readonly restarts: readonly number[]
}

export type Event =
  /** The supervisor starts. */
  | { readonly type: 'begin' }
  /** These children ended by themselves, all for this reason; the table has them as stopped. */
  | {
      readonly type: 'ended'
      readonly ids: readonly string[]
      readonly reason: ExitReason
      readonly nowMs: number
    }
  /** It is time to try once more what failed. */
  | { readonly type: 'retry'; readonly id: string; readonly nowMs: number }
  /** The start of this child failed, and these actions were to follow. */
  | {
      readonly type: 'startFailed'
      readonly id: string
      readonly reason: ExitReason
      readonly isBeginning: boolean
      readonly rest: readonly Action[]
    }
  /** The supervisor ends. */
  | { readonly type: 'end' }

export type Action =
  /** Shut it down as its spec says, and wait for that. */
  | { readonly do: 'stop'; readonly id: string }
  | { readonly do: 'start'; readonly id: string }
  /** Drop its spec. */
  | { readonly do: 'forget'; readonly id: string }
  /** It counts as restarting; come back with `retry` when the messages that wait have been handled. */
  | { readonly do: 'retry'; readonly id: string }
  | { readonly do: 'report'; readonly label: Trouble; readonly id: string; readonly reason: ExitReason }
  /** The supervisor exits with this reason; what it still has running is stopped first. */
  | { readonly do: 'giveUp'; readonly reason: ExitReason }

export interface Decision {
  readonly actions: readonly Action[]
  readonly restarts: readonly number[]
}

export function decide(situation: Situation, event: Event): Decision {
  const { children, restarts } = situation
  switch (event.type) {
    case 'begin':
      return { actions: idsOf(children).map(start), restarts }
    case 'end':
      return { actions: runningOf(children).reverse().map(stop), restarts }
    case 'startFailed':
      return { actions: onStartFailed(situation, event), restarts }
    case 'retry':
      // Meanwhile it was started, stopped or deleted.
      if (children.get(event.id)?.status !== 'restarting') return { actions: [], restarts }
      return restart(situation, [event.id], event.nowMs)
    case 'ended':
      return onEnded(situation, event)
  }
}

function onEnded(situation: Situation, { ids, reason, nowMs }: Event & { type: 'ended' }): Decision {
  const ended = ids.flatMap((id) => situation.children.get(id) ?? [])
  const toRestart = ended.filter((child) => mustRestart(child.spec, reason))
  const others = ended.filter((child) => !mustRestart(child.spec, reason))
  const before = [
    ...ended.flatMap((child) => terminationReport(child.spec, reason)),
    ...others.flatMap((child) => forgetIfTemporary(child.spec)),
  ]
  if (isShutdownDue(situation, others, toRestart)) {
    return { actions: [...before, { do: 'giveUp', reason: 'shutdown' }], restarts: situation.restarts }
  }
  if (toRestart.length === 0) return { actions: before, restarts: situation.restarts }
  const decision = restart(situation, toRestart.map(idOf), nowMs)
  return { actions: [...before, ...decision.actions], restarts: decision.restarts }
}

/** Whether a child that ended by itself, for this reason, is started again. */
export function mustRestart({ restart }: Terms, reason: ExitReason): boolean {
  return restart === 'permanent' || (restart === 'transient' && !isCleanExit(reason))
}

/** Whether people should hear of it. */
export function isTrouble({ restart }: Terms, reason: ExitReason): boolean {
  return restart === 'permanent' || !isCleanExit(reason)
}

function terminationReport(spec: ChildSpec, reason: ExitReason): Action[] {
  return isTrouble(spec, reason) ? [{ do: 'report', label: 'child_terminated', id: spec.id, reason }] : []
}

function forgetIfTemporary(spec: ChildSpec): Action[] {
  return spec.restart === 'temporary' ? [{ do: 'forget', id: spec.id }] : []
}

/** Whether significant children that ended by themselves, for good, take the supervisor with them. */
function isShutdownDue(
  { flags, children }: Situation,
  gone: readonly Child[],
  coming: readonly Child[],
): boolean {
  if (flags.autoShutdown === 'never' || !gone.some((child) => child.spec.significant)) return false
  if (flags.autoShutdown === 'any_significant') return true
  const isLeft = (child: Child): boolean =>
    child.spec.significant && (child.status !== 'stopped' || coming.includes(child))
  return ![...children.values()].some(isLeft)
}

/** Restarts what these failures call for, which counts once; or gives up. */
function restart(situation: Situation, failed: readonly string[], nowMs: number): Decision {
  const { restarts, isExceeded } = addRestart(situation.restarts, nowMs, situation.flags)
  if (!isExceeded) return { actions: restartActions(situation, failed), restarts }
  const id = failed[0] as string
  const actions: Action[] = [
    { do: 'report', label: 'shutdown', id, reason: 'reached_max_restart_intensity' },
    { do: 'giveUp', reason: 'shutdown' },
  ]
  return { actions, restarts }
}

function restartActions({ flags, children }: Situation, failed: readonly string[]): Action[] {
  if (flags.strategy === 'one_for_one') return failed.map(start)
  const ids = idsOf(children)
  const from = flags.strategy === 'one_for_all' ? 0 : Math.min(...failed.map((id) => ids.indexOf(id)))
  const affected = ids.slice(from).map((id) => children.get(id) as Child)
  const stops = affected
    .filter((child) => child.status === 'running')
    .reverse()
    // One that should not be restarted is not started now, either.
    .flatMap((child) => [stop(child.spec.id), ...forgetIfTemporary(child.spec)])
  const starts = affected
    .filter((child) => child.spec.restart !== 'temporary')
    .map(idOf)
    .map(start)
  return [...stops, ...starts]
}

function onStartFailed(
  { flags, children }: Situation,
  { id, reason, isBeginning, rest }: Event & { type: 'startFailed' },
): Action[] {
  const report: Action = { do: 'report', label: 'start_error', id, reason }
  if (isBeginning) {
    const stops = runningOf(children).reverse().map(stop)
    return [report, ...stops, { do: 'giveUp', reason: ['shutdown', ['failed_to_start_child', id, reason]] }]
  }
  // Those that depend on it have to wait for it; the retry starts them, too.
  return [report, { do: 'retry', id }, ...(flags.strategy === 'one_for_one' ? rest : [])]
}

function idsOf(children: Children): string[] {
  return [...children.keys()]
}

function runningOf(children: Children): string[] {
  return [...children.values()].filter((child) => child.status === 'running').map(idOf)
}

function idOf(child: Child): string {
  return child.spec.id
}

function start(id: string): Action {
  return { do: 'start', id }
}

function stop(id: string): Action {
  return { do: 'stop', id }
}

/**
 * A signal is anything one process does to another, and all signals of A to B travel one way, in one
 * order. Here are their kinds, and the rules of exit signals as a pure function: no queue, no clock.
 */

import type { ExitReason } from '../term/exit-reason.ts'

/** The one form of every signal: `(kind, target pid, source pid, reference, value)`; 0 where there is none. */
export const SIGNAL = {
  /** value: the message. */
  message: 1,
  /** source: the caller; ref: of the call; value: the request. Also monitors the target until the reply. */
  call: 2,
  /** ref: of the call; value: the reply. */
  reply: 3,
  link: 4,
  /** ref: the number of this unlink, to be acknowledged. */
  unlink: 5,
  unlinkAck: 6,
  /** `exit(pid, reason)`. value: the reason. */
  exit: 7,
  /** A linked process died. value: its reason. */
  exitLink: 8,
  monitor: 9,
  demonitor: 10,
  /** source: who died; ref: of the monitor or the call; value: the reason. */
  down: 11,
  /** target: the new process; source: its parent; ref: of the parent's monitor; value: a spawn request. */
  spawn: 12,
  /** ref: of the query; value: the items asked for. Answered by a reply. */
  query: 13,
  /** To the host: a report for its log. */
  report: 14,
  /** A spawn failed after its pid was to be found by name: who waits for that process waits in vain. */
  abandon: 15,
  /** source: the sender; ref: of the alias; value: the message. */
  aliased: 16,
  /** ref: of the request, answered by a reply; value: a SuspendRequest. */
  suspend: 17,
  /** value: whether it ends all that the source has suspended. */
  resume: 18,
  /** value: the `$pid` of the new group leader. */
  groupLeader: 19,
  /** target: who started the timer; ref: of the request, answered by a reply, or 0; value: a TimerRequest. */
  timer: 20,
  /** From the host: move this process. ref: of the request, answered by a reply; value: a `MoveWish`. */
  migrate: 21,
  /**
   * From here on of kernels to each other, about processes on the move; `ref` is the move's number, target and source 0.
   * moved: from the old owner to all. value: a `Moved`.
   */
  moved: 22,
  /** To the old owner: nothing of this endpoint's comes behind it for the processes of that move. */
  flush: 23,
  /** To the new owner. value: an `Install`. */
  install: 24,
  /** Behind it, what has come for the process meanwhile: target, source, ref and value as they came. */
  followed: 25,
  /** To the new owner: that was all. */
  landed: 26,
  /** To the old owner: all have been taken in. */
  arrived: 27,
  /** To the host; ref: of the task, answered by a reply; value: a DirtyRequest, or that the task is given up. */
  dirty: 28,
  /** source: who has sent to the target and is held until it is told to go on. */
  mute: 30,
  /** source: who need not be spared any more. */
  unmute: 31,
  /** source: who waits in a call to the target; ref: of that call; value: the `Probe`. */
  probe: 32,
  /** ref: the `$pid` of a process that nobody ran, and the sender runs now. */
  born: 36,
} as const

export type SignalKind = (typeof SIGNAL)[keyof typeof SIGNAL]

export type ExitEffect =
  | { readonly do: 'ignore' }
  /** Put an EXIT message with this reason in the mailbox. */
  | { readonly do: 'deliver'; readonly reason: ExitReason }
  | { readonly do: 'die'; readonly reason: ExitReason }

const IGNORE: ExitEffect = { do: 'ignore' }

/**
 * What an exit signal does to a process, judged when it is handled, not when it was sent.
 * Source: the Erlang reference manual, "Receiving exit signals", and OTP's `signal_SUITE`.
 *
 * @param isLink the signal comes from a link that broke; otherwise from `exit(pid, reason)`
 * @param isOwn the process sent it to itself
 */
export function exitEffect(
  trapsExits: boolean,
  reason: ExitReason,
  isLink: boolean,
  isOwn: boolean,
): ExitEffect {
  // `kill` is special only when sent with exit/2: a link passes it on like any other reason.
  if (reason === 'kill' && !isLink) return { do: 'die', reason: 'killed' }
  if (trapsExits) return { do: 'deliver', reason }
  if (reason === 'normal' && !isOwn) return IGNORE
  return { do: 'die', reason }
}

/**
 * How a supervisor hears of its children's ends. All that ran on a scheduler end with it: that is one fault,
 * so those of them that are its children are handled as one event, and count as one restart.
 */

import {
  type ExitMessage,
  type ExitReason,
  isPid,
  type Op,
  type Self,
  TIMEOUT,
  where,
} from '@heddle/scheduler'

/** A message that says that a process has ended. */
export function isEnd(message: unknown): message is ExitMessage {
  const it = message as Partial<ExitMessage> | null
  return typeof it === 'object' && it?.type === 'EXIT' && isPid(it.pid)
}

/** Takes the ends of other children that died with the same scheduler, if `reason` is that: their exits are here by now. */
export function* othersOf(
  reason: ExitReason,
  isMine: (pid: number) => boolean,
  self: Self,
): Generator<Op<unknown>, number[], unknown> {
  const pids: number[] = []
  if (!Array.isArray(reason) || reason[0] !== 'scheduler_down') return pids
  const sameEnd = where<ExitMessage>((message) => {
    if (!isEnd(message) || !isMine(message.pid.$pid) || !Array.isArray(message.reason)) return false
    return message.reason[0] === 'scheduler_down' && message.reason[1] === reason[1]
  })
  for (;;) {
    const message = yield* self.receive(sameEnd, { afterMs: 0 })
    if (message === TIMEOUT) return pids
    pids.push(message.pid.$pid)
  }
}

/**
 * The started side of the start protocol (`start.ts` has the picture): a server takes apart what it was
 * spawned with, and waits for its starter's call before it runs `init`, so that there is somebody to
 * answer.
 *
 * A server that is spawned by hand (`self.spawn(counter, 0)`) gets its bare argument, answers nobody, and has whoever
 * spawned it for a parent.
 */

import {
  type CallEnvelope,
  type CallMessage,
  down,
  type From,
  isPid,
  type Matcher,
  oneOf,
  type Pid,
  type Self,
  TIMEOUT,
  where,
} from '@heddle/scheduler'
import { after, type Towards } from './step.ts'

/** What a server is spawned with by a starter; plain data. */
export interface StartRequest {
  /** The starter. */
  readonly $start: Pid
  /** Whether the starter is its parent, whose end is its own. */
  readonly isParent: boolean
  readonly argument: unknown
}

/** The starter's call. Names with a `$` in front are not the users'. */
export const START: CallMessage<unknown, StartAnswer> = { $call: '$start', arg: undefined }

/** `init` is through; a failure is no answer but an end. */
export type StartAnswer = 'ok' | 'ignore'

/** Who a server's EXIT messages must come from to end it. */
export const NO_PARENT = 0

/** What a server knows as it comes to be. */
export interface Birth {
  /** The parent's `$pid`, or NO_PARENT. */
  readonly parent: number
  /** To be answered when `init` is through. */
  readonly from: From | undefined
  readonly argument: unknown
}

const startCall: Matcher<CallEnvelope> = where<CallEnvelope>((message) => {
  const it = message as Partial<CallEnvelope> | null
  if (typeof it !== 'object' || it?.type !== '$call') return false
  return (it.request as Partial<CallMessage<unknown, unknown>> | null)?.$call === START.$call
})

/** Runs `begin` with what the process was given, once its starter waits for the answer. */
export function born<T>(given: unknown, self: Self, begin: (birth: Birth) => Towards<T>): Towards<T> {
  if (!isStartRequest(given))
    return begin({ parent: self.parent?.$pid ?? NO_PARENT, from: undefined, argument: given })
  const { $start, argument } = given
  const parent = given.isParent ? $start.$pid : NO_PARENT
  return after(self.receive(startCall, { afterMs: 0 }), (call) =>
    call === TIMEOUT
      ? awaitStarter($start, self, (from) => begin({ parent, from, argument }))
      : begin({ parent, from: call.from, argument }),
  )
}

/** The call comes right behind the spawn, unless the starter ended in between; then nobody wants an answer. */
function awaitStarter<T>(
  starter: Pid,
  self: Self,
  begin: (from: From | undefined) => Towards<T>,
): Towards<T> {
  const watch = self.monitor(starter)
  return after(self.receive(oneOf(startCall, down(watch))), (message) => {
    if (message.type === 'DOWN') return begin(undefined)
    self.demonitor(watch, { flush: true })
    return begin(message.from)
  })
}

/** `init` has come to this. */
export function answerStarter(self: Self, from: From | undefined, answer: StartAnswer): void {
  if (from !== undefined) self.reply(from, answer)
}

function isStartRequest(given: unknown): given is StartRequest {
  return typeof given === 'object' && given !== null && isPid((given as Partial<StartRequest>).$start)
}

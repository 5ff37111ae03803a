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
  Exit,
  type From,
  isPid,
  type Matcher,
  oneOf,
  type Pid,
  type Self,
  TIMEOUT,
  type Via,
  where,
} from '@heddle/scheduler'
import { claim } from './naming.ts'
import { after, type Towards } from './step.ts'

/** What a server is spawned with by a starter; plain data. */
export interface StartRequest {
  /** The starter. */
  readonly $start: Pid
  /** Whether the starter is its parent, whose end is its own. */
  readonly isParent: boolean
  readonly argument: unknown
  /** What the server is to register itself as; a plain name it has already. */
  readonly name?: Via
}

/** The starter's call. Names with a `$` in front are not the users'. */
export const START: CallMessage<unknown, StartAnswer> = { $call: '$start', arg: undefined }

/** `init` is through, or not begun, as the name is taken; a failure is no answer but an end. */
export type StartAnswer = 'ok' | 'ignore' | readonly ['already_started', Pid | undefined]

/** Who a server's EXIT messages must come from to end it. */
export const NO_PARENT = 0

/** What a server knows as it comes to be. */
export interface Birth {
  /** The parent's `$pid`, or NO_PARENT. */
  readonly parent: number
  /** To be answered when `init` is through. */
  readonly from: From | undefined
  readonly argument: unknown
  /** What it has registered itself as. */
  readonly name: Via | undefined
}

const startCall: Matcher<CallEnvelope> = where<CallEnvelope>((message) => {
  const it = message as Partial<CallEnvelope> | null
  if (typeof it !== 'object' || it?.type !== '$call') return false
  return (it.request as Partial<CallMessage<unknown, unknown>> | null)?.$call === START.$call
})

/** Runs `begin` with what the process was given, once its starter waits for the answer. */
export function born<T>(given: unknown, self: Self, begin: (birth: Birth) => Towards<T>): Towards<T> {
  if (!isStartRequest(given)) {
    const parent = self.parent?.$pid ?? NO_PARENT
    return begin({ parent, from: undefined, argument: given, name: undefined })
  }
  const { $start, argument, name } = given
  const parent = given.isParent ? $start.$pid : NO_PARENT
  const goOn = (from: From | undefined): Towards<T> => {
    const named = () => begin({ parent, from, argument, name })
    return name === undefined ? named() : claim(name, self, named, (holder) => endTaken(self, from, holder))
  }
  return after(self.receive(startCall, { afterMs: 0 }), (call) =>
    call === TIMEOUT ? awaitStarter($start, self, goOn) : goOn(call.from),
  )
}

function endTaken(self: Self, from: From | undefined, holder: Pid | undefined): never {
  answerStarter(self, from, ['already_started', holder])
  throw new Exit('normal')
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

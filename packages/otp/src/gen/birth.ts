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
  type ExitReason,
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
import { type Ancestor, type InitialCall, noteAncestry } from './ancestry.ts'
import { type Extras, noExtras } from './core.ts'
import type { DebugOption } from './debug.ts'
import { debugOf } from './debug-requests.ts'
import { claim } from './naming.ts'
import { after, isStep, type Towards } from './step.ts'

/** What a server is spawned with by a starter; plain data. */
export interface StartRequest {
  /** The starter. */
  readonly $start: Pid
  /** Whether the starter is its parent, whose end is its own. */
  readonly isParent: boolean
  readonly argument: unknown
  /** The starter and who started that; names where there are any. */
  readonly ancestors: readonly Ancestor[]
  /** What the server is to register itself as; a plain name it has already. */
  readonly name?: Via
  readonly hibernateAfterMs?: number
  readonly debug?: readonly DebugOption[]
}

/** The starter's call. Names with a `$` in front are not the users'. */
export const START: CallMessage<unknown, StartAnswer> = { $call: '$start', arg: undefined }

/**
 * `init` is through, perhaps with something to say; or it asked for an end that is clean; or it has not begun, as the
 * name is taken. Any other failure is no answer but an end.
 */
export type StartAnswer =
  | 'ok'
  | 'ignore'
  | readonly ['ok', info: unknown]
  | readonly ['error', reason: ExitReason]
  | readonly ['already_started', Pid | undefined]

/** Who a server's EXIT messages must come from to end it. */
export const NO_PARENT = 0

/** What a server knows as it comes to be. */
export interface Birth {
  /** The parent's `$pid`, or NO_PARENT. */
  readonly parent: number
  /** To be answered when `init` is through; `undefined` when that is done. */
  from: From | undefined
  readonly argument: unknown
  /** What it has registered itself as. */
  readonly name: Via | undefined
  /** What its start asked for beyond the plain; for `newCore`. */
  readonly extras: Extras | undefined
}

const startCall: Matcher<CallEnvelope> = where<CallEnvelope>((message) => {
  const it = message as Partial<CallEnvelope> | null
  if (typeof it !== 'object' || it?.type !== '$call') return false
  return (it.request as Partial<CallMessage<unknown, unknown>> | null)?.$call === START.$call
})

/** Runs `begin` with what the process was given, once its starter waits for the answer. */
export function born<T>(
  given: unknown,
  self: Self,
  call: InitialCall,
  begin: (birth: Birth) => Towards<T>,
): Towards<T> {
  if (!isStartRequest(given)) {
    const parent = self.parent?.$pid ?? NO_PARENT
    noteAncestry(self, self.parent === undefined ? [] : [self.parent], call)
    return begin({ parent, from: undefined, argument: given, name: undefined, extras: undefined })
  }
  const { $start, argument, name } = given
  noteAncestry(self, given.ancestors, call)
  const parent = given.isParent ? $start.$pid : NO_PARENT
  const goOn = (from: From | undefined): Towards<T> => {
    const named = (): Towards<T> => {
      const extras = extrasOf(given, self)
      const ready = (known: Extras | undefined) => begin({ parent, from, argument, name, extras: known })
      return isStep(extras) ? after(extras, ready) : ready(extras)
    }
    return name === undefined ? named() : claim(name, self, named, (holder) => endTaken(self, from, holder))
  }
  return after(self.receive(startCall, { afterMs: 0 }), (answer) =>
    answer === TIMEOUT ? awaitStarter($start, self, goOn) : goOn(answer.from),
  )
}

function extrasOf(request: StartRequest, self: Self): Extras | undefined | PromiseLike<Extras> {
  const { name, hibernateAfterMs, debug } = request
  if (name === undefined && hibernateAfterMs === undefined && debug === undefined) return undefined
  const extras: Extras = { ...noExtras(), name, hibernateAfterMs: hibernateAfterMs ?? Infinity }
  const known = debugOf(debug ?? [], UNSEEN, self)
  const withDebug = (on: Awaited<typeof known>): Extras => {
    extras.debug = on as Extras['debug']
    return extras
  }
  return isStep(known)
    ? (after(known, withDebug) as unknown as PromiseLike<Extras>)
    : withDebug(known as never)
}

/** Nothing is printed of a process that has not begun. */
const UNSEEN = { name: '', state: () => undefined }

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

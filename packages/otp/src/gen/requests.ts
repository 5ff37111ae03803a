/**
 * Requests: calls that are not waited for at once. A *request id* stands for one, and is plain data; its response comes
 * to the mailbox, and is taken with the id. Ids can be gathered in a *collection*, each with a *label*, and their
 * responses taken in the order in which they come.
 *
 *     sender                                        server
 *       monitor, whose reference is an alias --->
 *       { type: '$call', from, request } ---------> as any call
 *       { type: '$reply', ref, reply } <----------- self.reply(from, …)    ends monitor and alias
 *       { type: 'DOWN', ref, reason } <------------ or it ends
 *
 * Who gives a request up ends both, so nothing of it ever comes. Source: OTP's `gen:send_request`.
 */

import type { Steps } from '@heddle/scheduler'
import {
  type CallEnvelope,
  type CallMessage,
  type Down,
  type ExitReason,
  HeddleError,
  isRef,
  Matcher,
  type Op,
  type Ref,
  type ReplyMessage,
  type Self,
  type ServerRef,
  TIMEOUT,
  type Via,
} from '@heddle/scheduler'
import { pidOfTarget } from '../door/caller.ts'
import { Sequence } from './sequence.ts'
import { checkTimeoutMs } from './timeout.ts'

declare const result: unique symbol

/** Stands for a request; opaque. Of use only to the process that made it. */
export interface RequestId<R = unknown> {
  readonly $request: Ref
  /** The server, as it was named. */
  readonly server: ServerRef<never> | string | Via
  readonly [result]?: R
}

/** What a request came to. OTP's `{reply, Reply}`, `{error, {Reason, ServerRef}}`. */
export type Response<R = unknown> =
  | { readonly status: 'reply'; readonly reply: R }
  | { readonly status: 'error'; readonly reason: ExitReason; readonly server: RequestId['server'] }

/** Request ids with their labels; plain data, never changed. */
export interface RequestIds<L = unknown, R = unknown> {
  readonly $requests: readonly { readonly id: RequestId<R>; readonly label: L }[]
}

/** A response out of a collection, and what is left of that. */
export interface LabelledResponse<L, R> {
  readonly response: Response<R>
  readonly label: L
  readonly requests: RequestIds<L, R>
}

/** How long to wait: ms, or until a point of `self.nowMs()`. */
export type Patience = number | { readonly abs: number }

export interface CollectionOptions {
  /** Whether the request whose response has come leaves the collection. Default true. */
  readonly delete?: boolean
}

// ---- collections ----

/** OTP's `reqids_new/0`. */
export function newRequestIds<L = unknown, R = unknown>(): RequestIds<L, R> {
  return { $requests: [] }
}

/** OTP's `reqids_add/3`. @throws HeddleError ERR_BAD_ARGUMENT if the id is in there already */
export function addRequestId<L, R>(id: RequestId<R>, label: L, requests: RequestIds<L, R>): RequestIds<L, R> {
  if (requests.$requests.some((one) => isSame(one.id, id)))
    throw new HeddleError('ERR_BAD_ARGUMENT', 'the request is in the collection already')
  return { $requests: [...requests.$requests, { id, label }] }
}

/** OTP's `reqids_size/1`. */
export function requestIdCount(requests: RequestIds): number {
  return requests.$requests.length
}

/** OTP's `reqids_to_list/1`. */
export function requestIdList<L, R>(requests: RequestIds<L, R>): (readonly [id: RequestId<R>, label: L])[] {
  return requests.$requests.map(({ id, label }) => [id, label] as const)
}

const isSame = (a: RequestId, b: RequestId): boolean => a.$request.$ref === b.$request.$ref

// ---- requests ----

/**
 * Calls a server and goes on. Take the response with `waitResponse`, `receiveResponse` or `checkResponse`.
 * @throws HeddleError ERR_UNCLONABLE
 * @example const id = sendRequest(self, ref, counter.get())
 *          const response = yield* receiveResponse(self, id, 1_000)
 */
export function sendRequest<Api, R>(
  self: Self,
  server: ServerRef<Api> | string | Via,
  message: CallMessage<Api, R>,
): RequestId<R>
/** As above, and adds its id to a collection, which is returned. */
export function sendRequest<Api, R, L>(
  self: Self,
  server: ServerRef<Api> | string | Via,
  message: CallMessage<Api, R>,
  label: L,
  requests: RequestIds<NoInfer<L>, NoInfer<R>>,
): RequestIds<L, R>
export function sendRequest(
  self: Self,
  server: ServerRef<never> | string | Via,
  message: CallMessage<never, unknown>,
  ...into: [] | [label: unknown, requests: RequestIds]
): RequestId | RequestIds {
  const pid = pidOfTarget(self, server)
  // Nobody: the monitor says so at once.
  const watched = pid ?? (typeof server === 'string' ? server : NOBODY)
  const ref = self.monitor(watched, { alias: 'reply_demonitor' })
  if (pid !== undefined) {
    const envelope: CallEnvelope = { type: '$call', from: { pid: self.pid, ref }, request: message }
    try {
      self.send(pid, envelope)
    } catch (error) {
      self.demonitor(ref, { flush: true })
      throw error
    }
  }
  const id: RequestId = { $request: ref, server }
  return into.length === 0 ? id : addRequestId(id, into[0], into[1])
}

/** A name in a registry that nobody has. */
const NOBODY = { $pid: 0 }

type CollectionResult<L, R> = LabelledResponse<L, R> | 'no_request' | 'timeout'

/**
 * Waits for a response; after `timeout` it can be waited for again. Of a collection: for the next one that comes, or
 * `no_request` if there is none in it.
 * @param patience default `Infinity`
 */
export const waitResponse = ((
  self: Self,
  what: RequestId | RequestIds,
  patience?: Patience,
  options?: CollectionOptions,
) => waiting(self, what, patience, options, () => {})) as Waits

/** As `waitResponse`, but who has waited in vain gives up: no response will come any more. */
export const receiveResponse = ((
  self: Self,
  what: RequestId | RequestIds,
  patience?: Patience,
  options?: CollectionOptions,
) => waiting(self, what, patience, options, () => abandon(self, what))) as Waits

/** For one response, or the next of a collection. */
interface Waits {
  <R>(self: Self, id: RequestId<R>, patience?: Patience): Op<Response<R> | 'timeout'>
  <L, R>(
    self: Self,
    requests: RequestIds<L, R>,
    patience?: Patience,
    options?: CollectionOptions,
  ): Op<CollectionResult<L, R>>
}

function waiting(
  self: Self,
  what: RequestId | RequestIds,
  patience: Patience = Infinity,
  options: CollectionOptions | undefined,
  giveUp: () => void,
): Op<unknown> {
  const afterMs = checkPatience(patience)
  return new Sequence(() => taking(self, what, afterMs(self), options, giveUp))
}

/**
 * Whether a message is a response: to be asked by who takes messages in another way, a server's `info` for instance.
 * `no_reply`: it is not.
 * @example info: (state, message, self) => {
 *   const response = checkResponse(self, message, state.request)
 *   return response === 'no_reply' ? noreply(state) : noreply({ ...state, response })
 * }
 */
export function checkResponse<R>(self: Self, message: unknown, id: RequestId<R>): Response<R> | 'no_reply'
export function checkResponse<L, R>(
  self: Self,
  message: unknown,
  requests: RequestIds<L, R>,
  options?: CollectionOptions,
): LabelledResponse<L, R> | 'no_request' | 'no_reply'
export function checkResponse(
  _self: Self,
  message: unknown,
  what: RequestId | RequestIds,
  options?: CollectionOptions,
): unknown {
  const ids = idsOf(what)
  if (ids.length === 0) return 'no_request'
  return ids.some((id) => isResponse(message, id)) ? taken(message, what, options) : 'no_reply'
}

function* taking(
  self: Self,
  what: RequestId | RequestIds,
  afterMs: number,
  options: CollectionOptions | undefined,
  giveUp: () => void,
): Steps<unknown> {
  const ids = idsOf(what)
  if (ids.length === 0) return 'no_request'
  const message = yield self.receive(responseTo(ids), { afterMs })
  if (message !== TIMEOUT) return taken(message, what, options)
  giveUp()
  return 'timeout'
}

function abandon(self: Self, what: RequestId | RequestIds): void {
  for (const id of idsOf(what)) self.demonitor(id.$request, { flush: true })
}

function taken(message: unknown, what: RequestId | RequestIds, options?: CollectionOptions): unknown {
  const { $ref } = (message as Down | ReplyMessage).ref
  if ('$request' in what) return responseOf(message, what)
  const { $requests } = what
  const found = $requests.find(({ id }) => id.$request.$ref === $ref) as (typeof $requests)[number]
  const rest = options?.delete === false ? what : { $requests: $requests.filter((one) => one !== found) }
  return { response: responseOf(message, found.id), label: found.label, requests: rest }
}

function idsOf(what: RequestId | RequestIds): RequestId[] {
  if (isRef((what as Partial<RequestId> | undefined)?.$request)) return [what as RequestId]
  const { $requests } = (what ?? {}) as Partial<RequestIds>
  if (Array.isArray($requests)) return $requests.map(({ id }) => id)
  throw new HeddleError('ERR_BAD_ARGUMENT', 'not a request: it takes what sendRequest() returned')
}

function responseTo(ids: readonly RequestId[]): Matcher<unknown> {
  const [first] = ids
  if (ids.length === 1 && first !== undefined)
    return new Matcher((message) => isResponse(message, first), first.$request.$ref)
  const refs = new Set(ids.map((id) => id.$request.$ref))
  return new Matcher((message) => {
    const ref = refOfResponse(message)
    return ref !== undefined && refs.has(ref)
  })
}

const isResponse = (message: unknown, id: RequestId): boolean => refOfResponse(message) === id.$request.$ref

function refOfResponse(message: unknown): number | undefined {
  const it = message as Partial<Down | ReplyMessage> | null
  return typeof it === 'object' && (it?.type === '$reply' || it?.type === 'DOWN') ? it.ref?.$ref : undefined
}

function responseOf(message: unknown, { server }: RequestId): Response {
  const it = message as Down | ReplyMessage
  if (it.type === '$reply') return { status: 'reply', reply: it.reply }
  return { status: 'error', reason: it.reason, server }
}

/** Checked at once, counted from the wait. */
function checkPatience(patience: Patience): (self: Self) => number {
  if (typeof patience === 'number') {
    checkTimeoutMs(patience)
    return () => patience
  }
  if (!Number.isFinite(patience?.abs))
    throw new HeddleError(
      'ERR_TIMEOUT_VALUE',
      'how long to wait is a number of ms, or { abs }, a point in time by self.nowMs()',
    )
  return (self) => Math.max(0, Math.ceil(patience.abs - self.nowMs()))
}

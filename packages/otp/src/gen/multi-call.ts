/**
 * A request to the servers of one name on several nodes, answered or not. There is one node so far, which goes by
 * OTP's name for a node that is not distributed; of any other it is told that it cannot be reached.
 * Source: OTP's `gen_server:multi_call/4`, `abcast/3`.
 */

import type { CallMessage, CastMessage, Op, Self, Steps } from '@heddle/scheduler'
import { newRequestIds, type RequestIds, receiveResponse, sendRequest } from './requests.ts'
import { Sequence } from './sequence.ts'

/** The name of this node. */
export const LOCAL_NODE = 'nonode@nohost'

export interface MultiCallResult<R> {
  readonly replies: readonly (readonly [node: string, reply: R])[]
  /** Those that did not answer: nobody has the name, the server ended, or time was up. */
  readonly badNodes: readonly string[]
}

/**
 * Calls the servers that have this name on these nodes, all at once; replies that come too late are dropped.
 * @param timeoutMs for all of them; default `Infinity`
 * @example const { replies, badNodes } = yield* multiCall(self, [LOCAL_NODE], 'counter', counter.get())
 */
export function multiCall<Api, R>(
  self: Self,
  nodes: readonly string[],
  name: string,
  message: CallMessage<Api, R>,
  timeoutMs = Infinity,
): Op<MultiCallResult<R>> {
  return new Sequence(function* (): Steps<MultiCallResult<R>> {
    let requests = newRequestIds<string, R>()
    for (const node of nodes) {
      if (node === LOCAL_NODE) requests = sendRequest<Api, R, string>(self, name, message, node, requests)
    }
    const deadline = timeoutMs === Infinity ? Infinity : { abs: self.nowMs() + timeoutMs }
    const replies = yield* gather(self, requests, deadline)
    const answered = new Set(replies.map(([node]) => node))
    return { replies, badNodes: nodes.filter((node) => !answered.has(node)) }
  })
}

function* gather<R>(
  self: Self,
  given: RequestIds<string, R>,
  patience: number | { readonly abs: number },
): Steps<(readonly [string, R])[]> {
  const replies: (readonly [string, R])[] = []
  let requests = given
  for (;;) {
    const next = (yield receiveResponse(self, requests, patience)) as
      | { response: { status: string; reply: R }; label: string; requests: typeof given }
      | 'no_request'
      | 'timeout'
    if (typeof next === 'string') return replies
    if (next.response.status === 'reply') replies.push([next.label, next.response.reply])
    requests = next.requests
  }
}

/** Casts to the servers that have this name on these nodes; nobody hears whether they are there. */
export function abcast<Api>(
  self: Self,
  nodes: readonly string[],
  name: string,
  message: CastMessage<Api>,
): 'abcast' {
  for (const node of nodes) if (node === LOCAL_NODE) self.cast(name, message)
  return 'abcast'
}

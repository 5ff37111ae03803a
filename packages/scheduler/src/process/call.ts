/**
 * The call protocol that every server speaks: a call is a request with a fresh reference, and the reply
 * finds its way back by that reference, past whatever else waits in the caller's mailbox. Once the call
 * is given up the reference is dead, so a late reply vanishes (OTP's aliases).
 */

import type { Pid } from '../term/pid.ts'
import type { Ref } from '../term/ref.ts'

declare const api: unique symbol
declare const result: unique symbol

/** The pid of a server whose messages are known to the type checker. */
export interface ServerRef<Api = unknown> extends Pid {
  readonly [api]?: (messages: Api) => void
}

/** A request that is answered; made by a server's own constructors, `counter.get()`. */
export interface CallMessage<Api, R> {
  readonly $call: string
  readonly arg: unknown
  /** The behaviour whose call it is, as a failure names it; default `gen_server`. */
  readonly $module?: string
  /** How long it waits if the caller sets no limit; default 5,000. */
  readonly $timeoutMs?: number
  readonly [api]?: (messages: Api) => void
  readonly [result]?: R
}

/** A message that is not answered. */
export interface CastMessage<Api> {
  readonly $cast: string
  readonly arg: unknown
  readonly [api]?: (messages: Api) => void
}

/** Who called: what `self.reply` takes. Plain data: it can be kept in the state, or handed on. */
export interface From {
  readonly pid: Pid
  readonly ref: Ref
}

/** How a call arrives in the mailbox of the process that was called. */
export interface CallEnvelope {
  readonly type: '$call'
  readonly from: From
  readonly request: unknown
}

/**
 * How a reply arrives whose `from` holds an alias: a request that its sender does not wait for at once. A reply to any
 * other reference that nobody waits for is dropped.
 */
export interface ReplyMessage {
  readonly type: '$reply'
  readonly ref: Ref
  readonly reply: unknown
}

export interface CallOptions {
  /** Default 5,000; `Infinity` waits for ever. */
  readonly timeoutMs?: number
}

export const CALL_TIMEOUT_MS = 5_000

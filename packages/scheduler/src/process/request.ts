/**
 * Calls and casts of processes that are written by hand. A server's definition makes its messages and takes them in; a raw process
 * has to do both itself, and with these two it is typed at both ends: what is sent, what is matched in the mailbox, and what
 * is answered.
 */

import { HeddleError } from '../term/errors.ts'
import type { CallEnvelope, CallMessage, CastMessage, From } from './call.ts'
import { Matcher } from './match.ts'

/** A call as it stands in the mailbox. */
export interface Called<A> extends CallEnvelope {
  readonly request: { readonly $call: string; readonly arg: A }
}

/** A cast as it stands in the mailbox. */
export interface Casted<A> extends CastMessage<unknown> {
  readonly arg: A
}

/** Nothing has to be said of an argument that may be undefined. */
type Argument<A> = undefined extends A ? [argument?: A] : [argument: A]

/** A call: what makes it, matches it and answers it. */
export interface CallKind<A, R> {
  (...argument: Argument<A>): CallMessage<unknown, R>
  /** For a receive. */
  readonly match: Matcher<Called<A>>
  /** For a message that has been received. */
  is(message: unknown): message is Called<A>
  /** Answers it: `message` as it was received, or only its `from`, kept for later. */
  reply(self: { reply(from: From, value: unknown): void }, message: Called<A> | From, value: R): void
}

/** A cast: what makes it and matches it. */
export interface CastKind<A> {
  (...argument: Argument<A>): CastMessage<unknown>
  /** For a receive. */
  readonly match: Matcher<Casted<A>>
  /** For a message that has been received. */
  is(message: unknown): message is Casted<A>
}

/**
 * Names a call that a process written by hand answers; for `self.call`, `vm.call` and `sendRequest`.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT for a name that is no text, or begins with `$`
 * @example const total = defineCall<void, number>('total')
 *          // the process
 *          const message = yield* self.receive(oneOf(total.match, add.match))
 *          if (total.is(message)) total.reply(self, message, state.total)
 *          // the caller
 *          const n = yield* self.call(pid, total())
 */
export function defineCall<A = void, R = unknown>(name: string): CallKind<A, R> {
  const $call = checkedName('defineCall()', name)
  const is = (message: unknown): message is Called<A> => {
    const it = message as Partial<Called<A>> | null | undefined
    return typeof it === 'object' && it?.type === '$call' && it.request?.$call === $call
  }
  return Object.assign((...argument: Argument<A>) => ({ $call, arg: argument[0] }), {
    match: new Matcher<Called<A>>(is),
    is,
    reply: (self: { reply(from: From, value: unknown): void }, to: Called<A> | From, value: R): void =>
      self.reply('from' in to ? to.from : to, value),
  })
}

/**
 * Names a cast that a process written by hand takes.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT for a name that is no text, or begins with `$`
 * @example const add = defineCast<number>('add')
 *          if (add.is(message)) return again({ total: state.total + message.arg })
 */
export function defineCast<A = void>(name: string): CastKind<A> {
  const $cast = checkedName('defineCast()', name)
  const is = (message: unknown): message is Casted<A> => {
    const it = message as Partial<Casted<A>> | null | undefined
    return typeof it === 'object' && it?.$cast === $cast
  }
  return Object.assign((...argument: Argument<A>) => ({ $cast, arg: argument[0] }), {
    match: new Matcher<Casted<A>>(is),
    is,
  })
}

function checkedName(what: string, name: unknown): string {
  if (typeof name === 'string' && name !== '' && !name.startsWith('$')) return name
  throw new HeddleError('ERR_BAD_ARGUMENT', `${what} takes a name that does not begin with $`)
}

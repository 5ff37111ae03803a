/**
 * Which messages a receive takes. A matcher is a test plus, where it can only match messages that
 * mention one reference, that reference: such a receive skips all that came before the reference was
 * made. A receive takes the oldest message that any of its matchers accepts.
 */

import { HeddleError } from '../term/errors.ts'
import { isPid, type Pid } from '../term/pid.ts'
import { isRef, type Ref } from '../term/ref.ts'
import type { Down, ExitMessage, TimeoutMessage } from './self.ts'

declare const matched: unique symbol

export class Matcher<M> {
  declare readonly [matched]?: M
  readonly test: (message: unknown) => boolean
  /** The `$ref` that every match mentions, or 0. */
  readonly refNumber: number
  constructor(test: (message: unknown) => boolean, refNumber = 0) {
    this.test = test
    this.refNumber = refNumber
  }
}

function fields(message: unknown): { readonly [key: string]: unknown } | undefined {
  return typeof message === 'object' && message !== null ? (message as { [key: string]: unknown }) : undefined
}

/** Any message. */
export const ANY: Matcher<unknown> = new Matcher(() => true)

/** What a message with this `type` is known to be: the union's member if a union was given, else only its type. */
type Tagged<M extends { type: string }, T extends M['type']> = string extends M['type']
  ? { readonly type: T; readonly [field: string]: unknown }
  : Extract<M, { type: T }>

/** Messages whose `type` is one of these. */
export function tag<M extends { type: string }, T extends M['type'] = M['type']>(
  ...types: T[]
): Matcher<Tagged<M, T>> {
  if (types.length === 0) throw new HeddleError('ERR_BAD_ARGUMENT', 'tag() needs at least one type')
  if (types.length === 1) {
    const type = types[0]
    return new Matcher((message) => fields(message)?.type === type)
  }
  return new Matcher((message) => (types as unknown[]).includes(fields(message)?.type))
}

/**
 * Names a process's message union once, so that each receive is inferred.
 * @example const on = messages<{ type: 'ping' } | { type: 'pong' }>(); yield* self.receive(on('ping'))
 */
export function messages<M extends { type: string }>(): <T extends M['type']>(
  ...types: T[]
) => Matcher<Extract<M, { type: T }>> {
  return tag as never
}

/** The DOWN message of this monitor. */
export function down(monitor: Ref): Matcher<Down> {
  const ref = refNumberOf(monitor, 'down')
  return new Matcher((message) => {
    const it = fields(message)
    return it?.type === 'DOWN' && (it.ref as Ref | undefined)?.$ref === ref
  }, ref)
}

/** The EXIT message of this process, or of any. Only a process that traps exits gets one. */
export function exit(from?: Pid): Matcher<ExitMessage> {
  if (from === undefined) return new Matcher((message) => fields(message)?.type === 'EXIT')
  if (!isPid(from)) throw new HeddleError('ERR_BAD_ARGUMENT', 'exit() takes a pid')
  return new Matcher((message) => {
    const it = fields(message)
    return it?.type === 'EXIT' && (it.pid as Pid | undefined)?.$pid === from.$pid
  })
}

/** Whether a message is a DOWN, of this monitor or of any: what a server's `info` asks. As a matcher: `down(monitor)`. */
export function isDown(message: unknown, monitor?: Ref): message is Down {
  const it = fields(message)
  if (it?.type !== 'DOWN' || !isRef(it.ref)) return false
  return monitor === undefined || it.ref.$ref === monitor.$ref
}

/** Whether a message is an EXIT, of this process or of any: what a server's `info` asks. As a matcher: `exit(pid)`. */
export function isExit(message: unknown, from?: Pid): message is ExitMessage {
  const it = fields(message)
  if (it?.type !== 'EXIT' || !isPid(it.pid)) return false
  return from === undefined || it.pid.$pid === from.$pid
}

/** The message of this timer, made with `startTimer`. */
export function timeout<M = unknown>(timer: Ref): Matcher<TimeoutMessage<M>> {
  const ref = refNumberOf(timer, 'timeout')
  return new Matcher((message) => {
    const it = fields(message)
    return it?.type === 'timeout' && (it.ref as Ref | undefined)?.$ref === ref
  }, ref)
}

/** Messages with this reference in their field `ref`. */
export function withRef<M extends { ref: Ref }>(reference: Ref): Matcher<M> {
  const ref = refNumberOf(reference, 'withRef')
  return new Matcher((message) => (fields(message)?.ref as Ref | undefined)?.$ref === ref, ref)
}

/** Messages that the given function accepts. If it throws, the receive throws. */
export function where<M>(
  accepts: ((message: unknown) => message is M) | ((message: unknown) => boolean),
): Matcher<M> {
  if (typeof accepts !== 'function') throw new HeddleError('ERR_BAD_ARGUMENT', 'where() takes a function')
  return new Matcher(accepts)
}

type MatchedBy<X> = X extends Matcher<infer M> ? M : never

/** Messages that any of these matchers accepts. */
export function oneOf<Ms extends readonly Matcher<unknown>[]>(
  ...matchers: Ms
): Matcher<MatchedBy<Ms[number]>> {
  const first = matchers[0]?.refNumber ?? 0
  // The mark helps only if every match mentions the same reference.
  const refNumber = matchers.every((matcher) => matcher.refNumber === first) ? first : 0
  return new Matcher((message) => matchers.some((matcher) => matcher.test(message)), refNumber)
}

function refNumberOf(ref: unknown, name: string): number {
  if (isRef(ref)) return ref.$ref
  throw new HeddleError('ERR_BAD_ARGUMENT', `${name}() takes a reference`)
}

/**
 * What a manager keeps of its handlers: a list, the newest first. A handler is where its code is, an id if it has one,
 * its state, and whoever supervises it. All of it is plain data; the code is a cache that no clone carries along.
 *
 * Nothing here calls a callback or sends a message: these are the list's own rules. Source: OTP's `gen_event`.
 */

import { type DefinitionAddress, isPid, isRef, type Pid, type Ref, samePid, sameRef } from '@heddle/scheduler'
import type { Core } from '../../gen/core.ts'
import type { HandlerCode } from './code.ts'

/** Tells handlers of one definition apart. */
export type HandlerMark = string | number | Pid | Ref

/** How a handler is named: its definition's name, or that and its mark. OTP's `Module` and `{Module, Id}`. */
export type HandlerId = string | readonly [name: string, mark: HandlerMark]

/** Which handler is meant; plain data. */
export interface HandlerKey extends DefinitionAddress {
  readonly mark: HandlerMark | undefined
}

export const CODE: unique symbol = Symbol('code')

export interface Handler extends HandlerKey {
  state: unknown
  /** Who added it with `addSupHandler`. */
  readonly supervisor: Pid | undefined
  [CODE]: HandlerCode | undefined
}

/** The record of a manager's process. */
export interface Manager extends Core {
  /** The newest first. */
  readonly handlers: Handler[]
}

export function newHandler({ url, name, mark }: HandlerKey, state: unknown, supervisor?: Pid): Handler {
  return { url, name, mark, state, supervisor, [CODE]: undefined }
}

/** As plain data. */
export function withoutCode({ [CODE]: _, ...handler }: Handler): Handler {
  return handler as Handler
}

export function idOf({ name, mark }: HandlerKey): HandlerId {
  return mark === undefined ? name : [name, mark]
}

/** The newest with this key: the same key may be there twice. */
export function find(handlers: readonly Handler[], key: HandlerKey): Handler | undefined {
  return handlers.find(
    (each) => each.name === key.name && each.url === key.url && sameMark(each.mark, key.mark),
  )
}

function sameMark(a: HandlerMark | undefined, b: HandlerMark | undefined): boolean {
  if (isPid(a)) return isPid(b) && samePid(a, b)
  if (isRef(a)) return isRef(b) && sameRef(a, b)
  return a === b
}

export function isMark(value: unknown): value is HandlerMark {
  return typeof value === 'string' || typeof value === 'number' || isPid(value) || isRef(value)
}

/** Takes a handler out of the list, if it is in it. */
export function drop(handlers: Handler[], handler: Handler): void {
  const index = handlers.indexOf(handler)
  if (index >= 0) handlers.splice(index, 1)
}

/** Those that end with this process, the newest first. */
export function supervisedBy(handlers: readonly Handler[], { $pid }: Pid): Handler[] {
  return handlers.filter(({ supervisor }) => supervisor?.$pid === $pid)
}

/** Everybody who supervises a handler here, once each. */
export function supervisorsOf(handlers: readonly Handler[]): Pid[] {
  const byNumber = new Map<number, Pid>()
  for (const { supervisor } of handlers)
    if (supervisor !== undefined) byNumber.set(supervisor.$pid, supervisor)
  return [...byNumber.values()]
}

/**
 * System messages: what `sys` sends to a process that is made of a behaviour, or that is written by hand and follows the
 * rules. Such a message is a call of a reserved name, so it is answered, timed out and failed like any other:
 *
 *     { type: '$call', from, request: { $call: '$system', arg: ['get_state'] } }        self.reply(from, …)
 *
 * Rejected: a message type of its own (the scheduler would have to watch the target and time the answer once more).
 */

import {
  type CallEnvelope,
  type CallMessage,
  type ExitMessage,
  type ExitReason,
  isPid,
} from '@heddle/scheduler'
import type { FunRef } from '../report/fun.ts'
import type { DebugInstall } from './debug.ts'

/** What a process can be asked or told. */
export type SystemRequest =
  | readonly ['get_state']
  | readonly ['replace_state', FunRef<unknown>, argument: unknown]
  | readonly ['get_status']
  | readonly ['suspend']
  | readonly ['resume']
  | readonly ['terminate', ExitReason]
  | readonly ['change_code', module: string, from: unknown, extra: unknown]
  | readonly ['debug', DebugRequest]

export type DebugRequest =
  | readonly ['trace', boolean]
  | readonly ['log', boolean | 'get' | 'print' | number]
  | readonly ['log_to_file', string | false]
  | readonly ['statistics', boolean | 'get']
  | readonly ['install', DebugInstall]
  | readonly ['remove', string | FunRef<unknown>]
  | readonly ['no_debug']

/** A system message as it stands in the mailbox. */
export interface SystemMessage extends CallEnvelope {
  readonly request: { readonly $call: '$system'; readonly arg: SystemRequest }
}

export const SYSTEM = '$system'

/** What is answered: a value, or why there is none. */
export type SystemAnswer<T = unknown> =
  | { readonly status: 'ok'; readonly value: T }
  | { readonly status: 'error'; readonly reason: ExitReason }

export function systemCall<T>(request: SystemRequest): CallMessage<unknown, SystemAnswer<T>> {
  return { $call: SYSTEM, arg: request }
}

/** Whether a message is for `sys.handleSystemMessage`. */
export function isSystemMessage(message: unknown): message is SystemMessage {
  if (typeof message !== 'object' || message === null) return false
  const { type, request } = message as Partial<SystemMessage>
  return type === '$call' && (request as Partial<SystemMessage['request']> | null)?.$call === SYSTEM
}

/** Whether a message says that this process has ended. */
export function isExitOf(message: unknown, parent: number): message is ExitMessage {
  if (typeof message !== 'object' || message === null) return false
  const { type, pid } = message as Partial<ExitMessage>
  return type === 'EXIT' && isPid(pid) && pid.$pid === parent
}

/**
 * Where a process comes from, as its dictionary tells: `$ancestors`, the names or pids of who started it, of who started
 * that, and so on; `$initial_call`, what it began with. Crash reports are made of it. Source: OTP's `proc_lib`.
 */

import type { Op, Pid, Self } from '@heddle/scheduler'
import { Sequence } from './sequence.ts'

export const ANCESTORS = '$ancestors'
export const INITIAL_CALL = '$initial_call'

/** A name, or a pid where there was none. */
export type Ancestor = string | Pid

/** The definition's name, its function, and how many arguments that takes. */
export type InitialCall = readonly [definition: string, callback: string, argumentCount: number]

/** What a process started by this one has for ancestors. */
export function ancestorsFor(self: Self): Ancestor[] {
  const own = self.get(ANCESTORS)
  return [self.registeredName ?? self.pid, ...(Array.isArray(own) ? (own as Ancestor[]) : [])]
}

export function noteAncestry(self: Self, ancestors: readonly Ancestor[], call: InitialCall): void {
  self.put(ANCESTORS, ancestors)
  self.put(INITIAL_CALL, call)
}

/**
 * What a process began with, or false if it is dead, or was not started by this floor. OTP's
 * `proc_lib:translate_initial_call/1`.
 * @example yield* initialCall(self, pid)    // ['counter', 'init', 1]
 */
export function initialCall(self: Self, pid: Pid): Op<InitialCall | false> {
  return new Sequence(function* () {
    const info = (yield self.processInfo(pid, ['dictionary'])) as
      | { readonly dictionary: readonly (readonly [unknown, unknown])[] }
      | undefined
    const call = info?.dictionary.find(([key]) => key === INITIAL_CALL)?.[1]
    return Array.isArray(call) ? (call as readonly unknown[] as InitialCall) : false
  })
}

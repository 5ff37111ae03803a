/**
 * Who calls: a process, or the host. What both can do is enough to look after a server: an operation made of it is
 * waited for with `yield*` or `await` in a process, with `await` on the host.
 */

import { type Pid, registryOf, type Self, type ServerRef, type Via, type Vm } from '@heddle/scheduler'

export type Caller = Self | Vm

/** A server: by its pid, by its name, or by a name in a registry. */
export type Target = ServerRef<never> | Pid | string | Via

/** The process that is meant, if there is one. */
export function pidOfTarget(caller: Caller, target: Target): Pid | undefined {
  if (typeof target === 'string') return caller.whereis(target)
  if (!('via' in target)) return target
  return registryOf(target).whereisName(target.name, caller as Self)
}

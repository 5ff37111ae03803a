/**
 * Who calls: a process, or the host. What both can do is enough to look after a server: an operation made of it is
 * waited for with `yield*` or `await` in a process, with `await` on the host.
 */

import {
  HeddleError,
  type Op,
  type Pid,
  registryOf,
  type Self,
  type ServerRef,
  type Via,
  type Vm,
} from '@heddle/scheduler'

/** Whoever can ask: a process by its `self`, the host by its VM. */
export type Caller = Self | Vm

/** What somebody who asks gets: a process an operation, the host a promise. */
export type Asked<B extends Caller, T> = B extends Self ? Op<T> : Promise<T>

/**
 * Types are not there in JavaScript, and who calls is easily forgotten.
 * @param what for the message: `sys.getState()`
 * @throws HeddleError ERR_BAD_ARGUMENT
 */
export function checkCaller(what: string, by: unknown): void {
  if (typeof (by as Partial<Caller> | null | undefined)?.whereis === 'function') return
  throw new HeddleError('ERR_BAD_ARGUMENT', `${what} takes a process's self, or the VM, first`)
}

/** For what the host cannot do. @throws HeddleError ERR_BAD_ARGUMENT */
export function isProcess(what: string, by: Caller): by is Self {
  checkCaller(what, by)
  return 'bumpReductions' in by
}

/** A server: by its pid, by its name, or by a name in a registry. */
export type Target = ServerRef<never> | Pid | string | Via

/** The process that is meant, if there is one. */
export function pidOfTarget(caller: Caller, target: Target): Pid | undefined {
  if (typeof target === 'string') return caller.whereis(target)
  if (!('via' in target)) return target
  return registryOf(target).whereisName(target.name, caller as Self)
}

/**
 * What the records of all behaviours begin with, and how such a process rests. The plain path costs one load: what
 * few processes need (a time limit, hibernation, debugging) stands in *extras*, which most do not have.
 *
 * Why the present rest is remembered: a system message interrupts it, and it then begins anew, with its time limit in
 * full. Source: OTP's `gen_server:loop`.
 */

import { again, hibernate, type Turn, type Via } from '@heddle/scheduler'
import type { Debug } from './debug.ts'

/** The turn "at rest": made once, and again where a clone has left it behind. */
const REST: unique symbol = Symbol('rest')

/** The state of a behaviour's process: a record, changed in place; plain data but for the cache. */
export interface Core {
  /** The parent's `$pid`, or NO_PARENT. */
  readonly parent: number
  extras: Extras | undefined
  [REST]: Turn<never> | undefined
}

export interface Extras {
  debug: Debug | undefined
  /** The present rest: NO_WAIT, HIBERNATING, or the ms of its time limit. */
  wait: number
  /** Hibernates when nothing has come for so long; `Infinity`: never. */
  hibernateAfterMs: number
  /** What it has registered itself as, in a registry of the user's. */
  name: Via | undefined
  /** By `sys.suspend`: it takes system messages alone. */
  isSuspended: boolean
}

const NO_WAIT = -1
const HIBERNATING = -2

/** The fields of a new process's record that are the floor's. */
export function newCore({ parent, extras }: Pick<Core, 'parent' | 'extras'>): Core {
  return { parent, extras, [REST]: undefined }
}

/** Extras with nothing in them. */
export function noExtras(): Extras {
  return { debug: undefined, wait: NO_WAIT, hibernateAfterMs: Infinity, name: undefined, isSuspended: false }
}

/** The record without its cache, which is no data. */
export function withoutCache<C extends Core>(core: C): Omit<C, typeof REST> {
  const { [REST]: _, ...data } = core
  return data
}

/** At rest until the next message. */
export function rest<C extends Core>(core: C): Turn<C> {
  if (core.extras !== undefined) return restAs(core, core.extras, NO_WAIT)
  return (core[REST] ??= again(core) as Turn<never>) as Turn<C>
}

/** At rest until the next message; if none comes within so many ms, `TIMEOUT` does. */
export function restFor<C extends Core>(core: C, ms: number): Turn<C> {
  if (ms === Infinity) return rest(core)
  core.extras ??= noExtras()
  return restAs(core, core.extras, ms)
}

/** At rest until the next message, with nothing on a stack. */
export function restHibernating<C extends Core>(core: C): Turn<C> {
  core.extras ??= noExtras()
  return restAs(core, core.extras, HIBERNATING)
}

/** The rest that was interrupted, from its beginning. */
export function restAgain<C extends Core>(core: C): Turn<C> {
  return core.extras === undefined ? rest(core) : restAs(core, core.extras, core.extras.wait)
}

function restAs<C extends Core>(core: C, extras: Extras, wait: number): Turn<C> {
  extras.wait = wait
  if (wait === HIBERNATING) return hibernate(core)
  if (wait !== NO_WAIT) return again(core, { afterMs: wait })
  if (extras.hibernateAfterMs === Infinity) return again(core)
  return again(core, { afterMs: extras.hibernateAfterMs })
}

/** A message has come. Returns whether it is not one, but says that the process has been idle for long enough. */
export function isIdleEnough(extras: Extras, isTimeUp: boolean): boolean {
  if (isTimeUp && extras.wait === NO_WAIT) return true
  extras.wait = NO_WAIT
  return false
}

/**
 * A thread's copies of the logger's configuration, one for each VM that has a scheduler here (mostly there is one). Whoever
 * logs decides with it, without asking anybody; that is why a debug message that nobody wants costs a look at a name.
 *
 * A copy may be old, or another VM's. So each has a name of its own, its *epoch*, under which the logger registers a process for as
 * long as this is the newest: names are in memory that all schedulers share, and so a change is seen everywhere at once. Whoever
 * finds no copy that holds hands its event to the logger as it is; the logger decides then. Copies are brought up to date by an
 * *agent* on each scheduler.
 *
 * Rejected: to ask the logger each time (a message, and a lazy message could not stay lazy); to wait until all agents have a change
 * (a scheduler that is stuck would hold it up); a word of shared memory (whose? `self` does not say which VM it is in).
 *
 * Hence the state of this file, which belongs to its thread, as the definitions do.
 */

import type { Pid } from '@heddle/scheduler'
import type { Published } from './config.ts'
import type { Mode } from './overload.ts'

/** Whoever can look a name up: a process, or the VM on the host. */
export interface Lookup {
  whereis(name: string): Pid | undefined
}

export interface Store {
  readonly published: Published
  /** `undefined` on the host, where it is not known to be one. */
  readonly scheduler: number | undefined
  /** How overloaded the handlers are, by `$pid`, as far as is known here; absent: not at all. */
  readonly modes: Map<number, Mode>
  /** Events that were not even sent to them. */
  readonly dropped: Map<number, number>
}

/** Newest first. */
let stores: readonly Store[] = []

/** More VMs than this in one thread, and the oldest do without. */
const STORE_COUNT_MAX = 16

/** Replaces this thread's copy of the same logger's configuration. */
export function setStore(published: Published, scheduler: number | undefined): void {
  const previous = storeOfLogger(published.token)
  const { modes = new Map(), dropped = new Map() } = previous ?? {}
  const others = stores.filter((it) => it !== previous)
  stores = [{ published, scheduler, modes, dropped }, ...others].slice(0, STORE_COUNT_MAX)
}

export function removeStore(token: string): void {
  stores = stores.filter((it) => it.published.token !== token)
}

export function storeOfLogger(token: string): Store | undefined {
  return stores.find((it) => it.published.token === token)
}

/** The copy that holds, if there is one. */
export function storeOf(by: Lookup): Store | undefined {
  for (const store of stores) if (by.whereis(store.published.epoch) !== undefined) return store
  return undefined
}

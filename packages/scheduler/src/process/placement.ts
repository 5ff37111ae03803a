/**
 * Placement policies of the user's own: which scheduler a new process goes to. A policy is code, so it is known like
 * a process, by its module and a name, and every thread that spawns imports it.
 */

import { HeddleError } from '../term/errors.ts'
import { type DefinitionAddress, define } from './define.ts'
import type { SpawnOptions } from './self.ts'
import { done } from './turn.ts'

/** A scheduler that a process could go to, in numbers that may be a moment old; what the spawner has just sent there counts. */
export interface PlacementLoad {
  /** From 1. */
  readonly scheduler: number
  /** Whether it is the spawner's own. */
  readonly isHere: boolean
  /** Processes that could run now. */
  readonly runQueueLength: number
  /** Processes spawned there that nobody has begun to run yet, and that any idle scheduler may take. */
  readonly queuedCount: number
  /** Processes that live there, resting ones included, and `queuedCount` not. */
  readonly processCount: number
}

/**
 * Chooses among `loads`: schedulers that are up and not stuck in a long callback; at least one. Returns the `scheduler` of one
 * of them. `random` gives numbers in [0, 1), from the seed where there is one. It must be pure, and quick: every spawn without
 * a `scheduler` of its own waits for it.
 */
export type PlacementFunction = (
  loads: readonly PlacementLoad[],
  options: SpawnOptions,
  random: () => number,
) => number

/** What `startVm({ placement })` takes besides the names of policies. */
export interface PlacementDef {
  readonly $: DefinitionAddress
}

/**
 * Defines a placement policy, at the top level of a module.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const fewest = placement(import.meta.url, 'fewest', (loads) => {
 *   const sizes = loads.map(({ processCount, queuedCount }) => processCount + queuedCount)
 *   return loads[sizes.indexOf(Math.min(...sizes))].scheduler
 * })
 */
export function placement(url: string, name: string, place: PlacementFunction): PlacementDef {
  if (typeof place !== 'function')
    throw new HeddleError('ERR_BAD_ARGUMENT', `cannot define placement ${String(name)}: it is not a function`)
  return { $: define({ url, name, vsn: 0, init: refuse, run: undefined, handle: () => done(), place }) }
}

function refuse(): never {
  throw new HeddleError('ERR_BAD_ARGUMENT', 'a placement policy is not a process')
}

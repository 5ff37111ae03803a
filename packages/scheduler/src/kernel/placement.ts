/**
 * Where a new process runs: here while the run queue is short, since a neighbour in cache is the
 * cheapest to talk to; else on the less loaded of two others taken at random, which spreads nearly as
 * well as asking all and costs two loads. A scheduler that is stuck in one turn gets nothing but what was asked for by its
 * number: it could not start it.
 */

import type { SpawnOptions } from '../process/self.ts'
import { HeddleError } from '../term/errors.ts'
import type { Kernel } from './kernel.ts'

/** A queue of so many is short. */
const SHORT_QUEUE = 32
const FIRST_SCHEDULER = 1

export function placeSpawn(kernel: Kernel, wanted: SpawnOptions['scheduler']): number {
  const schedulerCount = kernel.endpointCount - FIRST_SCHEDULER
  // One kernel in the host's own thread: it runs everything.
  if (schedulerCount === 0) {
    if (wanted === undefined || wanted === 'local' || wanted === 'spread' || wanted === 0)
      return kernel.endpoint
    throw badScheduler(wanted, 'this VM runs inline')
  }
  const isHost = kernel.endpoint < FIRST_SCHEDULER
  if (wanted === undefined) {
    return !isHost && kernel.runQueueLength < SHORT_QUEUE && !kernel.control.isStuck(kernel.endpoint)
      ? kernel.endpoint
      : lessLoadedOfTwo(kernel, schedulerCount)
  }
  if (wanted === 'local') return isHost ? lessLoadedOfTwo(kernel, schedulerCount) : kernel.endpoint
  if (wanted === 'spread') return lessLoadedOfTwo(kernel, schedulerCount)
  if (Number.isInteger(wanted) && wanted >= FIRST_SCHEDULER && wanted <= schedulerCount) {
    if (!kernel.control.isGone(wanted)) return wanted
    throw new HeddleError('ERR_SCHEDULER_DOWN', `scheduler ${wanted} is down and will not be replaced`)
  }
  throw badScheduler(wanted, `schedulers are 1 to ${schedulerCount}`)
}

function badScheduler(wanted: unknown, why: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `there is no scheduler ${String(wanted)}: ${why}`)
}

function lessLoadedOfTwo(kernel: Kernel, schedulerCount: number): number {
  const a = FIRST_SCHEDULER + Math.floor(kernel.outside.random() * schedulerCount)
  const b = FIRST_SCHEDULER + Math.floor(kernel.outside.random() * schedulerCount)
  const better = loadOf(kernel, a) <= loadOf(kernel, b) ? a : b
  const chosen = isFit(kernel, better) ? better : anyFit(kernel, schedulerCount, better)
  kernel.placedCounts[chosen] += 1
  return chosen
}

function isFit(kernel: Kernel, endpoint: number): boolean {
  return kernel.control.isUp(endpoint) && !kernel.control.isStuck(endpoint)
}

/** One that can start it; if none can, one that is up, or will be: there the spawn waits. */
function anyFit(kernel: Kernel, schedulerCount: number, otherwise: number): number {
  let up = 0
  for (let step = 0; step < schedulerCount; step++) {
    const endpoint = FIRST_SCHEDULER + ((otherwise - FIRST_SCHEDULER + step) % schedulerCount)
    if (isFit(kernel, endpoint)) return endpoint
    if (up === 0 && kernel.control.isUp(endpoint)) up = endpoint
  }
  if (up !== 0) return up
  if (!kernel.control.isGone(otherwise)) return otherwise
  throw new HeddleError('ERR_SCHEDULER_DOWN', 'no scheduler is up')
}

function loadOf(kernel: Kernel, endpoint: number): number {
  if (!isFit(kernel, endpoint)) return Infinity
  const counters = kernel.control.counters(endpoint)
  // What others publish stands still while one process here spawns many: its own choices must count at once.
  return (counters.runQueueLength + kernel.placedCounts[endpoint]) * 1_000 + counters.processCount
}

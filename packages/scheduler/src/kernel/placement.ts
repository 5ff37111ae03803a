/**
 * Where a new process runs. `scheduler: n`, `'local'` and `'spread'` are wishes, and are followed; about all others a policy
 * decides:
 *
 *     two-choices    here while the run queue is short, since a neighbour in cache is the cheapest to talk to; else on the
 *                    less loaded of two taken at random, which spreads nearly as well as asking all and costs two looks
 *     round-robin    one after the other: the same number to each, for many processes of one kind that live long
 *     least-loaded   the least loaded of all, here if that is as good: for few and heavy ones, where chance is not good enough
 *     the user's own
 *
 * What stays here, and has not begun when somebody is idle, that one takes (`steal.ts`): so a policy need not be right about the
 * future. Not shipped, hence: `local-first`. It is what `two-choices` is until the run queue is long, and stealing does the rest.
 *
 * A scheduler that is down, or stuck in one turn, gets nothing new from any policy. What a scheduler that is
 * itself in a long callback keeps for itself others can take, beyond a short run queue.
 */

import type { PlacementFunction, PlacementLoad } from '../process/placement.ts'
import type { SpawnOptions } from '../process/self.ts'
import { HeddleError } from '../term/errors.ts'
import type { Kernel } from './kernel.ts'

export const POLICY_NAMES = ['two-choices', 'round-robin', 'least-loaded'] as const
export type PolicyName = (typeof POLICY_NAMES)[number]

/** Decides for one kernel. */
export type Policy = (kernel: Kernel, options: SpawnOptions) => number

/** A queue of so many is short. */
export const SHORT_QUEUE_COUNT = 32
/** Who has been in one callback for so long gets no new work. */
const LONG_SLICE_MS = 5
const FIRST_SCHEDULER = 1

/** Returns an endpoint, this kernel's own or another's. @throws HeddleError */
export function placeSpawn(kernel: Kernel, options: SpawnOptions): number {
  const wanted = options.scheduler
  const schedulerCount = kernel.endpointCount - FIRST_SCHEDULER
  // One kernel in the host's own thread: it runs everything.
  if (schedulerCount === 0) {
    if (wanted === undefined || wanted === 'local' || wanted === 'spread' || wanted === 0)
      return kernel.endpoint
    throw badScheduler(wanted, 'this VM runs inline')
  }
  if (wanted === undefined) return kernel.placement(kernel, options)
  if (wanted === 'local') return isScheduler(kernel) ? kernel.endpoint : lessLoadedOfTwo(kernel)
  if (wanted === 'spread') return lessLoadedOfTwo(kernel)
  if (Number.isInteger(wanted) && wanted >= FIRST_SCHEDULER && wanted <= schedulerCount) {
    if (!kernel.control.isGone(wanted)) return wanted
    throw new HeddleError('ERR_SCHEDULER_DOWN', `scheduler ${wanted} is down and will not be replaced`)
  }
  throw badScheduler(wanted, `schedulers are 1 to ${schedulerCount}`)
}

function badScheduler(wanted: unknown, why: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `there is no scheduler ${String(wanted)}: ${why}`)
}

export function makePolicy(policy: PolicyName | PlacementFunction): Policy {
  if (policy === 'two-choices') return twoChoices
  if (policy === 'least-loaded') return leastLoaded
  return policy === 'round-robin' ? roundRobin() : userPolicy(policy)
}

function isScheduler(kernel: Kernel): boolean {
  return kernel.endpoint >= FIRST_SCHEDULER
}

// ---- the policies ----

function twoChoices(kernel: Kernel): number {
  const short = kernel.stealing?.shortQueueCount ?? SHORT_QUEUE_COUNT
  if (isScheduler(kernel) && kernel.runQueueLength < short && !kernel.control.isStuck(kernel.endpoint))
    return kernel.endpoint
  return lessLoadedOfTwo(kernel)
}

function lessLoadedOfTwo(kernel: Kernel): number {
  const schedulerCount = kernel.endpointCount - FIRST_SCHEDULER
  const a = FIRST_SCHEDULER + Math.floor(kernel.outside.random() * schedulerCount)
  const b = FIRST_SCHEDULER + Math.floor(kernel.outside.random() * schedulerCount)
  const nowMs = kernel.outside.now()
  const better = loadOf(kernel, a, nowMs) <= loadOf(kernel, b, nowMs) ? a : b
  return chosen(kernel, isFit(kernel, better, nowMs) ? better : nextFit(kernel, better, nowMs))
}

function leastLoaded(kernel: Kernel): number {
  const nowMs = kernel.outside.now()
  let best = isScheduler(kernel) ? kernel.endpoint : FIRST_SCHEDULER
  let least = loadOf(kernel, best, nowMs)
  for (let endpoint = FIRST_SCHEDULER; endpoint < kernel.endpointCount; endpoint++) {
    const load = loadOf(kernel, endpoint, nowMs)
    if (load >= least) continue
    best = endpoint
    least = load
  }
  return chosen(kernel, least < Infinity ? best : nextFit(kernel, best, nowMs))
}

function roundRobin(): Policy {
  let next = 0
  return (kernel) => {
    const schedulerCount = kernel.endpointCount - FIRST_SCHEDULER
    // Not all spawners begin with the same one.
    const endpoint = FIRST_SCHEDULER + ((kernel.endpoint + next) % schedulerCount)
    next = (next + 1) % schedulerCount
    return chosen(kernel, nextFit(kernel, endpoint, kernel.outside.now()))
  }
}

function userPolicy(place: PlacementFunction): Policy {
  return (kernel, options) => {
    const loads = snapshot(kernel)
    if (loads.length === 0) return chosen(kernel, nextFit(kernel, FIRST_SCHEDULER, kernel.outside.now()))
    let scheduler: unknown
    try {
      scheduler = place(loads, options, () => kernel.outside.random())
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new HeddleError('ERR_PLACEMENT', `the placement policy threw: ${why}`, { cause: error })
    }
    if (loads.some((load) => load.scheduler === scheduler)) return chosen(kernel, scheduler as number)
    const wanted = loads.map((load) => load.scheduler).join(', ')
    throw new HeddleError(
      'ERR_PLACEMENT',
      `the placement policy chose ${String(scheduler)}, which is none of ${wanted}`,
    )
  }
}

function snapshot(kernel: Kernel): PlacementLoad[] {
  const nowMs = kernel.outside.now()
  const loads: PlacementLoad[] = []
  for (let endpoint = FIRST_SCHEDULER; endpoint < kernel.endpointCount; endpoint++) {
    if (!isFit(kernel, endpoint, nowMs)) continue
    loads.push({
      scheduler: endpoint,
      isHere: endpoint === kernel.endpoint,
      runQueueLength: runQueueLengthOf(kernel, endpoint),
      queuedCount: queuedCountOf(kernel, endpoint),
      processCount: processCountOf(kernel, endpoint),
    })
  }
  return loads
}

// ---- what they go by ----

function chosen(kernel: Kernel, endpoint: number): number {
  kernel.placedCounts[endpoint] += 1
  return endpoint
}

/**
 * Whether new work may go there. What the host marks as stuck after a second shows in the age of its slice after some ms, to
 * whoever is not itself in that callback.
 */
function isFit({ control, endpoint: me }: Kernel, endpoint: number, nowMs: number): boolean {
  if (!control.isUp(endpoint) || control.isStuck(endpoint)) return false
  if (endpoint === me) return true
  const { sliceStartMs } = control.counters(endpoint)
  return sliceStartMs === 0 || nowMs - sliceStartMs < LONG_SLICE_MS
}

/**
 * The first that is fit, from this one on. If none is: one that is only slow (on a busy machine its thread may not have a
 * core), before one that is stuck, before one that is not up yet: there the spawn waits.
 */
function nextFit(kernel: Kernel, first: number, nowMs: number): number {
  const schedulerCount = kernel.endpointCount - FIRST_SCHEDULER
  let best = 0
  let bestFitness = 0
  for (let step = 0; step < schedulerCount; step++) {
    const endpoint = FIRST_SCHEDULER + ((first - FIRST_SCHEDULER + step) % schedulerCount)
    const fitness = fitnessOf(kernel, endpoint, nowMs)
    if (fitness <= bestFitness) continue
    best = endpoint
    bestFitness = fitness
  }
  if (best !== 0) return best
  throw new HeddleError('ERR_SCHEDULER_DOWN', 'no scheduler is up')
}

/** 0: nothing can ever run there. */
function fitnessOf(kernel: Kernel, endpoint: number, nowMs: number): number {
  const { control } = kernel
  if (isFit(kernel, endpoint, nowMs)) return 4
  if (control.isGone(endpoint)) return 0
  if (!control.isUp(endpoint)) return 1
  return control.isStuck(endpoint) ? 2 : 3
}

function runQueueLengthOf(kernel: Kernel, endpoint: number): number {
  if (endpoint === kernel.endpoint) return kernel.runQueueLength
  // What others publish stands still while one process here spawns many: its own choices must count at once.
  return kernel.control.counters(endpoint).runQueueLength + (kernel.placedCounts[endpoint] as number)
}

function queuedCountOf({ control, endpoint: me, stealing }: Kernel, endpoint: number): number {
  return endpoint === me ? (stealing?.count ?? 0) : control.counters(endpoint).queuedCount
}

/** As with run queues: its own choices count at once. */
function processCountOf({ control, endpoint: me, placedCounts, table }: Kernel, endpoint: number): number {
  if (endpoint === me) return table.count
  return control.counters(endpoint).processCount + (placedCounts[endpoint] as number)
}

function loadOf(kernel: Kernel, endpoint: number, nowMs: number): number {
  if (!isFit(kernel, endpoint, nowMs)) return Infinity
  const waitingCount = runQueueLengthOf(kernel, endpoint) + queuedCountOf(kernel, endpoint)
  // Its own choices are in the length already.
  const { control, endpoint: me, table } = kernel
  return waitingCount * 1_000 + (endpoint === me ? table.count : control.counters(endpoint).processCount)
}

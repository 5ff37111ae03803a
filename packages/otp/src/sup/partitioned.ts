/**
 * `partitionedSupervisor`: N dynamic supervisors under one, so that many processes can start children at the same time. A
 * *key* says which of them a child belongs to; the same key always says the same one.
 *
 *     rooms ---+--- 'rooms/0' (scheduler 1) --- children
 *              +--- 'rooms/1' (scheduler 2) --- children
 *
 * A supervisor starts one child after the other, and waits for each: on one core that is its limit, however many cores
 * there are. The partitions are found by name, so a caller asks nobody, and a partition that was restarted is the same
 * one. Rejected: a process that hands out partitions (it would be the next bottleneck), a random partition (nobody would
 * find the child again). After Elixir's PartitionSupervisor.
 */

import type { Steps } from '@heddle/scheduler'
import {
  type CallMessage,
  HeddleError,
  type Op,
  type Pid,
  type Self,
  type Step,
  type Via,
  type Vm,
  via,
} from '@heddle/scheduler'
import type { Caller } from '../door/caller.ts'
import type { ServerDef } from '../gen/definition.ts'
import type { Ignore } from '../gen/initialise.ts'
import { checkOptions } from '../gen/options.ts'
import { asking } from '../gen/sequence.ts'
import type { ChildCounts, ChildInfo, SupervisorApi } from './calls.ts'
import { type DynamicApi, type DynamicSpec, type DynamicSupervisorDef, dynamicSupervisor } from './dynamic.ts'
import { child } from './spec.ts'
import { supervisor } from './supervisor.ts'

/** A string or a number: what a child is about. */
export type PartitionKey = string | number

export interface PartitionOptions {
  /** How many; default: one per scheduler. */
  readonly partitions?: number
}

/** Who can ask: a process, or the host. */
type Asker = Pick<Self, 'call' | 'schedulerCount'> | Pick<Vm, 'call' | 'schedulerCount'>

/**
 * A partitioned supervisor's definition. Its messages are those of the partitions, which are dynamic supervisors, and go to
 * `at(key)`.
 */
export type PartitionedDef<A, E, P extends Pid = Pid> = ServerDef<A, SupervisorApi> &
  Readonly<DynamicApi<E, P>> & {
    /** The partition that this key belongs to: a destination of calls. */
    at(key: PartitionKey): Via<Partition>
    /** The children of all partitions. */
    whichAll(asker: Asker): Op<readonly ChildInfo<undefined>[]>
    /** Counted over all partitions; `specs` is the number of partitions. */
    countAll(asker: Asker): Op<ChildCounts>
  }

interface Partition {
  readonly pool: string
  readonly key: PartitionKey
  readonly count: number | undefined
}

const nameOf = (pool: string, index: number): string => `${pool}/${index}`

/** Spreads any key evenly: FNV-1a. */
function indexOf(key: PartitionKey, count: number): number {
  const text = String(key)
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % count
}

const refuse = (): never => {
  throw new HeddleError('ERR_BAD_ARGUMENT', 'the partitions have their names from their supervisor')
}

const partition = via<Partition>(import.meta.url, 'partition', {
  registerName: refuse,
  unregisterName: refuse,
  whereisName: ({ pool, key, count }, self) =>
    self.whereis(nameOf(pool, indexOf(key, count ?? self.schedulerCount))),
})

/**
 * Defines a partitioned supervisor that any scheduler can run. Start it once: its partitions are registered as `NAME/0`,
 * `NAME/1`, and so on, each on a scheduler of its own as far as there are.
 *
 * @param name unique in its module, and in the VM
 * @param init of each partition, as a dynamic supervisor's; what it counts and gives up for is its own
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const sessions = partitionedSupervisor(import.meta.url, 'sessions', (_: void) => ({
 *   child: template(session, { restart: 'temporary', scheduler: 'local' }),
 * }))
 * // const started = yield* self.call(sessions.at(user), sessions.startChild(user))
 */
export function partitionedSupervisor<A, E, P extends Pid>(
  url: string,
  name: string,
  init: (argument: A, self: Self) => Step<DynamicSpec<E, P> | Ignore>,
  options: PartitionOptions = {},
): PartitionedDef<A, E, P> {
  checkOptions('partitionedSupervisor()', options, new Set(['partitions']))
  const { partitions } = options
  if (partitions !== undefined && !(Number.isSafeInteger(partitions) && partitions > 0)) {
    throw new HeddleError('ERR_BAD_ARGUMENT', `partitions is a number from 1, not ${partitions}`)
  }
  const one: DynamicSupervisorDef<A, E, P> = dynamicSupervisor(url, `${name} partition`, init)
  const all = supervisor(url, name, (argument: A, self) => ({
    children: Array.from({ length: partitions ?? self.schedulerCount }, (_, index) =>
      child(one, argument as NoInfer<A>, {
        name: nameOf(name, index),
        ...(self.scheduler === 0 ? {} : { scheduler: 1 + (index % self.schedulerCount) }),
      }),
    ),
  }))
  const { $: _address, ...messages } = one
  // A VM that runs inline has none, but runs as one.
  const countOf = (asker: Asker) => partitions ?? Math.max(1, asker.schedulerCount)
  return Object.freeze({
    ...messages,
    $: all.$,
    at: (key: PartitionKey) => partition({ pool: name, key, count: partitions }),
    whichAll: (asker: Asker) =>
      asking('whichAll()', asker as Caller, () =>
        askEach(asker, name, countOf(asker), one.whichChildren(), (lists) => lists.flat()),
      ),
    countAll: (asker: Asker) =>
      asking('countAll()', asker as Caller, () =>
        askEach(asker, name, countOf(asker), one.countChildren(), sum),
      ),
  }) as unknown as PartitionedDef<A, E, P>
}

function* askEach<R, T>(
  asker: Asker,
  pool: string,
  count: number,
  message: CallMessage<never, R>,
  combine: (answers: readonly R[]) => T,
): Steps<T> {
  const answers: R[] = []
  for (let index = 0; index < count; index++) {
    const asking = asker.call(nameOf(pool, index), message as CallMessage<unknown, R>)
    answers.push((yield asking as Op<R>) as R)
  }
  return combine(answers)
}

function sum(counts: readonly ChildCounts[]): ChildCounts {
  const total = (key: keyof ChildCounts) => counts.reduce((so, each) => so + each[key], 0)
  return {
    specs: total('specs'),
    active: total('active'),
    supervisors: total('supervisors'),
    workers: total('workers'),
  }
}

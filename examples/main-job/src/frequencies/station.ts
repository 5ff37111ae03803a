/**
 * A base station under load, seen from the host: a VM, the supervised allocator and, on each scheduler, a crowd of
 * clients; and, when the load is over, whether the books balance. Both measurements, with and without a disaster,
 * are made on it.
 */

import { startServer } from '@heddle/otp'
import { type Down, type Report, startVm, TIMEOUT, tag, type Vm } from '@heddle/scheduler'
import type { Checks } from '../checks.ts'
import { type AllocatorStatus, allocator } from './allocator.ts'
import { baseStation, partitionName, planBands } from './base-station.ts'
import { crowd, type Dispersed } from './crowd.ts'
import { type Instruments, LINE, makeInstruments, PHASE, setPhase, total } from './instruments.ts'
import { withinMs } from './within.ts'

export interface Load {
  readonly frequencyCount: number
  readonly clientCount: number
}

/** Enough clients to keep so many schedulers busy, and not quite enough frequencies. */
export function loadFor(schedulerCount: number): Load {
  return { clientCount: 128 * schedulerCount, frequencyCount: 96 * schedulerCount }
}

export interface Station {
  readonly vm: Vm
  readonly instruments: Instruments
  readonly partitions: readonly string[]
  readonly crowds: readonly CrowdPlace[]
  /** What the VM reported: crashes, schedulers down. */
  readonly reports: readonly Report[]
}

export interface CrowdPlace {
  readonly scheduler: number
  readonly firstLine: number
  readonly lineCount: number
}

/** Where the supervisor lives: the scheduler to spare. */
export const HOME_SCHEDULER = 1
const ANSWER_MS = 10_000
const END_MS = 10_000
const RETRY_MS = 1

/** Resolves when all partitions and all crowds are at work. */
export async function openStation(
  { clientCount, frequencyCount }: Load,
  schedulerCount: number,
): Promise<Station> {
  const reports: Report[] = []
  const vm = await startVm({ schedulers: schedulerCount, onReport: (report) => reports.push(report) })
  const plan = planBands(schedulerCount, frequencyCount)
  // Started when all its children are: a supervisor's start waits for theirs.
  await startServer(vm, baseStation, plan, { scheduler: HOME_SCHEDULER })
  const partitions = plan.bands.map((_, index) => partitionName(index))
  const lineCount = Math.ceil(clientCount / schedulerCount)
  const instruments = makeInstruments(frequencyCount, lineCount * schedulerCount, schedulerCount)
  const crowds = plan.bands.map((_, index) => ({
    scheduler: index + 1,
    firstLine: index * lineCount,
    lineCount,
  }))
  for (const [index, { scheduler, firstLine }] of crowds.entries()) {
    const pid = await vm.spawn(
      crowd,
      {
        crowd: index,
        firstLine,
        lineCount,
        partitionCount: schedulerCount,
        instruments,
        replyTo: vm.pid,
      },
      { scheduler },
    )
    vm.monitor(pid)
  }
  return { vm, instruments, partitions, crowds, reports }
}

/** The books of a partition, as soon as there is one of that name. */
export async function statusOf(vm: Vm, partition: string, waitMs = ANSWER_MS): Promise<AllocatorStatus> {
  const status = await withinMs(waitMs, RETRY_MS, async () => {
    if (vm.whereis(partition) === undefined) return undefined
    // It may die before it answers; whoever comes after it will.
    return vm.call(partition, allocator.status(), { timeoutMs: waitMs }).catch(() => undefined)
  })
  if (status === undefined) throw new Error(`${partition} does not answer`)
  return status
}

export function statusOfAll(vm: Vm, partitions: readonly string[]): Promise<AllocatorStatus[]> {
  return Promise.all(partitions.map((partition) => statusOf(vm, partition)))
}

export interface Ending {
  /** How each crowd ended: `normal` when all its clients had ended. */
  readonly crowdReasons: readonly unknown[]
  /** Why clients ended that were not meant to. */
  readonly surprises: readonly unknown[]
  /** The books at the very end. */
  readonly statuses: readonly AllocatorStatus[]
}

/** Ends the load: clients finish what they are at, then the books are read. */
export async function endLoad({ vm, instruments, partitions, crowds }: Station): Promise<Ending> {
  setPhase(instruments, PHASE.stopping)
  const crowdReasons: unknown[] = []
  const surprises: unknown[] = []
  const deadline = performance.now() + END_MS
  while (crowdReasons.length < crowds.length) {
    const leftMs = Math.max(0, Math.ceil(deadline - performance.now()))
    const end = await vm.receive(tag<Down>('DOWN'), { afterMs: leftMs })
    crowdReasons.push(end === TIMEOUT ? 'still there' : end.reason)
  }
  for (;;) {
    const dispersed = await vm.receive(tag<Dispersed>('dispersed'), { afterMs: 0 })
    if (dispersed === TIMEOUT) break
    surprises.push(...dispersed.surprises)
  }
  // News of the last deaths may still be on its way to a partition.
  await withinMs(END_MS, RETRY_MS, async () => {
    const held = (await statusOfAll(vm, partitions)).reduce((sum, status) => sum + status.held, 0)
    return held === 0 ? true : undefined
  })
  return { crowdReasons, surprises, statuses: await statusOfAll(vm, partitions) }
}

/** What must hold of the allocator whatever happens. */
export function judgeAllocations({ instruments }: Station, { statuses }: Ending): Checks {
  return {
    'no frequency was held by two clients at once': total(instruments, LINE.conflicts) === 0,
    'at the end all frequencies are free': statuses.every(({ held }) => held === 0),
    'every partition has: inherited + granted = returned + reclaimed': statuses.every(
      (status) => status.addsUp,
    ),
  }
}

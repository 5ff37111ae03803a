/**
 * A scheduler is killed in the middle of the load, as a crash of its thread would end it: no goodbye, whatever its
 * processes were doing. What follows is the VM's and the supervisor's work alone; this file only watches:
 *
 *     the thread is gone -> every process on it has ended, with reason ['scheduler_down', n]
 *       -> who called one of them gets an exit            -> the clients elsewhere hang up and try again
 *       -> who monitored one of them gets a DOWN          -> partitions elsewhere take back what dead clients held
 *       -> the supervisor gets an exit of its child       -> it starts the partition again, same name, same table
 *     a fresh thread takes the scheduler's place          -> the partition runs there
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Checks } from '../checks.ts'
import type { AllocatorStatus } from './allocator.ts'
import { LINE, openCalls, PHASE, setPhase, total } from './instruments.ts'
import {
  type Ending,
  endLoad,
  judgeAllocations,
  loadFor,
  openStation,
  type Station,
  statusOf,
  statusOfAll,
} from './station.ts'
import { withinMs } from './within.ts'

export interface DisasterFigures {
  readonly killedScheduler: number
  /** From the kill until its thread was gone. */
  readonly threadGoneMs: number
  readonly partitions: readonly PartitionFigures[]
  readonly calls: CallFigures
}

export interface PartitionFigures {
  readonly name: string
  readonly pidBefore: number
  readonly pidAfter: number
  readonly schedulerBefore: number
  readonly schedulerAfter: number
  /** From the kill until it answered a call that was made when the thread was gone. */
  readonly answeredAgainMs: number
  /** Frequencies it found held when it started. */
  readonly inheritedCount: number
}

/** `made = replies + exits + callersKilled + callersLost` */
export interface CallFigures {
  readonly made: number
  readonly replies: number
  readonly exits: number
  /** Open calls of clients that were shot. */
  readonly callersKilled: number
  /** Open calls of clients that died with their scheduler. */
  readonly callersLost: number
}

const RECOVERY_MS = 10_000
const RETRY_MS = 1

export async function runDisaster(
  schedulerCount: number,
  durationMs: number,
): Promise<{ figures: DisasterFigures; checks: Checks }> {
  const station = await openStation(loadFor(schedulerCount), schedulerCount)
  const { vm, instruments, partitions } = station
  // The supervisor lives on the first.
  const victim = schedulerCount
  try {
    setPhase(instruments, PHASE.measuring)
    await sleep(durationMs / 2)
    const before = await statusOfAll(vm, partitions)
    const killedAt = performance.now()
    await vm.killScheduler(victim)
    const threadGoneMs = performance.now() - killedAt
    const after = await Promise.all(
      partitions.map(async (partition) => {
        const status = await statusOf(vm, partition, RECOVERY_MS)
        return { status, answeredAgainMs: performance.now() - killedAt }
      }),
    )
    const worksAgain = await grantsAgain(station, victim)
    await sleep(durationMs / 2)
    const freshScheduler = vm.info().schedulers[victim - 1]
    const ending = await endLoad(station)
    const figures: DisasterFigures = {
      killedScheduler: victim,
      threadGoneMs,
      partitions: partitions.map((name, index) => partitionFigures(name, before[index]!, after[index]!)),
      calls: callFigures(station, victim),
    }
    return {
      figures,
      checks: {
        [`scheduler ${victim} was replaced`]:
          freshScheduler?.status === 'up' && freshScheduler.restartCount === 1,
        ...judge(station, ending, figures),
        'the restarted partition serves clients': worksAgain,
      },
    }
  } finally {
    await vm.stop()
  }
}

async function grantsAgain({ vm, partitions }: Station, victim: number): Promise<boolean> {
  const hasGranted = await withinMs(RECOVERY_MS, RETRY_MS, async () => {
    const { counts } = await statusOf(vm, partitions[victim - 1] ?? '')
    return counts.granted > 0 || undefined
  })
  return hasGranted === true
}

function partitionFigures(
  name: string,
  before: AllocatorStatus,
  after: { status: AllocatorStatus; answeredAgainMs: number },
): PartitionFigures {
  return {
    name,
    pidBefore: before.pid.$pid,
    pidAfter: after.status.pid.$pid,
    schedulerBefore: before.scheduler,
    schedulerAfter: after.status.scheduler,
    answeredAgainMs: after.answeredAgainMs,
    inheritedCount: after.status.counts.inherited,
  }
}

function callFigures({ instruments, crowds }: Station, victim: number): CallFigures {
  const { firstLine, lineCount } = crowds[victim - 1]!
  const deadLines = Array.from({ length: lineCount }, (_, index) => firstLine + index)
  return {
    made: total(instruments, LINE.made),
    replies: total(instruments, LINE.replies),
    exits: total(instruments, LINE.exits),
    callersKilled: total(instruments, LINE.lost),
    callersLost: deadLines.filter((line) => openCalls(instruments, line) === 1).length,
  }
}

function judge(station: Station, ending: Ending, figures: DisasterFigures): Checks {
  const { calls, partitions, killedScheduler } = figures
  const { made, replies, exits, callersKilled, callersLost } = calls
  const { reports } = station
  return {
    'its partition was restarted, no other': partitions.every(
      ({ pidBefore, pidAfter, schedulerBefore }) =>
        (pidBefore !== pidAfter) === (schedulerBefore === killedScheduler),
    ),
    'every call of a client that lived on ended with a reply or an exit':
      made === replies + exits + callersKilled + callersLost,
    ...judgeAllocations(station, ending),
    'only what was on that scheduler ended':
      ending.surprises.length === 0 &&
      ending.crowdReasons.filter((reason) => reason !== 'normal').length === 1 &&
      reports.length === 1 &&
      reports[0]?.type === 'scheduler_down',
  }
}

/**
 * The allocator, measured: the same clients on one scheduler, on two, and so on up to all of them, in a fresh VM
 * each. Every client waits for the answer to its call before it makes the next, so all of them together keep the
 * schedulers as busy as they can be; how long an answer takes then says how long the queue is, and a throughput
 * without it would say little.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Checks } from '../checks.ts'
import { allLatencies, LINE, PHASE, setPhase, total } from './instruments.ts'
import { percentileUs } from './latency.ts'
import { type Ending, endLoad, judgeAllocations, loadFor, openStation, type Station } from './station.ts'

export interface FrequencyFigures {
  readonly clientCount: number
  readonly frequencyCount: number
  readonly levels: readonly LevelFigures[]
}

export interface LevelFigures {
  readonly schedulerCount: number
  readonly callsPerSecond: number
  readonly p50Us: number
  readonly p99Us: number
  /** Calls, from the first to the last. */
  readonly callCount: number
  /** Allocations that found no free frequency. */
  readonly refusedCount: number
  readonly clientDeathCount: number
  /** Frequencies taken back from clients that died. */
  readonly reclaimedCount: number
}

/** More would say little about a machine with many cores, and take long. */
export function levelsUpTo(schedulerCount: number): number[] {
  const levels: number[] = []
  for (let level = 1; level < schedulerCount; level *= 2) levels.push(level)
  return [...levels, schedulerCount]
}

export async function measureFrequencies(
  schedulerCount: number,
  durationMs: number,
): Promise<{ figures: FrequencyFigures; checks: Checks }> {
  // The same load at each level, or the levels could not be compared.
  const load = loadFor(schedulerCount)
  const schedulerCounts = levelsUpTo(schedulerCount)
  const levels: LevelFigures[] = []
  const checks: Record<string, boolean> = {}
  for (const count of schedulerCounts) {
    const station = await openStation(load, count)
    try {
      const rate = await measureRate(station, durationMs / schedulerCounts.length)
      const ending = await endLoad(station)
      levels.push(figuresOf(station, rate, ending))
      for (const [name, holds] of Object.entries(judge(station, ending))) {
        checks[name] = holds && checks[name] !== false
      }
    } finally {
      await station.vm.stop()
    }
  }
  return { figures: { ...load, levels }, checks }
}

/** Replies per second, once code is compiled and queues have filled. */
async function measureRate({ instruments }: Station, durationMs: number): Promise<number> {
  await sleep(durationMs * 0.25)
  setPhase(instruments, PHASE.measuring)
  const started = performance.now()
  const before = total(instruments, LINE.replies)
  await sleep(durationMs * 0.75)
  const replyCount = total(instruments, LINE.replies) - before
  const elapsedMs = performance.now() - started
  return (1_000 * replyCount) / elapsedMs
}

function figuresOf({ instruments, crowds }: Station, rate: number, { statuses }: Ending): LevelFigures {
  const latencies = allLatencies(instruments)
  return {
    schedulerCount: crowds.length,
    callsPerSecond: rate,
    p50Us: percentileUs(latencies, 0.5),
    p99Us: percentileUs(latencies, 0.99),
    callCount: total(instruments, LINE.made),
    refusedCount: total(instruments, LINE.refused),
    clientDeathCount: total(instruments, LINE.deaths),
    reclaimedCount: statuses.reduce((sum, { counts }) => sum + counts.reclaimed, 0),
  }
}

function judge(station: Station, ending: Ending): Checks {
  const { instruments, reports } = station
  const reclaimed = ending.statuses.reduce((sum, { counts }) => sum + counts.reclaimed, 0)
  const diedHolding = total(instruments, LINE.diedHolding)
  return {
    ...judgeAllocations(station, ending),
    'every call got its reply, but those whose caller was killed':
      total(instruments, LINE.made) === total(instruments, LINE.replies) + total(instruments, LINE.lost),
    'clients died while they held a frequency, and it was taken back':
      reclaimed > 0 && reclaimed >= diedHolding,
    'nothing crashed': reports.length === 0 && ending.surprises.length === 0,
  }
}

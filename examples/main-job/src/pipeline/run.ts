/**
 * The pipeline, measured. The contestants take turns, round by round, so that whatever else the machine does meets
 * them all; the figure of each is its median round. What they say is compared with a plain loop in one thread.
 */

import { summarize } from '@heddle/bench'
import type { Checks } from '../checks.ts'
import { UsageError } from '../usage-error.ts'
import { type Contestant, openContestants } from './contestants.ts'
import type { Input } from './input.ts'
import { digestOf } from './work.ts'

export interface PipelineFigures {
  readonly folder: string
  readonly fileCount: number
  readonly byteCount: number
  /** Files that were there but not worked on. */
  readonly leftOutCount: number
  readonly roundCount: number
  readonly contestants: readonly ContestantFigures[]
}

export interface ContestantFigures {
  readonly name: string
  readonly threadCount: number
  /** How often a round takes each file. */
  readonly passCount: number
  /** The median round. */
  readonly filesPerSecond: number
}

const ROUND_COUNT_MAX = 3
const WARM_UP_COUNT = 3
/** Of the time, for rounds; the rest is for the plain loop, and to warm up. */
const ROUND_SHARE = 0.9

export async function runPipeline(
  input: Input,
  schedulerCount: number,
  durationMs: number,
): Promise<{ figures: PipelineFigures; checks: Checks }> {
  const end = performance.now() + durationMs
  const expected = plainLoop(input.paths)
  const contestants = await openContestants(schedulerCount)
  try {
    const races = []
    for (const contestant of contestants) races.push(await warmUp(contestant, input.paths, expected))
    const roundMs = (durationMs * ROUND_SHARE) / ROUND_COUNT_MAX / contestants.length
    let roundCount = 0
    while (roundCount === 0 || (roundCount < ROUND_COUNT_MAX && performance.now() < end)) {
      for (const race of races) await runRound(race, roundMs)
      roundCount += 1
    }
    const { folder, paths, byteCount, leftOutCount } = input
    return {
      figures: {
        folder,
        fileCount: paths.length,
        byteCount,
        leftOutCount,
        roundCount,
        contestants: races.map(figuresOf),
      },
      checks: Object.fromEntries(
        races.map(({ contestant, isRight }) => [`${contestant.name}: all digests right, in order`, isRight]),
      ),
    }
  } finally {
    for (const contestant of contestants) await contestant.close()
  }
}

/** What all contestants must find. */
function plainLoop(paths: readonly string[]): string[] {
  return paths.map((path) => {
    try {
      return digestOf(path)
    } catch (error) {
      throw new UsageError(`cannot read ${path}: ${(error as Error).message}`)
    }
  })
}

/** One contestant's series of rounds. */
interface Race {
  readonly contestant: Contestant
  readonly paths: readonly string[]
  readonly expected: readonly string[]
  /** How long all files took once, at best. */
  readonly passMs: number
  passCount: number
  isRight: boolean
  readonly rates: number[]
}

/** All files some times before anything counts: threads load and compile their code, the disk cache fills. */
async function warmUp(
  contestant: Contestant,
  paths: readonly string[],
  expected: readonly string[],
): Promise<Race> {
  let passMs = Number.POSITIVE_INFINITY
  let isRight = true
  for (let pass = 0; pass < WARM_UP_COUNT; pass++) {
    const started = performance.now()
    isRight &&= isSame(await contestant.gather(paths), expected)
    passMs = Math.min(passMs, performance.now() - started)
  }
  return { contestant, paths, expected, passMs, passCount: 1, isRight, rates: [] }
}

/** As many passes as fill the time, in one go: each file once in each. */
async function runRound(race: Race, roundMs: number): Promise<void> {
  race.passCount = Math.ceil(roundMs / race.passMs)
  const paths = repeat(race.paths, race.passCount)
  const started = performance.now()
  const digests = await race.contestant.gather(paths)
  race.rates.push((1_000 * paths.length) / (performance.now() - started))
  race.isRight &&= isSame(digests, repeat(race.expected, race.passCount))
}

function figuresOf({ contestant, passCount, rates }: Race): ContestantFigures {
  const { name, threadCount } = contestant
  return { name, threadCount, passCount, filesPerSecond: summarize(rates).median }
}

function repeat<T>(items: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => items).flat()
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

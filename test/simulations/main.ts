/**
 * `npm run sim -- --seeds 10000 [--from N] [--program NAME]`: as many schedules of the built-in programs, on all cores;
 * the last line says how many failed. `--seed N [--program NAME]`: one, with its trace.
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { programOf, programs } from './programs/index.ts'
import { runSeed } from './run-seed.ts'
import type { Batch, Tally, WorkerSettings } from './worker.ts'

const SEED_COUNT = 1_000
const BATCH_COUNT = 50
const FAILURES_SHOWN_MAX = 20

function usage(problem: string): never {
  const names = programs.map(({ name }) => name).join(', ')
  process.stderr.write(
    `${problem}\nusage: npm run sim -- [--seeds 1000] [--from 0] [--program NAME] [--threads N] | --seed N [--program NAME]\nprograms: ${names}\n`,
  )
  process.exit(2)
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) usage(`--${name} takes a whole number, not '${text}'`)
  return value
}

function readArguments() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ options: { seeds: text, from: text, program: text, seed: text, threads: text } })
      .values
  } catch (error) {
    return usage((error as Error).message)
  }
}

/** One seed, told from beginning to end. */
async function tell(seed: number, name: string | undefined): Promise<boolean> {
  const { program, failure, result } = await runSeed(programOf(seed, name), seed, true)
  process.stdout.write(`${result.trace.join('\n')}\n\n`)
  process.stdout.write(
    `seed ${seed}, ${program}: ${result.outcome}, ${result.stepCount} steps, ${result.elapsedMs} ms, ${result.deathCount} deaths, trace ${result.traceHash}\n`,
  )
  for (const { invariant, message, atMs } of result.violations)
    process.stdout.write(`${invariant} at ${atMs} ms: ${message}\n`)
  process.stdout.write(
    `1 schedule, ${failure === undefined ? 0 : 1} failed${failure === undefined ? '' : `: ${failure}`}\n`,
  )
  return failure === undefined
}

/** Hands out batches of seeds until none is left. */
async function runAll(
  from: number,
  count: number,
  threadCount: number,
  settings: WorkerSettings,
): Promise<Tally[]> {
  const tallies: Tally[] = []
  const end = from + count
  let next = from
  const runThread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: settings })
      const handOut = (): void => {
        if (next >= end) {
          resolve(worker.terminate().then(() => undefined))
          return
        }
        const batch: Batch = { from: next, count: Math.min(BATCH_COUNT, end - next) }
        next += batch.count
        worker.postMessage(batch)
      }
      worker.on('error', reject)
      worker.on('message', (tally: Tally) => {
        tallies.push(tally)
        handOut()
      })
      handOut()
    })
  await Promise.all(Array.from({ length: threadCount }, runThread))
  return tallies
}

function sum(tallies: readonly Tally[], pick: (tally: Tally) => number): number {
  return tallies.reduce((total, tally) => total + pick(tally), 0)
}

function printReport(tallies: readonly Tally[], seconds: number): number {
  const failures = tallies.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed)
  const runCount = sum(tallies, (tally) => tally.runCount)
  const numbers = [
    `${(runCount / seconds).toFixed(0)} schedules per second`,
    `${sum(tallies, (tally) => tally.stepCount)} steps`,
    `${sum(tallies, (tally) => tally.signalCount)} signals`,
    `${sum(tallies, (tally) => tally.deathCount)} deaths of schedulers`,
    `${sum(tallies, (tally) => tally.moveCount)} moves`,
  ]
  process.stdout.write(`${numbers.join(', ')}, in ${seconds.toFixed(1)} s\n`)
  const names = Object.keys(tallies[0]?.checkCounts ?? {})
  const checks = names.map((name) => `${name} ${sum(tallies, (tally) => tally.checkCounts[name] ?? 0)}`)
  process.stdout.write(`checked: ${checks.join(', ')}\n`)
  for (const { seed, program, why } of failures.slice(0, FAILURES_SHOWN_MAX)) {
    process.stdout.write(`FAILED seed ${seed}, ${program}: ${why}\n`)
    process.stdout.write(`  again: npm run sim -- --program ${program} --seed ${seed}\n`)
  }
  if (failures.length > FAILURES_SHOWN_MAX)
    process.stdout.write(`... and ${failures.length - FAILURES_SHOWN_MAX} more\n`)
  process.stdout.write(`${runCount} schedules, ${failures.length} failed\n`)
  return failures.length
}

async function main(): Promise<void> {
  const { seeds, from, program, seed, threads } = readArguments()
  if (program !== undefined && !programs.some(({ name }) => name === program))
    usage(`no program '${program}'`)
  if (seed !== undefined) {
    process.exitCode = (await tell(whole('seed', seed), program)) ? 0 : 1
    return
  }
  const threadCount = Math.max(1, whole('threads', threads ?? String(availableParallelism())))
  const count = whole('seeds', seeds ?? String(SEED_COUNT))
  const begin = performance.now()
  const tallies = await runAll(whole('from', from ?? '0'), count, threadCount, { program })
  process.exitCode = printReport(tallies, (performance.now() - begin) / 1_000) === 0 ? 0 : 1
}

await main()

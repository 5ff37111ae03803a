/**
 * The main job: what Heddle is for, in three parts that run one after the other, measured and checked.
 *
 *     frequencies   a supervised server, partitioned over the schedulers, under load      frequencies/
 *     pipeline      work that keeps a core busy, one process for each piece               pipeline/
 *     disaster      a scheduler is killed while the first part's load is running          frequencies/
 *
 * It ends by itself, with status 0 if every check held, 1 if one did not, 2 if it was asked for what it cannot do.
 */

import { describeMachine, formatMachine } from '@heddle/bench'
import { runDisaster } from './frequencies/disaster.ts'
import { measureFrequencies } from './frequencies/measure.ts'
import { readOptions, USAGE } from './options.ts'
import { findInput } from './pipeline/input.ts'
import { runPipeline } from './pipeline/run.ts'
import { allChecksHold, type Report } from './report.ts'
import { formatDisaster, formatFrequencies, formatPart, formatPipeline } from './tables.ts'
import { UsageError } from './usage-error.ts'

/** The parts' shares of the time; starting threads and warming up take the rest. */
const SHARES = { frequencies: 0.35, pipeline: 0.42, disaster: 0.1 }
const TIME_LIMIT_MS = 58_000

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const { json, schedulerCount, seconds } = options
  const input = findInput(options.input)
  const machine = describeMachine()
  const started = performance.now()
  const shareMs = (share: number) => seconds * 1_000 * share
  const show = (text: string) => {
    if (!json) console.log(text)
  }

  show(`Heddle: the main job\n${formatMachine(machine)}; ${schedulerCount} schedulers`)
  const frequencies = await measureFrequencies(schedulerCount, shareMs(SHARES.frequencies))
  show(formatPart('1. The frequency allocator under load', frequencies, formatFrequencies))
  const pipeline = await runPipeline(input, schedulerCount, shareMs(SHARES.pipeline))
  show(formatPart('2. Read, compress and hash files', pipeline, formatPipeline))
  const disaster =
    schedulerCount === 1
      ? { skipped: 'skipped: needs two schedulers' }
      : await runDisaster(schedulerCount, shareMs(SHARES.disaster))
  show(formatPart('3. A scheduler is killed in the middle of it', disaster, formatDisaster))

  const ok = allChecksHold({ frequencies, pipeline, disaster })
  const report: Report = {
    ok,
    machine,
    node: process.version,
    schedulers: schedulerCount,
    elapsedSeconds: (performance.now() - started) / 1_000,
    frequencies,
    pipeline,
    disaster,
  }
  if (json) console.log(JSON.stringify(report))
  show(`${ok ? 'every check held' : 'NOT every check held'}; ${report.elapsedSeconds.toFixed(1)} s`)
  return ok ? 0 : 1
}

// Nothing here waits without end, so this is for the bug that nobody thought of.
setTimeout(() => {
  console.error('main-job: did not end in time')
  process.exit(1)
}, TIME_LIMIT_MS).unref()

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`main-job: ${error.message}`)
  process.exitCode = 2
}

/** A thread that runs seeds, a batch at a time, as it is told. */

import { parentPort, workerData } from 'node:worker_threads'
import { programOf } from './programs/index.ts'
import { runSeed } from './run-seed.ts'

/** What a thread is started with. */
export interface WorkerSettings {
  /** Only this program. */
  readonly program: string | undefined
}

export interface Batch {
  readonly from: number
  readonly count: number
}

export interface Failure {
  readonly seed: number
  readonly program: string
  readonly why: string
}

/** What a batch came to. */
export interface Tally {
  readonly runCount: number
  readonly stepCount: number
  readonly signalCount: number
  readonly deathCount: number
  readonly moveCount: number
  readonly failures: readonly Failure[]
  readonly checkCounts: Readonly<Record<string, number>>
}

export async function runBatch({ from, count }: Batch, settings: WorkerSettings): Promise<Tally> {
  const failures: Failure[] = []
  const checkCounts: Record<string, number> = {}
  let stepCount = 0
  let signalCount = 0
  let deathCount = 0
  let moveCount = 0
  for (let seed = from; seed < from + count; seed++) {
    const { program, failure, result } = await runSeed(programOf(seed, settings.program), seed, false)
    if (failure !== undefined) failures.push({ seed, program, why: failure })
    stepCount += result.stepCount
    signalCount += result.signalCount
    deathCount += result.deathCount
    moveCount += result.moveCount
    for (const [name, checked] of Object.entries(result.checkCounts))
      checkCounts[name] = (checkCounts[name] ?? 0) + checked
  }
  return { runCount: count, stepCount, signalCount, deathCount, moveCount, failures, checkCounts }
}

parentPort?.on('message', (batch: Batch) => {
  runBatch(batch, workerData as WorkerSettings).then(
    (tally) => parentPort?.postMessage(tally),
    // Uncaught, so that the command hears of it.
    (error: unknown) =>
      queueMicrotask(() => {
        throw error
      }),
  )
})

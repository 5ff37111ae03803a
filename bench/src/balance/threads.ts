/**
 * What the machine itself gives: the same arithmetic in bare threads, all of it in one against an equal part in each. Nothing is
 * scheduled, nothing is sent: no runtime on these cores can do better.
 */

import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { parentPort, Worker } from 'node:worker_threads'
import { fib, type Skew } from './workloads.ts'

interface Work {
  readonly callCount: number
  readonly fibOf: number
}

export interface ThreadTimes {
  /** In ms, round by round. */
  readonly one: readonly number[]
  readonly all: readonly number[]
}

export async function onThreads(skew: Skew, threadCount: number, roundCount: number): Promise<ThreadTimes> {
  const workers = Array.from({ length: threadCount }, () => new Worker(new URL(import.meta.url)))
  const [first] = workers as [Worker]
  const callCount = skew.count * skew.stepCount
  const part: Work = { callCount: callCount / threadCount, fibOf: skew.fibOf }
  const one: number[] = []
  const all: number[] = []
  for (let round = 0; round <= roundCount; round++) {
    const times = [await timed([first], { ...part, callCount }), await timed(workers, part)] as const
    // The first is for getting warm.
    if (round === 0) continue
    one.push(times[0])
    all.push(times[1])
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
  return { one, all }
}

async function timed(workers: readonly Worker[], work: Work): Promise<number> {
  const begin = performance.now()
  await Promise.all(workers.map((worker) => answered(worker, work)))
  return performance.now() - begin
}

async function answered(worker: Worker, work: Work): Promise<void> {
  worker.postMessage(work)
  await once(worker, 'message')
}

parentPort?.on('message', ({ callCount, fibOf }: Work) => {
  let sum = 0
  for (let call = 0; call < callCount; call++) sum += fib(fibOf)
  parentPort?.postMessage(sum)
})

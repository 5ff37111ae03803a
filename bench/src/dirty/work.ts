/** The task that both sides run: small, so that what is measured is the way there and back. */

import { isMainThread } from 'node:worker_threads'
import { dirtyFunction, done, process } from '@heddle/scheduler'
import { type ToHost, tellHost } from '../micro/measure.ts'

/** For piscina, which finds it by its name in this file. */
export function work({ n }: { readonly n: number }): {
  readonly sum: number
  readonly isMainThread: boolean
} {
  let sum = 0
  for (let i = 0; i < n; i++) sum += i
  return { sum, isMainThread }
}

export const dirtyWork = dirtyFunction(import.meta.url, 'work', work)

/** Loop rounds in a task. */
export const TASK_SIZE = 100

export interface Load extends ToHost<number> {
  readonly taskCount: number
  /** Tasks under way at one time. */
  readonly width: number
}

/** Runs tasks, so many at one time, each after another; tells how many ms all of them took. */
export async function runTasks(
  taskCount: number,
  width: number,
  run: () => PromiseLike<ReturnType<typeof work>>,
): Promise<number> {
  let left = taskCount
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const { sum, isMainThread: isHere } = await run()
      if (sum !== (TASK_SIZE * (TASK_SIZE - 1)) / 2 || isHere) throw new Error('a task came to nothing')
    }
  }
  const begin = performance.now()
  await Promise.all(Array.from({ length: width }, lane))
  return performance.now() - begin
}

/** A process that runs them by `self.dirty`. */
export const asker = process(import.meta.url, 'asker', {
  init: (load: Load) => load,
  async run({ host, taskCount, width }, self) {
    tellHost(self, host, await runTasks(taskCount, width, () => self.dirty(dirtyWork, { n: TASK_SIZE })))
    return done()
  },
})

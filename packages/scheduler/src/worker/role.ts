/**
 * What a thread is to the VM. A thread is a scheduler when Heddle started it, which the mark in its
 * `workerData` tells, and one copy of this package drives it: the first that is evaluated there.
 *
 * A thread may hold several copies: a bundle with its own beside a dependency's, or two versions. Only
 * something outside of all modules can tell them apart, hence the one property of `globalThis`. Asking
 * `isMainThread` instead would lose: test runners run a host on a worker thread, and an embedder's own
 * workers are hosts too.
 */

import { workerData } from 'node:worker_threads'

/** The property of `workerData` that marks a thread which Heddle started. */
export const schedulerMark = 'heddle:scheduler'

/** The property of `workerData` that marks a thread of the pool for dirty functions. */
export const dirtyThreadMark = 'heddle:dirty'

/** What other copies of this package on a thread that Heddle started need from the one that drives it. */
export interface SchedulerThread {
  /**
   * The answer to `startVm` here: a promise that never settles, for it may be the application that is being
   * loaded. Throws HeddleError ERR_WRONG_THREAD where it must be a process that calls.
   */
  readonly holdStart: () => Promise<never>
}

const key = Symbol.for('heddle.schedulerThread')
const shared = globalThis as { [key]?: SchedulerThread }

/** Did Heddle start this thread, to be a scheduler? */
export function isSchedulerThread(): boolean {
  return isMarked(schedulerMark)
}

/** Did it start this thread to run dirty functions? */
export function isDirtyThread(): boolean {
  return isMarked(dirtyThreadMark)
}

function isMarked(mark: string): boolean {
  return typeof workerData === 'object' && workerData !== null && mark in workerData
}

/** Takes the thread for this copy of the package. False: another copy already drives it, so do nothing. */
export function claimThread(thread: SchedulerThread): boolean {
  if (shared[key] !== undefined) return false
  shared[key] = thread
  return true
}

/** Whoever drives this thread, if it is one of Heddle's that has begun. */
export function schedulerThread(): SchedulerThread | undefined {
  return shared[key]
}

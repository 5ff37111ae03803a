/**
 * The file that piscina is given, as published. It imports nothing by itself: piscina tries `require` first, and where
 * a loader such as tsx answers that by turning modules into CommonJS, all that this file imported would be there twice,
 * once more than the registry of definitions may be.
 */

import type { DirtyOutcome, DirtyRequest } from '../process/dirty.ts'

/** Where this code lies. */
export const dirtyEntryUrl: string = import.meta.url

type RunTask = (request: DirtyRequest) => DirtyOutcome | Promise<DirtyOutcome>

let thread: { readonly runTask: RunTask } | undefined

/** Called by piscina with each task. @public */
export function runTask(request: DirtyRequest): DirtyOutcome | Promise<DirtyOutcome> {
  return thread === undefined ? runFirst(request) : thread.runTask(request)
}

async function runFirst(request: DirtyRequest): Promise<DirtyOutcome> {
  thread = (await import(
    /* @vite-ignore */ /* webpackIgnore: true */ dirtyEntryUrl.replace(
      /dirty-entry(\.[jt]s)$/,
      'dirty-thread$1',
    )
  )) as { readonly runTask: RunTask }
  return thread.runTask(request)
}

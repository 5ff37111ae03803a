/**
 * What a thread of the pool for dirty functions runs: `runTask` is called with each task. Code gets here as it
 * gets to a scheduler: by import, with the same loader and the same module hooks, so that `startVm()` in a module that
 * is loaded for its definitions is held here, too. Importing this file anywhere else does nothing.
 */

import { type Definition, lookUpDefinition, onDefinition } from '../process/define.ts'
import { type DirtyOutcome, type DirtyRequest, performDirty, refusedBy } from '../process/dirty.ts'
import { PayloadCodec } from '../term/payload.ts'
import { ModuleLoader } from './load.ts'
import { claimThread, isDirtyThread } from './role.ts'

/** A property of `globalThis`: who waits for `runTask` to be there, if it comes as part of a bundle. */
export const dirtyThreadKey = 'heddle.dirtyThread'

type RunTask = (request: DirtyRequest) => DirtyOutcome | Promise<DirtyOutcome>

/** Called with each task; `undefined` on any other thread. @public */
export const runTask: RunTask | undefined = isDirtyThread() ? begin() : undefined

function begin(): RunTask | undefined {
  const loader = new ModuleLoader<Definition>({ lookUp: lookUpDefinition, onDefinition })
  if (!claimThread({ holdStart: () => loader.holdStart() })) return undefined
  // In a bundle this very module is the application's, and is still being evaluated.
  loader.join(import.meta.url)
  const codec = new PayloadCodec()
  const run: RunTask = ({ url, name, args }) => {
    const found = loader.load(url, name)
    if (!(found instanceof Promise)) return performDirty(found, args, codec)
    return found.then((definition) => performDirty(definition, args, codec), refusedBy)
  }
  const waiting = (globalThis as { [key: symbol]: unknown })[Symbol.for(dirtyThreadKey)]
  if (typeof waiting === 'function') waiting(run)
  return run
}

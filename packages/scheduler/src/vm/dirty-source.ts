/**
 * What the threads of the pool for dirty functions load; piscina wants a file. As published, `worker/dirty-entry.js`.
 * In a bundle that code is part of the application's file, which exports nothing of ours: then a small module in the
 * folder for temporary files imports the bundle, and waits until our part of it has said that it is there. (The bundle
 * itself as the file loses: it may never finish loading, where it awaits `startVm()` at its top level.)
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { dirtyEntryUrl } from '../worker/dirty-entry.ts'
import { dirtyThreadKey } from '../worker/dirty-thread.ts'

export interface DirtyThreadFile {
  readonly path: string
  readonly workerOptions: { readonly execArgv?: string[] }
  /** Takes away what was made. */
  remove(): void
}

/** @param url `import.meta.url` as `worker/dirty-entry.ts` sees it */
export function dirtyThreadFile(
  url: string = dirtyEntryUrl,
  execArgv: readonly string[] = process.execArgv,
): DirtyThreadFile {
  // This flag is inherited, and forbids files as main modules. Otherwise unset: see `worker-source.ts`.
  const workerOptions = execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {}
  if (/\/worker\/dirty-entry\.[jt]s$/.test(url)) {
    return { path: fileURLToPath(url), workerOptions, remove: () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'heddle-dirty-'))
  const path = join(folder, 'thread.mjs')
  writeFileSync(path, bootstrap(url))
  return { path, workerOptions, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function bootstrap(url: string): string {
  return [
    `const ready = new Promise((resolve, reject) => {`,
    `  globalThis[Symbol.for(${JSON.stringify(dirtyThreadKey)})] = resolve`,
    // Once it is ready this has no effect: whoever loads from the bundle is told.
    `  import(${JSON.stringify(url)}).catch(reject)`,
    `})`,
    `ready.catch(() => {})`,
    `export const runTask = async (request) => (await ready)(request)`,
    '',
  ].join('\n')
}

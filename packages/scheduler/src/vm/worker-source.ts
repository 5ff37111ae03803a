/**
 * What a scheduler's worker is started with. Users never name a worker file: the one file that is sure to
 * hold the scheduler is the one that holds `worker/entry.ts`, so that is what a worker loads, under whatever
 * name a bundler gave it.
 *
 * - *Direct*: the package as it was published. `worker/entry.js` is the worker's main module.
 * - *Bootstrapped*: entry is part of a bundle, along with the application. A module in a data: URL imports the
 *   bundle, so that the bundle is not the worker's main module: `import.meta.main` and comparisons with
 *   `process.argv[1]` say "not main", and an error in the application's top level fails the definitions
 *   loaded from there, instead of the thread. The same way round for `node --input-type=module -e`, whose
 *   flag is inherited and forbids files as main modules.
 *
 * Looking for `../worker/entry.js` on disk loses: a user may have a file of that name beside a bundle.
 * The literal `new Worker(new URL(...))` loses too: bundlers rewrite it, each in its own way.
 */

import process from 'node:process'

export interface WorkerSource {
  readonly url: URL
  /** For the `argv` option: the top level of a module should see the arguments its author expects. */
  readonly argv: readonly string[]
}

/**
 * Leave the worker's `execArgv` unset: Node hands on `process.execArgv`, and so loaders such as tsx, whereas naming
 * it refuses some flags.
 *
 * @param url `import.meta.url` as `worker/entry.ts` sees it
 */
export function workerSource(
  url: string,
  execArgv: readonly string[] = process.execArgv,
  argv: readonly string[] = process.argv.slice(2),
): WorkerSource {
  const isDirect = isPublishedEntry(url) && !execArgv.some((flag) => flag.startsWith('--input-type'))
  if (isDirect) return { url: new URL(url), argv }
  return { url: new URL(`data:text/javascript,${encodeURIComponent(bootstrap(url))}`), argv }
}

function isPublishedEntry(url: string): boolean {
  return /\/worker\/entry\.[jt]s$/.test(url)
}

/**
 * `process.argv[1]` is missing in a worker with a data: URL, and `pathToFileURL(process.argv[1])` would throw: so
 * it names something that exists, lies where the bundle lies, and is not the bundle.
 */
function bootstrap(url: string): string {
  return [
    `const url = ${JSON.stringify(url)}`,
    `if (url.startsWith('file:'))`,
    `  process.argv.splice(1, 0, process.getBuiltinModule('url').fileURLToPath(new URL('.', url)) + '.')`,
    // Once the scheduler runs, whoever loads from the bundle is told.
    `import(url).catch((error) => { if (globalThis[Symbol.for('heddle.schedulerThread')] === undefined) throw error })`,
  ].join('\n')
}

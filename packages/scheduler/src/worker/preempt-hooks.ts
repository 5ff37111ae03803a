/**
 * Module hooks that instrument what is loaded, behind all that makes JavaScript of it. On Node before 22.15 this file
 * runs on a thread of Node's own, which `module.register` starts; afterwards on the thread that loads.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { isIncluded, type PreemptOptions } from '../preempt/included.ts'
import { instrument, mayHaveLoops } from '../preempt/instrument.ts'
import { withInlineMap } from '../preempt/source-map.ts'
import { transpile } from './transpile.ts'

interface Loaded {
  format: string | null | undefined
  source?: string | ArrayBuffer | NodeJS.TypedArray | null
  shortCircuit?: boolean
}

type Next<T> = (url: string, context: object) => T

let options: PreemptOptions = {}

/** As `module.register` calls it. */
export function initialize(given: PreemptOptions): void {
  options = given
}

export async function load(url: string, context: object, next: Next<Promise<Loaded>>): Promise<Loaded> {
  return instrumented(url, await next(url, context))
}

/** The same, as `module.registerHooks` takes it. */
export function loadSync(url: string, context: object, next: Next<Loaded>): Loaded {
  return instrumented(url, next(url, context))
}

function instrumented(url: string, loaded: Loaded): Loaded {
  const { format, source } = loaded
  if (source == null || !/^(module|commonjs)(-typescript)?$/.test(format ?? '')) return loaded
  const path = pathOf(url)
  if (path === undefined || !isIncluded(path, options)) return loaded
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
  if (!mayHaveLoops(text)) return loaded
  try {
    const { code, map } = instrument(javascriptOf(text, path, format), { filename: url })
    if (map === null) return loaded
    return { ...loaded, format: format?.replace('-typescript', ''), source: withInlineMap(code, map) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.emitWarning(`${path} is not pre-empted: ${why}`, { code: 'HEDDLE_PREEMPT' })
    return loaded
  }
}

function pathOf(url: string): string | undefined {
  return url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : undefined
}

/** Node strips types after the hooks, and so do loaders that stand behind this one. */
function javascriptOf(text: string, path: string, format: string | null | undefined): string {
  const isTypescript = format?.endsWith('-typescript') === true || !isJavascript(text, path)
  return isTypescript ? transpile(text, path) : text
}

function isJavascript(text: string, path: string): boolean {
  if (!/\.[cm]?tsx?$/.test(path)) return true
  try {
    instrument(text, { filename: path })
    return true
  } catch {
    return false
  }
}

/** A plugin for vite, rollup and rolldown, which share its form. */

import { isIncluded, type PreemptOptions } from './included.ts'
import { instrument } from './instrument.ts'
import type { SourceMapV3 } from './source-map.ts'

export interface VitePlugin {
  readonly name: string
  /** Behind what strips types. */
  readonly enforce: 'post'
  transform(
    this: { warn?(message: string): void } | undefined,
    code: string,
    id: string,
  ): { code: string; map: SourceMapV3 } | null
}

/**
 * Instruments what vite, rollup or rolldown load, once it is JavaScript; in rollup name it behind what strips types.
 * Under vitest it holds for the thread that runs the tests; for schedulers there is `startVm({ preempt: true })`.
 *
 * @example export default defineConfig({ plugins: [preemptVite()] })
 */
export function preemptVite(options: PreemptOptions = {}): VitePlugin {
  return {
    name: 'heddle-preempt',
    enforce: 'post',
    transform(code, id) {
      const path = id.replace(/[?#].*$/, '')
      if (!/\.[cm]?[jt]sx?$/.test(path) || !isIncluded(path, options)) return null
      try {
        const done = instrument(code, { filename: path })
        return done.map === null ? null : { code: done.code, map: done.map }
      } catch (error) {
        this?.warn?.(error instanceof Error ? error.message : String(error))
        return null
      }
    },
  }
}

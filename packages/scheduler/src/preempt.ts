/**
 * Pre-emption: a build step that makes computing loops of generator processes give way. See docs/preemption.md.
 *
 * @example
 * import { preemptEsbuild } from '@heddle/scheduler/preempt'
 */

export { type EsbuildPlugin, preemptEsbuild } from './preempt/esbuild.ts'
export type { PreemptOptions } from './preempt/included.ts'
export { type Instrumented, type InstrumentOptions, instrument } from './preempt/instrument.ts'
export type { SourceMapV3 } from './preempt/source-map.ts'
export { preemptVite, type VitePlugin } from './preempt/vite.ts'
export { PREEMPT } from './process/preempt.ts'

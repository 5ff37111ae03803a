/**
 * What a run found: figures, and checks by name. The same object is printed as tables for people and as JSON for
 * programs, so the two cannot disagree.
 */

import type { Machine } from '@heddle/bench'
import { allHold, type Checks } from './checks.ts'
import type { DisasterFigures } from './frequencies/disaster.ts'
import type { FrequencyFigures } from './frequencies/measure.ts'
import type { PipelineFigures } from './pipeline/run.ts'

/** One part of the job: done, with what it found, or not done, and why. */
export type Part<Figures> =
  | { readonly figures: Figures; readonly checks: Checks }
  | { readonly skipped: string }

export interface Report {
  /** Whether every check held. */
  readonly ok: boolean
  readonly machine: Machine
  readonly node: string
  readonly schedulers: number
  readonly elapsedSeconds: number
  readonly frequencies: Part<FrequencyFigures>
  readonly pipeline: Part<PipelineFigures>
  readonly disaster: Part<DisasterFigures>
}

export type Parts = Pick<Report, 'frequencies' | 'pipeline' | 'disaster'>

export function allChecksHold(parts: Parts): boolean {
  return [parts.frequencies, parts.pipeline, parts.disaster].every(
    (part) => 'skipped' in part || allHold(part.checks),
  )
}

// Two traces, element by element, by deep JSON equality.

import { canonical, type Json } from '#fixtures/differential/terms'
import type { Observation, Scenario, Step } from './format/scenario.ts'

export interface Difference {
  readonly stepIndex: number
  readonly step: Step
  readonly expected: Observation
  readonly got: Observation | undefined
}

/** The first step in which they differ. */
export function firstDifference(
  { steps, expect }: Scenario,
  observations: readonly Observation[],
): Difference | undefined {
  const stepIndex = expect.findIndex((expected, index) => !isSame(expected, observations[index]))
  const step = steps[stepIndex]
  const expected = expect[stepIndex]
  if (step === undefined || expected === undefined) return undefined
  return { stepIndex, step, expected, got: observations[stepIndex] }
}

const isSame = (a: Observation, b: Observation | undefined): boolean =>
  b !== undefined && canonical(a as Json) === canonical(b as Json)

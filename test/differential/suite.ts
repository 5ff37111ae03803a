// Runs scenarios and keeps score. A scenario matches if every step of every run shows exactly what its trace shows.

import { type Difference, firstDifference } from './compare.ts'
import type { Family, Scenario } from './format/scenario.ts'
import type { Host } from './hosts.ts'
import { type Run, runScenario } from './run.ts'

export interface Miss {
  readonly scenario: Scenario
  /** The seed it missed with, on a host that takes seeds. */
  readonly seed: number | undefined
  /** An action that could not be done. */
  readonly notYet: string | undefined
  readonly difference: Difference | undefined
}

export interface Score {
  readonly matched: number
  readonly total: number
}

export interface Outcome {
  readonly byFamily: ReadonlyMap<Family, Score>
  readonly total: Score
  readonly misses: readonly Miss[]
}

export async function runSuite(
  scenarios: readonly Scenario[],
  host: Host,
  seedCount: number,
  onMiss: (miss: Miss) => void = () => {},
): Promise<Outcome> {
  const byFamily = new Map<Family, Score>()
  const misses: Miss[] = []
  for (const scenario of scenarios) {
    const miss = await runSeeds(scenario, host, seedCount)
    const { matched, total } = byFamily.get(scenario.family) ?? { matched: 0, total: 0 }
    byFamily.set(scenario.family, { matched: matched + (miss === undefined ? 1 : 0), total: total + 1 })
    if (miss === undefined) continue
    misses.push(miss)
    onMiss(miss)
  }
  const total = { matched: scenarios.length - misses.length, total: scenarios.length }
  return { byFamily, total, misses }
}

/** The first seed with which the scenario does not match. */
async function runSeeds(scenario: Scenario, host: Host, seedCount: number): Promise<Miss | undefined> {
  const count = host.isSeeded ? seedCount : 1
  for (let seed = 1; seed <= count; seed++) {
    const run = await host.withStage(seed, (stage) => runScenario(scenario, stage))
    const miss = missOf(scenario, run, host.isSeeded ? seed : undefined)
    if (miss !== undefined) return miss
  }
  return undefined
}

function missOf(
  scenario: Scenario,
  { observations, notYet }: Run,
  seed: number | undefined,
): Miss | undefined {
  const difference = firstDifference(scenario, observations)
  if (difference === undefined && notYet === undefined) return undefined
  return { scenario, seed, notYet, difference }
}

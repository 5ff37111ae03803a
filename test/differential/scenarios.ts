// Where tests find scenarios: this project's own, and those recorded from a BEAM if they lie beside the checkout.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseScenarios, type Scenario } from './format/scenario.ts'

const own = new URL('./own.jsonl', import.meta.url)
const recorded = new URL('../../../shared/differential/visible.jsonl', import.meta.url)

const read = (url: URL): Scenario[] => parseScenarios(readFileSync(url, 'utf8'), fileURLToPath(url))

/** Written by hand, from Erlang's documents. */
export const ownScenarios = (): Scenario[] => read(own)

/** `undefined` where they are absent. */
export const recordedScenarios = (): Scenario[] | undefined =>
  existsSync(recorded) ? read(recorded) : undefined

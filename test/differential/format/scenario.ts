// A file of scenarios (sections 1, 5 and 6): one JSON object a line, each checked from end to end before any runs.

import { actions } from './actions.ts'
import {
  type Check,
  count,
  either,
  flag,
  has,
  isAny,
  isList,
  isObject,
  isText,
  list,
  Malformed,
  maybe,
  object,
  refuse,
  row,
  text,
  word,
} from './check.ts'
import { observed, puppet, term } from './terms.ts'

export const FAMILIES = [
  'process',
  'order',
  'timer',
  'supervisor',
  'sofo',
  'significant',
  'intensity',
  'gen_server',
  'gen_statem',
  'gen_event',
  'ets',
] as const
export type Family = (typeof FAMILIES)[number]

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Action = readonly [name: string, ...args: Json[]]

export type Step =
  | { readonly op: 'spawn'; readonly p: string; readonly trap: boolean }
  | { readonly op: 'do'; readonly p: string; readonly a: readonly Action[] }
  | { readonly op: 'kill'; readonly t: string; readonly reason: Json }
  | { readonly op: 'sleep'; readonly ticks: number }
  | { readonly op: 'final' }

/** What was seen in a step; what is empty is left out. */
export interface Observation {
  readonly r?: Json
  readonly log?: readonly Json[]
  readonly down?: readonly Json[]
  readonly done?: readonly Json[]
}

export interface Scenario {
  readonly id: string
  readonly family: Family
  readonly seed: number
  readonly unordered_log?: boolean
  readonly steps: readonly Step[]
  readonly expect: readonly Observation[]
}

const steps: Readonly<Record<string, Check>> = {
  spawn: object({ op: text, p: puppet, trap: flag }),
  do: object({ op: text, p: puppet, a: actions }),
  kill: object({ op: text, t: text, reason: term }),
  sleep: object({ op: text, ticks: count }),
  final: object({ op: text }),
}

const step: Check = (value, at) => {
  if (!isObject(value)) refuse(at, 'a step', value)
  const { op } = value
  const shape = typeof op === 'string' && Object.hasOwn(steps, op) ? steps[op] : undefined
  if (shape === undefined) refuse(`${at}.op`, Object.keys(steps).join(', '), op)
  shape(value, at)
}

// ---- observations ----

const excepted = object({ exc: row(word('error', 'exit', 'throw'), observed) })
const flushed = object({
  user: maybe(list(observed)),
  exit: maybe(list(observed)),
  down: maybe(list(observed)),
})
const isFlushed = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).every((key) => ['user', 'exit', 'down'].includes(key))

const result = either('a result', [has('exc'), excepted], [isFlushed, flushed], [isAny, observed])
const results = list(result)
/** A server logs what its own calls came to. */
const logged = either('a term', [has('exc'), excepted], [isAny, observed])
const lost = word('$dead', '$busy')

const resultsOfDo = either('results, "$dead" or "$busy"', [isList, results], [isText, lost])
const resultsOfFinal = list(
  row(puppet, either('[flush, links], "$dead" or "$busy"', [isList, row(result, result)], [isText, lost])),
)

const rest = {
  log: maybe(list(list(logged))),
  down: maybe(list(row(text, observed))),
  done: maybe(list(row(puppet, results))),
}

const withoutResult = object(rest)
const observations: Readonly<Record<Step['op'], Check>> = {
  spawn: withoutResult,
  do: object({ r: resultsOfDo, ...rest }),
  kill: withoutResult,
  sleep: withoutResult,
  final: object({ r: resultsOfFinal, ...rest }),
}

// ---- files ----

const head = object({
  id: text,
  family: word(...FAMILIES),
  seed: count,
  unordered_log: maybe(flag),
  steps: list(step),
  expect: list(() => {}),
})

/** @throws Malformed */
export function checkScenario(value: unknown): Scenario {
  head(value, 'scenario')
  const scenario = value as Scenario
  const { steps, expect } = scenario
  if (steps.length !== expect.length) {
    throw new Malformed('scenario.expect', `${expect.length} observations for ${steps.length} steps`)
  }
  for (const [index, { op }] of steps.entries()) {
    observations[op](expect[index], `scenario.expect[${index}]`)
  }
  return scenario
}

/** A line of a file that is no scenario. */
export class MalformedFile extends Error {
  readonly line: number
  constructor(fileName: string, line: number, reason: string) {
    super(`${fileName}:${line}: ${reason}`)
    this.name = 'MalformedFile'
    this.line = line
  }
}

/** @throws MalformedFile naming the line, the path into it, and what is wrong there */
export function parseScenarios(content: string, fileName: string): Scenario[] {
  const scenarios: Scenario[] = []
  const lines = new Map<string, number>()
  for (const [index, source] of content.split('\n').entries()) {
    if (source.trim() === '') continue
    try {
      const scenario = checkScenario(parseJson(source))
      const before = lines.get(scenario.id)
      if (before !== undefined) throw new Malformed('scenario.id', `line ${before} has the same id`)
      lines.set(scenario.id, index + 1)
      scenarios.push(scenario)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      throw new MalformedFile(fileName, index + 1, error.message)
    }
  }
  return scenarios
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new Malformed('scenario', `no JSON: ${(error as Error).message}`)
  }
}

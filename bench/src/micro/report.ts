/** How figures are shown: rows of a table for people, one JSON object a line for programs. */

import {
  type Column,
  describeMachine,
  formatHeading,
  formatMachine,
  formatQuantity,
  formatRow,
  type Summary,
  summarize,
} from '@heddle/bench'
import { type Figure, isReached, type RoundResult, type Target } from './figure.ts'

export interface Report {
  /** Before the first figure. */
  begin(): void
  figure(figure: Figure, rounds: readonly RoundResult[]): void
  failure(figure: Figure, error: Error): void
}

export function tableReport(figures: readonly Figure[], roundCount: number): Report {
  const columns: readonly Column[] = [
    { title: 'figure', width: widest(figures.map(({ name }) => name)) },
    { title: 'median', width: 7, align: 'right' },
    { title: 'min', width: 7, align: 'right' },
    { title: 'max', width: 7, align: 'right' },
    { title: 'unit', width: widest(figures.map(({ unit }) => unit)) },
    { title: 'target', width: 9, align: 'right' },
    { title: 'reached', width: 7 },
    { title: 'params', width: 6 },
  ]
  const print = (line: string) => process.stdout.write(`${line}\n`)
  return {
    begin: () => {
      print(header(roundCount))
      print(formatHeading(columns))
    },
    figure: (figure, rounds) => {
      const { name, unit, target } = figure
      const { min, median, max } = summaryOf(rounds)
      const numbers = [median, min, max].map(formatQuantity)
      const verdict =
        target === undefined ? ['', ''] : [formatTarget(target), isReached(target, median) ? 'yes' : 'NO']
      const params = Object.entries(paramsOf(figure, rounds)).map(
        ([key, value]) => `${key}=${formatParam(value)}`,
      )
      print(formatRow(columns, [name, ...numbers, unit, ...verdict, params.join(' ')]))
    },
    failure: (figure, error) => print(formatRow(columns, [figure.name, `FAILED: ${error.message}`])),
  }
}

/** Nothing but the lines of figures goes to standard output. */
export function jsonReport(roundCount: number): Report {
  return {
    begin: () => process.stderr.write(`${header(roundCount)}\n`),
    figure: (figure, rounds) => {
      const { name, unit } = figure
      const { min, median, max } = summaryOf(rounds)
      const line = { name, value: median, min, max, unit, params: paramsOf(figure, rounds) }
      process.stdout.write(`${JSON.stringify(line)}\n`)
    },
    failure: ({ name }, error) => process.stderr.write(`${name} FAILED: ${error.message}\n`),
  }
}

/** One line each: what there is and what it measures. */
export function listFigures(figures: readonly Figure[]): string {
  const width = widest(figures.map(({ name }) => name))
  const lines = figures.map(({ name, unit, target, description }) => {
    const aim = target === undefined ? unit : `${formatTarget(target)} ${unit}`
    return `${name.padEnd(width)}  ${description} [${aim}]\n`
  })
  return lines.join('')
}

function header(roundCount: number): string {
  const rounds = roundCount === 1 ? '1 round' : `${roundCount} rounds`
  return `${formatMachine(describeMachine())}; ${new Date().toISOString()}; ${rounds} after 1 to warm up`
}

function summaryOf(rounds: readonly RoundResult[]): Summary {
  return summarize(rounds.map(({ value }) => value))
}

/** What was done, and the median of what was found besides. */
function paramsOf(figure: Figure, rounds: readonly RoundResult[]): Record<string, number | string> {
  const params: Record<string, number | string> = { ...figure.params, rounds: rounds.length }
  for (const key of Object.keys(rounds[0]?.extras ?? {})) {
    params[key] = summarize(rounds.map(({ extras }) => extras?.[key] ?? Number.NaN)).median
  }
  return params
}

function formatTarget(target: Target): string {
  return 'atLeast' in target ? `>= ${formatQuantity(target.atLeast)}` : `<= ${formatQuantity(target.atMost)}`
}

function formatParam(value: number | string): string {
  // One word each, so that a row can be split again.
  return typeof value === 'string' ? value : formatQuantity(value).replace(' ', '')
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length))
}

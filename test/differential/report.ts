// What the command prints: a score for each family, and for each scenario that missed its first difference, side by side.

import { canonical, type Json } from '#fixtures/differential/terms'
import { FAMILIES, type Observation } from './format/scenario.ts'
import type { Miss, Outcome, Score } from './suite.ts'

const COLUMN = 56

export function printMiss({ scenario, seed, notYet, difference }: Miss): string {
  const title = `${scenario.id}${seed === undefined ? '' : `, seed ${seed}`}`
  const lines = [notYet === undefined ? title : `${title}: not yet: ${notYet}`]
  if (notYet === undefined && difference !== undefined) {
    const { stepIndex, step, expected, got } = difference
    lines.push(`  step ${stepIndex} of ${scenario.steps.length}: ${canonical(step as unknown as Json)}`)
    lines.push(row(' ', '', 'expected', 'got'), ...parts(expected, got ?? {}))
  }
  return `${lines.join('\n')}\n`
}

function parts(expected: Observation, got: Observation): string[] {
  return (['r', 'log', 'down', 'done'] as const).flatMap((name) => {
    const [left, right] = [rowsOf(expected[name]), rowsOf(got[name])]
    const count = Math.max(left.length, right.length)
    return Array.from({ length: count }, (_, index) => {
      const [a = '', b = ''] = [left[index], right[index]]
      return row(a === b ? ' ' : '!', index === 0 ? name : '', a, b)
    })
  })
}

/** One row for each element, in full. */
function rowsOf(part: unknown): string[] {
  if (part === undefined) return []
  return Array.isArray(part) ? part.map((each) => canonical(each as Json)) : [canonical(part as Json)]
}

function row(mark: string, name: string, left: string, right: string): string {
  const [a, b] = [folded(left), folded(right)]
  const count = Math.max(a.length, b.length, 1)
  return Array.from({ length: count }, (_, index) => {
    const head = index === 0 ? `${mark} ${name.padEnd(5)}` : ' '.repeat(7)
    return `  ${head}${(a[index] ?? '').padEnd(COLUMN)} | ${b[index] ?? ''}`.trimEnd()
  }).join('\n')
}

function folded(text: string): string[] {
  return text.match(new RegExp(`.{1,${COLUMN}}`, 'g')) ?? []
}

export function printScores({ byFamily, total }: Outcome): string {
  const lines = FAMILIES.flatMap((family) => {
    const score = byFamily.get(family)
    return score === undefined ? [] : [`${family.padEnd(12)} ${printScore(score)}`]
  })
  return `${lines.join('\n')}${lines.length > 0 ? '\n' : ''}matched ${printScore(total)}\n`
}

const printScore = ({ matched, total }: Score): string => `${matched} of ${total}`

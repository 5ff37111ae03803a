// `npm run stress -- --seconds N [--schedulers N] [--seed N] [--kills]`

import { parseArgs } from 'node:util'
import { randomSeed, stress } from './stress.ts'

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`--${name} takes a whole number, not '${text}'`)
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { seconds: text, schedulers: text, seed: text, kills: { type: 'boolean', default: false } },
  })
  const seconds = wholeNumber('seconds', values.seconds, 30)
  const schedulers = wholeNumber('schedulers', values.schedulers, 3)
  const seed = wholeNumber('seed', values.seed, randomSeed())
  const { kills } = values
  const print = (line: string) => console.log(line)
  print(
    `stress: seed ${seed}, ${seconds} s, ${schedulers} schedulers${kills ? ', which are killed now and then' : ''}`,
  )
  const outcome = await stress({ seconds, schedulers, seed, kills, print })
  for (const [what, count] of [...outcome.counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    print(`${String(count).padStart(12)}  ${what}`)
  print(`stress: ${outcome.roundCount} rounds, ${outcome.killCount} schedulers killed`)
  print(`stress: ${outcome.violationCount} violations, seed ${seed}`)
  return outcome.violationCount === 0 ? 0 : 1
}

process.exitCode = await main()

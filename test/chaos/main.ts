// `npm run chaos -- [--minutes N | --seconds N] [--schedulers N] [--seed N] [--move-ms N] [--kill-ms N]`

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'

const text = { type: 'string' } as const

function numberOf(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`--${name} takes a number, not '${given}'`)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: text, seconds: text, schedulers: text, seed: text, 'move-ms': text, 'kill-ms': text },
  })
  const seconds = numberOf('seconds', values.seconds, 60 * numberOf('minutes', values.minutes, 1))
  const schedulers = numberOf('schedulers', values.schedulers, 3)
  const seed = numberOf('seed', values.seed, randomInt(2 ** 31))
  const moveEveryMs = numberOf('move-ms', values['move-ms'], 10)
  const killEveryMs = numberOf('kill-ms', values['kill-ms'], 1_000)
  const print = (line: string) => console.log(line)
  print(
    `chaos: seed ${seed}, ${seconds} s, ${schedulers} schedulers; a move every ${moveEveryMs} ms, a death every ${killEveryMs} ms`,
  )
  const { counts, violationCount } = await chaos({
    seconds,
    schedulers,
    seed,
    moveEveryMs,
    killEveryMs,
    print,
  })
  for (const [what, count] of counts) print(`${String(count).padStart(12)}  ${what}`)
  print(`chaos: ${violationCount === 0 ? 'nothing was lost' : `${violationCount} violations`}, seed ${seed}`)
  return violationCount === 0 ? 0 : 1
}

process.exitCode = await main()

// Load, moves and deaths at once, for a while; `npm run chaos` does it for as long as one likes.

import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { chaos } from './chaos.ts'

// For so long there is load; how long it takes until all is quiet is the machine's affair.
const SECONDS = 12
const SLOW_MACHINE_MS = 600_000

test(
  'nothing is lost but what a dead scheduler held',
  async () => {
    const seed = randomInt(2 ** 31)
    const lines: string[] = []
    const print = (line: string) => void lines.push(line)
    console.log(`chaos: seed ${seed}`)
    const options = { seconds: SECONDS, schedulers: 3, seed, moveEveryMs: 10, killEveryMs: 1_000, print }
    const { counts, violationCount } = await chaos(options)
    expect(violationCount, `seed ${seed}\n${lines.join('\n')}`).toBe(0)
    const count = Object.fromEntries(counts)
    for (const what of ['calls replied', 'messages in order', 'moves', 'schedulers killed'])
      expect(count[what], what).toBeGreaterThan(0)
  },
  SLOW_MACHINE_MS,
)

// Whatever processes can do, done at random on real schedulers; the processes check each other.

import { expect, test } from 'vitest'
import { randomSeed, stress } from './stress.ts'

// For so long new rounds begin; how long they take is the machine's affair.
const SECONDS = 10
const SLOW_MACHINE_MS = 600_000

test.each([
  { schedulers: 3, kills: false },
  { schedulers: 3, kills: true },
])(
  'stress, $schedulers schedulers, killed: $kills',
  async ({ schedulers, kills }) => {
    const seed = randomSeed()
    const lines: string[] = []
    const print = (line: string) => void lines.push(line)
    console.log(`stress: seed ${seed}`)
    const { violationCount, roundCount } = await stress({ seconds: SECONDS, schedulers, seed, kills, print })
    expect(violationCount, `seed ${seed}\n${lines.join('\n')}`).toBe(0)
    expect(roundCount).toBeGreaterThan(0)
  },
  SLOW_MACHINE_MS,
)

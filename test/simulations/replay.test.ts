// A seed is a whole run: replayed in the same process, and in another one, it gives the same trace byte for byte.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { basics, programOf, programs } from './dist/programs/index.js'
import { runSeed } from './dist/run-seed.js'

const command = fileURLToPath(new URL('./dist/main.js', import.meta.url))
const run = promisify(execFile)

describe('a seed is replayed', () => {
  test.each(programs.map(({ name }) => name))('in one process, by %s', async (name) => {
    for (let seed = 500; seed < 510; seed++) {
      const one = await runSeed(programOf(seed, name), seed, true)
      expect(one.failure).toBeUndefined()
      const two = await runSeed(programOf(seed, name), seed, true)
      expect(two.result.trace.join('\n')).toBe(one.result.trace.join('\n'))
      expect(two.result.traceHash).toBe(one.result.traceHash)
    }
  })

  test.each(basics.map(({ name }) => name))('by two processes, of %s', async (name) => {
    const args = [command, '--program', name, '--seed', '512']
    const [one, two] = await Promise.all([run(process.execPath, args), run(process.execPath, args)])
    expect(two.stdout).toBe(one.stdout)
    expect(one.stdout).toMatch(/1 schedule, 0 failed\n$/)
    // What ran before in a process does not matter either.
    const here = await runSeed(programOf(512, name), 512, true)
    expect(one.stdout).toContain(here.result.traceHash)
  })
})

// Once these were failures of the judge's own: words that look alike, sent to a process that is about to move.
test.each([110_602, 113_752, 125_732, 136_252])('seed %i of extras breaks nothing', async (seed) => {
  expect((await runSeed(programOf(seed, 'extras'), seed, true)).failure).toBeUndefined()
})

test('the command runs many, and says last how many failed', async () => {
  const { stdout } = await run(process.execPath, [
    command,
    '--seeds',
    '60',
    '--from',
    '900',
    '--threads',
    '1',
  ])
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('60 schedules, 0 failed')
  expect(stdout).toMatch(/schedules per second/)
  expect(stdout).toMatch(/checked: pairwise_order \d+/)
})

// The host hears that a process is on its way to a scheduler with which it has parted already.
test('seed 288721 of calls breaks nothing', async () => {
  expect((await runSeed(programOf(288_721, 'calls'), 288_721, true)).failure).toBeUndefined()
})

// Who has moved to a scheduler calls a process that is to start there, and whose spawn request is still on its way.
test('seed 4143 of moves breaks nothing', async () => {
  expect((await runSeed(programOf(4_143, 'moves'), 4_143, true)).failure).toBeUndefined()
})

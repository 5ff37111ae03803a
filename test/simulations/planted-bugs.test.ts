// The judge must see what it is there for: worlds that are broken in one way each, and how soon a seed shows it. The sound
// world shows nothing in many more seeds.

import { type Main, SimulationError, type SimulationOptions } from '@heddle/scheduler/sim'
import { describe, expect, test } from 'vitest'
import { SIGNAL } from '../../packages/scheduler/dist/process/signals.js'
import type { Sabotage } from '../../packages/scheduler/dist/sim/sabotage.js'
import { failureOf, runSimulation } from '../../packages/scheduler/dist/sim/simulate.js'
import { programOf } from './dist/programs/index.js'
import { runSeed } from './dist/run-seed.js'

/** `simulate`, in a broken world. */
function inWorld(sabotage: Sabotage) {
  return async <T>(options: SimulationOptions, main: Main<T>) => {
    const { result, cause } = await runSimulation(options, main, sabotage)
    const why = failureOf(result, cause)
    if (why !== undefined) throw new SimulationError(why, result, cause)
    return result
  }
}

interface Planted {
  readonly bug: string
  /** Of which program seeds are tried. */
  readonly program: string
  readonly sabotage: Sabotage
  /** So many seeds are enough. */
  readonly seedCountMax: number
  /** What the finding says. */
  readonly says: RegExp
}

let publishedCount = 0

const planted: readonly Planted[] = [
  {
    bug: 'every fifth signal overtakes the one before it',
    program: 'actors',
    sabotage: {
      publish(ring, frame, head) {
        publishedCount += 1
        if (publishedCount % 5 !== 0 || ring.length - head < 1) return false
        ring.splice(ring.length - 1, 0, frame)
        return true
      },
    },
    seedCountMax: 10,
    says: /pairwise_order|message \d+ of/,
  },
  {
    bug: 'a full ring drops what does not fit',
    program: 'actors',
    sabotage: { overflow: () => true },
    seedCountMax: 10,
    says: /delivery|no_failure|message \d+ of|one_down|exits|leaks|nothing will ever happen/,
  },
  {
    bug: 'a DOWN goes before what was sent earlier',
    program: 'storms',
    sabotage: {
      publish(ring, frame, head) {
        if (frame.kind !== SIGNAL.down) return false
        ring.splice(head, 0, frame)
        return true
      },
    },
    seedCountMax: 20,
    says: /pairwise_order|last_words|no word of the dead/,
  },
  {
    bug: 'the acknowledgement of an unlink is lost',
    program: 'actors',
    sabotage: { arrive: (kind) => (kind === SIGNAL.unlinkAck ? 'drop' : undefined) },
    seedCountMax: 20,
    says: /is not acknowledged/,
  },
  {
    bug: 'an EXIT counts although its link was undone',
    program: 'actors',
    sabotage: { ignoresUnlink: true },
    seedCountMax: 100,
    says: /after unlink/,
  },
  {
    bug: 'a name is freed after its process was told as dead',
    program: 'names',
    sabotage: { freesNamesLate: true },
    seedCountMax: 10,
    says: /names is broken/,
  },
  {
    bug: 'noproc is answered on the spot, before last messages',
    program: 'storms',
    sabotage: { answersForTheDead: true },
    seedCountMax: 30,
    says: /pairwise_order|last_words|no word of the dead/,
  },
  {
    bug: 'a slot is used again before the last signals of its process are published',
    program: 'storms',
    sabotage: { freesSlotsEarly: true },
    seedCountMax: 300,
    says: /pairwise_order|last_words|no word of the dead/,
  },
  {
    bug: 'what a dead scheduler had published is not read',
    program: 'actors',
    sabotage: { readsNoLastWords: true },
    seedCountMax: 60,
    says: /delivery|one_down|exits|leaks/,
  },
  {
    bug: 'what was bound to the processes of a dead scheduler stays bound',
    program: 'actors',
    sabotage: { breaksNothing: true },
    seedCountMax: 30,
    says: /one_down|exits|leaks|nothing will ever happen/,
  },
  {
    bug: 'a message comes twice',
    program: 'actors',
    sabotage: { arrive: (kind) => (kind === SIGNAL.message ? 'twice' : undefined) },
    seedCountMax: 5,
    says: /no_invention/,
  },
  {
    bug: 'slots of the dead stay taken',
    program: 'timers',
    sabotage: { keepsSlots: true },
    seedCountMax: 5,
    says: /leaks is broken/,
  },
]

describe('a planted bug is found', () => {
  test.each(planted)(
    '$bug: within $seedCountMax seeds',
    async ({ program, sabotage, seedCountMax, says }) => {
      publishedCount = 0
      for (let seed = 0; seed < seedCountMax; seed++) {
        const { failure } = await runSeed(programOf(seed, program), seed, false, inWorld(sabotage))
        if (failure === undefined) continue
        expect(failure).toMatch(says)
        return
      }
      expect.unreachable(`${seedCountMax} seeds of '${program}' did not show it`)
    },
  )
})

test('the sound world is clean over 300 seeds of all programs', async () => {
  const failures: string[] = []
  for (let seed = 0; seed < 300; seed++) {
    const { failure, program } = await runSeed(programOf(seed), seed, false)
    if (failure !== undefined) failures.push(`seed ${seed}, ${program}: ${failure}`)
  }
  expect(failures).toEqual([])
})

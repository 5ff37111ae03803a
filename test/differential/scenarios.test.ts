// Processes of this VM do what the BEAM's do: the same scenarios, the same traces, in one thread and across threads.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Family, Observation, Scenario } from './format/scenario.ts'
import { type Host, type HostName, hosts } from './hosts.ts'
import { printMiss } from './report.ts'
import { ownScenarios, recordedScenarios } from './scenarios.ts'
import { runSuite } from './suite.ts'

const RAW: readonly Family[] = ['process', 'order', 'timer']
const recorded = recordedScenarios()
const own = ownScenarios()

/** Whatever the seed was, where there is one. */
const printed = (miss: Parameters<typeof printMiss>[0]): string => printMiss(miss).replace(', seed 1', '')

const byId = (id: string): Scenario => own.find((each) => each.id === id) as Scenario

describe.each<HostName>(['inline', 'workers', 'sim'])('%s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await hosts[name]()
  })
  afterAll(() => host?.close())

  /** What missed, as text. */
  async function missesOf(scenarios: readonly Scenario[]): Promise<string[]> {
    const { misses } = await runSuite(scenarios, host, 1)
    return misses.map(printed)
  }

  test.each(own.map(({ id }) => id))('%s', async (id) => {
    expect(await missesOf([byId(id)])).toEqual([])
  })

  // The recorded scenarios lie beside a checkout, not in it.
  test.skipIf(recorded === undefined).each(RAW)('recorded from a BEAM: family %s', async (family) => {
    const scenarios = (recorded ?? []).filter((each) => each.family === family)
    expect(scenarios.length).toBeGreaterThan(0)
    expect(await missesOf(scenarios)).toEqual([])
  })

  test('a scenario leaves nothing for the next: the same twice, and names again', async () => {
    expect(await missesOf([byId('own-names'), byId('own-names'), byId('own-supervisor')])).toEqual([])
  })

  test.each<[string, (expected: Observation[]) => void, string]>([
    ['another result', (expected) => (expected[2] = { r: ['ok', 'ok', 'ok', 'ok'] }), 'step 2'],
    ['a result that is not there', (expected) => (expected[4] = { r: ['x'] }), 'step 4'],
    ['a log that is not there', (expected) => (expected[0] = { log: [['p1', 'x']] }), 'step 0'],
    ['an end that is not there', (expected) => (expected[6] = { r: ['ok'], down: [['p1', 'x']] }), 'step 6'],
    ['done that is left out', (expected) => (expected[7] = { r: ['ok'] }), 'step 7'],
    ['another type of number', (expected) => (expected[3] = { r: [{ f: 3 }] }), 'step 3'],
  ])('a wrong trace is found out: %s', async (_what, change, where) => {
    const scenario = byId('own-mailbox')
    const changed = [...scenario.expect]
    change(changed)
    const [miss = '', ...others] = await missesOf([{ ...scenario, expect: changed }])
    expect(others).toEqual([])
    expect(miss).toContain(`own-mailbox\n  ${where} of 12: `)
  })

  test('what cannot be done yet never counts as matched', async () => {
    const scenario: Scenario = {
      id: 'later',
      family: 'ets',
      seed: 1,
      steps: [
        { op: 'spawn', p: 'p1', trap: false },
        { op: 'do', p: 'p1', a: [['fly', 1]] },
      ],
      expect: [{}, { r: ['not yet: fly'] }],
    }
    const { total, misses } = await runSuite([scenario], host, 1)
    expect(total).toEqual({ matched: 0, total: 1 })
    expect(misses.map(printed)).toEqual(['later: not yet: fly\n'])
  })
})

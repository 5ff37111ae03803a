// Runs conformance cases on every kind of VM: in one thread, with all processes on one scheduler of two, and with them
// on two. The outcome must be the same everywhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Case } from '#fixtures/sched-kit'
import { type CaseHost, hosts } from '../scheduler/hosts.ts'

const places = ['a VM that runs inline', 'one scheduler of two', 'two schedulers'] as const

/** A case takes milliseconds, on a busy machine a second; one that hangs shall not take a minute to say so. */
const HANG_MS = 20_000

export function runOnEveryHost(cases: readonly Case[]): void {
  describe.each(places)('%s', (place) => {
    let host: CaseHost
    beforeAll(async () => {
      host = await (hosts[place] as () => Promise<CaseHost>)()
    })
    afterAll(() => host.stop())

    test.each(cases.map((it) => [it.name, it] as const))(
      '%s',
      async (_, it) => {
        expect(await host.run(it)).toEqual(it.expected)
      },
      HANG_MS,
    )
  })
}

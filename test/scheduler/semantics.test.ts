// What a process can do and what it sees, by one list of cases on every kind of host: the outcome is the same whether
// the processes share a thread or not.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asyncCases } from '#fixtures/sched-async'
import { bodyCases } from '#fixtures/sched-bodies'
import { callCases } from '#fixtures/sched-calls'
import { endCases } from '#fixtures/sched-ends'
import { asyncFairCases, fairCases } from '#fixtures/sched-fair'
import { limitCases } from '#fixtures/sched-limits'
import { linkCases } from '#fixtures/sched-links'
import { messageCases } from '#fixtures/sched-messages'
import { nameCases } from '#fixtures/sched-names'
import { processCases } from '#fixtures/sched-processes'
import { eventCases, suspendCases } from '#fixtures/sched-suspends'
import { timerCases } from '#fixtures/sched-timers'
import { type CaseHost, hosts } from './hosts.ts'

const groups = {
  messages: messageCases,
  ends: endCases,
  'links and monitors': linkCases,
  processes: processCases,
  calls: callCases,
  limits: limitCases,
  names: nameCases,
  timers: timerCases,
  suspended: suspendCases,
  bodies: bodyCases,
  'async bodies': asyncCases,
  fairness: fairCases,
}

/** A case takes milliseconds; one that hangs shall not take a minute to say so. */
const HANG_MS = 20_000

describe.each(Object.entries(hosts))('%s', (_, startHost) => {
  let host: CaseHost
  beforeAll(async () => {
    host = await startHost()
  })
  afterAll(() => host.stop())

  describe.each(Object.entries(groups))('%s', (__, cases) => {
    test.each(cases.map((it) => [it.name, it] as const))(
      '%s',
      async (___, it) => {
        expect(await host.run(it)).toEqual(it.expected)
      },
      HANG_MS,
    )
  })
})

describe('async bodies', () => {
  test.each([...asyncFairCases, ...eventCases].map((it) => [it.name, it] as const))(
    '%s',
    async (_, it) => {
      const host = await (hosts['two schedulers'] as () => Promise<CaseHost>)()
      try {
        expect(await host.run(it)).toEqual(it.expected)
      } finally {
        await host.stop()
      }
    },
    HANG_MS,
  )
})

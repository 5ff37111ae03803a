// OTP's gen_statem and gen_fsm, row by row, on three kinds of host.

import { startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { free } from '#fixtures/conf-statem-kit'
import { runOnEveryHost } from './run.ts'
import { genStatemTable } from './tables.ts'

runOnEveryHost(genStatemTable.cases)

const DAY_MS = 86_400_000

describe.each([
  ['a VM that runs inline', 'inline'],
  ['one scheduler of its own', 1],
] as const)('%s, by a clock that the test moves', (_place, schedulers) => {
  test('gen_statem_SUITE:abnormal1: a call waits for days, or as long as it is told', async () => {
    await using vm = await startVm({ schedulers, clock: 'manual' })
    const ref = await startServer(vm, free, { owner: vm.pid })
    const patient = vm.call(ref, free.ask({ acts: [['save']] }))
    await vm.advance(7 * DAY_MS)
    vm.cast(ref, free.tell({ acts: [['replySaved', 'late']] }))
    expect(await patient).toBe('late')

    const outcomes: unknown[] = []
    const hasty = vm.call(ref, free.ask({ acts: [['save']] }), { timeoutMs: 1_000 })
    hasty.catch((error: unknown) => outcomes.push(error))
    await vm.advance(999)
    expect(outcomes).toEqual([])
    await vm.advance(1)
    expect(outcomes).toEqual([
      expect.objectContaining({ reason: ['timeout', ['gen_statem', 'call', expect.anything()]] }),
    ])
  })
})

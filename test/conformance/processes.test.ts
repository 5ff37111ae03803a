// What OTP's own suites pin down of processes, mailboxes and receive, row by row, on three kinds of host: the outcome
// is the same whether the processes share a thread or not.

import { type Report, startVm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { growing } from '#fixtures/conf-limits'
import { runOnEveryHost } from './run.ts'
import { processesTable } from './tables.ts'

runOnEveryHost(processesTable.cases)

// A report goes to the host, out of sight of the cases.
describe.each([
  ['inline', 'inline'],
  ['on a scheduler', 1],
] as const)('the report of a heap that is too large, %s', (_, schedulers) => {
  test.each([true, false])(
    'process_SUITE:spawn_opt_max_heap_size is told, whether the process is killed: %s',
    async (kill) => {
      let tell: (report: Report) => void = () => {}
      const told = new Promise<Report>((resolve) => {
        tell = resolve
      })
      const vm = await startVm({ schedulers, onReport: tell })
      try {
        const maxHeapBytes = { bytes: 20_000, kill }
        const pid = await vm.spawn(growing, vm.pid, { maxHeapBytes })
        for (let round = 0; round < 200; round++) vm.send(pid, 2_000)
        const limitBytes = 20_000
        expect(await told).toMatchObject({ type: 'max_heap', pid, isKilled: kill, limitBytes })
      } finally {
        await vm.stop({ timeoutMs: 0 })
      }
    },
  )
})

// OTP's timer module by a clock that the test moves; its cases run in `timers.test.ts`.

import { startVm, tag } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { tickBook, ticking } from '#fixtures/conf-timer-kit'

describe.each([
  ['a VM that runs inline', 'inline', undefined, undefined],
  ['one scheduler of two', 2, 1, 1],
  ['two schedulers', 2, 1, 2],
] as const)('%s, by a clock that the test moves', (_place, schedulers, own, peer) => {
  test('timer_SUITE:do_big_test: intervals do not drift, the n-th tick comes at start + n * T', async () => {
    await using vm = await startVm({ schedulers, clock: 'manual' })
    const to = await vm.spawn(tickBook, undefined, peer === undefined ? {} : { scheduler: peer })
    const periodsMs = [1, 2, 3, 7, 10, 33, 100]
    await vm.spawn(ticking, { to, periodsMs }, own === undefined ? {} : { scheduler: own })
    await vm.advance(200)
    vm.send(to, { type: 'report', to: vm.pid })
    const { book } = await vm.receive(tag<{ type: 'book'; book: Map<number, number[]> }>('book'))
    for (const everyMs of periodsMs) {
      const wanted = Array.from({ length: Math.floor(200 / everyMs) }, (_, n) => (n + 1) * everyMs)
      expect(book.get(everyMs)).toEqual(wanted)
    }
  })
})

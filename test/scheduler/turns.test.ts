// How long a turn lasts: messages that take long do not add up in it.

import { startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { inCallbacks, inOneLoop, inRounds, neighbour } from '#fixtures/sched-toil'

const ROUND_COUNT = 5
/** What one turn of 256 would be far beyond. */
const COUNT_MAX = 100

test.each([
  ['callbacks', inCallbacks],
  ['a loop of receives', inOneLoop],
  ['rounds', inRounds],
])('who handles slow messages in %s gives way to others between them', async (_, definition) => {
  await using vm = await startVm({ schedulers: 1 })
  const board = new SharedArrayBuffer(4)
  const handled = new Int32Array(board)
  const other = await vm.spawn(neighbour, undefined)
  for (let count = 0; count < 3; count++) vm.send(await vm.spawn(definition, board), 'begin')
  while (handled[0] === 0) await new Promise((resolve) => setImmediate(resolve))
  const counts: number[] = []
  for (let round = 0; round < ROUND_COUNT; round++) {
    const before = Atomics.load(handled, 0)
    expect(await vm.call(other, { $call: 'x', arg: 0 }, { timeoutMs: 60_000 })).toBe(round)
    counts.push(Atomics.load(handled, 0) - before)
  }
  // A host that had to wait for its core saw more go by.
  expect(Math.min(...counts)).toBeLessThan(COUNT_MAX)
})

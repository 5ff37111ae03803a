import { expect, test } from 'vitest'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { freshSeed, smallMemory, Thread } from './threads.ts'

test('three threads that spawn on each other never get the same slot, and lose none', async () => {
  // Small enough that it is full now and then.
  const shared = smallMemory({ processCountMax: 3 * 1_024 })
  const board = new SharedArrayBuffer(4 * shared.options.processCountMax)
  const finished = new SharedArrayBuffer(4)
  const job = { shared, board, finished, seed: freshSeed(), spawnCount: 50_000 }
  const threads = [1, 2, 3].map((me) => new Thread('./slots.worker.mjs', { ...job, me }))
  expect(await Promise.all(threads.map((thread) => thread.message()))).toEqual(['done', 'done', 'done'])

  expect(new Int32Array(board).every((word) => word === 0)).toBe(true)
  expect(new SlotTable(shared, 0).aliveCount()).toBe(0)
  const all = new Set<number>()
  for (const me of [1, 2, 3]) {
    const slots = new SlotTable(shared, me)
    slots.adopt()
    for (let slot = slots.allocate(me); slot !== -1; slot = slots.allocate(me)) all.add(slot)
  }
  expect(all.size).toBe(shared.options.processCountMax - 1)
})

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

test('a process on its way as its scheduler dies is inherited or swept, never both, never neither', async () => {
  const [roundCount, processCount, owner, heir] = [40, 900, 1, 2]
  const shared = smallMemory()
  const barrier = new SharedArrayBuffer(8)
  const generations = new SharedArrayBuffer(4 * shared.options.processCountMax)
  const generation = new Int32Array(generations)
  const job = { shared, barrier, generations, roundCount, seed: freshSeed() }
  const threads = [
    new Thread('./moving.worker.mjs', { ...job, me: 0, role: 'host' }),
    new Thread('./moving.worker.mjs', { ...job, me: heir, role: 'heir' }),
  ] as const
  const [table, heirs] = [new SlotTable(shared, owner), new SlotTable(shared, heir)]
  for (let round = 1; round <= roundCount; round++) {
    generation.fill(-1)
    const slots = Array.from({ length: processCount }, () => table.allocate(owner))
    for (const slot of slots) {
      table.markLive(slot)
      table.bequeath(slot, heir)
      generation[slot] = table.generation(slot)
    }
    const results = Promise.all(threads.map((thread) => thread.message<number[]>()))
    Atomics.store(new Int32Array(barrier), 0, round)
    Atomics.notify(new Int32Array(barrier), 0)
    const [swept, inherited] = (await results) as [number[], number[]]
    const lives = slots.map((slot) => table.isAlive(slot, generation[slot]))
    expect(slots.filter((_, index) => !lives[index]).sort(ascending)).toEqual(swept.sort(ascending))
    expect(slots.filter((_, index) => lives[index]).sort(ascending)).toEqual(inherited.sort(ascending))
    for (const slot of inherited) {
      expect(table.owner(slot)).toBe(heir)
      heirs.markExiting(slot)
      heirs.free(slot)
    }
  }
})

function ascending(a: number, b: number): number {
  return a - b
}

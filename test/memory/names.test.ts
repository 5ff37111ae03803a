import { describe, expect, test } from 'vitest'
import { Control } from '../../packages/scheduler/dist/memory/control.js'
import {
  type SharedMemory,
  SLOT_NAME,
  SLOT_STRIDE_BITS,
  slotWords,
} from '../../packages/scheduler/dist/memory/layout.js'
import { NameTable } from '../../packages/scheduler/dist/memory/names.js'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { freshSeed, smallMemory, Thread } from './threads.ts'

const nameCountMax = 10
const host = 0
const newBoard = () => new SharedArrayBuffer(4 * 8 * 8)

/** What must hold whenever nobody is at work. */
function expectSound(shared: SharedMemory): void {
  const slots = new SlotTable(shared, host)
  const names = new NameTable(shared, host)
  const registered = names.registered()
  expect(new Set(registered).size).toBe(registered.length)
  const named: string[] = []
  slots.forEachAlive((slot, generation) => {
    const name = names.nameOf(slot)
    if (name === undefined) return
    named.push(name)
    expect(names.whereis(name)).toBe(generation * 2 ** 24 + slot)
  })
  expect(named.sort()).toEqual(registered.sort())
}

function nameWord(shared: SharedMemory, slot: number): number {
  return slotWords(shared)[(slot << SLOT_STRIDE_BITS) + SLOT_NAME]
}

/** Ends all processes, and shows that every entry can be used. */
function expectNothingLeaked(shared: SharedMemory): void {
  const slots = new SlotTable(shared, host)
  const names = new NameTable(shared, host)
  for (const owner of [1, 2, 3]) slots.sweepOwner(owner, (slot) => names.release(slot))
  expect(slots.aliveCount()).toBe(0)
  expect(names.registered()).toEqual([])
  const { processCountMax } = shared.options
  for (let slot = 0; slot < processCountMax; slot++) expect(nameWord(shared, slot)).toBe(0)
  const outcomes = Array.from({ length: nameCountMax + 1 }, (_, index) => {
    const slot = slots.allocate(host)
    return names.register(`other ${index}`, slot, slots.generation(slot))
  })
  expect(outcomes).toEqual([...Array(nameCountMax).fill('ok'), 'full'])
}

describe('three threads that name each other’s processes', () => {
  test('leave every name with one live process, every process with one name', async () => {
    const shared = smallMemory({ nameCountMax })
    const job = { shared, board: newBoard(), seed: freshSeed(), stepCount: 100_000 }
    const threads = [1, 2, 3].map((me) => new Thread('./names.worker.mjs', { ...job, me }))
    const results = await Promise.all(threads.map((thread) => thread.message<Record<string, number>>()))
    for (const outcomes of results) {
      // Every outcome has come up, or this test has tested little.
      for (const [outcome, count] of Object.entries(outcomes)) expect(count, outcome).toBeGreaterThan(0)
    }
    expectSound(shared)
    expectNothingLeaked(shared)
  })

  test('can be killed at any moment', async () => {
    const shared = smallMemory({ nameCountMax })
    const control = new Control(shared)
    const names = new NameTable(shared, host)
    const slots = new SlotTable(shared, host)
    const board = newBoard()
    const seed = freshSeed()
    const start = (me: number, round: number) =>
      new Thread('./names.worker.mjs', { shared, board, seed: seed + round * 10, me })
    // One that lives on all the time, beside the one that is killed again and again.
    const survivor = start(1, 0)
    await survivor.message()
    for (let round = 1; round <= 30; round++) {
      const victim = start(2, round)
      await victim.message()
      await victim.kill()
      names.repair(2)
      new Float64Array(board).fill(0, 16, 24)
      slots.sweepOwner(2, (slot) => names.release(slot))
      control.nextEpoch(2)
      expect(names.registered().length).toBeLessThanOrEqual(nameCountMax)
    }
    await survivor.kill()
    names.repair(1)
    expectSound(shared)
    expectNothingLeaked(shared)
  })
})

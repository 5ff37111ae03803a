import { describe, expect, test } from 'vitest'
import { Control, DOWN, REF_BLOCK_COUNT, STARTING_UP, UP } from './control.ts'
import { createMemory } from './layout.ts'

const memory = () =>
  createMemory({ endpointCount: 3, processCountMax: 1_024, nameCountMax: 8, ringBytes: 1_024 })

describe('an endpoint', () => {
  test('is down at first, and what the host says afterwards, for all threads', () => {
    const shared = memory()
    const host = new Control(shared)
    const other = new Control(shared)
    expect(other.status(1)).toBe(DOWN)
    host.setStatus(1, STARTING_UP)
    expect(other.isUp(1)).toBe(false)
    host.setStatus(1, UP)
    expect(other.isUp(1)).toBe(true)
    expect(other.status(2)).toBe(DOWN)
  })

  test('gets a new epoch with every life', () => {
    const control = new Control(memory())
    expect(control.epoch(2)).toBe(0)
    expect(control.nextEpoch(2)).toBe(1)
    expect(control.epoch(2)).toBe(1)
    expect(control.epoch(1)).toBe(0)
  })

  test('publishes counters of its own', () => {
    const shared = memory()
    const own = new Control(shared).counters(1)
    const seen = new Control(shared).counters(1)
    const names = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(own)))
      .filter(([, { set }]) => set !== undefined)
      .map(([name]) => name as 'messageCount')
    expect(names.length).toBeGreaterThan(10)
    for (const [index, name] of names.entries()) own[name] = index + 0.5
    for (const [index, name] of names.entries()) expect(seen[name]).toBe(index + 0.5)
    expect(new Control(shared).counters(2).messageCount).toBe(0)
    own.reset()
    for (const name of names) expect(seen[name]).toBe(0)
    expect(() => new Control(shared).counters(3)).toThrow(RangeError)
  })
})

test('no block of references is handed out twice, and none holds the reference 0', () => {
  const shared = memory()
  const [a, b] = [new Control(shared), new Control(shared)]
  const blocks = [a.takeRefBlock(), b.takeRefBlock(), a.takeRefBlock()]
  expect(new Set(blocks).size).toBe(3)
  for (const block of blocks) expect(block * REF_BLOCK_COUNT).toBeGreaterThan(0)
})

describe("the mover's lock", () => {
  test('has one holder at a time, and is given back by that one only', () => {
    const shared = memory()
    const [one, two] = [new Control(shared), new Control(shared)]
    expect(one.mover).toBe(-1)
    expect(one.takeMover(1, 0)).toBe(true)
    expect(two.mover).toBe(1)
    expect(two.takeMover(2, 0)).toBe(false)
    expect(one.takeMover(1, 0)).toBe(false)
    two.releaseMover(2, 0)
    two.releaseMover(1, 1)
    expect(two.mover).toBe(1)
    one.releaseMover(1, 0)
    expect(two.takeMover(2, 3)).toBe(true)
  })

  test('is broken for the dead, and for nobody else', () => {
    const control = new Control(memory())
    expect(control.takeMover(0, 0)).toBe(true)
    control.breakMover(1)
    expect(control.mover).toBe(0)
    control.breakMover(0)
    expect(control.mover).toBe(-1)
  })
})

import { describe, expect, test } from 'vitest'
import { Control } from './control.ts'
import { createMemory } from './layout.ts'
import { Park, wake } from './park.ts'

function setUp() {
  const shared = createMemory({ endpointCount: 2, processCountMax: 1_024, nameCountMax: 1, ringBytes: 1_024 })
  return { control: new Control(shared), park: new Park(shared, 1) }
}

// A pending wait does not keep the thread alive; vitest's own handles do.

describe('a thread that has parked', () => {
  test('wakes when it is called', async () => {
    const { control, park } = setUp()
    park.announce()
    const woken = park.wait()
    expect(wake(control, 1)).toBe(true)
    await woken
  })

  test('does not sleep if it was called before it did', async () => {
    const { control, park } = setUp()
    park.announce()
    expect(wake(control, 1)).toBe(true)
    await park.wait()
  })

  test('is called once, by the first of many', async () => {
    const { control, park } = setUp()
    park.announce()
    const woken = park.wait()
    expect([wake(control, 1), wake(control, 1), wake(control, 1)]).toEqual([true, false, false])
    await woken
  })

  test('wakes after its timeout', async () => {
    const { park } = setUp()
    park.announce()
    await park.wait(1)
  })

  test('that gave up sleeping is not called', () => {
    const { control, park } = setUp()
    park.announce()
    park.cancel()
    expect(wake(control, 1)).toBe(false)
  })
})

describe('a wait that was left behind', () => {
  test('is the one that the next sleep waits on', async () => {
    const { control, park } = setUp()
    park.announce()
    const first = park.wait()
    park.cancel()
    for (let round = 0; round < 1_000; round++) {
      park.announce()
      expect(park.wait()).toBe(first)
      park.cancel()
    }
    park.announce()
    const last = park.wait()
    wake(control, 1)
    await last
  })

  test('is ended when the next one has a timeout', async () => {
    const { park } = setUp()
    park.announce()
    const first = park.wait()
    const second = park.wait(1)
    await first
    await second
    park.announce()
    const third = park.wait(1_000_000)
    const fourth = park.wait()
    await third
    park.wait(1)
    await fourth
  })

  test('has a wake-up of its own for every later sleep', async () => {
    const { control, park } = setUp()
    for (let round = 0; round < 200; round++) {
      park.announce()
      const woken = park.wait()
      wake(control, 1)
      await woken
    }
  })
})

test('an endpoint that is awake is not called', () => {
  const { control } = setUp()
  expect(wake(control, 1)).toBe(false)
})

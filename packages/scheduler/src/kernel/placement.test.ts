// Where a spawn goes when no scheduler is at its best.

import { beforeEach, describe, expect, test } from 'vitest'
import { Control, GONE, STARTING_UP, UP } from '../memory/control.ts'
import { createMemory } from '../memory/layout.ts'
import type { Kernel } from './kernel.ts'
import { makePolicy, POLICY_NAMES, placeSpawn } from './placement.ts'

const NOW_MS = 1_000
const SCHEDULER_COUNT = 4

describe.each(POLICY_NAMES)('%s', (policy) => {
  let kernel: Kernel
  let control: Control

  beforeEach(() => {
    const endpointCount = 1 + SCHEDULER_COUNT
    const shared = createMemory({ endpointCount, processCountMax: 4_096, nameCountMax: 64, ringBytes: 4_096 })
    control = new Control(shared)
    for (let endpoint = 1; endpoint <= SCHEDULER_COUNT; endpoint++) control.setStatus(endpoint, UP)
    kernel = {
      endpoint: 0,
      endpointCount,
      control,
      placement: makePolicy(policy),
      placedCounts: new Float64Array(endpointCount),
      outside: { now: () => NOW_MS, random: () => 0.99 },
    } as unknown as Kernel
  })

  /** It has been in its slice for a while, as far as others see. */
  function isSlow(endpoint: number): void {
    control.counters(endpoint).sliceStartMs = NOW_MS - 100
  }

  function places(): number[] {
    return Array.from({ length: 12 }, () => placeSpawn(kernel, {}))
  }

  test('the only one that is fit gets it', () => {
    isSlow(1)
    control.setStuck(2, true)
    control.setStatus(4, STARTING_UP)
    expect(new Set(places())).toEqual(new Set([3]))
  })

  test('a slow one before a stuck one', () => {
    for (const endpoint of [1, 2, 3, 4]) isSlow(endpoint)
    for (const endpoint of [1, 2, 4]) control.setStuck(endpoint, true)
    expect(new Set(places())).toEqual(new Set([3]))
  })

  test('a stuck one before one that is not up', () => {
    for (const endpoint of [1, 3, 4]) control.setStatus(endpoint, STARTING_UP)
    control.setStuck(2, true)
    expect(new Set(places())).toEqual(new Set([2]))
  })

  test('one that will be up before none', () => {
    for (const endpoint of [1, 3, 4]) control.setStatus(endpoint, GONE)
    control.setStatus(2, STARTING_UP)
    expect(new Set(places())).toEqual(new Set([2]))
    control.setStatus(2, GONE)
    expect(places).toThrow(expect.objectContaining({ code: 'ERR_SCHEDULER_DOWN' }))
  })
})

import { describe, expect, test } from 'vitest'
import {
  COUNTER_COUNT,
  counterFloats,
  createMemory,
  ENDPOINT_COUNT_MAX,
  endpointWord,
  frameBytesMax,
  MEMORY_DEFAULTS,
  ringData,
  ringWords,
  STEAL_BOTTOM,
  STEAL_TOP,
  STEAL_VICTIM,
  slotWords,
  stealCells,
  stealHeader,
} from './layout.ts'

const small = { endpointCount: 3, processCountMax: 2_048, nameCountMax: 100, ringBytes: 4_096 }

describe('createMemory', () => {
  test('fills in what is not given', () => {
    expect(createMemory({ endpointCount: 2 }).options).toEqual({ endpointCount: 2, ...MEMORY_DEFAULTS })
  })

  test.each([
    ['endpointCount', 0],
    ['endpointCount', ENDPOINT_COUNT_MAX + 1],
    ['endpointCount', 2.5],
    ['processCountMax', 1_000],
    ['processCountMax', 2 ** 24 + 1_024],
    ['nameCountMax', 0],
    ['nameCountMax', Number.NaN],
    ['ringBytes', 5_000],
    ['ringBytes', 512],
  ])('refuses %s: %d', (name, value) => {
    expect(() => createMemory({ ...small, [name]: value })).toThrow(RangeError)
  })

  test('makes what can be cloned to another thread, still shared', () => {
    const shared = createMemory(small)
    const clone = structuredClone(shared)
    slotWords(shared)[5] = 42
    expect(slotWords(clone)[5]).toBe(42)
  })
})

test('the parts of different endpoints and rings do not overlap', () => {
  const shared = createMemory(small)
  const control: [number, number][] = []
  const rings: [number, number][] = []
  for (let endpoint = 0; endpoint < small.endpointCount; endpoint++) {
    const counters = counterFloats(shared, endpoint)
    control.push([endpointWord(endpoint) * 4, counters.byteOffset])
    control.push([counters.byteOffset, counters.byteOffset + COUNTER_COUNT * 8])
    for (let to = 0; to < small.endpointCount; to++) {
      if (to === endpoint) continue
      for (const view of [ringWords(shared, endpoint, to), ringData(shared, endpoint, to)]) {
        rings.push([view.byteOffset, view.byteOffset + view.byteLength])
      }
    }
  }
  for (const [spans, { byteLength }] of [
    [control, shared.control],
    [rings, shared.rings],
  ] as const) {
    spans.sort(([a], [b]) => a - b)
    for (const [index, [begin, end]] of spans.entries()) {
      expect(end).toBeGreaterThan(begin)
      expect(end).toBeLessThanOrEqual(spans[index + 1]?.[0] ?? byteLength)
    }
  }
})

test('there is no ring to oneself, nor to nobody', () => {
  const shared = createMemory(small)
  expect(() => ringData(shared, 1, 1)).toThrow(RangeError)
  expect(() => ringData(shared, 0, 3)).toThrow(RangeError)
})

test('a frame is at most a quarter of its ring', () => {
  expect(frameBytesMax({ ...MEMORY_DEFAULTS, endpointCount: 2 })).toBe(2 ** 17)
})

test('what different threads write stands on different pairs of cache lines', () => {
  const shared = createMemory(small)
  const pairOf = (byteOffset: number): number => Math.floor(byteOffset / 128)
  const counters: number[] = []
  const queues: number[] = []
  for (let endpoint = 0; endpoint < small.endpointCount; endpoint++) {
    const floats = counterFloats(shared, endpoint)
    // What others write to wake it stands in front of it.
    counters.push(pairOf(endpointWord(endpoint) * 4))
    for (let at = 0; at < floats.byteLength; at += 128) counters.push(pairOf(floats.byteOffset + at))
    const { words } = stealHeader(shared, endpoint)
    for (const word of [STEAL_TOP, STEAL_BOTTOM, STEAL_VICTIM])
      queues.push(pairOf(words.byteOffset + word * 4))
    queues.push(pairOf(stealCells(shared, endpoint).bytes.byteOffset))
  }
  expect(new Set(counters).size).toBe(counters.length)
  expect(new Set(queues).size).toBe(queues.length)
})

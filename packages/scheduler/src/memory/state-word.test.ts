import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GENERATION_COUNT_MAX } from './layout.ts'
import {
  beginExit,
  bequeath,
  birthEpochOf,
  claim,
  EXITING,
  epochBits,
  FREE,
  generationOf,
  goLive,
  heirOf,
  inherit,
  isAlive,
  isAliveAs,
  isSealed,
  isTaken,
  LIVE,
  ownerOf,
  ownerWord,
  RETIRED,
  release,
  STARTING,
  seal,
  seize,
  stateOf,
  takeBack,
} from './state-word.ts'

const wordOf = (state: number, generation = 0) => (generation << 3) | state
const cell = (word: number) => Int32Array.of(word)

describe('legal transitions', () => {
  test('lead once around, and to the next generation', () => {
    const words = cell(wordOf(FREE, 7))
    expect(claim(words, 0)).toBe(true)
    expect(words[0]).toBe(wordOf(STARTING, 7))
    goLive(words, 0)
    expect(words[0]).toBe(wordOf(LIVE, 7))
    beginExit(words, 0)
    expect(stateOf(words[0])).toBe(EXITING)
    expect(release(words, 0, words[0])).toBe(FREE)
    expect(words[0]).toBe(wordOf(FREE, 8))
  })

  test('a process that never started is freed, or exits', () => {
    const freed = cell(wordOf(STARTING, 3))
    expect(release(freed, 0, freed[0])).toBe(FREE)
    expect(generationOf(freed[0])).toBe(4)
    const exited = cell(wordOf(STARTING, 3))
    beginExit(exited, 0)
    expect(stateOf(exited[0])).toBe(EXITING)
  })

  test('the last generation is never reached: the slot retires', () => {
    const words = cell(wordOf(EXITING, GENERATION_COUNT_MAX - 2))
    expect(release(words, 0, words[0])).toBe(RETIRED)
    expect(claim(words, 0)).toBe(false)
  })
})

describe('all others', () => {
  test.each([STARTING, LIVE, EXITING, RETIRED])('state %d is not claimed', (state) => {
    const words = cell(wordOf(state))
    expect(claim(words, 0)).toBe(false)
    expect(words[0]).toBe(wordOf(state))
  })
  test.each([FREE, LIVE, EXITING, RETIRED])('state %d does not go live', (state) => {
    expect(() => goLive(cell(wordOf(state)), 0)).toThrow()
  })
  test.each([FREE, EXITING, RETIRED])('state %d does not exit', (state) => {
    expect(() => beginExit(cell(wordOf(state)), 0)).toThrow()
  })
  test.each([FREE, LIVE, RETIRED])('state %d is not freed', (state) => {
    expect(() => release(cell(wordOf(state)), 0, wordOf(state))).toThrow()
  })
})

test('of two threads that clear away the same process, one wins', () => {
  const words = cell(wordOf(STARTING, 5))
  const seen = words[0]
  expect(seize(words, 0, seen)).toBe(true)
  expect(release(words, 0, seen)).toBe(-1)
  expect(stateOf(words[0])).toBe(EXITING)

  const other = cell(wordOf(STARTING, 5))
  expect(release(other, 0, seen)).toBe(FREE)
  expect(seize(other, 0, seen)).toBe(false)
  expect(other[0]).toBe(wordOf(FREE, 6))
})

test('a word tells state and generation apart, over the whole range', () => {
  const generation = fc.nat(GENERATION_COUNT_MAX - 1)
  fc.assert(
    fc.property(
      fc.constantFrom(FREE, STARTING, LIVE, EXITING, RETIRED),
      generation,
      generation,
      (state, own, other) => {
        const word = wordOf(state, own)
        expect(stateOf(word)).toBe(state)
        expect(generationOf(word)).toBe(own)
        expect(isAlive(word)).toBe(state === STARTING || state === LIVE)
        expect(isTaken(word)).toBe(state !== FREE && state !== RETIRED)
        expect(isAliveAs(word, own)).toBe(isAlive(word))
        if (own !== other) expect(isAliveAs(word, other)).toBe(false)
      },
    ),
  )
})

test('an owner word tells owner and epoch apart', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(2 ** 31 - 1), (owner, epoch) => {
      const word = cell(ownerWord(owner, epoch))[0]
      expect(ownerOf(word)).toBe(owner)
      expect(birthEpochOf(word)).toBe(epochBits(epoch))
    }),
  )
})

describe('an owner word on its way to an heir', () => {
  const onItsWay = () => {
    const words = cell(ownerWord(1, 77))
    bequeath(words, 0, 2)
    return words
  }

  test('keeps owner and epoch, and names the heir', () => {
    const words = onItsWay()
    expect([ownerOf(words[0]), heirOf(words[0]), birthEpochOf(words[0])]).toEqual([1, 2, 77])
    expect(inherit(words, 0, 1, 2)).toBe(true)
    expect([ownerOf(words[0]), heirOf(words[0]), birthEpochOf(words[0])]).toEqual([2, 0, 77])
  })

  test('goes to the heir of that owner only', () => {
    expect(inherit(onItsWay(), 0, 1, 3)).toBe(false)
    expect(inherit(onItsWay(), 0, 4, 2)).toBe(false)
    expect(inherit(cell(ownerWord(1, 77)), 0, 1, 2)).toBe(false)
    expect(() => bequeath(onItsWay(), 0, 3)).toThrow()
  })

  test('is inherited, taken back or sealed: one of the three, whichever comes first', () => {
    const steps = [
      (words: Int32Array, seen: number) => inherit(words, 0, ownerOf(seen), heirOf(seen)),
      (words: Int32Array) => takeBack(words, 0),
      (words: Int32Array, seen: number) => seal(words, 0, seen),
    ] as const
    for (const first of steps)
      for (const second of steps) {
        if (first === second) continue
        const words = onItsWay()
        const seen = words[0]
        expect(first(words, seen)).toBe(true)
        // A second look at what was taken back finds no heir, and leaves all as it is.
        if (second !== steps[1] || isSealed(words[0])) expect(second(words, seen)).toBe(false)
      }
  })

  test('stays sealed, however often', () => {
    const words = onItsWay()
    expect(seal(words, 0, words[0])).toBe(true)
    expect(seal(words, 0, words[0])).toBe(true)
    expect(isSealed(words[0])).toBe(true)
  })
})

// A walk goes on at once where nothing has to be waited for, and gets what each of its steps came to.

import { Chain } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { settled, type Walk, walk } from './walk.ts'

/** As a kernel takes steps to their end: chains, and promises inside them. */
async function toItsEnd(given: unknown): Promise<unknown> {
  if (!(given instanceof Chain)) return given
  let value: unknown
  try {
    value = await toItsEnd(given.step)
  } catch (error) {
    if (given.fail === undefined) throw error
    return toItsEnd(given.fail(error))
  }
  return toItsEnd(given.finish(value as never))
}

test('a walk without steps is through at once', () => {
  const steps = function* (): Walk<number> {
    return ((yield* settled(1)) as number) + ((yield* settled(2)) as number)
  }
  expect(walk(steps())).toBe(3)
})

test('a walk waits for promises, one after the other, and gets what they came to', async () => {
  const seen: unknown[] = []
  const steps = function* (): Walk<string> {
    seen.push(yield* settled(Promise.resolve('a')))
    seen.push(yield* settled('b'))
    seen.push(yield* settled(Promise.resolve('c')))
    return 'through'
  }
  const result = walk(steps())
  expect(result).toBeInstanceOf(Chain)
  expect(seen).toEqual([])
  expect(await toItsEnd(result)).toBe('through')
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('a step that fails throws where it was waited for', async () => {
  const steps = function* (): Walk<unknown> {
    try {
      return yield* settled(Promise.reject(new Error('boom')))
    } catch (error) {
      return yield* settled(Promise.resolve(`caught ${(error as Error).message}`))
    }
  }
  expect(await toItsEnd(walk(steps()))).toBe('caught boom')
})

test('what a walk throws is thrown by the step that led there', async () => {
  const steps = function* (): Walk<never> {
    yield* settled(Promise.resolve())
    throw new Error('boom')
  }
  await expect(toItsEnd(walk(steps()))).rejects.toThrow('boom')
})

import { expect, test } from 'vitest'
import { freshSeed, smallMemory, Thread } from './threads.ts'

test('an owner and two thieves take every request exactly once, whole, and the oldest first', async () => {
  const requestCount = 60_000
  const shared = smallMemory()
  const board = new SharedArrayBuffer(4 * (requestCount + 1))
  const job = { shared, board, requestCount, seed: freshSeed() }
  const threads = [
    new Thread('./steal-queue.worker.mjs', { ...job, me: 2, role: 'thief' }),
    new Thread('./steal-queue.worker.mjs', { ...job, me: 3, role: 'thief' }),
    new Thread('./steal-queue.worker.mjs', { ...job, me: 1, role: 'owner' }),
  ]
  const counts = await Promise.all(threads.map((thread) => thread.message<number>()))
  expect(counts.reduce((sum, count) => sum + count)).toBe(requestCount)
  expect(new Int32Array(board).every((word) => word === 1)).toBe(true)
})

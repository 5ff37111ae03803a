import { expect, test } from 'vitest'
import { freshSeed, smallMemory, Thread } from './threads.ts'

test.each([
  { ringBytes: 1_024, publishCountMax: 1 },
  { ringBytes: 4_096, publishCountMax: 16 },
  { ringBytes: 65_536, publishCountMax: 3 },
])('two threads pass 100,000 frames in order and whole: %o', async ({ ringBytes, publishCountMax }) => {
  const shared = smallMemory({ ringBytes })
  const seed = freshSeed()
  const job = { shared, seed, frameCount: 100_000, publishCountMax }
  const producer = new Thread('./ring.worker.mjs', { ...job, me: 0, role: 'producer' })
  const consumer = new Thread('./ring.worker.mjs', { ...job, me: 1, role: 'consumer' })
  expect(await Promise.all([producer.message(), consumer.message()])).toEqual(['done', 'done'])
})

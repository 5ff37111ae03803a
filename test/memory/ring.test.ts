import { expect, test } from 'vitest'
import { freshSeed, smallMemory, Thread } from './threads.ts'

// Each time a small ring is full the threads may have to wait for a core that others use: fewer frames there.
test.each([
  { ringBytes: 1_024, publishCountMax: 1, frameCount: 5_000 },
  { ringBytes: 4_096, publishCountMax: 16, frameCount: 20_000 },
  { ringBytes: 65_536, publishCountMax: 3, frameCount: 150_000 },
])('two threads pass frames in order and whole: %o', async ({ ringBytes, publishCountMax, frameCount }) => {
  const shared = smallMemory({ ringBytes })
  const seed = freshSeed()
  const job = { shared, seed, frameCount, publishCountMax }
  const producer = new Thread('./ring.worker.mjs', { ...job, me: 0, role: 'producer' })
  const consumer = new Thread('./ring.worker.mjs', { ...job, me: 1, role: 'consumer' })
  expect(await Promise.all([producer.message(), consumer.message()])).toEqual(['done', 'done'])
})

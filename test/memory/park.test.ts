import { expect, test } from 'vitest'
import { freshSeed, smallMemory, Thread } from './threads.ts'

test('two threads that sleep after every frame wake each other 10,000 times', async () => {
  const job = { shared: smallMemory(), seed: freshSeed(), roundCount: 10_000 }
  const threads = [1, 2].map((me) => new Thread('./park.worker.mjs', { ...job, me }))
  const results = await Promise.all(threads.map((thread) => thread.message<{ sleepCount: number }>()))
  for (const { sleepCount } of results) expect(sleepCount).toBeGreaterThan(1_000)
})

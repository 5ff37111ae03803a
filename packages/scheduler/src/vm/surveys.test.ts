import { expect, test } from 'vitest'
import { Surveys } from './surveys.ts'

test('an answer comes to its own question; one without an answer is over with its time', async () => {
  const surveys = new Surveys()
  const ids: number[] = []
  const first = surveys.ask(1_000_000, (id) => ids.push(id))
  const silent = surveys.ask(1, (id) => ids.push(id))
  const measured = { heapUsedBytes: 1 } as never
  expect(await silent).toBeUndefined()
  // Too late, and twice: no harm.
  surveys.answered(ids[1] as number, measured)
  surveys.answered(ids[0] as number, measured)
  surveys.answered(ids[0] as number, undefined)
  expect(await first).toBe(measured)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Process } from '../process/process.ts'
import { RunQueue } from './run-queue.ts'

test('processes come out in the order they went in, through growth and wraps', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (pushes) => {
      const queue = new RunQueue()
      const model: Process[] = []
      pushes.forEach((isPush, index) => {
        if (isPush) {
          const process = { pid: index } as Process
          queue.push(process)
          model.push(process)
        } else {
          expect(queue.shift()).toBe(model.shift())
        }
        expect(queue.length).toBe(model.length)
      })
    }),
  )
})

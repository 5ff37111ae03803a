// The walk along calls that looks for a circle, where signals are slow: it overtakes nothing, and nothing overtakes it.

import { expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { tag } from '../process/match.ts'
import type { Self } from '../process/self.ts'
import { again, done } from '../process/turn.ts'
import type { Exit } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'
import { simulate } from './simulate.ts'

/** Calls the next when it is called itself, and never replies. */
const link = process(import.meta.url, 'link', {
  init: (next: Pid | undefined) => next,
  *run(next: Pid | undefined, self: Self) {
    yield* self.receive(tag('$call'))
    if (next !== undefined) yield* self.call(next, { $call: 'x', arg: 0 }, { timeoutMs: Infinity })
    yield* self.receive(tag('never'))
    return again(next)
  },
})

/** When it has waited in vain it turns to the last of those who wait for each other. */
const impatient = process(import.meta.url, 'impatient', {
  init: (argument: { first: Pid; last: Pid; host: Pid }) => argument,
  *run({ first, last, host }, self: Self) {
    try {
      yield* self.call(first, { $call: 'x', arg: 0 }, { timeoutMs: 100 })
    } catch (error) {
      for (let count = 0; count < 20; count++) {
        self.send(last, { type: 'word', count })
        yield* self.sleep(5)
      }
      self.send(host, { type: 'failed', reason: (error as Exit).reason })
    }
    return done()
  },
})

test('one that is handed on is no signal of who began it', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { value } = await simulate(
      { seed, schedulers: 2, trace: false, faults: { ringDelayMs: [20, 45] } },
      function* (self) {
        const last = self.spawn(link, undefined, { scheduler: 1 })
        const first = self.spawn(link, last, { scheduler: 2 })
        self.spawn(impatient, { first, last, host: self.pid }, { scheduler: 1 })
        return yield* self.receive(tag<{ type: 'failed'; reason: unknown }>('failed'))
      },
    )
    expect(value?.reason).toMatchObject(['timeout', ['gen_server', 'call', {}]])
  }
})

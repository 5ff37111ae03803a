// Senders that are held back, in worlds of their own: whatever becomes of the limit, they go on, and nothing is left of it.

import { describe, expect, test } from 'vitest'
import { process } from '../process/define.ts'
import type { MailboxLimit } from '../process/limits.ts'
import { down, tag } from '../process/match.ts'
import type { Self } from '../process/self.ts'
import { again, done } from '../process/turn.ts'
import type { Pid } from '../term/pid.ts'
import { simulate } from './simulate.ts'

const LIMIT: MailboxLimit = { count: 2, onFull: 'mute_senders' }
const WORD_COUNT = 50

interface Held {
  readonly limit: MailboxLimit | undefined
}

/** Takes a millisecond for each word; told to change, it has another limit from then on, and ends. */
const fickle = process(import.meta.url, 'fickle', {
  init: (argument: Held) => argument,
  *handle(state, message, self: Self) {
    const { type } = message as { type: string }
    if (type === 'change') {
      self.processFlag('maxMailbox', state.limit)
      return done('changed')
    }
    yield* self.sleep(1)
    return again(state)
  },
})

const pourer = process(import.meta.url, 'pourer', {
  init: (argument: { to: Pid; host: Pid }) => argument,
  *run({ to, host }, self: Self) {
    for (let left = WORD_COUNT; left > 0; left--) {
      self.send(to, { type: 'word' })
      yield* self.yield()
    }
    self.send(host, { type: 'poured' })
    return done()
  },
})

/** `simulate` fails if anything is left: a process that cannot be ended, or a timer that is nobody's. */
describe.each([1, 2])('whom an overloaded process holds, from scheduler %i', (scheduler) => {
  test.each([
    ['no limit', undefined],
    ['another policy', { count: 2, onFull: 'drop_newest' }],
    ['a higher limit', { count: 1_000, onFull: 'mute_senders' }],
  ] satisfies [string, MailboxLimit | undefined][])('goes on when that has %s', async (_, limit) => {
    const { value } = await simulate({ seed: 1 }, function* (self) {
      const options = { scheduler: 1, maxMailbox: LIMIT }
      const { pid, monitor } = self.spawnMonitor(fickle, { limit }, options)
      for (const type of ['word', 'word', 'word', 'change']) self.send(pid, { type })
      self.spawn(pourer, { to: pid, host: self.pid }, { scheduler })
      const { reason } = yield* self.receive(down(monitor))
      return [reason, yield* self.receive(tag('poured'))]
    })
    expect(value).toEqual(['changed', { type: 'poured' }])
  })

  test('goes on when that is killed, and nothing looks after it any more', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { value } = await simulate({ seed, trace: false }, function* (self, { random }) {
        const pid = self.spawn(fickle, { limit: LIMIT }, { scheduler: 1, maxMailbox: LIMIT })
        self.spawn(pourer, { to: pid, host: self.pid }, { scheduler })
        yield* self.sleep(Math.floor(random() * WORD_COUNT))
        self.exit(pid, 'kill')
        return yield* self.receive(tag('poured'))
      })
      expect(value).toEqual({ type: 'poured' })
    }
  })
})

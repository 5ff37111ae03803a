/**
 * Aliases of processes that are moved: what is sent by one comes in order, once if the alias is for a reply, and not at all when it has ended.
 */

import { again, done, type Pid, process, type Ref, type Self, tag } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { drawFaults, expect, type Program } from '../program.ts'

const WORD_COUNT = 10

interface Boxed {
  readonly id: number
  readonly n: number
}

type ToBox =
  | { readonly type: 'open' | 'close'; readonly id: number; readonly isForReply: boolean; readonly to: Pid }
  | ({ readonly type: 'word' } & Boxed)
  | { readonly type: 'read'; readonly to: Pid }

interface Box {
  readonly aliases: Readonly<Record<number, Ref>>
  readonly words: readonly Boxed[]
}

export const letterBox = process(import.meta.url, 'letterBox', {
  init: (_: void): Box => ({ aliases: {}, words: [] }),
  handle(state, message, self) {
    const it = message as ToBox
    if (it.type === 'word') return again({ ...state, words: [...state.words, { id: it.id, n: it.n }] })
    if (it.type === 'read') self.send(it.to, { type: 'words', words: state.words })
    else if (it.type === 'open') {
      const alias = self.alias(it.isForReply ? { reply: true } : undefined)
      self.send(it.to, { type: 'opened', id: it.id, alias })
      return again({ ...state, aliases: { ...state.aliases, [it.id]: alias } })
    } else {
      const wasOpen = self.unalias(state.aliases[it.id] as Ref)
      self.send(it.to, { type: 'closed', wasOpen })
    }
    return again(state)
  },
})

export const postman = process(import.meta.url, 'postman', {
  init: (argument: { alias: Ref; id: number; seed: number }) => argument,
  *run({ alias, id, seed }, self: Self) {
    const dice = new Dice(seed)
    for (let n = 1; n <= WORD_COUNT; n++) {
      self.send(alias, { type: 'word', id, n })
      if (dice.chance(0.3)) yield* self.sleep(dice.below(3))
    }
    return done()
  },
})

function* wordsOf(self: Self, box: Pid) {
  self.send(box, { type: 'read', to: self.pid })
  return (yield* self.receive(tag<{ type: 'words'; words: Boxed[] }>('words'))).words
}

export const aliases: Program = {
  name: 'aliases',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 0), deathProbability: 0, moveProbability: dice.pick([0.05, 0.3, 0.6]) },
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const box = self.spawn(letterBox, undefined, { scheduler: dice.between(1, schedulers) })
      const isForReply = Array.from({ length: 4 }, () => dice.chance(0.5))
      for (const [id, each] of isForReply.entries())
        self.send(box, { type: 'open', id, isForReply: each, to: self.pid })
      for (const _ of isForReply) {
        const { id, alias } = yield* self.receive(tag<{ type: 'opened'; id: number; alias: Ref }>('opened'))
        self.spawn(postman, { alias, id, seed: dice.seed() }, { scheduler: dice.between(1, schedulers) })
      }
      const closed = dice.below(isForReply.length)
      yield* self.sleep(dice.below(6))
      self.send(box, { type: 'close', id: closed, to: self.pid })
      const end = yield* self.receive(tag<{ type: 'closed'; wasOpen: boolean }>('closed'))
      // What had come by then is in front of this.
      const before = (yield* wordsOf(self, box)).filter(({ id }) => id === closed)
      yield* self.sleep(500)
      const words = yield* wordsOf(self, box)
      for (const [id, isOnce] of isForReply.entries()) {
        const got = words.filter((word) => word.id === id).map(({ n }) => n)
        expect(
          got.every((n, index) => n === index + 1),
          () => `words in order, not ${got}`,
        )
        const isRight =
          id === closed
            ? got.length === before.length &&
              (!isOnce || (got.length <= 1 && end.wasOpen === (got.length === 0)))
            : got.length === (isOnce ? 1 : WORD_COUNT)
        expect(
          isRight,
          () => `by alias ${id} of ${isForReply}, ${closed} closed after ${before.length}, not ${got}`,
        )
      }
    },
}

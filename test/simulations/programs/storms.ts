/**
 * Storms of short lives in a small table: slots are used again at once, by processes that run elsewhere than at their
 * slot's home, while others still link, monitor, call and ask pids of long ago. Each mayfly sends its last words and
 * ends; whoever watches it must have had them before its DOWN, whatever has become of its slot.
 */

import { ANY, done, Exit, type Pid, process, type Self, TIMEOUT } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

interface Mayfly {
  readonly to: readonly Pid[]
  readonly wordCount: number
  readonly sleepMs: number
  readonly reason: string
}

export const mayfly = process(import.meta.url, 'mayfly', {
  init: (argument: Mayfly) => argument,
  *run({ to, wordCount, sleepMs, reason }: Mayfly, self: Self) {
    for (let word = 1; word <= wordCount; word++)
      for (const pid of to) self.send(pid, { type: 'word', from: self.pid, word, wordCount })
    if (sleepMs > 0) yield* self.sleep(sleepMs)
    return done(reason)
  },
})

interface BreederArgument {
  readonly seed: number
  readonly stepCount: number
  readonly schedulers: number
  readonly friends: readonly Pid[]
}

class Breeder {
  readonly dice: Dice
  /** Everybody ever heard of, dead ones above all. */
  readonly known: Pid[]
  private readonly argument: BreederArgument
  private readonly self: Self
  private readonly words = new Map<number, number>()

  constructor(argument: BreederArgument, self: Self) {
    this.argument = argument
    this.self = self
    this.dice = new Dice(argument.seed)
    this.known = [...argument.friends]
    self.trapExit(true)
  }

  spawn(): void {
    const { dice, self, argument } = this
    const child: Mayfly = {
      to: dice.chance(0.5) ? [self.pid] : [self.pid, ...argument.friends],
      wordCount: dice.below(4),
      sleepMs: dice.chance(0.2) ? dice.below(5) : 0,
      reason: dice.pick(['normal', 'boom']),
    }
    const scheduler = dice.between(1, argument.schedulers)
    try {
      const choice = dice.below(3)
      if (choice === 0) this.meet(self.spawn(mayfly, child, { scheduler }))
      else if (choice === 1) this.meet(self.spawnLink(mayfly, child, { scheduler }))
      else this.meet(self.spawnMonitor(mayfly, child, { scheduler }).pid)
    } catch (error) {
      expect(
        (error as { code?: string }).code === 'ERR_SYSTEM_LIMIT',
        () => `a full table at most, not ${error}`,
      )
    }
  }

  /** Something to somebody who is probably dead. */
  *disturb() {
    const { dice, self } = this
    if (this.known.length === 0) return
    const pid = dice.pick(this.known)
    const choice = dice.below(6)
    if (choice < 2) self.monitor(pid)
    else if (choice === 2) self.link(pid)
    else if (choice === 3) self.send(pid, { type: 'hello' })
    else if (choice === 4) self.unlink(pid)
    else {
      try {
        yield* self.call(pid, { $call: 'hello', arg: 0 } as never, { timeoutMs: 2 })
      } catch (error) {
        expect(error instanceof Exit, () => `an exit, not ${error}`)
      }
    }
  }

  note(message: unknown): void {
    const it = message as { type?: string; from: Pid; word: number; pid: Pid }
    if (it.type === 'word') {
      expect(this.words.get(it.from.$pid) !== Infinity, () => `no word of the dead: ${JSON.stringify(it)}`)
      expect(
        it.word === (this.words.get(it.from.$pid) ?? 0) + 1,
        () => `words in order: ${JSON.stringify(it)}`,
      )
      this.words.set(it.from.$pid, it.word)
      this.meet(it.from)
    } else if (it.type === 'DOWN' || it.type === 'EXIT') this.words.set(it.pid.$pid, Infinity)
  }

  private meet(pid: Pid): void {
    this.known.push(pid)
    if (this.known.length > 12) this.known.shift()
  }
}

export const breeder = process(import.meta.url, 'breeder', {
  init: (argument: BreederArgument) => argument,
  *run(argument: BreederArgument, self: Self) {
    const me = new Breeder(argument, self)
    const { dice } = me
    for (let step = 0; step < argument.stepCount; step++) {
      const count = dice.between(0, 6)
      for (let index = 0; index < count; index++) {
        if (dice.chance(0.6)) me.spawn()
        else yield* me.disturb()
      }
      for (;;) {
        const message = yield* self.receive(ANY, { afterMs: dice.chance(0.7) ? 0 : 1 })
        if (message === TIMEOUT) break
        me.note(message)
      }
    }
    return done()
  },
})

export const storms: Program = {
  name: 'storms',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: drawFaults(dice, 200),
    processCountMax: dice.pick([16, 20, 40]),
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const friends: Pid[] = []
      for (let index = dice.between(2, 4); index > 0; index--) {
        const argument = {
          seed: dice.seed(),
          stepCount: dice.between(5, 15),
          schedulers,
          friends: [...friends],
        }
        friends.push(self.spawn(breeder, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, friends)
    },
}

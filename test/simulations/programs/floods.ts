/**
 * Floods of spawns that nobody says a scheduler for: they stand in queues, and whoever is idle takes them. Before they have
 * begun their pids are known already, here and, by mail, elsewhere: they get messages, in an order that they check, links,
 * monitors, calls, names, questions, exits; and schedulers die with requests in their queues and in their hands.
 */

import {
  ANY,
  again,
  done,
  Exit,
  type Pid,
  placement,
  process,
  type Self,
  type SpawnOptions,
  TIMEOUT,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

interface Word {
  readonly type: 'word'
  readonly from: Pid
  readonly number: number
}

/** What a chick knows of those who wrote to it: who, and the last number. */
interface Chick {
  readonly parent: Pid
  readonly name: string | undefined
  readonly from: readonly (readonly [pid: number, last: number])[]
}

/** Checks that all senders count without a gap, and ends when it is told to. */
export const chick = process(import.meta.url, 'chick', {
  init: ({ parent, name }: { parent: Pid; name: string | undefined }, self): Chick => {
    expect(self.registeredName === name, () => `the name ${name}, not ${self.registeredName}`)
    self.send(parent, { type: 'hatched', pid: self.pid })
    return { parent, name, from: [] }
  },
  handle(state, message, self) {
    const it = message as Word | { type: 'end'; reason: string } | { type: '$call'; from: never }
    if (it.type === '$call') {
      self.reply(it.from, state.from.length)
      return again(state)
    }
    if (it.type === 'end') return done(it.reason)
    const known = state.from.find(([pid]) => pid === it.from.$pid)
    const last = known?.[1] ?? 0
    expect(it.number === last + 1, () => `${last + 1} of ${it.from.$pid}, not ${it.number}`)
    const others = state.from.filter(([pid]) => pid !== it.from.$pid)
    return again({ ...state, from: [...others, [it.from.$pid, it.number] as const] })
  },
})

interface HenArgument {
  readonly seed: number
  readonly roundCount: number
  readonly friends: readonly Pid[]
}

class Hen {
  readonly dice: Dice
  private readonly self: Self
  private readonly friends: readonly Pid[]
  private readonly counts = new Map<number, number>()
  private readonly known: Pid[] = []
  private nameCount = 0

  constructor({ seed, friends }: HenArgument, self: Self) {
    this.dice = new Dice(seed)
    this.self = self
    this.friends = friends
    self.trapExit(true)
  }

  lay(): void {
    const { dice, self } = this
    const isNamed = dice.chance(0.2)
    const name = isNamed ? `chick ${self.pid.$pid} ${this.nameCount++}` : undefined
    const options: SpawnOptions = {
      ...(name === undefined ? {} : { name }),
      ...(dice.chance(0.1) ? { scheduler: 'local' } : {}),
      ...(dice.chance(0.1) ? { priority: 'high' } : {}),
    }
    const egg = { parent: self.pid, name }
    try {
      const choice = dice.below(4)
      if (choice === 0) this.meet(self.spawn(chick, egg, options))
      else if (choice === 1) this.meet(self.spawnLink(chick, egg, options))
      else if (choice === 2) this.meet(self.spawnMonitor(chick, egg, options).pid)
      else self.spawnRequest(chick, egg, { ...options, link: dice.chance(0.3), monitor: dice.chance(0.3) })
    } catch (error) {
      const { code } = error as { code?: string }
      expect(code === 'ERR_SYSTEM_LIMIT', () => `a full table at most, not ${error}`)
    }
  }

  /** Something to one that has perhaps not hatched. */
  *disturb() {
    const { dice, self, known } = this
    if (known.length === 0) return
    const pid = dice.pick(known)
    const choice = dice.below(12)
    if (choice < 4) this.say(pid)
    else if (choice === 4) self.monitor(pid)
    else if (choice === 5) self.link(pid)
    else if (choice === 6) self.unlink(pid)
    else if (choice === 7) self.exit(pid, dice.pick(['kill', 'shutdown', 'normal']))
    else if (choice === 8) this.end(pid)
    else if (choice === 9 && this.friends.length > 0) self.send(dice.pick(this.friends), { type: 'egg', pid })
    else if (choice === 10) yield* self.isAlive(pid)
    else {
      try {
        yield* self.call(pid, { $call: 'count', arg: 0 } as never, { timeoutMs: 2 })
      } catch (error) {
        expect(error instanceof Exit, () => `an exit, not ${error}`)
      }
    }
  }

  say(pid: Pid): void {
    const number = (this.counts.get(pid.$pid) ?? 0) + 1
    this.counts.set(pid.$pid, number)
    this.self.send(pid, { type: 'word', from: this.self.pid, number } satisfies Word)
  }

  end(pid: Pid): void {
    this.self.send(pid, { type: 'end', reason: this.dice.pick(['normal', 'boom']) })
  }

  note(message: unknown): void {
    const it = message as { type?: string; pid: Pid; result?: string }
    if (it.type === 'egg') {
      this.known.push(it.pid)
      // A friend's, and first of all it is told something.
      this.say(it.pid)
    } else if (it.type === 'spawn_reply' && it.result === 'ok') this.meet(it.pid)
    else if (it.type === 'hatched' && this.dice.chance(0.5)) this.end(it.pid)
  }

  /** One of its own: told to some friends at once. */
  private meet(pid: Pid): void {
    this.known.push(pid)
    if (this.known.length > 20) this.known.shift()
    for (const friend of this.friends) if (this.dice.chance(0.3)) this.self.send(friend, { type: 'egg', pid })
    while (this.dice.chance(0.4)) this.say(pid)
  }
}

export const hen = process(import.meta.url, 'hen', {
  init: (argument: HenArgument) => argument,
  *run(argument: HenArgument, self: Self) {
    const me = new Hen(argument, self)
    const { dice } = me
    for (let round = 0; round < argument.roundCount; round++) {
      for (let count = dice.chance(0.3) ? dice.between(5, 20) : dice.below(3); count > 0; count--) me.lay()
      for (let count = dice.below(6); count > 0; count--) yield* me.disturb()
      for (;;) {
        const message = yield* self.receive(ANY, { afterMs: dice.chance(0.7) ? 0 : 1 })
        if (message === TIMEOUT) break
        me.note(message)
      }
    }
    return done()
  },
})

/** Takes the first that it is offered, and now and then the last. */
const whim = placement(import.meta.url, 'whim', (loads, _options, random) => {
  const chosen = random() < 0.7 ? loads[0] : loads[loads.length - 1]
  return chosen?.scheduler ?? 0
})

export const floods: Program = {
  name: 'floods',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: drawFaults(dice, 200),
    processCountMax: dice.pick([40, 200, 1_000]),
    shortQueueCount: dice.pick([0, 1, 4]),
    placement: dice.pick(['two-choices', 'round-robin', 'least-loaded', whim]),
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const friends: Pid[] = []
      for (let index = dice.between(1, 4); index > 0; index--) {
        const argument = { seed: dice.seed(), roundCount: dice.between(3, 12), friends: [...friends] }
        friends.push(self.spawn(hen, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, friends)
    },
}

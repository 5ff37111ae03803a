/**
 * Few processes that link, unlink and link again, over and over, while schedulers die under them: an EXIT may come of a link
 * that stands, and of no other (the judge sees to it). The table is small, so that many are forgotten, and those who are told
 * of a process before it is there bind it early.
 */

import { ANY, done, isPid, type Pid, process, type Self, TIMEOUT } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

interface KnotArgument {
  readonly seed: number
  readonly stepCount: number
  readonly childCount: number
  readonly schedulers: number
  readonly peers: readonly Pid[]
}

const PEER_COUNT_MAX = 6

class Knot {
  readonly dice: Dice
  private readonly argument: KnotArgument
  private readonly self: Self
  /** The dead among them, too. */
  private readonly peers: Pid[]
  private childrenLeft: number

  constructor(argument: KnotArgument, self: Self) {
    this.argument = argument
    this.self = self
    this.dice = new Dice(argument.seed)
    this.peers = [...argument.peers]
    this.childrenLeft = argument.childCount
  }

  act(): void {
    const { dice, self } = this
    if (this.peers.length === 0 || dice.chance(0.25)) {
      this.spawn()
      return
    }
    const peer = dice.pick(this.peers)
    const choice = dice.below(10)
    if (choice < 4) this.link(peer)
    else if (choice < 7) self.unlink(peer)
    else if (choice < 9) self.send(peer, { type: 'meet', pid: dice.pick(this.peers) })
    else self.exit(peer, dice.pick(['noproc', 'shutdown', 'kill']))
  }

  private link(peer: Pid): void {
    try {
      this.self.link(peer)
    } catch (error) {
      // Who does not trap exits hears of the dead so.
      expect(
        (error as { code?: string }).code === 'ERR_NO_PROCESS',
        () => `a link or ERR_NO_PROCESS, not ${error}`,
      )
    }
  }

  /** Whoever is told of it may link with it before it is there. */
  private spawn(): void {
    const { dice, self, argument } = this
    if (this.childrenLeft === 0) return
    this.childrenLeft -= 1
    const child: KnotArgument = {
      ...argument,
      seed: dice.seed(),
      stepCount: dice.between(1, 4),
      childCount: 1,
      peers: [self.pid, ...this.peers.slice(-2)],
    }
    const options = { scheduler: dice.between(1, argument.schedulers), trapExit: dice.chance(0.8) }
    try {
      const pid = self.spawn(knot, child, { ...options, link: dice.chance(0.5) })
      for (const peer of this.peers) if (dice.chance(0.5)) self.send(peer, { type: 'meet', pid })
      this.meet(pid)
    } catch (error) {
      expect(
        (error as { code?: string }).code === 'ERR_SYSTEM_LIMIT',
        () => `a full table at most, not ${error}`,
      )
    }
  }

  note(message: unknown): void {
    const { type, pid } = message as { type?: string; pid?: Pid }
    if (type === 'meet' && isPid(pid)) this.meet(pid)
  }

  private meet(pid: Pid): void {
    if (pid.$pid === this.self.pid.$pid || this.peers.some(({ $pid }) => $pid === pid.$pid)) return
    this.peers.push(pid)
    if (this.peers.length > PEER_COUNT_MAX) this.peers.shift()
    // Both ends at once, often.
    if (this.dice.chance(0.5)) this.link(pid)
  }
}

export const knot = process(import.meta.url, 'knot', {
  init: (argument: KnotArgument) => argument,
  *run(argument: KnotArgument, self: Self) {
    const me = new Knot(argument, self)
    const { dice } = me
    for (let step = 0; step < argument.stepCount; step++) {
      const count = dice.between(1, 5)
      for (let index = 0; index < count; index++) me.act()
      for (;;) {
        const message = yield* self.receive(ANY, { afterMs: dice.chance(0.6) ? 0 : dice.below(3) })
        if (message === TIMEOUT) break
        me.note(message)
      }
    }
    return done(dice.pick(['normal', 'noproc', 'bye'] as const))
  },
})

export const links: Program = {
  name: 'links',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: { ...drawFaults(dice, 300), ringDelayMs: [0, dice.pick([1, 5])], stallProbability: 0.1 },
    processCountMax: 16,
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const pids: Pid[] = []
      for (let index = dice.between(2, 5); index > 0; index--) {
        const argument: KnotArgument = {
          seed: dice.seed(),
          stepCount: dice.between(10, 30),
          childCount: dice.between(5, 20),
          schedulers,
          peers: [...pids],
        }
        pids.push(self.spawn(knot, argument, { scheduler: dice.between(1, schedulers), trapExit: true }))
      }
      yield* awaitEnds(self, pids)
    },
}

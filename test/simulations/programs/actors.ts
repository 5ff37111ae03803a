/**
 * Processes that do everything to each other: numbered messages, links, monitors, exits of all kinds, spawns, questions.
 * Each receiver holds its senders to their numbers: none out of order, none missing, none twice.
 */

import {
  ANY,
  done,
  down,
  isPid,
  type MonitorRef,
  oneOf,
  type Pid,
  process,
  type Self,
  samePid,
  TIMEOUT,
  where,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { drawFaults, expect, type Program } from '../program.ts'

interface ActorArgument {
  readonly seed: number
  readonly stepCount: number
  /** How many generations of children may follow. */
  readonly depth: number
  readonly schedulers: number
  readonly peers: readonly Pid[]
  /** Who hears when it is through. */
  readonly main: Pid
}

interface Numbered {
  readonly type: 'numbered'
  readonly from: Pid
  readonly number: number
  readonly peer: Pid
  readonly filler: unknown
}

const FILLERS: readonly unknown[] = [
  undefined,
  'text',
  1.5,
  -0,
  Array.from({ length: 3 }),
  new Map([['a', { b: 1n }]]),
  'x'.repeat(300),
]

class Actor {
  readonly dice: Dice
  readonly peers: Pid[]
  private readonly argument: ActorArgument
  private readonly self: Self
  private readonly sent = new Map<number, number>()
  private readonly got = new Map<number, number>()
  private readonly watches: MonitorRef[] = []

  constructor(argument: ActorArgument, self: Self) {
    this.argument = argument
    this.self = self
    this.dice = new Dice(argument.seed)
    this.peers = [...argument.peers, self.pid]
  }

  /** One thing that does not wait. */
  act(): void {
    const { dice, self } = this
    const peer = dice.pick(this.peers)
    const choice = dice.below(100)
    if (choice < 50) this.sendNumbered(peer)
    else if (choice < 60) this.link(peer)
    else if (choice < 66) self.unlink(peer)
    else if (choice < 76) this.watches.push(self.monitor(peer))
    else if (choice < 82) this.demonitor()
    else if (choice < 86) self.exit(peer, dice.pick(['normal', 'boom', 'shutdown', 'kill', ['tuple', 1]]))
    else if (choice < 89) self.trapExit(dice.chance(0.5))
    else this.spawn()
  }

  note(message: unknown): void {
    const { type, from, number, peer } = message as Partial<Numbered>
    if (type !== 'numbered' || from === undefined || number === undefined) return
    const last = this.got.get(from.$pid) ?? 0
    expect(number === last + 1, () => `message ${last + 1} of ${from.$pid}, not ${number}`)
    this.got.set(from.$pid, number)
    if (isPid(peer) && this.peers.length < 30) this.peers.push(peer)
  }

  private sendNumbered(peer: Pid): void {
    const number = (this.sent.get(peer.$pid) ?? 0) + 1
    this.sent.set(peer.$pid, number)
    const filler = this.dice.pick(FILLERS)
    const message: Numbered = {
      type: 'numbered',
      from: this.self.pid,
      number,
      peer: this.dice.pick(this.peers),
      filler,
    }
    this.self.send(peer, message)
  }

  private link(peer: Pid): void {
    try {
      this.self.link(peer)
    } catch (error) {
      expect(
        (error as { code?: string }).code === 'ERR_NO_PROCESS',
        () => `a link or ERR_NO_PROCESS, not ${error}`,
      )
    }
  }

  private demonitor(): void {
    const ref = this.watches.pop()
    if (ref !== undefined) this.self.demonitor(ref, { flush: this.dice.chance(0.5) })
  }

  private spawn(): void {
    const { dice, self, argument } = this
    if (argument.depth === 0) return
    const child: ActorArgument = {
      ...argument,
      seed: dice.seed(),
      depth: argument.depth - 1,
      stepCount: dice.between(1, argument.stepCount),
      peers: this.peers.slice(-6),
    }
    const scheduler = dice.pick(['local', 'spread', dice.between(1, argument.schedulers)] as const)
    try {
      if (dice.chance(0.3)) {
        const { pid, monitor } = self.spawnMonitor(actor, child, { scheduler, link: dice.chance(0.3) })
        this.peers.push(pid)
        this.watches.push(monitor)
      } else {
        this.peers.push(
          self.spawn(actor, child, { scheduler, link: dice.chance(0.3), trapExit: dice.chance(0.3) }),
        )
      }
    } catch (error) {
      expect(
        (error as { code?: string }).code === 'ERR_SYSTEM_LIMIT',
        () => `a full table at most, not ${error}`,
      )
    }
  }
}

export const actor = process(import.meta.url, 'actor', {
  init: (argument: ActorArgument) => argument,
  *run(argument: ActorArgument, self: Self) {
    const me = new Actor(argument, self)
    const { dice } = me
    for (let step = 0; step < argument.stepCount; step++) {
      const count = dice.between(0, 4)
      for (let index = 0; index < count; index++) me.act()
      const choice = dice.below(20)
      if (choice === 0) yield* self.sleep(dice.below(5))
      else if (choice === 1) yield* self.isAlive(dice.pick(me.peers))
      else if (choice === 2) yield* self.yield()
      for (;;) {
        const message = yield* self.receive(ANY, { afterMs: dice.chance(0.6) ? 0 : dice.between(0, 3) })
        if (message === TIMEOUT) break
        me.note(message)
      }
    }
    self.send(argument.main, { type: 'through', from: self.pid })
    if (dice.chance(0.4)) return done(dice.pick(['normal', 'normal', 'bye', 'shutdown'] as const))
    // Those that live on show what is left in the end.
    for (;;) me.note(yield* self.receive(ANY))
  },
})

/** Until all are through with what they do, or dead. */
function* awaitThrough(self: Self, pids: readonly Pid[]) {
  for (const pid of pids) {
    const watch = self.monitor(pid)
    const through = where((message) => {
      const { type, from } = message as { type?: string; from?: Pid }
      return type === 'through' && from !== undefined && samePid(from, pid)
    })
    yield* self.receive(oneOf(through, down(watch)))
  }
}

export const actors: Program = {
  name: 'actors',
  options: (dice) => ({ schedulers: dice.between(1, 4), faults: drawFaults(dice, 200) }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const pids: Pid[] = []
      const count = dice.between(3, 8)
      for (let index = 0; index < count; index++) {
        const argument = {
          seed: dice.seed(),
          stepCount: dice.between(4, 12),
          depth: 2,
          schedulers,
          peers: [...pids],
          main: self.pid,
        }
        pids.push(
          self.spawn(actor, argument, { scheduler: dice.between(1, schedulers), trapExit: dice.chance(0.4) }),
        )
      }
      yield* awaitThrough(self, pids)
    },
}

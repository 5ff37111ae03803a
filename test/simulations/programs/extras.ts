/**
 * What few processes ask for: parents that start children by requests, suspend and resume them, hear of them by aliases, bound
 * their mailboxes and name them in a registry of their own; while schedulers die.
 */

import {
  ANY,
  done,
  Exit,
  HeddleError,
  type Pid,
  process,
  type Ref,
  type Self,
  type SpawnReply,
  TIMEOUT,
  via,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

/** A registry over the VM's own names. */
const desk = via<string>(import.meta.url, 'desk', {
  registerName(name, pid, self) {
    try {
      self.register(name, pid)
      return 'yes'
    } catch (error) {
      if (error instanceof HeddleError) return 'no'
      throw error
    }
  },
  unregisterName: (name, self) => self.unregister(name),
  whereisName: (name, self) => self.whereis(name),
})

const MAILBOX_COUNT_MAX = 3

interface ChildArgument {
  readonly alias: Ref
  readonly wordCount: number
  readonly sleepMs: number
}

/** Says some words by an alias, and reads nothing. */
export const child = process(import.meta.url, 'child', {
  init: (argument: ChildArgument) => argument,
  *run({ alias, wordCount, sleepMs }: ChildArgument, self: Self) {
    for (let word = 1; word <= wordCount; word++) {
      self.send(alias, { type: 'word', from: self.pid, alias: alias.$ref, word })
      yield* self.sleep(sleepMs)
    }
    return done()
  },
})

interface ParentArgument {
  readonly seed: number
  readonly stepCount: number
  readonly schedulers: number
}

class Parent {
  readonly dice: Dice
  private readonly self: Self
  private readonly schedulers: number
  private readonly children: Pid[] = []
  private alias: Ref
  /** Whether the current alias takes one word only, and has. */
  private isOnce = false
  private readonly closed = new Set<number>()
  private readonly words = new Map<number, number>()
  /** Requests that must be answered, and those that must not. */
  private readonly open = new Set<number>()
  private readonly settled = new Set<number>()
  private readonly requests: Ref[] = []

  constructor({ seed, schedulers }: ParentArgument, self: Self) {
    this.self = self
    this.schedulers = schedulers
    this.dice = new Dice(seed)
    self.trapExit(true)
    this.alias = self.alias()
  }

  get isAnswered(): boolean {
    return this.open.size === 0
  }

  request(): void {
    const { dice, self } = this
    const argument = { alias: this.alias, wordCount: dice.below(5), sleepMs: dice.below(3) }
    const ref = self.spawnRequest(child, argument, {
      scheduler: dice.between(1, this.schedulers),
      link: dice.chance(0.3),
      monitor: dice.chance(0.5),
      maxMailbox: { count: MAILBOX_COUNT_MAX, onFull: dice.pick(['drop_newest', 'drop_oldest', 'exit']) },
      priority: dice.pick(['low', 'normal', 'high', 'max']),
    })
    this.open.add(ref.$ref)
    this.requests.push(ref)
  }

  abandon(): void {
    const ref = this.requests.pop()
    if (ref === undefined || !this.self.abandonSpawn(ref)) return
    this.open.delete(ref.$ref)
    this.settled.add(ref.$ref)
  }

  /** Words that were there already may still be read; so they are, first. */
  *renewAlias() {
    const { dice, self } = this
    self.unalias(this.alias)
    yield* this.read(0)
    this.closed.add(this.alias.$ref)
    this.isOnce = dice.chance(0.3)
    this.alias = self.alias({ reply: this.isOnce })
  }

  *disturb() {
    const { dice, self } = this
    if (this.children.length === 0) return
    const pid = dice.pick(this.children)
    const choice = dice.below(4)
    if (choice === 0) yield* this.holdStill(pid)
    else if (choice === 1) {
      for (let count = dice.between(1, 6); count > 0; count--) self.send(pid, 'more')
      const info = yield* self.processInfo(pid, ['messageQueueLength'])
      const length = info?.messageQueueLength ?? 0
      expect(length <= MAILBOX_COUNT_MAX, () => `${MAILBOX_COUNT_MAX} messages at most, not ${length}`)
    } else if (choice === 2) self.exit(pid, dice.pick(['kill', 'boom']))
    else yield* this.callByName(pid)
  }

  /** Suspended it says nothing. */
  private *holdStill(pid: Pid) {
    const { dice, self } = this
    try {
      yield* self.suspend(pid)
    } catch (error) {
      // It is dead.
      expect(error instanceof HeddleError || error instanceof Exit, () => `a refusal, not ${error}`)
      return
    }
    const info = yield* self.processInfo(pid, ['status', 'suspendCount'])
    expect(
      info === undefined || (info.suspendCount === 1 && info.status !== 'waiting'),
      () => `to be suspended, not ${JSON.stringify(info)}`,
    )
    if (dice.chance(0.5)) yield* self.sleep(dice.below(4))
    if (dice.chance(0.8)) self.resume(pid)
    else self.exit(pid, 'kill')
  }

  private *callByName(pid: Pid) {
    const { dice, self } = this
    const name = `desk ${dice.below(3)}`
    try {
      self.register(name, pid)
    } catch (error) {
      expect(error instanceof HeddleError, () => `a refusal, not ${error}`)
    }
    try {
      yield* self.call(desk(name), { $call: 'hello', arg: 0 } as never, { timeoutMs: dice.below(3) })
    } catch (error) {
      expect(error instanceof Exit, () => `an exit, not ${error}`)
    }
    self.cast(desk(name), { $cast: 'hello', arg: 0 } as never)
  }

  *read(afterMs: number) {
    for (;;) {
      const message = yield* this.self.receive(ANY, { afterMs })
      if (message === TIMEOUT) return
      this.note(message)
    }
  }

  private note(message: unknown): void {
    const it = message as { type?: string; from: Pid; alias: number; word: number }
    if (it.type === 'word') this.noteWord(it)
    else if (it.type === 'spawn_reply') this.noteReply(message as SpawnReply)
  }

  private noteWord({ from, alias, word }: { from: Pid; alias: number; word: number }): void {
    expect(!this.closed.has(alias), () => `no word by an alias that is closed: ${word} of ${from.$pid}`)
    if (this.isOnce && alias === this.alias.$ref) {
      this.closed.add(alias)
      return
    }
    const last = this.words.get(from.$pid) ?? 0
    expect(word === last + 1, () => `word ${last + 1} of ${from.$pid}, not ${word}`)
    this.words.set(from.$pid, word)
  }

  private noteReply(reply: SpawnReply): void {
    const { $ref } = reply.ref
    expect(!this.settled.has($ref), () => `one reply to request ${$ref}, and none once it was given up`)
    this.open.delete($ref)
    this.settled.add($ref)
    if (reply.result === 'ok') this.children.push(reply.pid)
  }
}

export const parent = process(import.meta.url, 'parent', {
  init: (argument: ParentArgument) => argument,
  *run(argument: ParentArgument, self: Self) {
    const me = new Parent(argument, self)
    const { dice } = me
    for (let step = 0; step < argument.stepCount; step++) {
      const choice = dice.below(10)
      if (choice < 4) me.request()
      else if (choice < 5) me.abandon()
      else if (choice < 6) yield* me.renewAlias()
      else yield* me.disturb()
      if (dice.chance(0.5)) yield* me.read(dice.below(3))
    }
    while (!me.isAnswered) yield* me.read(1)
    return done()
  },
})

export const extras: Program = {
  name: 'extras',
  options: (dice) => ({ schedulers: dice.between(1, 4), faults: drawFaults(dice, 150) }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const pids: Pid[] = []
      for (let index = dice.between(1, 4); index > 0; index--) {
        const argument = { seed: dice.seed(), stepCount: dice.between(5, 25), schedulers }
        pids.push(self.spawn(parent, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, pids)
    },
}

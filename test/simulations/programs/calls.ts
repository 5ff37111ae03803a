/**
 * Servers that answer late, hand calls on, answer from another process, crash or are killed; clients that give up
 * early. A reply must be the one to this very call, and a call that fails must say why.
 */

import {
  again,
  type CallEnvelope,
  type CallMessage,
  done,
  Exit,
  type From,
  type Pid,
  process,
  type Self,
  TIMEOUT,
  tag,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

interface Request {
  readonly $call: 'ask'
  readonly arg: { readonly client: Pid; readonly number: number }
}

const answerLater = process(import.meta.url, 'answerLater', {
  init: (job: { from: From; answer: unknown; ms: number }) => job,
  *run({ from, answer, ms }, self: Self) {
    if (ms > 0) yield* self.sleep(ms)
    self.reply(from, answer)
    return done()
  },
})

interface ServerState {
  /** The dice's: a state is plain data. */
  readonly dice: number
  readonly others: readonly Pid[]
}

export const server = process(import.meta.url, 'server', {
  init: ({ seed, others }: { seed: number; others: readonly Pid[] }): ServerState => ({
    dice: seed,
    others,
  }),
  *run(state: ServerState, self: Self) {
    const dice = new Dice(state.dice)
    const { others } = state
    const call = yield* self.receive(tag<CallEnvelope>('$call'))
    const { arg } = call.request as Request
    const choice = dice.below(20)
    if (choice < 9) self.reply(call.from, arg)
    else if (choice < 12)
      self.spawn(answerLater, { from: call.from, answer: arg, ms: dice.below(6) }, { scheduler: 'spread' })
    else if (choice < 14 && others.length > 0) self.send(dice.pick(others), call)
    else if (choice < 17) {
      yield* self.sleep(dice.below(8))
      self.reply(call.from, arg)
      // A second reply is nobody's.
      if (dice.chance(0.3)) self.reply(call.from, 'twice')
    } else if (choice === 18) return done(dice.pick(['normal', 'overworked'] as const))
    return again({ dice: dice.state, others })
  },
})

/** The same, in a callback that may wait in a promise. */
export const asyncServer = process(import.meta.url, 'asyncServer', {
  init: ({ seed }: { seed: number; others: readonly Pid[] }) => seed,
  async handle(state: number, message: unknown, self: Self) {
    const dice = new Dice(state)
    const call = message as CallEnvelope
    if (call.type !== '$call') return again(state)
    if (dice.chance(0.3)) await self.sleep(dice.below(4))
    else if (dice.chance(0.5)) await Promise.resolve()
    self.reply(call.from, (call.request as Request).arg)
    return again(dice.state)
  },
})

interface ClientArgument {
  readonly seed: number
  readonly callCount: number
  readonly servers: readonly Pid[]
}

export const client = process(import.meta.url, 'client', {
  init: (argument: ClientArgument) => argument,
  *run({ seed, callCount, servers }: ClientArgument, self: Self) {
    const dice = new Dice(seed)
    for (let number = 1; number <= callCount; number++) {
      const to = dice.pick(servers)
      const request: Request = { $call: 'ask', arg: { client: self.pid, number } }
      const timeoutMs = dice.pick([0, 1, 3, 10, 50])
      if (dice.chance(0.03)) self.exit(to, dice.pick(['kill', 'boom'] as const))
      try {
        const answer = yield* self.call(to, request as unknown as CallMessage<unknown, Request['arg']>, {
          timeoutMs,
        })
        expect(
          answer.number === number && answer.client.$pid === self.pid.$pid,
          () => `the reply to call ${number}, not ${JSON.stringify(answer)}`,
        )
      } catch (error) {
        expect(error instanceof Exit, () => `a reply or an exit, not ${error}`)
      }
      // What is in the mailbox now is no reply: those go straight to their calls.
      const stray = yield* self.receive(tag('$reply', '$call'), { afterMs: 0 })
      expect(stray === TIMEOUT, () => `an empty mailbox, not ${JSON.stringify(stray)}`)
    }
    return done()
  },
})

export const calls: Program = {
  name: 'calls',
  options: (dice) => ({ schedulers: dice.between(1, 4), faults: drawFaults(dice, 80) }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const servers: Pid[] = []
      const count = dice.between(1, 4)
      for (let index = 0; index < count; index++) {
        const definition = dice.chance(0.25) ? asyncServer : server
        const scheduler = dice.between(1, schedulers)
        servers.push(self.spawn(definition, { seed: dice.seed(), others: [...servers] }, { scheduler }))
      }
      const clients: Pid[] = []
      for (let index = dice.between(2, 6); index > 0; index--) {
        const argument = { seed: dice.seed(), callCount: dice.between(3, 12), servers }
        clients.push(self.spawn(client, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, clients)
    },
}

/**
 * Processes that are at rest between any two messages, so that they can be moved at any time: numbered messages, links,
 * monitors, exits, calls and spawns as they come, all they know in a plain state. Each receiver holds its senders to their
 * numbers, wherever either of them has been meanwhile.
 */

import {
  ANY,
  again,
  type CallEnvelope,
  done,
  Exit,
  isPid,
  type MonitorRef,
  type Pid,
  process,
  type Self,
  TIMEOUT,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

interface NomadArgument {
  readonly seed: number
  /** Steps until it ends. */
  readonly stepCount: number
  readonly depth: number
  readonly schedulers: number
  readonly peers: readonly Pid[]
}

interface NomadState extends NomadArgument {
  readonly dice: number
  readonly left: number
  readonly peers: Pid[]
  /** By pid, as pairs: the last number sent to it, and the last that came from it. */
  readonly sent: [number, number][]
  readonly got: [number, number][]
  readonly refs: MonitorRef[]
}

interface Numbered {
  readonly type: 'numbered'
  readonly from: Pid
  readonly number: number
  readonly peer: Pid
}

/** The next number, in pairs of a peer and a number. */
function count(pairs: [number, number][], pid: number): number {
  const pair = pairs.find(([each]) => each === pid)
  if (pair !== undefined) return ++pair[1]
  pairs.push([pid, 1])
  return 1
}

function start(argument: NomadArgument, self: Self): NomadState {
  self.trapExit(new Dice(argument.seed).chance(0.7))
  self.send(self.pid, { type: 'go' })
  const peers = [...argument.peers, self.pid]
  return { ...argument, dice: argument.seed, left: argument.stepCount, peers, sent: [], got: [], refs: [] }
}

function sendNumbered(state: NomadState, self: Self, to: Pid, peer: Pid): void {
  const message: Numbered = { type: 'numbered', from: self.pid, number: count(state.sent, to.$pid), peer }
  self.send(to, message)
}

/** One thing that does not wait. */
function act(state: NomadState, dice: Dice, self: Self): void {
  const peer = dice.pick(state.peers)
  const choice = dice.below(100)
  if (choice < 55) sendNumbered(state, self, peer, dice.pick(state.peers))
  else if (choice < 63) linkTo(self, peer)
  else if (choice < 70) self.unlink(peer)
  else if (choice < 78) state.refs.push(self.monitor(peer))
  else if (choice < 84) {
    const ref = state.refs.pop()
    if (ref !== undefined) self.demonitor(ref, { flush: dice.chance(0.5) })
  } else if (choice < 87) self.exit(peer, dice.pick(['normal', 'boom', 'kill']))
  else if (choice < 90) self.trapExit(dice.chance(0.7))
  else breed(state, dice, self)
}

function linkTo(self: Self, peer: Pid): void {
  try {
    self.link(peer)
  } catch (error) {
    const { code } = error as { code?: string }
    expect(code === 'ERR_NO_PROCESS', () => `a link or ERR_NO_PROCESS, not ${error}`)
  }
}

function breed(state: NomadState, dice: Dice, self: Self): void {
  if (state.depth === 0) return
  const child: NomadArgument = {
    seed: dice.seed(),
    stepCount: dice.between(1, state.stepCount),
    depth: state.depth - 1,
    schedulers: state.schedulers,
    peers: state.peers.slice(-6),
  }
  // The balancer leaves alone what is bound.
  const scheduler = dice.chance(0.5) ? dice.between(1, state.schedulers) : 'spread'
  try {
    const definition = dice.chance(0.6) ? nomad : rawNomad
    state.peers.push(self.spawn(definition, child, { scheduler, link: dice.chance(0.3) }))
  } catch (error) {
    const { code } = error as { code?: string }
    expect(code === 'ERR_SYSTEM_LIMIT', () => `a full table at most, not ${error}`)
  }
}

function note(state: NomadState, message: unknown): void {
  const { type, from, number, peer } = message as Partial<Numbered>
  if (type !== 'numbered' || from === undefined) return
  const wanted = count(state.got, from.$pid)
  expect(number === wanted, () => `message ${wanted} of ${from.$pid}, not ${number}`)
  if (isPid(peer) && state.peers.length < 20) state.peers.push(peer)
}

function handle(state: NomadState, message: unknown, self: Self) {
  const call = message as CallEnvelope
  if (call.type === '$call') self.reply(call.from, call.request)
  else note(state, message)
  const dice = new Dice(state.dice)
  const isStep = message === TIMEOUT || (message as { type?: string }).type === 'go'
  if (isStep) for (let index = dice.below(4); index > 0; index--) act(state, dice, self)
  const left = isStep ? state.left - 1 : state.left
  if (left < 0) return done(dice.pick(['normal', 'done']))
  if (isStep && dice.chance(0.7)) self.send(self.pid, { type: 'go' })
  // Otherwise it goes on when somebody says something, or after a while.
  return again({ ...state, dice: dice.state, left }, { afterMs: dice.pick([0, 1, 3, 10]) })
}

export const nomad = process(import.meta.url, 'nomad', { init: start, handle })

/** The same in a raw process: it rests between two messages, until there is one. */
export const rawNomad = process(import.meta.url, 'rawNomad', {
  init: start,
  *run(state: NomadState, self: Self) {
    const dice = new Dice(state.dice + 1)
    const message = yield* self.receive(ANY, { afterMs: dice.pick([1, 3, 10]) })
    return handle(state, message, self)
  },
})

/** Calls nomads, and holds them to their answers. It stays where it is, with calls under way to those that move. */
export const caller = process(import.meta.url, 'caller', {
  init: (argument: { seed: number; callCount: number; to: readonly Pid[] }) => argument,
  *run({ seed, callCount, to }, self: Self) {
    const dice = new Dice(seed)
    for (let number = 1; number <= callCount; number++) {
      const nomad = dice.pick(to)
      try {
        const request = { $call: 'echo', arg: number } as never
        const answer = yield* self.call<unknown, { arg?: number }>(nomad, request, {
          timeoutMs: dice.pick([1, 5, 50]),
        })
        expect(answer.arg === number, () => `the reply to call ${number}, not ${JSON.stringify(answer)}`)
      } catch (error) {
        expect(error instanceof Exit, () => `a reply or an exit, not ${error}`)
        const isGone = ((error as Exit).reason as readonly unknown[])[0] === 'noproc'
        // Nobody comes back from the dead: who is on the way is not there yet, but it is alive.
        if (isGone)
          expect(!(yield* self.isAlive(nomad)), () => `noproc of the dead only, not of ${nomad.$pid}`)
      }
    }
    return done()
  },
})

export const moves: Program = {
  name: 'moves',
  options: (dice) => ({
    schedulers: dice.between(2, 4),
    faults: {
      ...drawFaults(dice, dice.pick([100, 600])),
      deathCountMax: dice.between(1, 12),
      moveProbability: dice.pick([0.05, 0.2, 0.5]),
    },
    processCountMax: dice.pick([16, 40, 1_023]),
    balance: dice.pick(['off', 'aggressive'] as const),
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const nomads: Pid[] = []
      for (let index = dice.between(2, 5); index > 0; index--) {
        const argument: NomadArgument = {
          seed: dice.seed(),
          stepCount: dice.between(5, 25),
          depth: 2,
          schedulers,
          peers: [...nomads],
        }
        const definition = dice.chance(0.6) ? nomad : rawNomad
        const scheduler = dice.chance(0.5) ? dice.between(1, schedulers) : 'spread'
        nomads.push(self.spawn(definition, argument, { scheduler }))
      }
      const callers: Pid[] = []
      for (let index = dice.between(0, 3); index > 0; index--) {
        const argument = { seed: dice.seed(), callCount: dice.between(2, 10), to: nomads }
        callers.push(self.spawn(caller, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, [...nomads, ...callers])
    },
}

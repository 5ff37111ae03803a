// Who takes part in a chaos run: an allocator of frequencies that is called, its clients, and pairs that count for each
// other. A supervisor keeps them alive. They check what they see; what is wrong they tell the host.

import { child, genServer, noreply, reply, supervisor } from '@heddle/otp'
import { again, Exit, type Op, type Pid, process, type Self } from '@heddle/scheduler'
import { Board, FREQUENCY_COUNT } from './board.ts'

const url = import.meta.url
/** Named, since both ends of what goes on between them are restarted now and then. */
export const ALLOCATOR = 'allocator'
const sinkName = (pair: number): string => `sink ${pair}`

export interface Stage {
  readonly host: Pid
  readonly words: Int32Array
  readonly clientCount: number
  readonly pairCount: number
}

function violation(self: Self, { host }: Stage, what: string, details: object): void {
  self.send(host, { type: 'violation', what, by: self.pid, scheduler: self.scheduler, details })
}

// ---- the allocator ----

interface Holding {
  readonly pid: number
  readonly frequency: number
}

export interface Grant {
  readonly life: number
  readonly frequency: number
}

/** Gives frequencies to clients, and takes back what the dead held. */
export const allocator = genServer(url, 'allocator', {
  init(stage: Stage) {
    const board = new Board(stage.words)
    const life = board.add('allocator starts')
    board.clear(life)
    const free = Array.from({ length: FREQUENCY_COUNT }, (_, frequency) => frequency)
    return { stage, life, free, held: new Map<number, Holding>() }
  },
  call: {
    allocate(state, client: number, self, from) {
      const frequency = state.free.shift()
      if (frequency === undefined) return reply(undefined, state)
      const board = new Board(state.stage.words)
      const holder = board.take(state.life, frequency, client + 1)
      if (holder !== 0)
        violation(self, state.stage, 'a frequency was given away twice', { frequency, holder, client })
      board.add('allocations')
      const ref = self.monitor(from.pid)
      state.held.set(ref.$ref, { pid: from.pid.$pid, frequency })
      return reply({ life: state.life, frequency } as Grant, state)
    },
    giveBack(state, { life, frequency }: Grant, self, from) {
      if (life !== state.life) return reply('of a former life', state)
      for (const [ref, holding] of state.held) {
        if (holding.frequency !== frequency || holding.pid !== from.pid.$pid) continue
        self.demonitor({ $ref: ref, $of: self.pid.$pid }, { flush: true })
        free(state, ref, holding)
        return reply('ok', state)
      }
      violation(self, state.stage, 'a frequency came back from one that does not hold it', {
        frequency,
        from,
      })
      return reply('not yours', state)
    },
    freeCount: (state) => reply({ life: state.life, freeCount: state.free.length }, state),
  },
  info(state, message) {
    const { type, ref } = message as { type?: unknown; ref?: { $ref: number } }
    const holding = type === 'DOWN' && ref !== undefined ? state.held.get(ref.$ref) : undefined
    if (holding !== undefined && ref !== undefined) free(state, ref.$ref, holding)
    return noreply(state)
  },
})

interface AllocatorState {
  readonly stage: Stage
  readonly life: number
  readonly free: number[]
  readonly held: Map<number, Holding>
}

function free({ stage, life, free, held }: AllocatorState, ref: number, { frequency }: Holding): void {
  const board = new Board(stage.words)
  board.giveBack(life, frequency)
  board.add('frequencies given back')
  held.delete(ref)
  free.push(frequency)
}

// ---- clients ----

interface ClientState {
  readonly stage: Stage
  readonly index: number
  readonly grant: Grant | undefined
}

/** Allocates, holds for a moment, gives back, until all is to stop. In between it is at rest. */
export const client = process(url, 'client', {
  init: (arg: { stage: Stage; index: number }, self: Self): ClientState => {
    const board = new Board(arg.stage.words)
    board.add('client starts')
    board.mark(arg.index, false)
    self.send(self.pid, 'begin')
    return { ...arg, grant: undefined }
  },
  *handle(state, _message, self) {
    const { stage, index, grant } = state
    const board = new Board(stage.words)
    if (grant === undefined && board.isStopped) return again(state)
    board.add('calls begun')
    board.mark(index, true)
    let got: Grant | undefined
    try {
      if (grant === undefined)
        got = yield* self.call(ALLOCATOR, allocator.allocate(index), { timeoutMs: Infinity })
      else yield* giveBack(self, stage, grant)
      board.add('calls replied')
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      board.add('calls ended by an exit')
    }
    board.mark(index, false)
    // Half of them never rest.
    return again({ ...state, grant: got }, { afterMs: index % 2 })
  },
})

function* giveBack(self: Self, stage: Stage, grant: Grant): Generator<Op<unknown>, void, unknown> {
  const answer = yield* self.call(ALLOCATOR, allocator.giveBack(grant), { timeoutMs: Infinity })
  if (answer === 'not yours') violation(self, stage, 'a frequency was taken from its holder', grant)
}

// ---- pairs ----

const WINDOW = 100

type ToSource = { readonly type: 'more' } | { readonly type: 'DOWN' } | symbol

/** Sends its sink 0, 1, 2, …, a window at a time. */
export const source = process(url, 'source', {
  init: (arg: { stage: Stage; pair: number }, self: Self) => {
    new Board(arg.stage.words).add('source starts')
    self.send(self.pid, { type: 'DOWN' })
    return { ...arg, sink: undefined as Pid | undefined, next: 0 }
  },
  handle(state, given, self) {
    const message = given as ToSource
    let { sink, next } = state
    // Its sink has ended, or was not there yet.
    if (typeof message === 'symbol' || message.type === 'DOWN') {
      sink = self.whereis(sinkName(state.pair))
      if (sink === undefined) return again({ ...state, sink }, { afterMs: 5 })
      self.monitor(sink)
      next = 0
    }
    if (sink === undefined || new Board(state.stage.words).isStopped) return again({ ...state, sink, next })
    for (let end = next + WINDOW; next < end; next++)
      self.send(sink, { type: 'number', from: self.pid, number: next })
    return again({ ...state, sink, next })
  },
})

interface Numbered {
  readonly type: 'number'
  readonly from: Pid
  readonly number: number
}

/** Counts with each source; asks for more when a window is full. */
export const sink = process(url, 'sink', {
  init: (arg: { stage: Stage; pair: number }) => {
    new Board(arg.stage.words).add('sink starts')
    return { ...arg, expected: new Map<number, number>(), ended: new Set<number>() }
  },
  handle(state, given, self) {
    const message = given as Numbered | { type: 'DOWN'; pid: Pid }
    if (message.type === 'DOWN') {
      state.expected.delete(message.pid.$pid)
      state.ended.add(message.pid.$pid)
      return again(state)
    }
    const { from, number } = message
    const expected = state.expected.get(from.$pid)
    if (state.ended.has(from.$pid))
      violation(self, state.stage, 'a message came after the DOWN', { from, number })
    if (expected === undefined) self.monitor(from)
    if (number !== (expected ?? 0))
      violation(self, state.stage, 'a message came out of order', { from, number, expected: expected ?? 0 })
    state.expected.set(from.$pid, number + 1)
    if ((number + 1) % WINDOW === 0) {
      new Board(state.stage.words).add('messages in order', WINDOW)
      self.send(from, { type: 'more' })
    }
    return again(state)
  },
})

// ---- the tree ----

export const crowd = supervisor(url, 'crowd', (stage: Stage) => ({
  intensity: 1_000_000,
  children: [
    child(allocator, stage, { name: ALLOCATOR, scheduler: 'spread' }),
    ...Array.from({ length: stage.clientCount }, (_, index) =>
      child(client, { stage, index }, { id: `client ${index}`, scheduler: 'spread' }),
    ),
    ...Array.from({ length: stage.pairCount }, (_, pair) => [
      child(sink, { stage, pair }, { name: sinkName(pair), scheduler: 'spread' }),
      child(source, { stage, pair }, { id: `source ${pair}`, scheduler: 'spread' }),
    ]).flat(),
  ],
}))

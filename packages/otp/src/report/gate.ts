/**
 * A handler's gate: the process that takes the events of everybody, and never waits. It keeps those that its writer has not taken
 * yet, within limits (`overload.ts`), formats them, and hands them over in batches, as the writer comes to them. What it refuses it
 * counts, and says so in its own output.
 */

import {
  again,
  type BodyResult,
  type CallEnvelope,
  chain,
  done,
  type ExitMessage,
  type ExitReason,
  exit,
  type From,
  type Op,
  oneOf,
  type Pid,
  process,
  type Self,
  where,
} from '@heddle/scheduler'
import type { HandlerConfig } from './config.ts'
import type { LogEvent } from './event.ts'
import { formatWith, funsOfFormatter } from './formatter.ts'
import { loadAll } from './fun.ts'
import { type Ledger, noteSettled } from './ledger.ts'
import type { Logged } from './log.ts'
import { arrive, type Load, type LoadCounts, type Mode, newLoad, taken, untold } from './overload.ts'
import { type Opened, type Rewritten, type ToWriter, WRITTEN, writer } from './writer.ts'

export interface GateArgument {
  readonly server: Pid
  readonly config: HandlerConfig
  readonly originUs: number
  /** Whom changes of mode are told. */
  readonly agents: readonly Pid[]
  readonly ledger: Ledger
  /** It follows a handler that has ended, and so many events were lost with that. */
  readonly lostBefore: number | undefined
}

/** To the server: the handler is there. If it cannot be, the gate exits instead. */
export interface GateReady {
  readonly type: '$gate_ready'
  readonly pid: Pid
  readonly config: HandlerConfig
}

export type ToGate =
  | { readonly type: '$agents'; readonly agents: readonly Pid[] }
  | { readonly type: '$change'; readonly config: HandlerConfig }
  /** Events that an agent's scheduler has dropped in drop mode. */
  | { readonly type: '$dropped'; readonly count: number }

/** To the server. */
export interface GateChanged {
  readonly type: '$gate_changed'
  readonly pid: Pid
  readonly result: Rewritten['result']
}

/** To the agents. */
export interface ModeChanged {
  readonly type: '$mode'
  readonly gate: Pid
  readonly mode: Mode
}

/** What a handler says about itself: OTP's `logger_olp:info`. */
export interface HandlerInfo extends LoadCounts {
  readonly mode: Mode
  readonly queueLength: number
}

/** Requests of anybody, by name. */
export type GateRequest = { readonly $call: 'sync' | 'info' | 'query'; readonly arg?: unknown }

interface Gate {
  readonly server: Pid
  readonly writer: Pid
  readonly takesText: boolean
  readonly originUs: number
  config: HandlerConfig
  agents: readonly Pid[]
  /** As the agents know it. */
  toldMode: Mode
  readonly load: Load
  readonly ledger: Ledger
  queue: LogEvent[]
  /** What the handler has to say about itself; goes first. */
  notes: LogEvent[]
  /** How many events the writer has in hand. */
  batchCount: number
  /** It has a batch, which may be of notes alone. */
  isBusy: boolean
  /** To be passed on when so many events have been taken. */
  requests: { readonly message: ToWriter; after: number }[]
  /** A change that the writer has not confirmed. */
  changing: HandlerConfig | undefined
  isClosing: boolean
  /** A timer runs, at the end of which it tells what was dropped. */
  isToTell: boolean
}

/** To itself. */
const TELL = '$tell'

type Result = BodyResult<Gate>

/** A batch is formatted in one turn. */
const BATCH_COUNT_MAX = 100
/** How long what was dropped in a burst may stay untold. */
const TELL_AFTER_MS = 1_000

export const gate = process<GateArgument, Gate>(import.meta.url, 'log_gate', {
  moving: { pinned: 'it belongs to its writer' },
  init: (argument, self) => {
    self.trapExit(true)
    return chain(loadAll(funsOfFormatter(argument.config.formatter)), () => begin(argument, self) as never)
  },
  handle: (state, message, self): Result => {
    const event = (message as Partial<Logged> | null)?.$log
    if (event !== undefined) return logged(state, event, self)
    if (message === WRITTEN) {
      state.isBusy = false
      return settle(state, self)
    }
    if (message === TELL) {
      state.isToTell = false
      tellDrops(state, self)
      return settle(state, self)
    }
    return other(state, message, self)
  },
})

function* begin(argument: GateArgument, self: Self): Generator<Op<unknown>, Gate, unknown> {
  const { server, config, originUs, agents } = argument
  const child = self.spawnLink(
    writer,
    { gate: self.pid, kind: config.kind, config: config.config },
    {
      scheduler: 'local',
    },
  )
  const isOpened = where<Opened>((message) => (message as Partial<Opened> | null)?.type === '$opened')
  const it: Opened | ExitMessage = yield* self.receive(oneOf(isOpened, exit(child)))
  if (it.type === 'EXIT') return self.exit(it.reason)
  const state: Gate = {
    server,
    writer: child,
    takesText: it.takesText,
    originUs,
    config: { ...config, config: it.config },
    agents,
    toldMode: 'async',
    load: newLoad(self.nowMs()),
    ledger: argument.ledger,
    queue: [],
    notes: [],
    batchCount: 0,
    isBusy: false,
    requests: [],
    changing: undefined,
    isClosing: false,
    isToTell: false,
  }
  const { lostBefore } = argument
  if (lostBefore !== undefined) {
    const lost = lostBefore === 0 ? '' : `; ${lostBefore} log events were lost`
    note(state, self, `Handler ${config.id} restarted${lost}`)
  }
  self.send(server, { type: '$gate_ready', pid: self.pid, config: state.config } satisfies GateReady)
  return state
}

// ---- events ----

function logged(state: Gate, event: LogEvent, self: Self): Result {
  const { load, config } = state
  const { overload } = config
  const before = load.mode
  const waiting = load.waiting + load.refused
  switch (arrive(load, overload, self.nowMs())) {
    case 'accept':
      state.queue.push(event)
      break
    case 'flush':
      forget(state)
      noteSettled(state.ledger, waiting + 1)
      tellDrops(state, self)
      note(state, self, `Handler ${config.id} flushed ${waiting + 1} log events`)
      break
    case 'kill':
      return done(['shutdown', ['overloaded', waiting + 1]])
    case 'refuse':
      break
  }
  if (load.mode !== before) changed(state, before, self)
  return settle(state, self)
}

function forget(state: Gate): void {
  state.queue = []
  for (const request of state.requests) request.after = 0
}

/** The mode is another. Only what has to do with dropping is told to people, as in OTP. */
function changed(state: Gate, before: Mode, self: Self): void {
  const { mode } = state.load
  if (before === 'drop') tellDrops(state, self)
  if (before === 'drop' || mode === 'drop') {
    note(state, self, `Handler ${state.config.id} switched from ${before} to ${mode} mode`)
  }
  if (mode === state.toldMode) return
  state.toldMode = mode
  const message: ModeChanged = { type: '$mode', gate: self.pid, mode }
  for (const agent of state.agents) self.send(agent, message)
}

function tellDrops(state: Gate, self: Self): void {
  const { id, overload } = state.config
  const { dropped, burst } = untold(state.load)
  noteSettled(state.ledger, dropped + burst)
  if (dropped > 0) note(state, self, `Handler ${id} dropped ${dropped} log events`)
  if (burst === 0 || overload.burst === false) return
  const { countMax, windowMs } = overload.burst
  note(state, self, `Handler ${id} dropped ${burst} log events beyond ${countMax} in ${windowMs} ms`)
}

function note(state: Gate, self: Self, msg: string): void {
  const nowMs = self.nowMs()
  const meta = {
    pid: self.pid,
    nowMs,
    timeUs: Math.round(state.originUs + nowMs * 1_000),
    domain: ['otp', 'logger'],
  }
  state.notes.push({ level: 'notice', msg, meta })
}

/** Hands over what can be handed over, and rests. */
function settle(state: Gate, self: Self): Result {
  if (!state.isBusy && (state.queue.length > 0 || state.notes.length > 0)) handOver(state, self)
  passRequests(state, self)
  const { dropped, toldDropped, burst, toldBurst } = state.load
  const isUntold = state.load.mode !== 'drop' && (dropped > toldDropped || burst > toldBurst)
  if (isUntold && !state.isToTell) {
    state.isToTell = true
    self.sendAfter(TELL_AFTER_MS, self.pid, TELL)
  }
  return again(state)
}

function handOver(state: Gate, self: Self): void {
  const { load, config, notes } = state
  const before = load.mode
  const batch = state.queue.splice(0, BATCH_COUNT_MAX)
  taken(load, config.overload, batch.length)
  for (const request of state.requests) request.after -= batch.length
  if (load.mode !== before) changed(state, before, self)
  const events = state.notes.length > 0 ? [...state.notes, ...batch] : batch
  if (notes.length > 0) state.notes = []
  const message: ToWriter = state.takesText
    ? { type: '$write', text: events.map((event) => formatWith(event, config.formatter)).join('') }
    : { type: '$write', events }
  self.send(state.writer, message)
  noteSettled(state.ledger, batch.length)
  state.batchCount = batch.length
  state.isBusy = true
}

/** Those whose turn it is: all that was logged before them is with the writer. */
function passRequests(state: Gate, self: Self): void {
  while ((state.requests[0]?.after ?? 1) <= 0) {
    const request = state.requests.shift()
    if (request !== undefined) self.send(state.writer, request.message)
  }
}

// ---- all else ----

function other(state: Gate, message: unknown, self: Self): Result {
  const it = message as ToGate | Rewritten | CallEnvelope | ExitMessage | null
  switch (it?.type) {
    case '$call':
      return asked(state, it.from, it.request as Partial<GateRequest> | null, self)
    case '$agents':
      state.agents = it.agents
      if (state.toldMode !== 'async') {
        for (const agent of it.agents)
          self.send(agent, { type: '$mode', gate: self.pid, mode: state.toldMode })
      }
      break
    case '$dropped':
      state.load.dropped += it.count
      break
    case '$change':
      return change(state, it.config, self)
    case '$rewritten':
      confirm(state, it.result, self)
      break
    case 'EXIT':
      return ended(state, it, self)
  }
  return settle(state, self)
}

function asked(state: Gate, from: From, request: Partial<GateRequest> | null, self: Self): Result {
  const after = state.queue.length
  switch (request?.$call) {
    case 'sync':
      state.requests.push({ message: { type: '$sync', from }, after })
      break
    case 'query':
      state.requests.push({ message: { type: '$query', from, question: request.arg }, after })
      break
    case 'info': {
      const { mode, waiting, accepted, dropped, flushed, burst } = state.load
      const info: HandlerInfo = { mode, queueLength: waiting, accepted, dropped, flushed, burst }
      self.reply(from, { status: 'ok', value: info })
      break
    }
    default:
      self.reply(from, { status: 'error', reason: 'badarg' })
  }
  return settle(state, self)
}

function change(state: Gate, config: HandlerConfig, self: Self): Result {
  return chain(loadAll(funsOfFormatter(config.formatter)), () => {
    state.changing = config
    // The writer has the say where its kind is concerned.
    self.send(state.writer, { type: '$rewrite', config: config.config } satisfies ToWriter)
    return settle(state, self) as never
  }) as Result
}

function confirm(state: Gate, result: Rewritten['result'], self: Self): void {
  if (state.changing !== undefined && 'config' in result) {
    state.config = { ...state.changing, config: result.config }
  }
  state.changing = undefined
  self.send(state.server, { type: '$gate_changed', pid: self.pid, result } satisfies GateChanged)
}

/** Why a gate ends that its writer has failed: with how many events that were accepted and not written. */
export type WriterFailed = readonly ['writer_failed', reason: ExitReason, lostCount: number]

function ended(state: Gate, { pid, reason }: ExitMessage, self: Self): Result {
  if (pid.$pid === state.writer.$pid) {
    if (state.isClosing) return done('shutdown')
    // What it had in hand is not written, or not all of it.
    if (state.isBusy) noteSettled(state.ledger, -state.batchCount)
    return done(['writer_failed', reason, state.queue.length] satisfies WriterFailed)
  }
  if (pid.$pid !== state.server.$pid || state.isClosing) return settle(state, self)
  // What waits is written first, and what was dropped is told.
  state.isClosing = true
  tellDrops(state, self)
  while (state.queue.length > 0 || state.notes.length > 0) handOver(state, self)
  passRequests(state, self)
  self.send(state.writer, { type: '$close' } satisfies ToWriter)
  return again(state)
}

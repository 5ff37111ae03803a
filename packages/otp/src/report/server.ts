/**
 * The logger: the process, registered as `logger`, that keeps the configuration, starts and watches the handlers, and tells the
 * agents what has changed. Events do not pass through it, except those of threads whose copy of the configuration is out of date.
 *
 *     whoever logs ------------------------------------> gates (handlers) -> writers -> devices
 *        | reads its thread's copy                        ^
 *        v                                                | starts, watches, replaces
 *     agents (one a scheduler) <---- configuration ---- logger <--- requests, reports of the VM
 *
 * Everything that it has started is linked to it, and it traps exits. A handler that fails is removed, and that is told to the
 * others; one whose scheduler died is started again.
 *
 * Source of the rules: OTP's `logger_server`, `logger_handler_watcher` and `logger_olp`.
 */

import {
  again,
  type BodyResult,
  type CallEnvelope,
  done,
  type ExitMessage,
  type ExitReason,
  type From,
  isPid,
  type Report as KernelReport,
  process,
  reasonOfThrown,
  type Self,
  type Turn,
} from '@heddle/scheduler'
import { agent, epoch } from './agent.ts'
import { newBook, removeFilter } from './book.ts'
import { Fault, type HandlerConfig } from './config.ts'
import type { LogEvent } from './event.ts'
import { endGate, refuseCallback, startHandler } from './handlers.ts'
import { kernelEvent } from './kernel-report.ts'
import { type Ledger, lostIn } from './ledger.ts'
import { emit, type FilterFailed, isWanted, type Undecided } from './log.ts'
import { held, type Logger, type LoggerArgument, newsOf, type Post, publish, publishedOf } from './publish.ts'
import { answerRequest, type LoggerRequest } from './request.ts'

type Result = BodyResult<Logger>

export const loggerServer = process<LoggerArgument, Logger>(import.meta.url, 'logger', {
  init: (argument, self) => begin(argument, self),
  handle: (state, message, self): Result => {
    const it = message as Undecided | FilterFailed | Restart | CallEnvelope | ExitMessage | null
    switch (it?.type) {
      case '$log_undecided':
        decide(state, it, self)
        break
      case '$filter_failed':
        dropFilter(state, it, self)
        break
      case '$restart':
        return restart(state, it, self)
      case '$call':
        return asked(state, it, self)
      case 'EXIT':
        return ended(state, it, self)
    }
    return again(state)
  },
})

function begin(argument: LoggerArgument, self: Self): Logger {
  self.trapExit(true)
  const state: Logger = {
    argument,
    parent: self.parent,
    book: newBook(),
    gates: new Map(),
    agents: new Map(),
    epoch: self.spawnLink(epoch, self.pid, { scheduler: 'local' }),
    published: publishedOf(argument, newBook(), new Map(), self.pid, 1),
    pollers: [],
  }
  self.register(state.published.epoch, state.epoch)
  const first = Math.min(argument.schedulerCount, 1)
  for (let scheduler = first; scheduler <= argument.schedulerCount; scheduler++)
    startAgent(state, scheduler, self)
  return state
}

function startAgent(state: Logger, scheduler: number, self: Self): void {
  const place = scheduler === 0 ? 'local' : scheduler
  const argument = { server: self.pid, published: state.published, scheduler }
  state.agents.set(scheduler, self.spawnLink(agent, argument, { scheduler: place, priority: 'high' }))
}

// ---- events that come here ----

const asStore = (state: Logger) => ({
  published: state.published,
  scheduler: undefined,
  modes: new Map(),
  dropped: new Map(),
})

function decide(state: Logger, { event, module, isBare }: Undecided, self: Self): void {
  if (!isWanted(state.published, event.level, module)) return
  emit(self, asStore(state), isBare ? dressed(state, event) : event)
}

/** With what only the configuration knows. */
function dressed({ published }: Logger, event: LogEvent): LogEvent {
  const { nowMs } = event.meta
  const meta = {
    ...published.metadata,
    ...event.meta,
    timeUs: Math.round(published.originUs + nowMs * 1_000),
  }
  return { ...event, meta }
}

/** An event of the logger's own. */
export function tell(state: Logger, self: Self, event: LogEvent): void {
  if (isWanted(state.published, event.level, 'logger')) emit(self, asStore(state), dressed(state, event))
}

function tellReport(state: Logger, self: Self, what: string, facts: Readonly<Record<string, unknown>>): void {
  const meta = { pid: self.pid, nowMs: self.nowMs(), timeUs: 0, domain: ['otp', 'logger'] }
  tell(state, self, { level: 'error', report: { label: ['logger', what], ...facts }, meta })
}

/** A filter that throws is worse than none. */
function dropFilter(state: Logger, { owner, filter, reason }: FilterFailed, self: Self): void {
  if (removeFilter(state.book, owner, filter.id) instanceof Fault) return
  publish(state, self)
  tellReport(state, self, 'removed_failing_filter', { filter: filter.id, handler: owner, reason })
}

// ---- ends ----

/** To the logger itself: a handler that was overloaded is to start again. */
interface Restart {
  readonly type: '$restart'
  readonly config: HandlerConfig
  /** Of the one that has ended. */
  readonly ledger: Ledger
}

function ended(state: Logger, { pid, reason }: ExitMessage, self: Self): Result {
  if (!isPid(pid)) return again(state)
  if (pid.$pid === state.parent?.$pid) return shutDown(state, reason, self)
  for (const [scheduler, each] of state.agents) {
    if (each.$pid === pid.$pid) replaceAgent(state, scheduler, self)
  }
  for (const [id, each] of state.gates) {
    if (each.pid.$pid === pid.$pid) return handlerEnded(state, id, each, reason, self)
  }
  if (pid.$pid === state.epoch.$pid) self.exit(reason)
  return again(state)
}

/** On a fresh thread; until it is there, whoever logs on it hands its events over. */
function replaceAgent(state: Logger, scheduler: number, self: Self): void {
  startAgent(state, scheduler, self)
  const message = { type: '$agents', agents: [...state.agents.values()] }
  for (const each of state.gates.values()) self.send(each.pid, message)
}

const isOverload = (reason: ExitReason): boolean => {
  if (!Array.isArray(reason)) return reason === 'killed'
  const [what, detail] = reason as readonly unknown[]
  return (
    what === 'mailbox_full' || (what === 'shutdown' && Array.isArray(detail) && detail[0] === 'overloaded')
  )
}

function handlerEnded(state: Logger, id: string, { ledger }: Post, reason: ExitReason, self: Self): Result {
  const config = state.book.handlers.get(id)
  state.gates.delete(id)
  state.book.handlers.delete(id)
  publish(state, self)
  if (config === undefined) return again(state)
  const isDown = Array.isArray(reason) && reason[0] === 'scheduler_down'
  const again_: Restart = { type: '$restart', config, ledger }
  if (isDown) return restart(state, again_, self)
  const facts = { handler: id, reason, lostCount: lostIn(ledger) }
  const { kill } = config.overload
  if (kill !== false && isOverload(reason)) {
    tellReport(state, self, 'handler_overloaded', facts)
    if (kill.restartAfterMs !== Infinity) self.sendAfter(kill.restartAfterMs, self.pid, again_)
  } else {
    tellReport(state, self, 'removed_failing_handler', facts)
  }
  return again(state)
}

async function restartSteps(
  state: Logger,
  { config, ledger }: Restart,
  self: Self,
): Promise<Fault | undefined> {
  // Somebody else has that id meanwhile.
  if (state.book.handlers.has(config.id)) return undefined
  try {
    const fault = await startHandler(state, config, self, ledger)
    publish(state, self)
    return fault
  } catch (error) {
    // Its scheduler will not come back, say: the other handlers go on.
    return new Fault(['handler_not_added', reasonOfThrown(error)])
  }
}

function restart(state: Logger, it: Restart, self: Self): Result {
  const { config } = it
  return restartSteps(state, it, self).then((fault) => {
    if (fault !== undefined) {
      tellReport(state, self, 'handler_not_restarted', { handler: config.id, reason: fault.reason })
    }
    return again(state)
  })
}

function shutDown(state: Logger, reason: ExitReason, self: Self): Result {
  const gates = [...state.gates.values()]
  return Promise.all(gates.map(({ pid }) => endGate(pid, self))).then(() => done(reason))
}

// ---- requests ----

function asked(state: Logger, envelope: CallEnvelope, self: Self): Result {
  const { from } = envelope
  const request = envelope.request as LoggerRequest
  if (request.inCallback === true) {
    refuseCallback(envelope, self)
    return again(state)
  }
  if (request.$call === 'poll') {
    if (request.arg !== state.published.version) self.reply(from, newsOf(state))
    else state.pollers.push(from)
    return again(state)
  }
  if (request.$call === 'kernel_report') {
    tell(state, self, kernelEvent(request.arg as KernelReport, self))
    self.reply(from, { status: 'ok', value: undefined })
    return again(state)
  }
  // To whom it may concern: the handler answers.
  if (request.$call === 'forward') {
    const { id, request: inner } = request.arg as { readonly id: string; readonly request: unknown }
    const pid = state.gates.get(id)?.pid
    if (pid === undefined) self.reply(from, { status: 'error', reason: ['not_found', id] })
    else self.send(pid, { type: '$call', from, request: inner })
    return again(state)
  }
  return answer(state, request, from, self)
}

async function answer(state: Logger, request: LoggerRequest, from: From, self: Self): Promise<Turn<Logger>> {
  const { hasChanged, result } = await answerRequest(state, request, self)
  if (hasChanged) {
    publish(state, self)
    await held(state, self)
  }
  self.reply(from, result)
  return again(state)
}

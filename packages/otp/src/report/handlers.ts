/**
 * How the logger starts, changes and ends handlers. It waits for them, with limits; what asks the logger meanwhile waits, too, except
 * what comes from a handler's own callback, which is refused.
 */

import {
  type CallEnvelope,
  type ExitReason,
  exit,
  oneOf,
  type Pid,
  type Self,
  TIMEOUT,
  where,
} from '@heddle/scheduler'
import { addFilter, removeFilter } from './book.ts'
import { Fault, type HandlerConfig } from './config.ts'
import type { FilterSpec } from './filter.ts'
import { type FunRef, loadAll } from './fun.ts'
import { type GateArgument, type GateChanged, type GateReady, gate } from './gate.ts'
import { type Ledger, lostIn, newLedger } from './ledger.ts'
import type { Logger, LoggerResult } from './publish.ts'
import type { LoggerRequest } from './request.ts'

/** What asks the logger from a handler's own callback, for which the logger waits, is refused. */
const fromCallback = where<CallEnvelope>((message) => {
  const it = message as Partial<CallEnvelope> | null
  return it?.type === '$call' && (it.request as Partial<LoggerRequest> | null)?.inCallback === true
})

export function refuseCallback({ from, request }: CallEnvelope, self: Self): void {
  const { $call, arg } = request as LoggerRequest
  const reason = ['attempting_syncronous_call_to_self', [$call, arg]]
  self.reply(from, { status: 'error', reason } satisfies LoggerResult)
}

/** How long a handler may take to start, change or end. */
const HANDLER_MS_MAX = 5_000
const CLOSE_MS_MAX = 2_000

/** Starts a handler that is not in the book yet; then it is. `before`: it is to follow one that has ended, and tells of that. */
export async function startHandler(
  state: Logger,
  config: HandlerConfig,
  self: Self,
  before?: Ledger,
): Promise<Fault | undefined> {
  const { argument, agents } = state
  const missing = await loadAll([...config.filters.map(({ fun }) => fun), config.kind] as FunRef<unknown>[])
  if (missing.length > 0) return new Fault(['unknown_function', missing[0]?.$fun])
  const ledger = newLedger()
  const given = {
    server: self.pid,
    config,
    originUs: argument.originUs,
    agents: [...agents.values()],
    ledger,
    lostBefore: before && lostIn(before),
  } satisfies GateArgument
  const { kill } = config.overload
  const limits =
    kill === false
      ? {}
      : {
          maxMailbox: { count: kill.queueLength, onFull: 'exit' as const },
          maxHeapBytes: { bytes: kill.bytes, kill: true, report: false },
        }
  const { scheduler = 'local' } = config
  const pid = self.spawnLink(gate, given, { ...limits, scheduler })
  const ready = where<GateReady>((message) => {
    const it = message as Partial<GateReady> | null
    return it?.type === '$gate_ready' && it.pid?.$pid === pid.$pid
  })
  for (;;) {
    const message = await self.receive(oneOf(ready, exit(pid), fromCallback), { afterMs: HANDLER_MS_MAX })
    if (message === TIMEOUT) {
      self.unlink(pid)
      self.exit(pid, 'kill')
      return new Fault(['handler_not_added', 'timeout'])
    }
    if (message.type === '$call') refuseCallback(message, self)
    else if (message.type === 'EXIT') return new Fault(['handler_not_added', message.reason])
    else {
      state.book.handlers.set(config.id, message.config)
      state.gates.set(config.id, { pid, ledger })
      return undefined
    }
  }
}

/** Ends a handler: it writes what it has, closes its device, and is out of the book. */
export async function stopHandler(state: Logger, id: string, self: Self): Promise<void> {
  const pid = state.gates.get(id)?.pid
  state.gates.delete(id)
  state.book.handlers.delete(id)
  if (pid !== undefined) await endGate(pid, self)
}

export async function endGate(pid: Pid, self: Self): Promise<void> {
  self.exit(pid, 'shutdown')
  for (;;) {
    const message = await self.receive(oneOf(exit(pid), fromCallback), { afterMs: CLOSE_MS_MAX })
    if (message === TIMEOUT) {
      self.exit(pid, 'kill')
      return
    }
    if (message.type === 'EXIT') return
    refuseCallback(message, self)
  }
}

/** Changes a handler; then the book says so. */
export async function changeHandler(
  state: Logger,
  config: HandlerConfig,
  self: Self,
): Promise<Fault | undefined> {
  const { id } = config
  const pid = state.gates.get(id)?.pid
  const missing = await loadAll(config.filters.map(({ fun }) => fun))
  if (missing.length > 0) return new Fault(['unknown_function', missing[0]?.$fun])
  if (pid === undefined) return new Fault(['not_found', id])
  self.send(pid, { type: '$change', config })
  const changed = where<GateChanged>((message) => {
    const it = message as Partial<GateChanged> | null
    return it?.type === '$gate_changed' && it.pid?.$pid === pid.$pid
  })
  for (;;) {
    const message = await self.receive(oneOf(changed, fromCallback), { afterMs: HANDLER_MS_MAX })
    if (message === TIMEOUT) return new Fault('timeout')
    if (message.type === '$call') refuseCallback(message, self)
    else if ('reason' in message.result) return new Fault(message.result.reason as ExitReason)
    else {
      state.book.handlers.set(id, { ...config, config: message.result.config })
      return undefined
    }
  }
}

/** Adds a filter, once its code is known to be there. */
export async function addFilterTo(
  state: Logger,
  owner: string | undefined,
  id: string,
  spec: FilterSpec,
): Promise<Fault | undefined> {
  const fault = addFilter(state.book, owner, id, spec)
  if (fault !== undefined) return fault
  const missing = await loadAll([spec.fun])
  if (missing.length === 0) return undefined
  removeFilter(state.book, owner, id)
  return new Fault(['unknown_function', missing[0]?.$fun])
}

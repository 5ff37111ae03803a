/**
 * The event manager's process, on the floor of all behaviours: from a message to what is done with the handlers, and from
 * that to the next rest. What is no request of its own, of whatever kind, is a message to all handlers.
 *
 * Source of the rules: OTP's `gen_event`.
 */

import { isDeepStrictEqual } from 'node:util'
import {
  type BodyResult,
  type CallEnvelope,
  type CastMessage,
  type ExitMessage,
  type ExitReason,
  type From,
  HeddleError,
  isPid,
  type Self,
} from '@heddle/scheduler'
import { type Behaviour, defineBehaviour } from '../../gen/behaviour.ts'
import type { Birth } from '../../gen/birth.ts'
import { newCore, rest, restHibernating } from '../../gen/core.ts'
import type { DebugEvent } from '../../gen/debug.ts'
import type { ServerDef } from '../../gen/definition.ts'
import { endProcess, exitCause } from '../../gen/ending.ts'
import { isDoomed, type Mode } from '../../gen/handle-system.ts'
import { initialise, stopInit } from '../../gen/initialise.ts'
import { nameOf } from '../../gen/name.ts'
import { after, isStep, type Towards } from '../../gen/step.ts'
import { settled, type Walk, walk } from '../../gen/walk.ts'
import { type HandlerKey, idOf, type Manager, withoutCode } from './handlers.ts'
import { formatted } from './report.ts'
import {
  add,
  call,
  changeCode,
  inWords,
  notify,
  processEnded,
  type Request,
  remove,
  stopAll,
  swap,
} from './run.ts'

type First = (argument: unknown, self: Self) => unknown

/** What stands in the messages. */
interface Requests {
  syncNotify: unknown
  addHandler: Addition
  addSupHandler: Addition
  deleteHandler: Addition
  swapHandler: Swap
  swapSupHandler: Swap
  call: { readonly handler: HandlerKey; readonly request: Request }
  whichHandlers: undefined
}

interface Addition {
  readonly handler: HandlerKey
  readonly argument: unknown
}

interface Swap extends Addition {
  readonly next: HandlerKey
  readonly init: unknown
}

/** Registers a manager with the scheduler; its address. */
export function defineManager(
  url: string,
  name: string,
  first: First | undefined,
): ServerDef<never, unknown>['$'] {
  const behaviour: Behaviour<Manager> = {
    module: 'gen_event',
    name,
    begin: (birth, self) => begin(birth, first, self),
    handle,
    end: (manager, reason, self) => end(manager, reason, self),
    getState: ({ handlers }) => handlers.map(({ name: of, mark, state }) => [of, mark ?? false, state]),
    replaceState,
    changeCode: (manager, from, extra, self, module) => walk(changeCode(manager, module, from, extra, self)),
    formatStatus,
    formatEvent,
    pack: (manager) => ({ ...manager, handlers: manager.handlers.map(withoutCode) }),
    needs: ({ handlers }) => handlers.map(({ url: of, name: each }) => ({ url: of, name: each })),
  }
  return defineBehaviour(url, behaviour, { source: () => String(first) })
}

// ---- birth and end ----

function begin(birth: Birth, first: First | undefined, self: Self): Towards<Manager> {
  self.trapExit(true)
  const manager: Manager = { ...newCore(birth), handlers: [] }
  return initialise(
    birth,
    self,
    () => walk(addFirst(manager, first, birth.argument, self)),
    (result) => (result === manager ? { goOn: () => manager } : undefined),
  )
}

function* addFirst(manager: Manager, first: First | undefined, argument: unknown, self: Self): Walk<unknown> {
  const list = (yield* settled(first?.(argument, self) ?? [])) as readonly Addition[]
  for (const one of list) {
    const { result } = yield* add(manager, one.handler, one.argument, undefined, self)
    if (result.status === 'error') {
      return stopInit(['failed_to_add_handler', idOf(one.handler), result.reason])
    }
  }
  return manager
}

function end(manager: Manager, reason: ExitReason, self: Self): BodyResult<Manager> {
  const terminate = () => walk(stopAll(manager, manager.parent, self))
  return endProcess(self, exitCause(reason), { terminate })
}

// ---- messages ----

interface Incoming {
  readonly $cast?: unknown
  readonly type?: unknown
}

function handle(manager: Manager, message: unknown, self: Self): BodyResult<Manager> {
  if (typeof message === 'object' && message !== null) {
    const { $cast, type } = message as Incoming
    if ($cast === 'notify') {
      return next(manager, notify(manager, 'event', (message as CastMessage<unknown>).arg, self))
    }
    if (type === '$call') {
      const { from, request } = message as CallEnvelope
      const { $call, arg } = (request ?? {}) as { $call?: string; arg?: never }
      if ($call !== undefined && Object.hasOwn(CALLS, $call)) {
        return CALLS[$call as keyof Requests](manager, arg as never, self, from)
      }
    }
    if (type === 'EXIT' && isPid((message as ExitMessage).pid)) {
      return next(manager, processEnded(manager, message as ExitMessage, self))
    }
  }
  return next(manager, notify(manager, 'info', message, self))
}

/** From whether to hibernate to the next rest. */
function next(manager: Manager, hibernates: Towards<boolean>): BodyResult<Manager> {
  if (hibernates === false) return rest(manager)
  if (!isStep(hibernates)) return restHibernating(manager)
  return after(hibernates, (now: boolean) => (now ? restHibernating(manager) : rest(manager)))
}

type Call<Name extends keyof Requests> = (
  manager: Manager,
  argument: Requests[Name],
  self: Self,
  from: From,
) => BodyResult<Manager>

const CALLS: { readonly [Name in keyof Requests]: Call<Name> } = {
  syncNotify: (manager, event, self, from) => {
    const hibernates = notify(manager, 'event', event, self)
    const answered = (now: boolean): boolean => {
      self.reply(from, 'ok')
      return now
    }
    return next(manager, isStep(hibernates) ? after(hibernates, answered) : answered(hibernates as boolean))
  },
  addHandler: (manager, { handler, argument }, self, from) =>
    serve(manager, self, from, add(manager, handler, argument, undefined, self)),
  addSupHandler: (manager, { handler, argument }, self, from) =>
    serve(manager, self, from, add(manager, handler, argument, from.pid, self)),
  deleteHandler: (manager, { handler, argument }, self, from) =>
    serve(manager, self, from, remove(manager, handler, argument, self)),
  swapHandler: (manager, { handler, argument, next: other, init }, self, from) =>
    serve(manager, self, from, swap(manager, handler, argument, other, init, undefined, self)),
  swapSupHandler: (manager, { handler, argument, next: other, init }, self, from) =>
    serve(manager, self, from, swap(manager, handler, argument, other, init, from.pid, self)),
  call: (manager, { handler, request }, self, from) =>
    next(manager, call(manager, handler, request, from, self)),
  whichHandlers: (manager, _, self, from) => {
    self.reply(from, manager.handlers.map(idOf))
    return rest(manager)
  },
}

interface Served {
  readonly result: unknown
  readonly hibernates: boolean
}

/** Answers with the result, and rests. */
function serve(manager: Manager, self: Self, from: From, steps: Walk<Served>): BodyResult<Manager> {
  const answered = ({ result, hibernates }: Served): BodyResult<Manager> => {
    try {
      self.reply(from, result)
    } catch (error) {
      if (!(error instanceof HeddleError)) throw error
      // A result that holds something that cannot be cloned is told in words.
      self.reply(from, {
        status: 'error',
        reason: inWords((result as { reason?: unknown }).reason ?? result),
      })
    }
    return next(manager, hibernates)
  }
  return after(walk(steps) as PromiseLike<Served>, answered)
}

// ---- what `sys` asks for ----

/** Each handler's state by itself: what fails, or changes more than the state, leaves that handler as it is. */
function replaceState(manager: Manager, change: (state: unknown) => unknown): unknown {
  return manager.handlers.map((handler) => {
    const current = [handler.name, handler.mark ?? false, handler.state]
    try {
      const changed = change(current) as typeof current
      if (Array.isArray(changed) && isDeepStrictEqual(changed.slice(0, 2), current.slice(0, 2))) {
        handler.state = changed[2]
        return changed
      }
    } catch (thrown) {
      if (isDoomed(thrown)) throw thrown
    }
    return current
  })
}

function formatStatus(manager: Manager, mode: Mode, self: Self): unknown {
  const handlers = manager.handlers.map((handler) => ({
    handler: idOf(handler),
    state: formatted(handler, { state: handler.state }).state,
    supervisor: handler.supervisor,
  }))
  return {
    header: `Status for event handler ${nameOf(manager, self)}`,
    data: {
      status: mode,
      parent: manager.parent === 0 ? self.pid : self.parent,
      loggedEvents: [...(manager.extras?.debug?.log?.events ?? [])],
    },
    items: ['Installed handlers', handlers],
  }
}

function formatEvent([what, message]: DebugEvent, name: string): string {
  const { $cast, arg, type, request } = (message ?? {}) as Partial<CastMessage<unknown> & CallEnvelope>
  if (what === 'in' && $cast === 'notify') return `${name} got event ${JSON.stringify(arg)}`
  const { $call } = (request ?? {}) as { $call?: unknown }
  if (what === 'in' && type === '$call') return `${name} got ${String($call)} ${JSON.stringify(request)}`
  return `${name} ${what} ${JSON.stringify(message)}`
}

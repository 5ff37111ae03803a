/**
 * What an event manager does with its handlers: calls them one after the other, and carries out what becomes of them.
 * The plain path, an event that all of them take and keep at, is a loop; what takes a while, or ends a handler, is a walk.
 *
 * One thing at a time: while a callback waits, nothing else happens to the list.
 */

import {
  type ExitMessage,
  type From,
  formatReason,
  HeddleError,
  type Pid,
  type Self,
} from '@heddle/scheduler'
import type { Towards } from '../../gen/step.ts'
import { settled, type Walk, walk } from '../../gen/walk.ts'
import { Ok, Reply } from '../next.ts'
import { codeAt, type HandlerCode, loadCode } from './code.ts'
import {
  begun,
  type Fate,
  fateOfCall,
  fateOfEvent,
  type HandlerEnd,
  type HandlerResult,
  isFailure,
  noticeOf,
  outcomeOfThrown,
} from './fate.ts'
import {
  CODE,
  drop,
  find,
  type Handler,
  type HandlerKey,
  idOf,
  type Manager,
  newHandler,
  supervisedBy,
  supervisorsOf,
} from './handlers.ts'
import { reportFailure, reportNoInfo } from './report.ts'

/** Whether the manager is to hibernate now. */
type Hibernates = boolean

type Kind = 'event' | 'info'

/** Every handler gets the message, the newest first. */
export function notify(manager: Manager, kind: Kind, message: unknown, self: Self): Towards<Hibernates> {
  for (const handler of manager.handlers) {
    const callback = (handler[CODE] ??= codeAt(handler))?.[kind]
    if (callback === undefined) return walk(notifyFrom(manager, handler, kind, message, self))
    let value: unknown
    try {
      value = callback(handler.state as never, message as never, self)
    } catch (thrown) {
      value = outcomeOfThrown(thrown)
    }
    if (value instanceof Ok && value.options === undefined) {
      handler.state = value.state
    } else return walk(notifyFrom(manager, handler, kind, message, self, value))
  }
  return false
}

/** As `notify`, from this handler on, whose callback came to `value` if it has been called. */
function* notifyFrom(
  manager: Manager,
  from: Handler,
  kind: Kind,
  message: unknown,
  self: Self,
  ...value: [] | [unknown]
): Walk<Hibernates> {
  let hibernates = false
  // The list changes on the way: one that ends goes, and one that takes its place has not to hear of this.
  const rest = manager.handlers.slice(manager.handlers.indexOf(from))
  for (const handler of rest) {
    let outcome: unknown
    if (handler === from && value.length > 0) outcome = yield* outcomeOf(() => value[0])
    else {
      const code = yield* codeOf(handler, self)
      if (kind === 'info' && code !== undefined && code.info === undefined) {
        reportNoInfo(handler, message, self)
        continue
      }
      outcome = yield* called(handler, kind, code?.[kind], message, self)
    }
    const fate = fateOfEvent(outcome)
    const wants = yield* carryOut(manager, handler, fate, message, self)
    hibernates ||= wants
  }
  return hibernates
}

/** What became of this handler happens. Returns whether the manager is to hibernate. */
function* carryOut(
  manager: Manager,
  handler: Handler,
  fate: Fate,
  lastMessage: unknown,
  self: Self,
): Walk<Hibernates> {
  if (fate.do === 'keep') {
    handler.state = fate.state
    return fate.hibernates
  }
  if (fate.do === 'end') {
    yield* terminate(manager, handler, fate.argument, fate.reason, lastMessage, self)
    drop(manager.handlers, handler)
    return false
  }
  const { next, argument, init } = fate
  handler.state = fate.state
  const { supervisor } = handler
  const reason = ['swapped', idOf(next), supervisor] as const
  const value = yield* terminate(manager, handler, argument, reason, lastMessage, self)
  const one = yield* begin(next, init, { value }, supervisor, self)
  if (one.isOk) {
    // In its place.
    manager.handlers.splice(manager.handlers.indexOf(handler), 1, one.handler)
    return one.hibernates
  }
  drop(manager.handlers, handler)
  // The reason is OTP's: why, the report tells.
  const refused = newHandler(next, ['error', one.reason], supervisor)
  reportFailure(manager, refused, one.reason, lastMessage, self)
  tell(refused, 'crash', self)
  return false
}

// ---- one handler ----

/** What stands in a call to a handler. */
export interface Request {
  readonly $request: string
  readonly arg: unknown
}

/** A call to one handler: who called is answered, also if there is no such handler. */
export function call(
  manager: Manager,
  key: HandlerKey,
  request: Request,
  from: From,
  self: Self,
): Towards<Hibernates> {
  const handler = find(manager.handlers, key)
  if (handler === undefined) {
    self.reply(from, { status: 'error', reason: 'bad_module' })
    return false
  }
  const callback = (handler[CODE] ??= codeAt(handler))?.calls?.get(request.$request)
  if (callback === undefined) return walk(callFrom(manager, handler, request, from, self))
  let value: unknown
  try {
    value = callback(handler.state as never, request.arg as never, self)
    if (value instanceof Reply && value.options === undefined) {
      self.reply(from, { status: 'ok', reply: value.reply })
      handler.state = value.state
      return false
    }
  } catch (thrown) {
    // A reply that cannot be sent is the handler's failure, too.
    value = outcomeOfThrown(thrown)
  }
  return walk(callFrom(manager, handler, request, from, self, value))
}

/** The rest of a call, whose callback came to `value` if it has been called. */
function* callFrom(
  manager: Manager,
  handler: Handler,
  request: Request,
  from: From,
  self: Self,
  ...value: [] | [unknown]
): Walk<Hibernates> {
  const outcome = yield* value.length > 0 ? outcomeOf(() => value[0]) : asked(handler, request, self)
  const fate = fateOfCall(outcome)
  if (fate.do !== 'keep') {
    const hibernates = yield* carryOut(manager, handler, fate, request, self)
    answer(fate, from, self)
    return hibernates
  }
  const refusal = answer(fate, from, self)
  const actual = refusal === undefined ? fate : fateOfCall(refusal)
  return yield* carryOut(manager, handler, actual, request, self)
}

function* asked(handler: Handler, { $request, arg }: Request, self: Self): Walk<unknown> {
  const calls = (yield* codeOf(handler, self))?.calls
  const what = calls === undefined ? 'undef' : 'function_clause'
  const run = calls?.get($request) ?? missing(what, `no call '${$request}'`)
  return yield* outcomeOf(() => run(handler.state as never, arg as never, self))
}

/** Answers; if the answer cannot be sent, says so, and returns the outcome that this is. */
function answer({ answer: given }: Fate, from: From, self: Self): unknown {
  try {
    self.reply(from, given)
    return undefined
  } catch (thrown) {
    const outcome = outcomeOfThrown(thrown)
    self.reply(from, { status: 'error', reason: given?.status === 'error' ? inWords(given.reason) : outcome })
    return outcome
  }
}

/** As the scheduler tells of an exit reason that cannot be cloned. */
export function inWords(reason: unknown): unknown {
  return ['unclonable_reason', formatReason(reason)]
}

/** What a request came to, and whether the manager is to hibernate. */
export interface Done {
  readonly result: HandlerResult & { readonly value?: unknown }
  readonly hibernates: Hibernates
}

const failed = (reason: unknown): Done => ({ result: { status: 'error', reason }, hibernates: false })

/** A new handler, the newest. */
export function* add(
  manager: Manager,
  key: HandlerKey,
  argument: unknown,
  supervisor: Pid | undefined,
  self: Self,
): Walk<Done> {
  return yield* addAs(manager, key, argument, undefined, supervisor, self)
}

function* addAs(
  manager: Manager,
  key: HandlerKey,
  argument: unknown,
  swapped: { readonly value: unknown } | undefined,
  supervisor: Pid | undefined,
  self: Self,
): Walk<Done> {
  // It stays, whatever becomes of the handler: another one may need it.
  if (supervisor !== undefined) self.link(supervisor)
  const one = yield* begin(key, argument, swapped, supervisor, self)
  if (!one.isOk) return failed(one.reason)
  manager.handlers.unshift(one.handler)
  return { result: { status: 'ok' }, hibernates: one.hibernates }
}

/** One handler goes; the result is what its `terminate` returned. */
export function* remove(manager: Manager, key: HandlerKey, argument: unknown, self: Self): Walk<Done> {
  const handler = find(manager.handlers, key)
  if (handler === undefined) return failed('module_not_found')
  const { value, isFailed } = yield* ended(manager, handler, argument, 'normal', 'delete', self)
  drop(manager.handlers, handler)
  return isFailed ? failed(value) : { result: { status: 'ok', value }, hibernates: false }
}

/** One handler ends, and another begins with what it left; also if there is none to end. */
export function* swap(
  manager: Manager,
  old: HandlerKey,
  argument: unknown,
  next: HandlerKey,
  init: unknown,
  /** Who is to supervise the new one; default: who supervises the old one. */
  newSupervisor: Pid | undefined,
  self: Self,
): Walk<Done> {
  const handler = find(manager.handlers, old)
  let value: unknown = 'error'
  let supervisor = newSupervisor
  if (handler !== undefined) {
    supervisor ??= handler.supervisor
    value = yield* terminate(manager, handler, argument, ['swapped', idOf(next), supervisor], 'swapped', self)
    drop(manager.handlers, handler)
  }
  return yield* addAs(manager, next, init, { value }, supervisor, self)
}

/** A process that is linked to the manager has ended: those it supervised go, the others hear of it. */
export function processEnded(manager: Manager, message: ExitMessage, self: Self): Towards<Hibernates> {
  const { pid, reason } = message
  const gone = supervisedBy(manager.handlers, pid)
  if (gone.length === 0) return notify(manager, 'info', message, self)
  return walk(
    (function* (): Walk<Hibernates> {
      for (const handler of gone) {
        const lastMessage = ['parent_terminated', [pid, reason]]
        yield* terminate(manager, handler, ['stop', reason], 'shutdown', lastMessage, self)
        drop(manager.handlers, handler)
      }
      const step = notify(manager, 'info', message, self)
      return (yield* settled(step)) as Hibernates
    })(),
  )
}

/** The manager ends. Nobody who supervises a handler is to end with it, but its parent. */
export function* stopAll(manager: Manager, parent: number, self: Self): Walk<void> {
  const supervisors = supervisorsOf(manager.handlers)
  for (const handler of [...manager.handlers])
    yield* terminate(manager, handler, 'stop', 'shutdown', 'stop', self)
  manager.handlers.length = 0
  for (const pid of supervisors) if (pid.$pid !== parent) self.unlink(pid)
}

/** Every handler of this definition has its state brought up to date; if one refuses, nothing has changed. */
export function* changeCode(
  manager: Manager,
  name: string,
  from: unknown,
  extra: unknown,
  self: Self,
): Walk<void> {
  const changed: [Handler, unknown][] = []
  for (const handler of manager.handlers.filter((each) => each.name === name)) {
    const change = (yield* codeOf(handler, self))?.codeChange
    if (change === undefined) continue
    changed.push([handler, yield* settled(change(from as never, handler.state, extra, self))])
  }
  for (const [handler, state] of changed) handler.state = state
}

type BegunHandler =
  | { readonly isOk: true; readonly handler: Handler; readonly hibernates: boolean }
  | { readonly isOk: false; readonly reason: unknown }

function* begin(
  key: HandlerKey,
  argument: unknown,
  swapped: { readonly value: unknown } | undefined,
  supervisor: Pid | undefined,
  self: Self,
): Walk<BegunHandler> {
  const handler = newHandler(key, undefined, supervisor)
  const reason = yield* loaded(handler, self)
  if (reason !== undefined) return { isOk: false, reason: ['EXIT', reason] }
  const { init } = handler[CODE] as HandlerCode
  const result = begun(yield* outcomeOf(() => init(argument as never, self, swapped as never)))
  if (!result.isOk) return result
  handler.state = result.state
  return { isOk: true, handler, hibernates: result.hibernates }
}

/** Runs `terminate`, and tells of the end. Returns what it came to. */
function* terminate(
  manager: Manager,
  handler: Handler,
  argument: unknown,
  reason: HandlerEnd,
  lastMessage: unknown,
  self: Self,
): Walk<unknown> {
  return (yield* ended(manager, handler, argument, reason, lastMessage, self)).value
}

function* ended(
  manager: Manager,
  handler: Handler,
  argument: unknown,
  reason: HandlerEnd,
  lastMessage: unknown,
  self: Self,
): Walk<{ readonly value: unknown; readonly isFailed: boolean }> {
  const code = yield* codeOf(handler, self)
  let value: unknown = 'ok'
  let isFailed = false
  if (code?.terminate !== undefined) {
    const run = code.terminate
    try {
      value = yield* settled(run(argument, handler.state as never, self))
    } catch (thrown) {
      isFailed = thrown instanceof Error
      value = outcomeOfThrown(thrown)
    }
  }
  if (isFailure(reason)) reportFailure(manager, handler, reason, lastMessage, self)
  tell(handler, reason, self)
  return { value, isFailed }
}

/** Tells whoever supervises a handler that it is gone. */
function tell(handler: Handler, reason: HandlerEnd, self: Self): void {
  if (handler.supervisor === undefined) return
  try {
    self.send(handler.supervisor, noticeOf(handler, self.pid, reason))
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error
    self.send(handler.supervisor, noticeOf(handler, self.pid, inWords(reason)))
  }
}

// ---- callbacks ----

/** What a callback comes to; an exception is an outcome, too. */
function* outcomeOf(run: () => unknown): Walk<unknown> {
  try {
    return yield* settled(run())
  } catch (thrown) {
    return outcomeOfThrown(thrown)
  }
}

function* called(
  handler: Handler,
  kind: Kind,
  callback: HandlerCode['event'],
  message: unknown,
  self: Self,
): Walk<unknown> {
  const run = callback ?? missing('undef', `no callback ${kind === 'event' ? 'handleEvent' : 'handleInfo'}`)
  return yield* outcomeOf(() => run(handler.state as never, message as never, self))
}

function missing(name: 'undef' | 'function_clause', what: string): () => never {
  return () => {
    const error = new Error(`the event handler has ${what}`)
    error.name = name
    throw error
  }
}

/** A handler's code; `undefined` if it cannot be loaded here. */
function* codeOf(handler: Handler, self: Self): Walk<HandlerCode | undefined> {
  yield* loaded(handler, self)
  return handler[CODE]
}

function* loaded(handler: Handler, self: Self): Walk<unknown> {
  handler[CODE] ??= codeAt(handler)
  if (handler[CODE] !== undefined) return undefined
  const reason = yield* settled(loadCode(handler, self))
  handler[CODE] = codeAt(handler)
  return reason
}

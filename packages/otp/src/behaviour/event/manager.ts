/**
 * `eventManager`: a process that any number of event handlers are added to, while it runs. Its definition names the
 * type of its events, and is the constructor of its messages, so that a handler that cannot take them is an
 * error where it is added, and an event of another type where it is sent.
 *
 * Rejected: one manager for all (as OTP has it: nothing would say which events it takes), functions that wait
 * themselves, as OTP's (`self.call`, `vm.call` and `sendRequest` are there, and the message says what it needs of them).
 */

import { type CallMessage, type CastMessage, HeddleError, type Self, type Step } from '@heddle/scheduler'
import type { ServerDef } from '../../gen/definition.ts'
import { type HandlerDef, type HandlerRef, keyOf } from './definition.ts'
import type { HandlerReply, HandlerResult } from './fate.ts'
import type { HandlerRequest } from './handler.ts'
import type { HandlerId, HandlerKey } from './handlers.ts'
import { defineManager } from './serve.ts'

/** The messages of a manager of these events. */
export interface EventApi<E> {
  readonly events: (event: E) => E
}

/** Nothing has to be said of an argument that may be undefined. */
export type Argument<A> = undefined extends A ? [argument?: A] : [argument: A]

/** What `deleteHandler` comes to: what the handler's `terminate` returned. */
export type DeleteResult =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'error'; readonly reason: unknown }

/**
 * The messages of a manager. All but `call` wait as long as it takes, unless the caller sets a limit. They fail only if
 * the manager does; what goes wrong with a handler is in the result.
 */
export interface EventMessages<E> {
  /** To be cast: every handler gets the event, the newest first. `self.send` it to hear of a name that nobody has. */
  notify(event: E): CastMessage<EventApi<E>>
  /** Answered when every handler has handled it. */
  syncNotify(event: E): CallMessage<EventApi<E>, 'ok'>
  /** Adds a handler, the newest. Its module is imported if the manager's scheduler has not met it. */
  addHandler<A>(
    handler: HandlerRef<A, E>,
    ...argument: Argument<NoInfer<A>>
  ): CallMessage<EventApi<E>, HandlerResult>
  /**
   * As `addHandler`; the handler is bound to the caller. If the caller ends it is removed, with `terminate(['stop',
   * reason])`; if it is removed the caller gets a `HandlerExit`. The caller is linked to the manager, for good.
   */
  addSupHandler<A>(
    handler: HandlerRef<A, E>,
    ...argument: Argument<NoInfer<A>>
  ): CallMessage<EventApi<E>, HandlerResult>
  /** Removes a handler, with `terminate(argument)`. */
  deleteHandler(handler: HandlerRef<never>, argument?: unknown): CallMessage<EventApi<E>, DeleteResult>
  /**
   * Removes `old`, with `terminate(argument)`, and adds `next`, whose `init` gets what that returned as `swapped`; who
   * supervised the one supervises the other. If `old` is not there `next` is added all the same; if `next` fails,
   * `old` is gone.
   */
  swapHandler<A>(
    old: HandlerRef<never>,
    argument: unknown,
    next: HandlerRef<A, E>,
    ...init: Argument<NoInfer<A>>
  ): CallMessage<EventApi<E>, HandlerResult>
  /** As `swapHandler`; the caller supervises the new one. */
  swapSupHandler<A>(
    old: HandlerRef<never>,
    argument: unknown,
    next: HandlerRef<A, E>,
    ...init: Argument<NoInfer<A>>
  ): CallMessage<EventApi<E>, HandlerResult>
  /** A call to one handler: `readings.call(average, average.mean())`. Within 5,000 ms, unless the caller says. */
  call<C, R>(
    handler: HandlerRef<never, never, C>,
    request: HandlerRequest<NoInfer<C>, R>,
  ): CallMessage<EventApi<E>, HandlerReply<R>>
  /** The newest first. */
  whichHandlers(): CallMessage<EventApi<E>, readonly HandlerId[]>
}

/** A manager's definition: what is started, and the constructors of its messages. */
export type EventManager<E, A = void> = ServerDef<A, EventApi<E>> & Readonly<EventMessages<E>>

declare const events: unique symbol

/** A handler that is there from the start; made by `handler()`. */
export interface FirstHandler<E> {
  readonly handler: HandlerKey
  readonly argument: unknown
  readonly [events]?: (event: E) => void
}

/**
 * A handler that a manager begins with.
 * @example eventManager<number>(import.meta.url, 'readings', () => [handler(average)])
 */
export function handler<A, E>(
  it: HandlerDef<A, E> | HandlerRef<A, E>,
  ...argument: Argument<NoInfer<A>>
): FirstHandler<E> {
  return { handler: keyOf(it), argument: argument[0] }
}

/**
 * Defines an event manager that any scheduler can run. It traps exits; it ends when its parent does, or when it is
 * stopped. A handler that fails is removed, and the manager lives.
 *
 * @param first the handlers that are there from the start, in the order in which they are added. If one cannot be added the
 *   start comes to `['failed_to_add_handler', id, reason]`.
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const readings = eventManager<number>(import.meta.url, 'readings')
 *          const started = yield* start(self, readings, undefined, { name: 'readings' })
 *          yield* self.call('readings', readings.addHandler(average))
 *          self.cast('readings', readings.notify(21.5))
 */
export function eventManager<E, A = void>(
  url: string,
  name: string,
  first?: (argument: A, self: Self) => Step<readonly FirstHandler<E>[]>,
): EventManager<E, A> {
  if (first !== undefined && typeof first !== 'function') {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'eventManager() takes import.meta.url, a name and a function that says which handlers it begins with',
    )
  }
  const address = defineManager(url, name, first as Parameters<typeof defineManager>[2])
  return Object.freeze({ $: address, ...MESSAGES }) as unknown as EventManager<E, A>
}

const request = (name: string, arg: unknown) => ({
  $call: name,
  arg,
  $module: 'gen_event',
  $timeoutMs: Infinity,
})

const MESSAGES: { readonly [Name in keyof EventMessages<unknown>]: (...given: never) => object } = {
  notify: (event: unknown) => ({ $cast: 'notify', arg: event }),
  syncNotify: (event: unknown) => request('syncNotify', event),
  addHandler: (it: HandlerRef<never>, argument: unknown) =>
    request('addHandler', { handler: keyOf(it), argument }),
  addSupHandler: (it: HandlerRef<never>, argument: unknown) =>
    request('addSupHandler', { handler: keyOf(it), argument }),
  deleteHandler: (it: HandlerRef<never>, argument: unknown) =>
    request('deleteHandler', { handler: keyOf(it), argument }),
  swapHandler: (old: HandlerRef<never>, argument: unknown, next: HandlerRef<never>, init: unknown) =>
    request('swapHandler', { handler: keyOf(old), argument, next: keyOf(next), init }),
  swapSupHandler: (old: HandlerRef<never>, argument: unknown, next: HandlerRef<never>, init: unknown) =>
    request('swapSupHandler', { handler: keyOf(old), argument, next: keyOf(next), init }),
  call: (it: HandlerRef<never>, { $request, arg }: HandlerRequest<unknown, unknown>) => ({
    $call: 'call',
    arg: { handler: keyOf(it), request: { $request, arg } },
    $module: 'gen_event',
  }),
  whichHandlers: () => request('whichHandlers', undefined),
}

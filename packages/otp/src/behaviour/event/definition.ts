/**
 * What names an event handler: its definition, or that and a mark which tells it from others of the same definition. The
 * types are phantoms: what `init` takes, which events it handles, which calls.
 */

import { type DefinitionAddress, HeddleError } from '@heddle/scheduler'
import { type HandlerKey, type HandlerMark, isMark } from './handlers.ts'

declare const typed: unique symbol

/** An event handler's address, and its types. */
export interface HandlerDef<A, E = never, C = unknown> {
  readonly $: DefinitionAddress & { readonly isEventHandler: true }
  /** Never there. */
  readonly [typed]?: {
    readonly argument: (argument: A) => void
    readonly event: (event: E) => void
    readonly calls: C
  }
}

/** A handler in a manager: of this definition, or the one of them that was added with this mark. */
export type HandlerRef<A, E = never, C = unknown> =
  | HandlerDef<A, E, C>
  | readonly [handler: HandlerDef<A, E, C>, mark: HandlerMark]

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function keyOf(handler: HandlerRef<never>): HandlerKey {
  const [definition, ...marks] = Array.isArray(handler) ? handler : [handler]
  const address = (definition as Partial<HandlerDef<never>> | undefined)?.$
  if (address?.isEventHandler !== true || marks.length > 1 || !marks.every(isMark)) {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'not an event handler: it is what eventHandler() returned, or [that, a string, number, pid or reference]',
    )
  }
  return { url: address.url, name: address.name, mark: marks[0] }
}

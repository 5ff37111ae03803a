/**
 * Errors, taken apart and put together again. `structuredClone` keeps an error's standard type, message,
 * stack and cause. Ours keeps besides what makes an error useful to whoever handles it: own enumerable
 * fields (`code`), a name that is not a standard one, and the `errors` of an AggregateError.
 */

import type { PlainObject } from './shape-sites.ts'

const CONSTRUCTORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const
const TYPE_NAMES: readonly string[] = CONSTRUCTORS.map(({ name }) => name)

export interface ErrorParts {
  /** The standard type's number; the wire has it too, so append only. */
  readonly type: number
  readonly message: string | undefined
  readonly stack: string | undefined
  /** Its name, where neither the standard type nor a field says it. */
  readonly name: string | undefined
  /** `cause` and `errors`: properties that enumeration does not show. */
  readonly hidden: PlainObject
  readonly fields: PlainObject
}

export function errorParts(error: Error): ErrorParts {
  const own = (key: string): unknown => Object.getOwnPropertyDescriptor(error, key)?.value
  const isField = (key: string) => Object.prototype.propertyIsEnumerable.call(error, key)
  const { name } = error
  const type = Math.max(0, TYPE_NAMES.indexOf(name))
  const message = own('message')
  const stack = Object.hasOwn(error, 'stack') ? error.stack : undefined
  const hidden: PlainObject = {}
  if (Object.hasOwn(error, 'cause')) hidden.cause = own('cause')
  if (Object.hasOwn(error, 'errors') && !isField('errors')) hidden.errors = own('errors')
  const { stack: _stack, message: _message, cause: _cause, ...fields } = error as Error & PlainObject
  return {
    type,
    message: message === undefined ? undefined : `${message}`,
    stack: typeof stack === 'string' ? stack : undefined,
    name: typeof name === 'string' && name !== TYPE_NAMES[type] && !isField('name') ? name : undefined,
    hidden,
    fields,
  }
}

/** The error without what its contents hold, which may lead back to it. */
export function makeError(parts: Omit<ErrorParts, 'hidden' | 'fields'>): Error {
  const { type, message, stack, name } = parts
  const error = withoutTrace(() => new (CONSTRUCTORS[type] as ErrorConstructor)(message))
  hide(error, 'stack', stack)
  if (name !== undefined) hide(error, 'name', name)
  return error
}

/** A stack trace is what an error costs most, and this one would be thrown away. */
function withoutTrace<T>(make: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

export function fillError(error: Error, hidden: PlainObject, fields: PlainObject): void {
  for (const [key, value] of Object.entries(hidden)) hide(error, key, value)
  for (const [key, value] of Object.entries(fields)) show(error, key, value)
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true })
}

function show(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true })
}

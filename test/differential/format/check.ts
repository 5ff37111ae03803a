// What a format is described with: a check looks at one JSON value and says where it is wrong. Checks are made of
// checks, so that the format's tables (actions.ts, servers.ts, …) read like the page that defines it.

/** Says nothing if the value fits; throws `Malformed` otherwise. `at` is the path to the value. */
export type Check = (value: unknown, at: string) => void

export class Malformed extends Error {
  readonly at: string
  readonly reason: string
  constructor(at: string, reason: string) {
    super(`${at}: ${reason}`)
    this.name = 'Malformed'
    this.at = at
    this.reason = reason
  }
}

export function refuse(at: string, expected: string, value: unknown): never {
  throw new Malformed(at, `expected ${expected}, not ${brief(value)}`)
}

function brief(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const text: Check = (value, at) => {
  if (typeof value !== 'string' || value === '') refuse(at, 'a string', value)
}

export const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') refuse(at, 'true or false', value)
}

/** A count or a duration. */
export const count: Check = (value, at) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(at, 'an integer from 0', value)
}

export const nothing: Check = (value, at) => {
  if (value !== null) refuse(at, 'null', value)
}

/** One of these strings. */
export function word(...words: readonly string[]): Check {
  const expected = words.map((each) => `"${each}"`).join(' or ')
  return (value, at) => {
    if (!words.includes(value as string)) refuse(at, expected, value)
  }
}

export function label(pattern: RegExp, expected: string): Check {
  return (value, at) => {
    if (typeof value !== 'string' || !pattern.test(value)) refuse(at, expected, value)
  }
}

export function list(each: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) refuse(at, 'a list', value)
    for (const [index, item] of value.entries()) each(item, `${at}[${index}]`)
  }
}

/** The first whose shape fits decides; what is wrong inside it is then said as it says it. */
export function either(
  expected: string,
  ...cases: readonly [fits: (value: unknown) => boolean, Check][]
): Check {
  return (value, at) => {
    const found = cases.find(([fits]) => fits(value))
    if (found === undefined) refuse(at, expected, value)
    found[1](value, at)
  }
}

export const isText = (value: unknown): boolean => typeof value === 'string'
export const isNumber = (value: unknown): boolean => typeof value === 'number'
export const isList = (value: unknown): boolean => Array.isArray(value)
export const isNull = (value: unknown): boolean => value === null
export const isAny = (): boolean => true
/** An object with just this key. */
export const has =
  (key: string) =>
  (value: unknown): boolean =>
    isObject(value) && key in value

/** For checks that mention each other. */
export function later(check: () => Check): Check {
  return (value, at) => check()(value, at)
}

const optional: unique symbol = Symbol('optional')
type Optional = Check & { readonly [optional]: true }

/** A key or an argument that may be left out. */
export function maybe(check: Check): Check {
  const wrapped: Check = (value, at) => check(value, at)
  return Object.assign(wrapped, { [optional]: true })
}

const isOptional = (check: Check): check is Optional => optional in check

/** An object with these keys and no others. */
export function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    if (!isObject(value)) refuse(at, 'an object', value)
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key))
    if (unknown !== undefined) throw new Malformed(at, `it has no key "${unknown}"`)
    for (const [key, check] of Object.entries(fields)) {
      if (Object.hasOwn(value, key)) check(value[key], `${at}.${key}`)
      else if (!isOptional(check)) throw new Malformed(at, `the key "${key}" is missing`)
    }
  }
}

/** A list of just these, in this order; optional ones stand last. */
export function row(...columns: readonly Check[]): Check {
  return (value, at) => {
    if (!Array.isArray(value)) refuse(at, 'a list', value)
    columnsFit(value, columns, at, 0)
  }
}

function columnsFit(value: readonly unknown[], columns: readonly Check[], at: string, from: number): void {
  const least = columns.filter((column) => !isOptional(column)).length
  const given = value.length - from
  if (given < least || given > columns.length) {
    const expected = least === columns.length ? `${least}` : `${least} to ${columns.length}`
    throw new Malformed(at, `expected ${expected} arguments, not ${given}`)
  }
  for (const [index, item] of value.slice(from).entries()) columns[index]?.(item, `${at}[${from + index}]`)
}

/** What stands behind the name in `["name", …]`; more than one shape if the list's length decides. */
export type Rows = Readonly<Record<string, readonly Check[]>>

/** A list whose first element names its shape. */
export function tagged(what: string, rows: Rows): Check {
  return (value, at) => {
    const name = Array.isArray(value) ? value[0] : undefined
    if (!Array.isArray(value) || typeof name !== 'string') refuse(at, `${what}: ["name", ...]`, value)
    const columns = Object.hasOwn(rows, name) ? rows[name] : undefined
    if (columns === undefined) throw new Malformed(`${at}[0]`, `there is no ${what} "${name}"`)
    columnsFit(value, columns, at, 1)
  }
}

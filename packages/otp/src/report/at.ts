/**
 * Log functions: one for each level. Those of a module (`logger.at(import.meta.url)`) say where in the code an event comes from,
 * and obey the level that was set for that module: what OTP's macros do.
 */

import type { Caller } from '../door/caller.ts'
import type { Source, UserMeta } from './event.ts'
import type { Level } from './level.ts'
import { logFrom, type Message, NO_ORIGIN, type Origin, type Rest } from './log.ts'

/**
 * Logs: a text, a text with arguments (`%s`, `%d`, `%o`, … as of Node's `util.format`), a report, or a function that comes to one of
 * these, called only if the event is wanted. Metadata come last.
 *
 * Never waits. What cannot be cloned is told in words.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT: the first argument is neither a process's self nor the VM, or there is no such level; nothing
 *   else
 */
export type LogFunction = {
  (by: Caller, message: Message, meta?: UserMeta): void
  (by: Caller, text: string | (() => string), args: readonly unknown[], meta?: UserMeta): void
}

export type LogFunctions = Readonly<Record<Level, LogFunction>> & {
  /** Where the level is a variable. */
  log(by: Caller, level: Level, message: Message, ...rest: Rest): void
}

type Plain = (by: Caller, message: Message, ...rest: Rest) => void

export function functionsFor(originOf: (below: unknown) => Origin): LogFunctions {
  const of = (level: Level): LogFunction => {
    const log: Plain = (by, message, ...rest) => {
      logFrom(by, level, message, rest, originOf(log))
    }
    return log as unknown as LogFunction
  }
  const log: LogFunctions['log'] = (by, level, message, ...rest) => {
    logFrom(by, level, message, rest, originOf(log))
  }
  return {
    emergency: of('emergency'),
    alert: of('alert'),
    critical: of('critical'),
    error: of('error'),
    warning: of('warning'),
    notice: of('notice'),
    info: of('info'),
    debug: of('debug'),
    log,
  }
}

export const plainFunctions: LogFunctions = functionsFor(() => NO_ORIGIN)

/**
 * The log functions of a module: their events say which module, function and line, and a level that was set for the module counts.
 *
 * @param url always `import.meta.url`
 * @param meta goes into every event of the module: its domain, say
 * @example const log = logger.at(import.meta.url, { domain: ['shop', 'orders'] })
 * log.notice(self, 'order %s is late', [order.id])
 */
export function at(url: string, meta: UserMeta = {}): LogFunctions {
  return functionsFor((below) => {
    // Only if the event is wanted: a look at the stack takes microseconds.
    return { module: url, meta: () => ({ source: sourceOf(url, below), ...meta }) }
  })
}

interface Site {
  getFunctionName(): string | null
  getLineNumber(): number | null
}

const asSites = (_error: unknown, sites: unknown): unknown => sites

/** Function and line of whoever called `below`. The frames themselves: their text costs ten times as much. */
function sourceOf(url: string, below: unknown): Source {
  const found: { stack?: unknown } = {}
  const { stackTraceLimit, prepareStackTrace } = Error
  Error.stackTraceLimit = 1
  Error.prepareStackTrace = asSites
  Error.captureStackTrace(found, below as () => void)
  const [site] = found.stack as readonly Site[]
  Error.stackTraceLimit = stackTraceLimit
  Error.prepareStackTrace = prepareStackTrace
  const name = site?.getFunctionName()
  const line = site?.getLineNumber()
  return {
    url,
    ...(typeof name === 'string' ? { function: name } : {}),
    ...(typeof line === 'number' ? { line } : {}),
  }
}

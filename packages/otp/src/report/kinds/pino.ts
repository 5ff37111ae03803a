/**
 * pino: events go to a pino logger, with its levels, and with what the event knows as fields. The logger is made by a function of
 * yours, on the scheduler where the handler runs: so all of pino's options and transports are there, this package does not
 * depend on pino, and anything with pino's methods will do.
 */

import { format } from 'node:util'
import { isReportEvent, type LogEvent } from '../event.ts'
import { type FunRef, lookUp, named } from '../fun.ts'
import { handlerKind } from '../kind.ts'
import type { Level } from '../level.ts'
import { reportText } from '../report-text.ts'

type PinoLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug'
type PinoMethod = (fields: Readonly<Record<string, unknown>>, message?: string) => void

/** What this handler needs of a pino logger. */
export interface PinoLike extends Readonly<Record<PinoLevel, PinoMethod>> {
  flush?(done?: (error?: Error) => void): void
}

const LEVELS: Readonly<Record<Level, PinoLevel>> = {
  emergency: 'fatal',
  alert: 'fatal',
  critical: 'fatal',
  error: 'error',
  warning: 'warn',
  notice: 'info',
  info: 'info',
  debug: 'debug',
}

export type PinoMaker = () => PinoLike

export interface PinoConfig {
  readonly make: FunRef<PinoMaker>
}

/** pino loggers are no plain data; they belong to their thread. */
const made = new Map<string, PinoLike>()

function pinoOf({ make }: PinoConfig): PinoLike {
  const key = `${make.$fun.name}\n${make.$fun.url}`
  const known = made.get(key)
  if (known !== undefined) return known
  const maker = lookUp(make)
  if (maker === undefined) throw new Error(`there is no function '${make.$fun.name}' in ${make.$fun.url}`)
  const pino = maker()
  made.set(key, pino)
  return pino
}

const REPORT_LIMITS = { depth: 8, charsLimit: 10_000, singleLine: true }

function write(pino: PinoLike, event: LogEvent): void {
  const { pid, groupLeader: _groupLeader, timeUs, nowMs: _nowMs, ...meta } = event.meta
  const level = event.level
  // pino's own `time` is when it was asked, `pid` the system's.
  const fields = { ...meta, severity: level, process: pid.$pid, eventTime: timeUs / 1_000 }
  const log = pino[LEVELS[level]]
  if (isReportEvent(event)) {
    log.call(pino, { ...fields, report: event.report }, reportText(event.report, REPORT_LIMITS))
  } else {
    log.call(pino, fields, event.args === undefined ? event.msg : format(event.msg, ...event.args))
  }
}

const pinoKind = handlerKind<PinoConfig, PinoConfig>(import.meta.url, 'pino', {
  open: async (config) => {
    const { loadAll } = await import('../fun.ts')
    await loadAll([config.make])
    pinoOf(config)
    return config
  },
  writeEvents: (state, events) => {
    const pino = pinoOf(state)
    for (const event of events) write(pino, event)
    return state
  },
  sync: (state) =>
    new Promise((resolve) => {
      const pino = pinoOf(state)
      if (pino.flush === undefined) resolve(state)
      else pino.flush(() => resolve(state))
    }),
})

/**
 * Hands events to a pino logger that `make` makes, once on each scheduler that runs such a handler.
 *
 * @param url always `import.meta.url`
 * @param name unique in its module
 * @example import { pino } from 'pino'
 * export const toPino = pinoHandler(import.meta.url, 'toPino', () => pino({ level: 'debug' }))
 * logger.addHandler(self, 'pino', toPino())
 */
export function pinoHandler(url: string, name: string, make: PinoMaker): () => ReturnType<typeof pinoKind> {
  const ref = named(url, name, make)
  return () => pinoKind({ make: ref })
}

/**
 * Switching debugging on and off: the requests of `sys`, and the option `debug` of a start, which is the same before the
 * process has begun. A record exists while something is on.
 */

import { Exit, HeddleError, type Self } from '@heddle/scheduler'
import { isFunRef } from '../report/fun.ts'
import {
  type Debug,
  type Debugged,
  type DebugInstall,
  type DebugOption,
  install,
  isIdle,
  LOG_COUNT,
  newDebug,
  openLogFile,
  printLog,
  startCounters,
  statisticsOf,
  uninstall,
} from './debug.ts'
import { loadFunction } from './functions.ts'
import { after, isStep, type Towards } from './step.ts'
import type { DebugRequest } from './system-message.ts'

/** Whose debugging it is. */
interface Owner {
  debug: Debug | undefined
  readonly debugged: Debugged
}

/** Does it; comes to what is asked for, if it is a question. Throws an `Exit` to refuse. */
export function setDebug(owner: Owner, request: DebugRequest, self: Self): Towards<unknown> {
  switch (request[0]) {
    case 'trace':
      return change(owner, (debug) => {
        debug.isTracing = request[1]
      })
    case 'log':
      return setLog(owner, request[1])
    case 'log_to_file':
      return change(owner, (debug) => openOrClose(debug, request[1]))
    case 'statistics':
      return setStatistics(owner, request[1], self)
    case 'install':
      return setInstall(owner, request[1])
    case 'remove':
      return change(owner, (debug) => uninstall(debug, request[1]))
    case 'no_debug':
      owner.debug = undefined
      return undefined
    default:
      throw new Exit(['unknown_debug', request])
  }
}

function change(owner: Owner, how: (debug: Debug) => void): void {
  const debug = owner.debug ?? newDebug()
  how(debug)
  owner.debug = isIdle(debug) ? undefined : debug
}

function setLog(owner: Owner, how: boolean | 'get' | 'print' | number): unknown {
  if (how === 'get') return [...(owner.debug?.log?.events ?? [])]
  if (how === 'print') return printLog(owner.debug, owner.debugged)
  change(owner, (debug) => {
    if (how === false) debug.log = undefined
    else {
      const countMax = how === true ? LOG_COUNT : how
      debug.log = { countMax, events: debug.log?.events.slice(-countMax) ?? [] }
    }
  })
  return undefined
}

function openOrClose(debug: Debug, path: string | false): void {
  debug.logFile = undefined
  if (path !== false && !openLogFile(debug, path)) throw new Exit('open_file')
}

function setStatistics(owner: Owner, how: boolean | 'get', self: Self): Towards<unknown> {
  if (how === false) {
    return change(owner, (debug) => {
      debug.counters = undefined
    })
  }
  return after(self.processInfo(self.pid, ['reductions']), (info) => {
    const reductions = info?.reductions ?? 0
    if (how === 'get') return statisticsOf(owner.debug, self, reductions)
    return change(owner, (debug) => startCounters(debug, self, reductions))
  })
}

/** With its code at hand, since events do not wait. */
function setInstall(owner: Owner, given: DebugInstall): Towards<unknown> {
  const loaded = loadFunction(given.function)
  const go = () => change(owner, (debug) => install(debug, given))
  return isStep(loaded) ? after(loaded, go) : go()
}

/** What is on, as options of a start. */
export function debugOptionsOf(debug: Debug | undefined): DebugOption[] {
  if (debug === undefined) return []
  const options: DebugOption[] = []
  if (debug.isTracing) options.push('trace')
  if (debug.log !== undefined) options.push(['log', debug.log.countMax])
  if (debug.logFile !== undefined) options.push(['log_to_file', debug.logFile])
  if (debug.counters !== undefined) options.push('statistics')
  return [...options, ...debug.installed.map((one) => ['install', one] as const)]
}

/** Switches on what a start asks for. What cannot be had is left out, as in OTP. */
export function debugOf(
  options: readonly DebugOption[],
  debugged: Debugged,
  self: Self,
): Towards<Debug | undefined> {
  const owner: Owner = { debug: undefined, debugged }
  let step: Towards<unknown>
  for (const option of options) {
    const request = requestOf(option)
    const next = (): Towards<unknown> => {
      try {
        const done = setDebug(owner, request, self)
        return isStep(done) ? after(done, ignore, ignore) : done
      } catch {
        return undefined
      }
    }
    step = isStep(step) ? after(step, next) : next()
  }
  return isStep(step) ? after(step, () => owner.debug) : owner.debug
}

const ignore = (): undefined => undefined

function requestOf(option: DebugOption): DebugRequest {
  if (option === 'trace' || option === 'log' || option === 'statistics') return [option, true]
  return option as DebugRequest
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function checkDebugOptions(options: readonly DebugOption[]): void {
  const isKnown = (option: DebugOption): boolean => {
    if (!Array.isArray(option)) return ['trace', 'log', 'statistics'].includes(option as string)
    const [what, detail] = option as readonly [string, unknown]
    if (what === 'log') return Number.isInteger(detail) && (detail as number) > 0
    if (what === 'log_to_file') return typeof detail === 'string'
    return what === 'install' && isFunRef((detail as Partial<DebugInstall> | undefined)?.function)
  }
  const wrong = Array.isArray(options) ? options.find((option) => !isKnown(option)) : options
  if (wrong === undefined) return
  throw new HeddleError('ERR_BAD_ARGUMENT', `debug has no option ${JSON.stringify(wrong)}`)
}

/**
 * Debugging a behaviour while it runs: what it takes in and puts out are *events*, and each event goes to whatever is
 * switched on: a log of the last ones, a file, standard output, counters, functions of the user's. Nothing on is no
 * record, and costs a process one load per message.
 *
 * The record is plain data. A file is kept by its name and opened for each line: this is for looking at a process, not
 * for keeping books. Source: OTP's `sys`.
 */

import { appendFileSync, writeFileSync } from 'node:fs'
import type { Self } from '@heddle/scheduler'
import { type FunRef, isFunRef, lookUp } from '../report/fun.ts'

/** What happened: a message came, something went out, a callback was through. A behaviour may have more of its own. */
export type DebugEvent =
  | readonly ['in', message: unknown]
  | readonly ['in', message: unknown, from: unknown]
  | readonly ['out', message: unknown, to: unknown]
  | readonly ['out', message: unknown, to: unknown, state: unknown]
  | readonly ['noreply', state: unknown]
  | readonly [event: string, ...details: unknown[]]

/**
 * Gets its own state, the event, and the process's state; returns its next state, or `done` to be removed. If it
 * throws it is removed. It is not waited for.
 */
export type DebugFunction = (state: never, event: DebugEvent, processState: never) => unknown

/** A debug function, by its own id or by its address, with its first state. */
export interface DebugInstall {
  readonly id?: string
  readonly function: FunRef<DebugFunction>
  readonly state: unknown
}

/** An option of a start, `debug`. */
export type DebugOption =
  | 'trace'
  | 'log'
  | 'statistics'
  | readonly ['log', countMax: number]
  | readonly ['log_to_file', path: string]
  | readonly ['install', DebugInstall]

export interface Statistics {
  readonly startMs: number
  readonly nowMs: number
  readonly reductions: number
  readonly messagesIn: number
  readonly messagesOut: number
}

interface Counters {
  readonly startMs: number
  readonly reductions: number
  messagesIn: number
  messagesOut: number
}

export interface Debug {
  isTracing: boolean
  log: { readonly countMax: number; readonly events: DebugEvent[] } | undefined
  logFile: string | undefined
  counters: Counters | undefined
  installed: DebugInstall[]
}

export const LOG_COUNT = 10

/** How a behaviour words its events, and what it shows of its state. */
export interface Debugged {
  /** What the process is called: its name, or its pid. */
  readonly name: string
  readonly formatEvent?: ((event: DebugEvent, name: string) => string) | undefined
  /** Asked only if somebody is to see it. */
  readonly state: () => unknown
}

export function newDebug(): Debug {
  return { isTracing: false, log: undefined, logFile: undefined, counters: undefined, installed: [] }
}

/** Nothing is on any more. */
export function isIdle(debug: Debug): boolean {
  const isWritten = debug.isTracing || debug.log !== undefined || debug.logFile !== undefined
  return !isWritten && debug.counters === undefined && debug.installed.length === 0
}

/** One event, to all that is switched on. Never throws. */
export function noteEvent(debug: Debug, event: DebugEvent, it: Debugged): void {
  const { log, counters } = debug
  if (log !== undefined) {
    log.events.push(event)
    if (log.events.length > log.countMax) log.events.shift()
  }
  if (counters !== undefined) {
    if (event[0] === 'in') counters.messagesIn += 1
    // An `out` that shows the state is a reply, which is not counted.
    if (event[0] === 'out' && event.length === 3) counters.messagesOut += 1
  }
  if (debug.isTracing) print(line(event, it))
  if (debug.logFile !== undefined) appendLine(debug, line(event, it))
  if (debug.installed.length > 0) runInstalled(debug, event, it)
}

function runInstalled(debug: Debug, event: DebugEvent, it: Debugged): void {
  debug.installed = debug.installed.flatMap((one) => {
    try {
      const run = lookUp(one.function) as
        | ((state: unknown, event: DebugEvent, processState: unknown) => unknown)
        | undefined
      const next = run?.(one.state, event, it.state())
      return run === undefined || next === 'done' ? [] : [{ ...one, state: next }]
    } catch {
      return []
    }
  })
}

/** Adds one; a function that is installed already, or an id that is there, stays as it is. */
export function install(debug: Debug, given: DebugInstall): void {
  if (!debug.installed.some((one) => keyOf(one) === keyOf(given))) debug.installed.push(given)
}

/** Takes out what was installed under this id, or as this function. */
export function uninstall(debug: Debug, what: string | FunRef<unknown>): void {
  const key = isFunRef(what) ? keyOf({ function: what }) : what
  debug.installed = debug.installed.filter((one) => keyOf(one) !== key)
}

function keyOf(one: { readonly id?: string; readonly function: FunRef<unknown> }): string {
  return one.id ?? `${one.function.$fun.url}\n${one.function.$fun.name}`
}

/** @returns false if the file cannot be written */
export function openLogFile(debug: Debug, path: string): boolean {
  try {
    writeFileSync(path, '')
  } catch {
    return false
  }
  debug.logFile = path
  return true
}

function appendLine(debug: Debug, text: string): void {
  try {
    appendFileSync(debug.logFile as string, text)
  } catch {
    // A disk that is full shall not end a server.
    debug.logFile = undefined
  }
}

export function startCounters(debug: Debug, self: Self, reductions: number): void {
  debug.counters = { startMs: self.nowMs(), reductions, messagesIn: 0, messagesOut: 0 }
}

export function statisticsOf(
  debug: Debug | undefined,
  self: Self,
  reductions: number,
): Statistics | 'no_statistics' {
  const counters = debug?.counters
  if (counters === undefined) return 'no_statistics'
  const { startMs, messagesIn, messagesOut } = counters
  return {
    startMs,
    nowMs: self.nowMs(),
    reductions: reductions - counters.reductions,
    messagesIn,
    messagesOut,
  }
}

/** All lines of the log, to standard output. */
export function printLog(debug: Debug | undefined, it: Debugged): void {
  for (const event of debug?.log?.events ?? []) print(line(event, it))
}

function line(event: DebugEvent, it: Debugged): string {
  try {
    return `*DBG* ${(it.formatEvent ?? formatEvent)(event, it.name)}\n`
  } catch (error) {
    return `*DBG* ${it.name}: ${String(error)}\n`
  }
}

function formatEvent(event: DebugEvent, name: string): string {
  return `${name} ${event.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(' ')}`
}

function print(text: string): void {
  process.stdout.write(text)
}

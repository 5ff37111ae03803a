/**
 * The start protocol: a server counts as started when its `init` is through, and its starter waits for
 * that. It is made of what is there already, a spawn and a call:
 *
 *     starter                              server
 *       spawn(definition, { $start, argument }) --->  waits for the call
 *       call '$start' ------------------------------> runs init
 *       ok, and the server runs <-------------------- reply 'ok'
 *       ignore <------------------------------------- reply 'ignore', then exits normal
 *       error: already_started <--------------------- reply: its registry says that the name is taken
 *       error: the exit reason <--------------------- exits: a call fails when its server ends
 *
 * So a start works across schedulers, with a time limit, through a scheduler's death, and from the host;
 * and no answer can come too late, or end up in a mailbox.
 *
 * Rejected: an acknowledgement as a message, as OTP has it (on the host, or in an async callback,
 * another `receive` may be waiting that takes it). Source of the rules: OTP's `proc_lib` and `gen`, of 26
 * where releases differ: a failed `startLink` leaves no EXIT message behind.
 */

import type { Steps } from '@heddle/scheduler'
import {
  down,
  Exit,
  type ExitReason,
  exit,
  HeddleError,
  isVia,
  type MonitorRef,
  type Pid,
  type Self,
  type ServerRef,
  type SpawnOptions,
  type Via,
  type Vm,
} from '@heddle/scheduler'
import { type Asked, type Caller, isProcess } from '../door/caller.ts'
import { type Ancestor, ancestorsFor } from './ancestry.ts'
import { START, type StartAnswer, type StartRequest } from './birth.ts'
import type { DebugOption } from './debug.ts'
import { checkDebugOptions } from './debug-requests.ts'
import { checkServer, type ServerDef } from './definition.ts'
import { checkOptions } from './options.ts'
import { Sequence } from './sequence.ts'
import { checkTimeoutMs } from './timeout.ts'

export interface StartOptions extends Omit<SpawnOptions, 'link' | 'monitor' | 'name'> {
  /** Registers the server before `init` runs: under a name of the VM, or in a registry made with `via`. */
  readonly name?: string | Via
  /** How long `init` may take; then the server is killed. Default `Infinity`. */
  readonly timeoutMs?: number
  /** Hibernates when no message has come for so long. Default `Infinity`: never. */
  readonly hibernateAfterMs?: number
  /** What is switched on from the first message on: see `sys`. */
  readonly debug?: readonly DebugOption[]
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof StartOptions>([
  'name',
  'scheduler',
  'trapExit',
  'priority',
  'maxMailbox',
  'maxHeapBytes',
  'timeoutMs',
  'hibernateAfterMs',
  'debug',
])

/** What a start came to: OTP's `{ok, Pid}`, `{ok, Pid, Info}`, `ignore`, `{error, Reason}`. */
export type StartResult<P extends Pid = Pid> =
  | { readonly status: 'ok'; readonly pid: P; readonly info?: unknown }
  | { readonly status: 'ignore' }
  | StartError

/** As `StartResult`; `monitor` is the starter's own, made before the server could end. */
export type StartMonitorResult<P extends Pid = Pid> =
  | { readonly status: 'ok'; readonly pid: P; readonly info?: unknown; readonly monitor: MonitorRef }
  | { readonly status: 'ignore' }
  | StartError

/**
 * `reason` is what the server exited with before it was started, `['already_started', pid]` if the name
 * is taken, `'timeout'`, or `['scheduler_down', n]`.
 */
export interface StartError {
  readonly status: 'error'
  readonly reason: ExitReason
}

/**
 * Starts a server, not linked; comes to its result when `init` is through.
 * Nothing is started before the operation is waited for, once. On the host it is a promise, and starts at once.
 *
 * @throws HeddleError ERR_UNCLONABLE, ERR_SYSTEM_LIMIT, ERR_TIMEOUT_VALUE, ERR_BAD_ARGUMENT; on the host also ERR_MODULE_LOAD,
 *   ERR_UNKNOWN_DEFINITION, ERR_VM_STOPPED
 * @example const started = yield* start(self, counter, 0, { name: 'counter' })
 *          if (started.status === 'ok') self.cast(started.pid, counter.add(1))
 */
export function start<B extends Caller, A, Api>(
  by: B,
  definition: ServerDef<A, Api>,
  argument: NoInfer<A>,
  options: StartOptions = {},
): Asked<B, StartResult<ServerRef<Api>>> {
  return startAs('alone', by, definition, argument, options)
}

/**
 * Starts a server that is linked to this process, its parent: as `start`. If it cannot be started, a
 * starter that traps exits finds no EXIT message; one that does not dies with it (unless it exits `normal`).
 * The host is its parent as with `startServer`: `vm.stop()` shuts it down, and there is no link.
 */
export function startLink<B extends Caller, A, Api>(
  by: B,
  definition: ServerDef<A, Api>,
  argument: NoInfer<A>,
  options: StartOptions = {},
): Asked<B, StartResult<ServerRef<Api>>> {
  return startAs('linked', by, definition, argument, options)
}

/** Starts a server and monitors it: as `start`. If it cannot be started, no DOWN message is left. */
export function startMonitor<B extends Caller, A, Api>(
  by: B,
  definition: ServerDef<A, Api>,
  argument: NoInfer<A>,
  options: StartOptions = {},
): Asked<B, StartMonitorResult<ServerRef<Api>>> {
  return startAs('monitored', by, definition, argument, options)
}

function startAs<T>(
  how: How,
  by: Caller,
  definition: ServerDef<never, unknown>,
  argument: unknown,
  options: StartOptions,
): T {
  if (!isProcess(STARTS[how], by)) return startOnHost(how, by, definition, argument, options) as T
  return new Sequence(() => starting(by, definition, argument as never, options, how)) as T
}

/**
 * Starts a server from the host, which is its parent: `vm.stop()` shuts it down. The short form of `startLink(vm, …)`, for those who
 * have nothing to say to a server that does not start; its result also has the `info` of `ok` and `initAck`.
 *
 * Rejects with an `Exit` whose reason says why it was not started (`'ignore'`, `'timeout'`, what `init`
 * exited with, `['already_started', pid]` if its registry says so), or with HeddleError ERR_NAME_TAKEN,
 * ERR_MODULE_LOAD, ERR_UNKNOWN_DEFINITION, ERR_UNCLONABLE, ERR_SYSTEM_LIMIT, ERR_TIMEOUT_VALUE,
 * ERR_BAD_ARGUMENT, ERR_VM_STOPPED.
 *
 * @example const ref = await startServer(vm, counter, 0, { name: 'counter' })
 *          await vm.call(ref, counter.get())
 */
export async function startServer<A, Api>(
  vm: Vm,
  definition: ServerDef<A, Api>,
  argument: NoInfer<A>,
  options: StartOptions = {},
): Promise<ServerRef<Api>> {
  if (isProcess('startServer()', vm)) {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      "startServer() is the host's: in a process it is startLink(self, …)",
    )
  }
  const { result } = await hostStart('startServer()', 'linked', vm, definition, argument, options)
  if (result.status === 'ok') return result.pid as ServerRef<Api>
  throw new Exit(result.status === 'ignore' ? 'ignore' : result.reason)
}

async function startOnHost(
  how: How,
  vm: Vm,
  definition: ServerDef<never, unknown>,
  argument: unknown,
  options: StartOptions,
): Promise<StartResult | StartMonitorResult> {
  try {
    const { result, monitor } = await hostStart(STARTS[how], how, vm, definition, argument, options)
    return result.status === 'ok' && monitor !== undefined ? { ...result, ...{ monitor } } : result
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'ERR_NAME_TAKEN') throw error
    const holder = vm.whereis(options.name as string)
    // Gone in between: the name is free now.
    if (holder === undefined) return startOnHost(how, vm, definition, argument, options)
    return { status: 'error', reason: ['already_started', holder] }
  }
}

interface HostStart {
  readonly result: StartResult
  readonly monitor: MonitorRef | undefined
}

async function hostStart(
  what: string,
  how: How,
  vm: Vm,
  definition: ServerDef<never, unknown>,
  argument: unknown,
  options: StartOptions,
): Promise<HostStart> {
  checkServer(definition)
  const timeoutMs = checkStart(what, options)
  const request = requestOf(vm.pid, [vm.pid], how === 'linked', argument, options)
  const pid = await vm.spawn(definition, request as never, spawnOptionsOf(options))
  const monitor = how === 'monitored' ? vm.monitor(pid) : undefined
  let result: StartResult
  try {
    result = resultOf(pid, await vm.call(pid, START, { timeoutMs }))
    if (result.status === 'ok') return { result, monitor }
  } catch (error) {
    const reason = failureOf(error)
    result = { status: 'error', reason }
    if (reason === 'timeout') vm.exit(pid, 'kill')
  }
  if (monitor !== undefined) vm.demonitor(monitor, { flush: true })
  await vm.whenDown(pid)
  return { result, monitor }
}

type How = 'alone' | 'linked' | 'monitored'
const STARTS = { alone: 'start()', linked: 'startLink()', monitored: 'startMonitor()' } as const

interface Newborn<P extends Pid> {
  readonly pid: P
  readonly monitor: MonitorRef | undefined
}

function* starting<A, Api>(
  self: Self,
  definition: ServerDef<A, Api>,
  argument: A,
  options: StartOptions,
  how: How,
): Steps<StartResult<ServerRef<Api>>> {
  checkServer(definition)
  const timeoutMs = checkStart(STARTS[how], options)
  const request = requestOf(self.pid, ancestorsFor(self), how === 'linked', argument, options)
  const newborn = spawnNamed(self, definition, request as A, spawnOptionsOf(options), how)
  if ('status' in newborn) return newborn
  const { pid, monitor } = newborn
  let result: StartResult<ServerRef<Api>>
  try {
    result = resultOf(pid, (yield self.call(pid, START, { timeoutMs })) as StartAnswer)
    if (result.status === 'ok') return monitor === undefined ? result : { ...result, ...{ monitor } }
  } catch (error) {
    result = { status: 'error', reason: failureOf(error) }
  }
  yield* bury(self, newborn, how, result, timeoutMs)
  return result
}

/** Returns the time limit. */
function checkStart(what: string, options: StartOptions): number {
  checkOptions(what, options, OPTION_NAMES)
  const { timeoutMs = Infinity, hibernateAfterMs, debug } = options
  if (hibernateAfterMs !== undefined) checkTimeoutMs(hibernateAfterMs)
  if (debug !== undefined) checkDebugOptions(debug)
  return checkTimeoutMs(timeoutMs)
}

function resultOf<P extends Pid>(pid: P, answer: StartAnswer): StartResult<P> {
  if (answer === 'ok') return { status: 'ok', pid }
  if (answer === 'ignore') return { status: 'ignore' }
  const [what, detail] = answer
  if (what === 'ok') return { status: 'ok', pid, info: detail }
  return { status: 'error', reason: what === 'error' ? (detail as ExitReason) : answer }
}

function requestOf(
  starter: Pid,
  ancestors: readonly Ancestor[],
  isParent: boolean,
  argument: unknown,
  { name, hibernateAfterMs, debug }: StartOptions,
): unknown {
  const request: StartRequest = { $start: starter, isParent, argument, ancestors }
  const isPlain = !isVia(name) && hibernateAfterMs === undefined && debug === undefined
  if (isPlain) return request
  return {
    ...request,
    ...(isVia(name) ? { name } : {}),
    ...(hibernateAfterMs === undefined ? {} : { hibernateAfterMs }),
    ...(debug === undefined ? {} : { debug }),
  } satisfies StartRequest
}

/** What the scheduler is to do; a name in a registry the server takes itself. */
function spawnOptionsOf({
  timeoutMs: _timeoutMs,
  hibernateAfterMs: _hibernateAfterMs,
  debug: _debug,
  name,
  ...others
}: StartOptions): SpawnOptions {
  return name === undefined || isVia(name) ? others : { ...others, name }
}

/** Spawns, or says who has the name. */
function spawnNamed<A, Api>(
  self: Self,
  definition: ServerDef<A, Api>,
  argument: A,
  options: SpawnOptions,
  how: How,
): Newborn<ServerRef<Api>> | StartError {
  for (;;) {
    try {
      if (how === 'monitored') return self.spawnMonitor<A>(definition, argument, options)
      const pid = self.spawn<A>(definition, argument, { ...options, link: how === 'linked' })
      return { pid, monitor: undefined }
    } catch (error) {
      if (!(error instanceof HeddleError) || error.code !== 'ERR_NAME_TAKEN') throw error
      const holder = self.whereis(options.name as string)
      // Gone in between: the name is free now.
      if (holder !== undefined) return { status: 'error', reason: ['already_started', holder] }
    }
  }
}

/** Why the start call failed: what its server exited with, `timeout`, `noproc`. */
function failureOf(error: unknown): ExitReason {
  if (!(error instanceof Exit)) throw error
  return (error.reason as readonly [ExitReason])[0]
}

/** Waits until a server that was not started is gone, its name too, and leaves no trace of it with the starter. */
function* bury(
  self: Self,
  { pid, monitor }: Newborn<Pid>,
  how: How,
  result: StartResult,
  patienceMs: number,
): Steps<void> {
  const isLinked = how === 'linked'
  const reason = result.status === 'error' ? result.reason : 'normal'
  if (monitor !== undefined) self.demonitor(monitor, { flush: true })
  if (reason === 'timeout') {
    if (isLinked) self.unlink(pid)
    self.exit(pid, 'kill')
  }
  // A dead scheduler's processes are gone, link and all, and there is nobody to ask.
  if (!isSchedulerDown(reason)) {
    const watch = self.monitor(pid)
    // A scheduler that is stuck in that `init` cannot kill it.
    yield self.receive(down(watch), { afterMs: patienceMs })
    self.demonitor(watch, { flush: true })
    // Answered behind the link's exit signal: a starter that does not trap exits is dead by then, if it is to be.
    if (isLinked && reason !== 'timeout') yield self.isAlive(pid)
  }
  if (!isLinked) return
  self.unlink(pid)
  yield self.receive(exit(pid), { afterMs: 0 })
}

function isSchedulerDown(reason: ExitReason): boolean {
  return Array.isArray(reason) && reason[0] === 'scheduler_down'
}

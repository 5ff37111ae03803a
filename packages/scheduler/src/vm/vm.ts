/**
 * The VM as its embedder sees it. Everything that goes to processes goes through the host's own process,
 * so that it is ordered, monitored and cloned like everything else.
 */

import { performance } from 'node:perf_hooks'
import { type HostProcess, makeHostProcess } from '../kernel/host-process.ts'
import { type Migration, migrateOperation } from '../kernel/migrate.ts'
import { spawnOperation } from '../kernel/operations.ts'
import { pidOf } from '../kernel/self-checks.ts'
import type { SharedMemory } from '../memory/layout.ts'
import type { CallMessage, CallOptions, CastMessage, ServerRef } from '../process/call.ts'
import { addressOf, type Spawnable } from '../process/define.ts'
import type { DirtyDef, DirtyOptions } from '../process/dirty.ts'
import type { ProcessInfo } from '../process/info.ts'
import { ANY, down, type Matcher } from '../process/match.ts'
import type { Op } from '../process/op.ts'
import type {
  Destination,
  Down,
  MonitorTarget,
  ReceiveOptions,
  SendOptions,
  SpawnOptions,
  Timeout,
} from '../process/self.ts'
import { checkTimeout } from '../process/turn.ts'
import type { Via } from '../process/via.ts'
import { HeddleError } from '../term/errors.ts'
import { Exit, type ExitReason } from '../term/exit-reason.ts'
import { type Pid, PidTerm } from '../term/pid.ts'
import type { MonitorRef } from '../term/ref.ts'
import type { Endpoint } from '../worker/endpoint.ts'
import type { ThreadMeasured } from '../worker/measure.ts'
import type { Crew } from './crew.ts'
import type { DirtyPoolInfo, ThreadPool } from './dirty.ts'
import type { FullVmOptions } from './options.ts'
import {
  type MeasureOptions,
  type MemoryInfo,
  type SchedulerLoad,
  type SchedulerUsage,
  Statistics,
  type StatisticsItems,
} from './statistics.ts'
import { Stillness } from './stillness.ts'

export interface MigrateOptions {
  /** How long the process may take to come to rest, and others to be moved first. Default 1,000. */
  readonly timeoutMs?: number
}

export interface StopOptions {
  /** How long the processes that the host started get to shut down before their threads are ended. Default 5,000. */
  readonly timeoutMs?: number
}

/** One scheduler, in numbers; counts are since its worker started. */
export interface SchedulerInfo extends SchedulerLoad {
  /** 1 to N; 0 is the host thread. */
  readonly index: number
  readonly status: 'down' | 'starting' | 'up'
  /** How often it was replaced. */
  readonly restartCount: number
  readonly processCount: number
  readonly runQueueLength: number
  readonly reductionCount: number
  readonly messageCount: number
  readonly spawnCount: number
  /** Signals for processes that were dead. */
  readonly droppedCount: number
  /** Signals that had to wait for room in a ring. */
  readonly overflowCount: number
  /** How often it went to sleep. */
  readonly parkCount: number
  /** Processes that were spawned here and that nobody has begun to run: any idle scheduler may take them. */
  readonly queuedCount: number
  /** Whether it has been in one turn for longer than `longScheduleMs`: see the report `long_schedule`. */
  readonly isStuck: boolean
  /** What its heap held when it was last looked at, garbage included; not what typed arrays hold. 0 where nobody looks: inline. */
  readonly heapUsedBytes: number
  /** What the long-lived part of its heap may grow to. */
  readonly heapLimitBytes: number
}

/** One scheduler, with what only it can tell. */
export interface SchedulerStatistics extends SchedulerInfo {
  /** `undefined`: it did not answer in time; it is stuck in a callback, or down. All else here is known without it. */
  readonly own: ThreadMeasured | undefined
}

export interface VmInfo {
  readonly processCount: number
  readonly processCountMax: number
  readonly registeredCount: number
  readonly schedulers: readonly SchedulerInfo[]
  /** The pool for dirty functions. */
  readonly dirty: DirtyPoolInfo
}

const STATUS_NAMES = ['down', 'starting', 'up'] as const
const STOP_TIMEOUT_MS = 5_000
const MIGRATE_TIMEOUT_MS = 1_000
const WEED_COUNT_MIN = 1_024

export class Vm implements AsyncDisposable {
  private readonly host: Endpoint
  private readonly crew: Crew | undefined
  private readonly options: FullVmOptions
  private readonly pool: ThreadPool
  private readonly numbers: Statistics
  private readonly hostProcess: HostProcess
  private readonly stillness: Stillness
  /** What the host started: stopped first when the VM stops. Those that have ended are weeded out now and then. */
  private started: number[] = []
  private weedAtCount = WEED_COUNT_MIN
  private stopping: Promise<void> | undefined
  /** What everything fails with that is asked of a VM which has stopped. */
  private failure: () => HeddleError = stopped

  /** Use `startVm`. */
  constructor(
    host: Endpoint,
    crew: Crew | undefined,
    options: FullVmOptions,
    pool: ThreadPool,
    shared: SharedMemory,
  ) {
    this.host = host
    this.numbers = new Statistics(host, crew, shared)
    this.pool = pool
    this.crew = crew
    this.options = options
    this.hostProcess = makeHostProcess(host.kernel)
    this.stillness = new Stillness(host, options.schedulerCount + 1)
    if (crew !== undefined) crew.onGiveUp = (...death) => this.giveUp(...death)
  }

  /** The host's own pid: messages to it are taken with `receive`. */
  get pid(): Pid {
    return this.self.pid
  }

  /** 0 for a VM that runs inline. */
  get schedulerCount(): number {
    return this.options.schedulerCount
  }

  /**
   * Starts a process; resolves when it has its code and is about to run `init`.
   * Rejects with ERR_MODULE_LOAD or ERR_UNKNOWN_DEFINITION (naming the module), ERR_NAME_TAKEN, ERR_UNCLONABLE,
   * ERR_SYSTEM_LIMIT, ERR_BAD_ARGUMENT.
   */
  spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options: SpawnOptions = {}): Promise<Pid> {
    return this.ask(() => {
      const address = addressOf(definition as Spawnable<never>)
      const isLinked = options.link === true
      const spawning = { address, argument, options, isLinked, monitorRef: 0 }
      return spawnOperation(this.host.kernel, this.hostProcess.process, spawning)
    }).then((pid) => {
      this.remember(pid)
      return new PidTerm(pid)
    })
  }

  /** @throws HeddleError ERR_UNCLONABLE, ERR_UNKNOWN_NAME, ERR_BAD_ARGUMENT, ERR_VM_STOPPED */
  send(to: Destination, message: unknown, options?: SendOptions): void {
    this.checkRunning()
    this.self.send(to, message, options)
  }

  /** Rejects with an `Exit` whose reason says why there is no reply: see `Self.call`. Its stack is that of whoever awaits. */
  async call<Api, R>(
    to: ServerRef<Api> | string | Via,
    message: CallMessage<Api, R>,
    options?: CallOptions,
  ): Promise<R> {
    try {
      return await this.ask(() => this.self.call(to, message, options))
    } catch (error) {
      // It was made where the answer came in; here V8 knows who waits. An error of a process keeps its own.
      if (error instanceof Exit) Error.captureStackTrace(error, this.call)
      throw error
    }
  }

  /** Runs a dirty function on a thread of the pool. Rejects as `Self.dirty` throws. */
  dirty<A, R>(definition: DirtyDef<A, R>, args: NoInfer<A>, options?: DirtyOptions): Promise<R> {
    return this.ask(() => this.self.dirty(definition, args, options))
  }

  cast<Api>(to: ServerRef<Api> | string | Via, message: CastMessage<Api>): void {
    this.checkRunning()
    this.self.cast(to, message)
  }

  /** DOWN comes to the host's mailbox: take it with `receive(down(ref))`. */
  monitor(target: MonitorTarget): MonitorRef {
    this.checkRunning()
    return this.self.monitor(target)
  }

  demonitor(ref: MonitorRef, options?: { flush?: boolean }): boolean {
    this.checkRunning()
    return this.self.demonitor(ref, options)
  }

  /** Resolves when the process has ended; at once, with reason `noproc`, if there is none. */
  whenDown(target: MonitorTarget): Promise<Down> {
    return this.ask(() => this.self.receive(down(this.self.monitor(target))))
  }

  /** The oldest message in the host's mailbox that fits; others stay, in order. */
  receive<M>(match: Matcher<M>): Promise<M>
  receive<M>(match: Matcher<M>, options: ReceiveOptions): Promise<M | Timeout>
  receive(): Promise<unknown>
  receive(match: Matcher<unknown> = ANY, options: ReceiveOptions = { afterMs: Infinity }): Promise<unknown> {
    return this.ask(() => this.self.receive(match, options))
  }

  /** Sends an exit signal. */
  exit(pid: Pid, reason: ExitReason): void {
    this.checkRunning()
    this.self.exit(pid, reason)
  }

  link(pid: Pid): void {
    this.checkRunning()
    this.self.link(pid)
  }

  register(name: string, pid: Pid = this.pid): void {
    this.checkRunning()
    this.self.register(name, pid)
  }

  unregister(name: string): void {
    this.checkRunning()
    this.self.unregister(name)
  }

  whereis(name: string): Pid | undefined {
    this.checkRunning()
    return this.self.whereis(name)
  }

  registered(): string[] {
    this.checkRunning()
    return this.host.names.registered()
  }

  processes(): Pid[] {
    this.checkRunning()
    return this.self.processes()
  }

  isAlive(pid: Pid): Promise<boolean> {
    return this.ask(() => this.self.isAlive(pid))
  }

  processInfo(pid: Pid): Promise<ProcessInfo | undefined> {
    return this.ask(() => this.self.processInfo(pid))
  }

  /** The VM's time: ms since it started, with fractions. */
  nowMs(): number {
    this.checkRunning()
    return this.self.nowMs()
  }

  /**
   * Resolves when no process runs or could, and no signal is on its way; what waits for a timer, or in an async callback
   * for something of the event loop's, does not count. Exact where time is set by hand: see `VmOptions.clock`.
   */
  async settled(): Promise<void> {
    this.checkRunning()
    await this.stillness.reached()
  }

  /**
   * Where time is set by hand (`clock: 'manual'`): moves it on by so many ms. Every timer that falls due fires at its
   * own time, in order, and all that follows from it is through before the next one does. For tests without waiting.
   * Rejects with ERR_BAD_ARGUMENT where time runs by itself.
   */
  async advance(ms: number): Promise<void> {
    this.checkRunning()
    if (!this.host.clock.isManual || !Number.isFinite(ms) || ms < 0) {
      const why = this.host.clock.isManual ? `by ${String(ms)} ms` : "without startVm({ clock: 'manual' })"
      throw new HeddleError('ERR_BAD_ARGUMENT', `time cannot be moved ${why}`)
    }
    await this.stillness.advance(ms)
  }

  /** A snapshot, at no cost to the schedulers: what they have published. */
  info(): VmInfo {
    this.checkRunning()
    this.host.kernel.publishCounters()
    const schedulers = Array.from({ length: this.options.schedulerCount + 1 }, (_, index) =>
      this.schedulerInfo(index),
    )
    return {
      processCount: this.host.slots.aliveCount(),
      processCountMax: this.options.processCountMax,
      registeredCount: this.host.names.registered().length,
      schedulers: this.options.isInline ? schedulers : schedulers.slice(1),
      dirty: this.pool.info,
    }
  }

  /**
   * Moves a process to another scheduler while it lives: pid, mailbox, links, monitors, timers, names and calls go with it, and
   * nobody notices but by `scheduler`. It goes when it is at rest: a callback process between two messages, a raw process at
   * `again(state)`. Its state must be structured-clone data. Resolves when it is there, or says why it stays.
   * Rejects with ERR_BAD_ARGUMENT.
   *
   * @example if (!(await vm.migrate(pid, 2)).moved) console.log('it stays')
   */
  async migrate(pid: Pid, scheduler: number, options: MigrateOptions = {}): Promise<Migration> {
    this.checkScheduler(scheduler, 'move to')
    const wish = { to: scheduler, timeoutMs: options.timeoutMs ?? MIGRATE_TIMEOUT_MS }
    const unknown = Object.keys(options).find((key) => key !== 'timeoutMs')
    if (unknown !== undefined)
      throw new HeddleError('ERR_BAD_ARGUMENT', `migrate() has no option '${unknown}'`)
    if (!Number.isInteger(wish.timeoutMs))
      throw new HeddleError('ERR_BAD_ARGUMENT', 'migrate() takes a whole number of ms')
    checkTimeout(wish.timeoutMs)
    const target = pidOf(pid, 'migrate')
    return this.ask(() => migrateOperation(this.host.kernel, this.hostProcess.process, target, wish))
  }

  /**
   * The schedulers of `info()`, each with its own account of itself: heap, mailboxes, how late its event loop is. Who does
   * not answer in time has `own: undefined`; the others do not wait for it longer than that.
   */
  async schedulerStatistics(options: MeasureOptions = {}): Promise<SchedulerStatistics[]> {
    this.checkRunning()
    const measured = await this.numbers.measure(measureTimeout(options))
    this.host.kernel.publishCounters()
    return measured.map(({ index, own }) => ({ ...this.schedulerInfo(index), own }))
  }

  /**
   * How busy each scheduler is, 0 to 1, measured over so many ms from now. Source: `recon:scheduler_usage/1`; over a window
   * of your own: `schedulerUsageDiff` of two `statistics('scheduler_wall_time')`.
   * Rejects with ERR_BAD_ARGUMENT.
   */
  async schedulerUsage(windowMs: number): Promise<SchedulerUsage[]> {
    this.checkRunning()
    return this.numbers.usage(windowMs)
  }

  /** Bytes by kind. What a scheduler that does not answer in time holds is missing, and says so. Source: `erlang:memory/0`. */
  async memory(options: MeasureOptions = {}): Promise<MemoryInfo> {
    this.checkRunning()
    return this.numbers.memory(measureTimeout(options))
  }

  /** One item of `erlang:statistics/1`: see `StatisticsItems`. @throws HeddleError ERR_BAD_ARGUMENT */
  statistics<Item extends keyof StatisticsItems>(item: Item): StatisticsItems[Item] {
    this.checkRunning()
    this.host.kernel.publishCounters()
    return this.numbers.item(item)
  }

  /**
   * Ends the thread of a scheduler, whatever it is doing: for tests, and for a scheduler that is stuck. Its
   * processes exit with `['scheduler_down', index]`, and a fresh one takes its place. Resolves when the thread is gone.
   */
  async killScheduler(index: number): Promise<void> {
    this.checkScheduler(index, 'kill')
    await this.crew?.kill(index)
  }

  private checkScheduler(index: number, what: string): void {
    this.checkRunning()
    if (Number.isInteger(index) && index >= 1 && index <= this.options.schedulerCount) return
    throw new HeddleError('ERR_BAD_ARGUMENT', `there is no scheduler ${String(index)} to ${what}`)
  }

  /**
   * Stops the VM: what the host started gets an exit `shutdown`, latest first, and time to end; then all
   * threads end. May be called more than once.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const timeoutMs = checkTimeout(options.timeoutMs ?? STOP_TIMEOUT_MS)
    this.stopping ??= this.shutDown(timeoutMs)
    return this.stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  private get self(): HostProcess['self'] {
    return this.hostProcess.self
  }

  /** Begins at once, in the order of the calls; what is wrong with it rejects. */
  private ask<T>(begin: () => Op<T>): Promise<T> {
    try {
      this.checkRunning()
      return Promise.resolve(begin().then((value) => value))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  private checkRunning(): void {
    if (this.stopping !== undefined) throw this.failure()
  }

  private async shutDown(timeoutMs: number): Promise<void> {
    const { self } = this
    const end = performance.now() + timeoutMs
    // When the time is up for one, the others still get their signal.
    for (const started of this.started.reverse()) {
      const pid = new PidTerm(started)
      const isDown = self.receive(down(self.monitor(pid)))
      self.exit(pid, 'shutdown')
      await settledWithin(Promise.resolve(isDown), end - performance.now())
    }
    await this.end()
  }

  private async end(): Promise<void> {
    this.stillness.stop(this.failure())
    this.numbers.stop(this.failure())
    await Promise.all([this.crew?.stop(), this.pool.stop()])
    this.host.stop()
    // What the embedder still waits for will not come any more.
    const { process } = this.hostProcess
    while (process.waiting !== null) process.waiting.fail(this.failure())
  }

  /** More schedulers have died than may: told to what waits on the host, and to whoever asks for something from now on. */
  private giveUp(scheduler: number, deathCount: number, error: Error | undefined): void {
    const { periodMs } = this.options.schedulerRestarts
    this.options.onReport({ type: 'gave_up', scheduler, deathCount, periodMs, error: error?.message })
    const why = error === undefined ? '' : `, the last one, ${scheduler}, by this: ${error.message}`
    const text = `the VM has stopped: ${deathCount} schedulers died within ${periodMs} ms${why}`
    this.failure = () => new HeddleError('ERR_RESTART_INTENSITY', text, { cause: error })
    // While it is being stopped anyway, that goes on; it has its own limit.
    this.stopping ??= this.end()
  }

  private remember(pid: number): void {
    this.started.push(pid)
    if (this.started.length < this.weedAtCount) return
    this.started = this.started.filter((one) => this.host.kernel.isAlivePid(one))
    this.weedAtCount = Math.max(WEED_COUNT_MIN, this.started.length * 2)
  }

  private schedulerInfo(index: number): SchedulerInfo {
    const { control } = this.host
    const counters = control.counters(index)
    return {
      index,
      status: index === 0 ? 'up' : (STATUS_NAMES[control.status(index)] ?? 'down'),
      restartCount: control.epoch(index),
      processCount: counters.processCount,
      runQueueLength: counters.runQueueLength,
      reductionCount: counters.reductions,
      messageCount: counters.messageCount,
      spawnCount: counters.spawnCount,
      droppedCount: counters.droppedCount,
      overflowCount: counters.overflowCount,
      parkCount: counters.parkCount,
      queuedCount: counters.queuedCount,
      ...this.numbers.load(index),
      isStuck: control.isStuck(index),
      heapUsedBytes: counters.heapUsedBytes,
      heapLimitBytes: counters.heapLimitBytes,
    }
  }
}

function measureTimeout({ timeoutMs }: MeasureOptions): number | undefined {
  if (timeoutMs !== undefined && checkTimeout(timeoutMs) >= 2 ** 31)
    throw new HeddleError('ERR_TIMEOUT_VALUE', 'schedulers are asked for less than 2^31 ms')
  return timeoutMs
}

/** By the system's clock: the VM's may stand still. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<void>((resolve) => {
    if (ms < 2 ** 31) timer = setTimeout(resolve, Math.max(0, ms))
  })
  // When the VM has stopped, nobody waits for what still pends, and it fails.
  await Promise.race([promise.catch(() => {}), timeUp])
  clearTimeout(timer)
}

function stopped(): HeddleError {
  return new HeddleError('ERR_VM_STOPPED', 'the VM has been stopped')
}

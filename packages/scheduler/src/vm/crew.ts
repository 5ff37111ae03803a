/**
 * The workers, seen from the host: starts them, connects each two that are up, and replaces one that
 * has died.
 *
 * A death goes through steps, and each waits for the one before it to be seen by all:
 *
 *     the thread is gone
 *     -> its names are free, its slots are, too                     (host)
 *     -> every peer reads what it had published to the end, breaks
 *        what was bound to its processes, forgets the channel       (all, the host too)
 *     -> its rings are empty                                        (host)
 *     -> a fresh worker takes its place and is connected            (host)
 */

import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { MessageChannel, Worker } from 'node:worker_threads'
import { buryScheduler, Deaths, settleTheft } from '../kernel/deaths.ts'
import { type Control, DOWN, GONE, STARTING_UP, UP } from '../memory/control.ts'
import type { SharedMemory } from '../memory/layout.ts'
import { wake } from '../memory/park.ts'
import { resetRing } from '../memory/ring.ts'
import type { DefinitionAddress } from '../process/define.ts'
import { HeddleError } from '../term/errors.ts'
import { slotOf } from '../term/pid.ts'
import type { Endpoint } from '../worker/endpoint.ts'
import { entryUrl } from '../worker/entry.ts'
import type { ThreadMeasured } from '../worker/measure.ts'
import type { FromScheduler, SchedulerData, ToScheduler } from '../worker/protocol.ts'
import { schedulerMark } from '../worker/role.ts'
import type { FullVmOptions } from './options.ts'
import { RestartWindow } from './restarts.ts'
import { Surveys } from './surveys.ts'
import { lookEveryMs, Watch, type WatchedSchedulers } from './watch.ts'
import { workerSource } from './worker-source.ts'

/** How long a scheduler without work looks out for signals before it sleeps. */
const SPIN_MS = 0.02
const HOST = 0
/** A worker that cannot be started is tried again after this long, then after twice as long, and so on. */
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000

export interface CrewEvents {
  schedulerDown(endpoint: number, error: Error | undefined): void
}

/** Why a thread is being ended from here. */
interface Ending {
  readonly error: Error | undefined
  /** By the embedder: no fault of anybody's. */
  readonly isWanted: boolean
}

export class Crew implements WatchedSchedulers {
  private readonly workers = new Map<number, Worker>()
  private readonly up = new Set<number>()
  private readonly deaths = new Deaths()
  private readonly surveys = new Surveys()
  private readonly endings = new Map<number, Ending>()
  /** By endpoint, then by number: what runs there is known by numbers only. */
  private readonly definitions = new Map<number, Map<number, DefinitionAddress>>()
  private readonly restarts: RestartWindow
  private watching: NodeJS.Timeout | undefined
  /** One death too many: nothing is restarted any more. */
  onGiveUp: (endpoint: number, deathCount: number, error: Error | undefined) => void = () => {}
  private isStopping = false
  private isWatching = false
  private readonly retries = new Set<NodeJS.Timeout>()
  private readonly host: Endpoint
  private readonly shared: SharedMemory
  private readonly originMs: number | undefined
  private readonly options: FullVmOptions
  private readonly events: CrewEvents

  constructor(
    host: Endpoint,
    shared: SharedMemory,
    originMs: number | undefined,
    options: FullVmOptions,
    events: CrewEvents,
  ) {
    this.host = host
    this.shared = shared
    this.originMs = originMs
    this.options = options
    this.events = events
    this.restarts = new RestartWindow(options.schedulerRestarts)
  }

  /** Starts all; rejects with ERR_SCHEDULER_START if one cannot be started. */
  async start(): Promise<void> {
    const endpoints = Array.from({ length: this.options.schedulerCount }, (_, index) => index + 1)
    await Promise.all(endpoints.map((endpoint) => this.startWorker(endpoint)))
    this.beginWatch()
  }

  private beginWatch(): void {
    const everyMs = lookEveryMs(this.options)
    if (this.isStopping || everyMs === Infinity) return
    const watch = new Watch(this, this.options, this.options.onReport)
    // By the system's clock: the VM's may stand still.
    this.watching = setInterval(() => watch.look(performance.now()), everyMs)
    this.watching.unref()
  }

  async stop(): Promise<void> {
    this.isStopping = true
    clearInterval(this.watching)
    for (const retry of this.retries) clearTimeout(retry)
    this.surveys.close()
    await Promise.all([...this.workers.values()].map((worker) => worker.terminate()))
  }

  /** Ends a worker, whatever it is doing; another takes its place. `why`: the VM itself wants it. */
  async kill(endpoint: number, why?: string): Promise<void> {
    const worker = this.workers.get(endpoint)
    if (worker === undefined) return
    const error = why === undefined ? undefined : new Error(why)
    this.endings.set(endpoint, { error, isWanted: why === undefined })
    await worker.terminate()
  }

  /** What the thread itself has to say; `undefined` if it does not within this time, or is not up. */
  measure(endpoint: number, timeoutMs: number): Promise<ThreadMeasured | undefined> {
    if (!this.up.has(endpoint)) return Promise.resolve(undefined)
    return this.surveys.ask(timeoutMs, (id) => this.tell(endpoint, { type: 'measure', id }))
  }

  /** Has all schedulers, now and later, keep account of what costs something to know. */
  watch(): void {
    this.isWatching = true
    for (const endpoint of this.up) this.tell(endpoint, { type: 'watch' })
  }

  /** How busy its event loop has been so far; known to this thread, whatever that one does. */
  eventLoop(endpoint: number): EventLoopUtilization | undefined {
    return this.workers.get(endpoint)?.performance.eventLoopUtilization()
  }

  isUp(endpoint: number): boolean {
    return this.up.has(endpoint)
  }

  // ---- for the watch ----

  get control(): Control {
    return this.host.control
  }

  get schedulerCount(): number {
    return this.options.schedulerCount
  }

  idleMs(endpoint: number): number {
    return this.workers.get(endpoint)?.performance.eventLoopUtilization().idle ?? 0
  }

  ring(endpoint: number): void {
    wake(this.host.control, endpoint)
  }

  definitionOf(endpoint: number, number: number): DefinitionAddress | undefined {
    return this.definitions.get(endpoint)?.get(number)
  }

  nameOf(pid: number): string | undefined {
    return this.host.names.nameOf(slotOf(pid))
  }

  // ---- life and death ----

  private async startWorker(endpoint: number): Promise<void> {
    const data: SchedulerData = {
      [schedulerMark]: true,
      shared: this.shared,
      endpoint,
      endpointCount: this.options.schedulerCount + 1,
      spinMs: SPIN_MS,
      originMs: this.originMs,
      steals: this.options.stealing,
      placement: this.options.placement,
      balance: this.options.balance,
      preempt: this.options.preempt,
    }
    this.host.control.setStatus(endpoint, STARTING_UP)
    const source = workerSource(entryUrl)
    const { resourceLimits } = this.options
    const worker = new Worker(source.url, {
      name: `heddle scheduler ${endpoint}`,
      workerData: data,
      argv: [...source.argv],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    })
    this.workers.set(endpoint, worker)
    this.definitions.set(endpoint, new Map())
    return new Promise<void>((resolve, reject) => {
      let error: Error | undefined
      worker.on('message', (message: FromScheduler) => {
        if (message.type === 'ready') {
          this.connect(endpoint)
          resolve()
        } else if (message.type === 'measured') {
          this.surveys.answered(message.id, message.measured)
        } else if (message.type === 'defined') {
          this.definitions.get(endpoint)?.set(message.number, message.address)
        } else if (message.type === 'ending') {
          this.endings.set(endpoint, { error: new Error(message.why), isWanted: false })
        } else {
          this.finishDeath(message.death, endpoint)
        }
      })
      worker.on('error', (cause) => {
        error = cause instanceof Error ? cause : new Error(String(cause))
      })
      worker.on('exit', (exitCode) => {
        const wasUp = this.up.delete(endpoint)
        this.workers.delete(endpoint)
        const ending = this.endings.get(endpoint)
        this.endings.delete(endpoint)
        error ??= ending === undefined ? new Error(`exit code ${exitCode}`) : ending.error
        if (!this.isStopping) this.countDeath(endpoint, error, ending?.isWanted === true)
        if (wasUp && !this.isStopping) this.beginDeath(endpoint, error)
        const why = error === undefined ? 'it was ended' : error.message
        // Has no effect once it was ready.
        reject(
          new HeddleError('ERR_SCHEDULER_START', `scheduler ${endpoint} did not start: ${why}`, {
            cause: error,
          }),
        )
      })
    })
  }

  /** A worker is ready: gives it a way to all that are up, and them a way to it. */
  private connect(endpoint: number): void {
    this.host.control.setStatus(endpoint, UP)
    for (const peer of [HOST, ...this.up]) {
      const { port1, port2 } = new MessageChannel()
      const { control } = this.host
      this.tell(peer, { type: 'connect', peer: endpoint, port: port1, epoch: control.epoch(endpoint) })
      this.tell(endpoint, { type: 'connect', peer, port: port2, epoch: control.epoch(peer) })
    }
    this.up.add(endpoint)
    if (this.isWatching) this.tell(endpoint, { type: 'watch' })
  }

  private tell(endpoint: number, message: ToScheduler): void {
    if (endpoint !== HOST) {
      this.workers.get(endpoint)?.postMessage(message, message.type === 'connect' ? [message.port] : [])
    } else if (message.type === 'connect') {
      this.host.connect(message.peer, message.port, message.epoch)
    } else if (message.type === 'disconnect') {
      this.host.disconnect(message.peer, () => this.finishDeath(message.death, HOST))
    }
  }

  /** Also of one that was not up yet: what cannot start would be tried for ever. */
  private countDeath(endpoint: number, error: Error | undefined, isWanted: boolean): void {
    if (isWanted || !this.options.restartSchedulers || !this.restarts.isTooMany(performance.now())) return
    this.isStopping = true
    this.events.schedulerDown(endpoint, error)
    this.onGiveUp(endpoint, this.restarts.deathCount, error)
  }

  private beginDeath(endpoint: number, error: Error | undefined): void {
    const { control } = this.host
    control.setStatus(endpoint, this.options.restartSchedulers ? DOWN : GONE)
    control.nextEpoch(endpoint)
    this.host.idle.leave(endpoint)
    this.events.schedulerDown(endpoint, error)
    this.clearAway(endpoint)
  }

  /**
   * Frees what the dead one held. That takes the lock of the name table, which another thread may have died
   * with: then its own end, an event still to come, breaks the lock first. The host must not wait for it here. Likewise
   * another thread may be about to take what the dead one may have taken.
   */
  private clearAway(endpoint: number): void {
    const { names, slots } = this.host
    names.repair(endpoint)
    const holder = names.lockHolder
    const isStolen = settleTheft(slots, this.host.queues, endpoint)
    if ((holder > HOST && holder !== endpoint) || !isStolen) {
      setImmediate(() => this.clearAway(endpoint))
      return
    }
    buryScheduler({ names, slots }, endpoint, this.options.schedulerCount, (owner) => this.up.has(owner))
    // Whoever dies will not answer for other deaths any more. Not before now: what it was moving must be ended or elsewhere
    // before a fresh scheduler can ask where that is.
    for (const id of this.deaths.ids()) this.finishDeath(id, endpoint)
    const peers = [HOST, ...this.up]
    const death = this.deaths.begin(endpoint, peers)
    for (const peer of peers) this.tell(peer, { type: 'disconnect', peer: endpoint, death })
  }

  /** A peer is through with a dead scheduler; when all are, another takes its place. */
  private finishDeath(id: number, peer: number): void {
    const endpoint = this.deaths.finish(id, peer)
    if (endpoint === undefined) return
    for (let other = 0; other <= this.options.schedulerCount; other++) {
      if (other === endpoint) continue
      resetRing(this.shared, endpoint, other)
      resetRing(this.shared, other, endpoint)
    }
    this.host.control.breakMover(endpoint)
    this.host.control.counters(endpoint).reset()
    this.host.queues[endpoint]?.clear()
    if (!this.isStopping && this.options.restartSchedulers) this.replace(endpoint, RETRY_MS_MIN)
  }

  private replace(endpoint: number, retryMs: number): void {
    this.startWorker(endpoint).catch((error: Error) => {
      if (this.isStopping) return
      this.events.schedulerDown(endpoint, error)
      const retry = setTimeout(() => {
        this.retries.delete(retry)
        this.replace(endpoint, Math.min(retryMs * 2, RETRY_MS_MAX))
      }, retryMs)
      this.retries.add(retry)
    })
  }
}

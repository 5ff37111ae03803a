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

import { MessageChannel, Worker } from 'node:worker_threads'
import { buryScheduler, Deaths } from '../kernel/deaths.ts'
import { DOWN, GONE, STARTING_UP, UP } from '../memory/control.ts'
import type { SharedMemory } from '../memory/layout.ts'
import { resetRing } from '../memory/ring.ts'
import { HeddleError } from '../term/errors.ts'
import type { Endpoint } from '../worker/endpoint.ts'
import { entryUrl } from '../worker/entry.ts'
import type { FromScheduler, SchedulerData, ToScheduler } from '../worker/protocol.ts'
import { schedulerMark } from '../worker/role.ts'
import type { FullVmOptions } from './options.ts'
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

export class Crew {
  private readonly workers = new Map<number, Worker>()
  private readonly up = new Set<number>()
  private readonly deaths = new Deaths()
  private isStopping = false
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
  }

  /** Starts all; rejects with ERR_SCHEDULER_START if one cannot be started. */
  async start(): Promise<void> {
    const endpoints = Array.from({ length: this.options.schedulerCount }, (_, index) => index + 1)
    await Promise.all(endpoints.map((endpoint) => this.startWorker(endpoint)))
  }

  async stop(): Promise<void> {
    this.isStopping = true
    for (const retry of this.retries) clearTimeout(retry)
    await Promise.all([...this.workers.values()].map((worker) => worker.terminate()))
  }

  /** Ends a worker, whatever it is doing; another takes its place. */
  async kill(endpoint: number): Promise<void> {
    await this.workers.get(endpoint)?.terminate()
  }

  isUp(endpoint: number): boolean {
    return this.up.has(endpoint)
  }

  private async startWorker(endpoint: number): Promise<void> {
    const data: SchedulerData = {
      [schedulerMark]: true,
      shared: this.shared,
      endpoint,
      endpointCount: this.options.schedulerCount + 1,
      spinMs: SPIN_MS,
      originMs: this.originMs,
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
    return new Promise<void>((resolve, reject) => {
      let error: Error | undefined
      worker.on('message', (message: FromScheduler) => {
        if (message.type === 'ready') {
          this.connect(endpoint)
          resolve()
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
        if (wasUp && !this.isStopping) this.beginDeath(endpoint, error)
        const why = error === undefined ? `exit code ${exitCode}` : error.message
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
  }

  private tell(endpoint: number, message: ToScheduler): void {
    if (endpoint !== HOST) {
      this.workers.get(endpoint)?.postMessage(message, message.type === 'connect' ? [message.port] : [])
    } else if (message.type === 'connect') {
      this.host.connect(message.peer, message.port, message.epoch)
    } else {
      this.host.disconnect(message.peer)
      this.finishDeath(message.death, HOST)
    }
  }

  private beginDeath(endpoint: number, error: Error | undefined): void {
    const { control } = this.host
    control.setStatus(endpoint, this.options.restartSchedulers ? DOWN : GONE)
    control.nextEpoch(endpoint)
    this.events.schedulerDown(endpoint, error)
    // Whoever dies now will not answer for other deaths any more.
    for (const id of this.deaths.ids()) this.finishDeath(id, endpoint)
    this.clearAway(endpoint)
  }

  /**
   * Frees what the dead one held. That takes the lock of the name table, which another thread may have died
   * with: then its own end, an event still to come, breaks the lock first. The host must not wait for it here.
   */
  private clearAway(endpoint: number): void {
    const { names, slots } = this.host
    names.repair(endpoint)
    const holder = names.lockHolder
    if (holder > HOST && holder !== endpoint) {
      setImmediate(() => this.clearAway(endpoint))
      return
    }
    buryScheduler({ names, slots }, endpoint, this.options.schedulerCount, (owner) => this.up.has(owner))
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
    this.host.control.counters(endpoint).reset()
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

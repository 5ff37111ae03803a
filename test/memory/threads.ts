/** Threads for tests of shared memory: each runs one `*.worker.mjs` and says what it has to say by messages. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  createMemory,
  type MemoryOptions,
  type SharedMemory,
} from '../../packages/scheduler/dist/memory/layout.js'

export function smallMemory(options: Partial<MemoryOptions> = {}): SharedMemory {
  return createMemory({
    endpointCount: 4,
    processCountMax: 4_096,
    nameCountMax: 64,
    ringBytes: 4_096,
    ...options,
  })
}

/** Another one for each run; what fails names it. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]
}

export interface Job {
  readonly shared: SharedMemory
  readonly me: number
  readonly seed: number
  readonly role?: string
  readonly [option: string]: unknown
}

export class Thread {
  readonly worker: Worker
  private readonly failure: Promise<never>

  constructor(file: string, job: Job) {
    this.worker = new Worker(new URL(file, import.meta.url), { workerData: job })
    this.failure = once(this.worker, 'error').then(([error]) => {
      throw new Error(`endpoint ${job.me}, seed ${job.seed}`, { cause: error })
    })
    // It is looked at with the next message; until then it is nobody's.
    this.failure.catch(() => {})
  }

  /** The next message. Fails when the thread does. */
  async message<T>(): Promise<T> {
    const next = once(this.worker, 'message') as Promise<[T]>
    const [value] = await Promise.race([next, this.failure])
    return value
  }

  async kill(): Promise<void> {
    await this.worker.terminate()
  }
}

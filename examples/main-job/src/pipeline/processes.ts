/**
 * The pipeline as processes: a `fileJob` for each file, which works once and ends, and a `gatherer`, which starts
 * them and puts their results in order. Shown here:
 *
 * - a process is cheap, so there is one for each file, and all are started at once: no pool, no queue, no worker
 *   that is handed one job after another;
 * - the gatherer does not say where its jobs run: placing them is the VM's business;
 * - results come in any order and carry their index;
 * - a job that fails does not answer, so the gatherer monitors each: it hears of the end of all of them.
 */

import { type Down, done, oneOf, type Pid, process, tag } from '@heddle/scheduler'
import { digestOf } from './work.ts'

export interface Job {
  readonly path: string
  readonly index: number
  readonly gatherer: Pid
}

interface Digest {
  readonly type: 'digest'
  readonly index: number
  readonly digest: string
}

export const fileJob = process(import.meta.url, 'fileJob', {
  init: (job: Job) => job,
  run({ path, index, gatherer }, self) {
    const message: Digest = { type: 'digest', index, digest: digestOf(path) }
    self.send(gatherer, message)
    return done()
  },
})

export interface Batch {
  readonly paths: readonly string[]
  readonly replyTo: Pid
}

/** What the gatherer sends to `replyTo`: a digest for each path, in the order of the paths. */
export interface Gathered {
  readonly type: 'gathered'
  readonly digests: readonly string[]
}

export const gatherer = process(import.meta.url, 'gatherer', {
  init: (batch: Batch) => batch,
  *run({ paths, replyTo }, self) {
    for (const [index, path] of paths.entries()) {
      self.spawnMonitor(fileJob, { path, index, gatherer: self.pid }, { scheduler: 'spread' })
    }
    const digests = new Array<string>(paths.length).fill('')
    for (let running = paths.length; running > 0; ) {
      const message = yield* self.receive(oneOf(tag<Digest>('digest'), tag<Down>('DOWN')))
      if (message.type === 'digest') digests[message.index] = message.digest
      // Its digest came before: the signals of one process keep their order.
      else if (message.reason === 'normal') running -= 1
      else self.exit(['file_job_failed', message.reason])
    }
    const gathered: Gathered = { type: 'gathered', digests }
    self.send(replyTo, gathered)
    return done()
  },
})

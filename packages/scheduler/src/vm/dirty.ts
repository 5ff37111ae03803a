/**
 * The pool of threads for dirty functions: one queue in front of piscina, which starts threads, keeps them, hands them
 * tasks and ends them.
 *
 *     run() --> waiting, oldest first --> at most so many tasks in piscina as there are threads --> answer
 *
 * The queue is here because piscina's own puts a task that can be aborted behind all others whenever it finds no free
 * thread for it, and every task of ours can be. So a task that piscina has is one that has a thread, or whose thread is
 * being started; one that waits here never starts once it is given up.
 *
 * A thread starts when there is a task for it, and ends after a while without one. Only a task that is given up ends
 * its thread: JavaScript cannot be stopped in any other way.
 */

import { createRequire } from 'node:module'
import process from 'node:process'
import type { Piscina } from 'piscina'
import type { DirtyPool } from '../kernel/dirty.ts'
import type { DirtyOutcome, DirtyRequest } from '../process/dirty.ts'
import { dirtyThreadMark } from '../worker/role.ts'
import { type DirtyThreadFile, dirtyThreadFile } from './dirty-source.ts'

/** How long a thread without work stays. */
const IDLE_MS = 60_000

const STOPPED: DirtyOutcome = { is: 'refused', code: 'ERR_VM_STOPPED', message: 'the VM has been stopped' }

/**
 * A task, and the signal by which piscina hears that it is given up. (An `AbortController` for each would do, at a tenth of
 * what a task costs.)
 */
class Task {
  readonly request: DirtyRequest
  readonly answer: (outcome: DirtyOutcome) => void
  aborted = false
  private listener: (() => void) | undefined

  constructor(request: DirtyRequest, answer: (outcome: DirtyOutcome) => void) {
    this.request = request
    this.answer = answer
  }

  abort(): void {
    this.aborted = true
    this.listener?.()
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.listener = listener
  }

  removeEventListener(): void {
    this.listener = undefined
  }
}

/** The pool in numbers; counts are since the VM started. */
export interface DirtyPoolInfo {
  /** Threads that there are now. */
  readonly threadCount: number
  readonly threadCountMax: number
  /** Tasks that wait for a thread. */
  readonly queueLength: number
  /** Tasks that have one, or for which one is being started. */
  readonly runningCount: number
  /** Tasks that came to a result or an exception. */
  readonly doneCount: number
  /** Tasks that were given up: by their processes' ends, by signals, by time. */
  readonly givenUpCount: number
  /** Tasks whose threads ended. */
  readonly lostCount: number
}

export class ThreadPool implements DirtyPool {
  private readonly threadCountMax: number
  private readonly waiting = new Set<Task>()
  private readonly running = new Set<Task>()
  private piscina: Piscina | undefined
  private file: DirtyThreadFile | undefined
  private isStopped = false
  private doneCount = 0
  private givenUpCount = 0
  private lostCount = 0

  constructor(threadCountMax: number) {
    this.threadCountMax = threadCountMax
  }

  get info(): DirtyPoolInfo {
    return {
      threadCount: this.piscina?.threads.length ?? 0,
      threadCountMax: this.threadCountMax,
      queueLength: this.waiting.size,
      runningCount: this.running.size,
      doneCount: this.doneCount,
      givenUpCount: this.givenUpCount,
      lostCount: this.lostCount,
    }
  }

  run(request: DirtyRequest, answer: (outcome: DirtyOutcome) => void): () => void {
    const task = new Task(request, answer)
    if (this.isStopped) {
      answer(STOPPED)
      return () => {}
    }
    this.waiting.add(task)
    this.fill()
    return () => this.giveUp(task)
  }

  /** Ends all threads; tasks are answered with ERR_VM_STOPPED. */
  async stop(): Promise<void> {
    this.isStopped = true
    const tasks = [...this.running, ...this.waiting]
    this.running.clear()
    this.waiting.clear()
    for (const { answer } of tasks) answer(STOPPED)
    await this.piscina?.destroy()
    this.file?.remove()
  }

  private giveUp(task: Task): void {
    if (this.waiting.delete(task)) this.givenUpCount += 1
    else if (this.running.delete(task)) {
      this.givenUpCount += 1
      task.abort()
      this.fill()
    }
  }

  /** Starts what waits, as far as there are threads. */
  private fill(): void {
    for (const task of this.waiting) {
      if (this.running.size >= this.threadCountMax) return
      this.waiting.delete(task)
      this.running.add(task)
      this.start(task)
    }
  }

  private start(task: Task): void {
    let piscina: Piscina
    try {
      piscina = this.threads()
    } catch (error) {
      const message = `the pool for dirty functions cannot be started: ${(error as Error).message}`
      queueMicrotask(() => this.finish(task, { is: 'refused', code: 'ERR_MODULE_LOAD', message }))
      return
    }
    const { args } = task.request
    // Nobody else has the request: it came here as a message.
    const transferList = typeof args === 'string' ? [] : [args.frame.buffer]
    piscina.run(task.request, { signal: task, transferList }).then(
      (outcome: DirtyOutcome) => this.finish(task, outcome),
      (error: unknown) => this.finish(task, { is: 'down', message: messageOf(error) }),
    )
  }

  private finish(task: Task, outcome: DirtyOutcome): void {
    // Given up, or stopped.
    if (!this.running.delete(task)) return
    if (outcome.is === 'down') this.lostCount += 1
    else this.doneCount += 1
    // First the next: the thread need not wait for what is made of this one.
    this.fill()
    task.answer(outcome)
  }

  private threads(): Piscina {
    if (this.piscina !== undefined) return this.piscina
    // No import: bundlers would take piscina in, and it finds its own files only where it was installed.
    const load = createRequire(import.meta.url)
    const { Piscina } = load('piscina') as typeof import('piscina')
    this.file = dirtyThreadFile()
    const piscina = new Piscina({
      filename: this.file.path,
      name: 'runTask',
      minThreads: 0,
      maxThreads: this.threadCountMax,
      idleTimeout: IDLE_MS,
      recordTiming: false,
      workerData: { [dirtyThreadMark]: true },
      argv: process.argv.slice(2),
      ...this.file.workerOptions,
    })
    // A thread that ends without a task: none is lost, and the next task starts another. But a thread may end before it
    // took the task that it was started for.
    piscina.on('error', () => this.failStranded())
    piscina.on('workerDestroy', () => this.failStranded())
    this.piscina = piscina
    return piscina
  }

  private failStranded(): void {
    setImmediate(() => {
      if (this.piscina === undefined || this.piscina.threads.length > 0) return
      for (const task of [...this.running]) {
        task.abort()
        this.finish(task, { is: 'down', message: 'its thread could not be started' })
      }
    })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

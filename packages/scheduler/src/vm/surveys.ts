/**
 * Questions to schedulers themselves, over the channel of their workers. A scheduler answers when its event loop has its
 * turn; one that is stuck in a callback does not, so every question has a time, and who does not answer is counted out
 * rather than waited for.
 */

import type { ThreadMeasured } from '../worker/measure.ts'

export class Surveys {
  private count = 0
  private readonly open = new Map<number, (measured: ThreadMeasured | undefined) => void>()

  /** `undefined` if there is no answer within this time, by the system's clock. */
  ask(timeoutMs: number, send: (id: number) => void): Promise<ThreadMeasured | undefined> {
    const id = ++this.count
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answered(id, undefined), timeoutMs)
      this.open.set(id, (measured) => {
        clearTimeout(timer)
        resolve(measured)
      })
      send(id)
    })
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of this.open.keys()) this.answered(id, undefined)
  }

  /** An answer that comes too late has no effect. */
  answered(id: number, measured: ThreadMeasured | undefined): void {
    this.open.get(id)?.(measured)
    this.open.delete(id)
  }
}

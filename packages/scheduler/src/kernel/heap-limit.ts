/**
 * Watches what processes with a `maxHeapBytes` hold. The estimate walks all of it, so it is made again only after as
 * many reductions as it took steps: a process pays at most about half its time for being watched.
 */

import { type Process, STATUS } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'
import { type Estimate, estimateBytes } from '../term/size.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'

/** State, mailbox and dictionary; `bytesMax` is where counting stops. */
export function estimateHeap(process: Process, bytesMax: number): Estimate {
  const { mailbox, dictionary, state } = process
  return estimateBytes([state, mailbox.peek(mailbox.length), dictionary], bytesMax)
}

/** To be called when its turn is over. */
export function checkHeap(kernel: Kernel, process: Process): void {
  const extras = process.extras
  const limit = extras?.heapLimit
  if (extras === null || limit === undefined || process.status === STATUS.dead) return
  if (process.reductionCount < extras.heapCheckAt) return
  const { bytes, stepCount } = estimateHeap(process, 2 * limit.bytes)
  extras.heapCheckAt = process.reductionCount + stepCount
  const wasOver = extras.isOverHeapLimit
  extras.isOverHeapLimit = bytes > limit.bytes
  if (!extras.isOverHeapLimit) return
  if (limit.report && !wasOver) {
    kernel.report({
      type: 'max_heap',
      pid: process.pidTerm,
      scheduler: kernel.endpoint,
      definition: { url: process.address.url, name: process.address.name },
      registeredName: kernel.names.nameOf(slotOf(process.pid)),
      bytes,
      limitBytes: limit.bytes,
      isKilled: limit.kill,
    })
  }
  if (limit.kill) terminate(kernel, process, 'killed')
}

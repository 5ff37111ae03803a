/**
 * Watches what processes with a `maxHeapBytes` hold. The estimate walks all of it, so it is made again only after as
 * many reductions as it costs: a process pays at most about half its time for being watched.
 */

import { type Process, STATUS } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'
import { estimateBytes } from '../term/size.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'

/** What an estimate looks at in the time of one reduction. */
const BYTES_PER_REDUCTION = 2_048

/** State, mailbox and dictionary; `bytesMax` is where counting stops. */
export function heapBytesOf(process: Process, bytesMax: number): number {
  const { mailbox, dictionary, state } = process
  return estimateBytes([state, mailbox.peek(mailbox.length), dictionary], bytesMax)
}

/** To be called when its turn is over. */
export function checkHeap(kernel: Kernel, process: Process): void {
  const extras = process.extras
  const limit = extras?.heapLimit
  if (extras === null || limit === undefined || process.status === STATUS.dead) return
  if (process.reductionCount < extras.heapCheckAt) return
  extras.heapBytes = heapBytesOf(process, 2 * limit.bytes)
  extras.heapCheckAt = process.reductionCount + Math.floor(extras.heapBytes / BYTES_PER_REDUCTION)
  const wasOver = extras.isOverHeapLimit
  extras.isOverHeapLimit = extras.heapBytes > limit.bytes
  if (!extras.isOverHeapLimit) return
  if (limit.report && !wasOver) {
    kernel.report({
      type: 'max_heap',
      pid: process.pidTerm,
      scheduler: kernel.endpoint,
      definition: { url: process.address.url, name: process.address.name },
      registeredName: kernel.names.nameOf(slotOf(process.pid)),
      bytes: extras.heapBytes,
      limitBytes: limit.bytes,
      isKilled: limit.kill,
    })
  }
  if (limit.kill) terminate(kernel, process, 'killed')
}

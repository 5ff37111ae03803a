/** What happens to a message that comes to a full mailbox. */

import type { CallEnvelope } from '../process/call.ts'
import type { Extras } from '../process/extras.ts'
import { NOTHING } from '../process/mailbox.ts'
import { type Process, STATUS } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'

/** Returns whether the message is done with: dropped, or its receiver is. */
export function refuseByLimit(kernel: Kernel, process: Process, extras: Extras, message: unknown): boolean {
  const limit = extras.mailboxLimit
  if (limit === undefined || process.mailbox.length < limit.count) return false
  switch (limit.onFull) {
    case 'drop_newest':
      drop(kernel, process, message)
      return true
    case 'drop_oldest': {
      const oldest = process.mailbox.take(isOfProcess, 0)
      // What is full of the VM's own messages takes no other.
      drop(kernel, process, oldest === NOTHING ? message : oldest)
      return oldest === NOTHING
    }
    case 'exit':
      kernel.droppedCount += 1
      if (process.status === STATUS.running) process.doom ??= { reason: ['mailbox_full', limit.count] }
      else terminate(kernel, process, ['mailbox_full', limit.count])
      return true
  }
}

function drop(kernel: Kernel, process: Process, message: unknown): void {
  kernel.droppedCount += 1
  if (!isCall(message)) return
  // Who called shall not wait for the timeout.
  const { pid, ref } = message.from
  process.watchers?.delete(ref.$ref)
  kernel.signal(SIGNAL.down, pid.$pid, process.pid, ref.$ref, 'mailbox_full')
}

function isCall(message: unknown): message is CallEnvelope {
  return (message as Partial<CallEnvelope> | null)?.type === '$call'
}

const OF_THE_VM: readonly unknown[] = ['EXIT', 'DOWN', 'spawn_reply']

function isOfProcess(message: unknown): boolean {
  return !OF_THE_VM.includes((message as { type?: unknown } | null | undefined)?.type)
}

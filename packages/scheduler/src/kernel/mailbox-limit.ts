/** What happens to a message that comes to a full mailbox. */

import type { CallEnvelope } from '../process/call.ts'
import type { Extras } from '../process/extras.ts'
import { type Process, STATUS } from '../process/process.ts'
import { SIGNAL } from '../process/signals.ts'
import { isPid } from '../term/pid.ts'
import { isRef } from '../term/ref.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'
import { overload } from './muting.ts'

/** Returns whether the message is done with: dropped, or its receiver is. */
export function refuseByLimit(kernel: Kernel, process: Process, extras: Extras, message: unknown): boolean {
  const limit = extras.mailboxLimit
  const { mailbox } = process
  if (limit === undefined || mailbox.length - mailbox.ownCount < limit.count) return false
  switch (limit.onFull) {
    case 'drop_newest':
      drop(kernel, process, message)
      return true
    case 'drop_oldest': {
      const oldest = mailbox.take((waiting) => !mailbox.isOwn(waiting), 0)
      drop(kernel, process, oldest)
      return false
    }
    case 'mute_senders':
      overload(kernel, process, extras)
      return false
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

/** Nobody keeps a process from sending what looks like one. */
function isCall(message: unknown): message is CallEnvelope {
  if (typeof message !== 'object' || message === null) return false
  const { type, from } = message as Partial<CallEnvelope>
  return type === '$call' && isPid(from?.pid) && isRef(from.ref)
}

/** The ways of a message: the plain one; by an alias, by a name in a registry of the user's, with what is moved rather than cloned. */

import { NO_PRESSURE } from '../memory/pressure.ts'
import type { Process } from '../process/process.ts'
import type { Self, SendOptions } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { isVia, sendVia, type Via } from '../process/via.ts'
import { copyTransferring } from '../term/codec-port.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { slotOf } from '../term/pid.ts'
import { isRef, type Ref } from '../term/ref.ts'
import type { Kernel } from './kernel.ts'
import { muteFor } from './muting.ts'

/** The plain way, to a pid. */
export function sendMessage(kernel: Kernel, process: Process, pid: number, message: unknown): void {
  const target = kernel.table.get(pid)
  if (target === undefined) kernel.sendAway(pid, message)
  else {
    kernel.deliver(target, copy(message))
    // Few have limits, and whoever has none holds nobody back.
    if (target.extras === null) return
  }
  const pressure = kernel.slots.pressure.of(slotOf(pid))
  if (pressure !== NO_PRESSURE) muteFor(kernel, process, pid, pressure)
}

export function sendElsewhere(
  kernel: Kernel,
  process: Process,
  self: Self,
  to: Ref | Via,
  message: unknown,
  options: SendOptions | undefined,
): void {
  if (options?.transfer !== undefined)
    throw new HeddleError('ERR_BAD_ARGUMENT', 'send() transfers to a pid or a name of the VM only')
  if (isRef(to)) kernel.signal(SIGNAL.aliased, to.$of, process.pid, to.$ref, message)
  else if (isVia(to)) sendVia(self, to, message)
  else throw new HeddleError('ERR_BAD_ARGUMENT', 'send() takes a pid, an alias, a name or a Via')
}

export function sendTransferring(
  kernel: Kernel,
  pid: number,
  message: unknown,
  transfer: NonNullable<SendOptions['transfer']>,
): void {
  const to = kernel.locate(pid)
  if (to !== kernel.endpoint) kernel.post(to, SIGNAL.message, pid, 0, 0, message, transfer)
  else kernel.receive(SIGNAL.message, pid, 0, 0, copyTransferring(message, transfer))
}

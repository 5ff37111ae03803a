/**
 * The host's place among the processes: a pid, a mailbox and a `self`, but no code of its own. Whoever
 * embeds the VM calls and is called through it, from ordinary async code.
 */

import { PHASE, Process, RESIDENCE, STATUS } from '../process/process.ts'
import { pidNumber } from '../term/pid.ts'
import type { Kernel } from './kernel.ts'
import type { ProcessSelf } from './self.ts'

export interface HostProcess {
  readonly process: Process
  readonly self: ProcessSelf
}

export function makeHostProcess(kernel: Kernel): HostProcess {
  const { slots } = kernel
  const slot = slots.allocate(kernel.endpoint)
  const pid = pidNumber(slot, slots.generation(slot))
  const process = new Process(pid, 0, { url: 'node:heddle', name: 'host' }, undefined)
  const self = kernel.makeSelf(process)
  process.self = self
  // As if it were in a promise that never settles: it is never run, and messages wait for `receive`.
  process.phase = PHASE.promise
  process.status = STATUS.waiting
  process.isStarted = true
  process.trapsExits = true
  process.residence = RESIDENCE.host
  // It shares its thread with the embedder, who is not to be made to give way.
  process.budget = Infinity
  slots.markLive(slot)
  kernel.table.add(process)
  return { process, self }
}

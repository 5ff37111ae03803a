/** Requests whose outcome comes as a message: they are pending while their process rests, so they move with it. */

import type { PackedRequest, Process } from '../process/process.ts'
import type { Kernel } from './kernel.ts'
import { unpackCollection } from './query.ts'
import { unpackSpawnRequest } from './spawn-request.ts'
import { unpackTimerRequest } from './user-timers.ts'

/** `undefined`: one of them is waited for, so the process is not at rest. */
export function packRequests(process: Process): PackedRequest[] | undefined {
  const packed: PackedRequest[] = []
  for (const call of process.pendingCalls()) {
    if (call.pack === undefined) return undefined
    packed.push(call.pack())
  }
  return packed
}

const UNPACK = {
  timer: unpackTimerRequest,
  collection: unpackCollection,
  spawn: unpackSpawnRequest,
} satisfies { readonly [Kind in PackedRequest['kind']]: unknown }

export function unpackRequests(kernel: Kernel, process: Process, packed: readonly PackedRequest[]): void {
  for (const request of packed) process.addCall(UNPACK[request.kind](kernel, process, request))
}

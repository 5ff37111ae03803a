/** Questions about a process, answered by the kernel that runs it, in order with all other signals. */

import { INFO_ITEMS, type InfoItem, type ProcessInfo } from '../process/info.ts'
import { PRIORITIES } from '../process/limits.ts'
import {
  type PackedRequest,
  type PendingCall,
  PHASE,
  type Process,
  RESIDENCE,
  STATUS,
} from '../process/process.ts'
import type { GarbageCollected } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { formatReason } from '../term/exit-reason.ts'
import { PidTerm, slotOf } from '../term/pid.ts'
import { RefTerm } from '../term/ref.ts'
import { estimateHeap } from './heap-limit.ts'
import type { Kernel } from './kernel.ts'
import { groupLeaderOf } from './lifecycle.ts'

/** Looking into a huge mailbox must not take its scheduler down. */
const MESSAGES_SHOWN_MAX = 1_000
const HEAP_BYTES_SHOWN_MAX = 2 ** 23

const READERS: { readonly [Item in InfoItem]: (kernel: Kernel, process: Process) => ProcessInfo[Item] } = {
  pid: (_kernel, process) => process.pidTerm,
  parent: (_kernel, process) => (process.parent === 0 ? undefined : new PidTerm(process.parent)),
  registeredName: (kernel, process) => kernel.names.nameOf(slotOf(process.pid)),
  status: (_kernel, process) => statusOf(process),
  scheduler: (kernel) => kernel.endpoint,
  affinity: (kernel, process) => (process.residence === RESIDENCE.bound ? kernel.endpoint : undefined),
  definition: (_kernel, process) => ({ url: process.address.url, name: process.address.name }),
  trapExit: (_kernel, process) => process.trapsExits,
  priority: (_kernel, process) => PRIORITIES[process.priority] ?? 'normal',
  groupLeader: (kernel, process) => new PidTerm(groupLeaderOf(kernel, process)),
  maxMailbox: (_kernel, process) => process.extras?.mailboxLimit,
  maxHeapBytes: (_kernel, process) => process.extras?.heapLimit,
  heapBytes: (_kernel, process) => estimateHeap(process, HEAP_BYTES_SHOWN_MAX).bytes,
  suspendCount: (_kernel, process) => suspendCountOf(process),
  pinned: (_kernel, process) => process.extras?.pinned,
  links: (_kernel, process) =>
    [...(process.links ?? [])].filter(([, link]) => link.unlinkId === 0).map(([peer]) => new PidTerm(peer)),
  monitors: (_kernel, process) =>
    [...(process.monitors?.values() ?? [])].map(({ ref, target, name }) => ({
      ref: new RefTerm(ref, process.pid),
      pid: new PidTerm(target),
      ...(name === undefined ? {} : { name }),
    })),
  monitoredBy: (_kernel, process) =>
    [...(process.watchers?.values() ?? [])].map(({ pid }) => new PidTerm(pid)),
  messageQueueLength: (_kernel, process) => process.mailbox.length,
  messages: (_kernel, process) => process.mailbox.peek(MESSAGES_SHOWN_MAX).map(showable),
  reductions: (_kernel, process) => process.reductionCount,
  dictionary: (_kernel, process) =>
    [...(process.dictionary ?? [])].map(([key, value]) => [showable(key), showable(value)] as const),
}

/** What cannot be cloned is told in words: asking must not fail, least of all at the one who is asked. */
function showable(value: unknown): unknown {
  try {
    return copy(value)
  } catch {
    return formatReason(value)
  }
}

function suspendCountOf(process: Process): number {
  let sum = 0
  for (const { count } of process.extras?.suspenders?.values() ?? []) sum += count
  return sum
}

function statusOf(process: Process): ProcessInfo['status'] {
  if (process.phase === PHASE.loading) return 'loading'
  if (process.isSuspended) return suspendCountOf(process) > 0 ? 'suspended' : 'muted'
  if (process.status === STATUS.running) return 'running'
  return process.status === STATUS.runnable ? 'runnable' : 'waiting'
}

export function infoOf(kernel: Kernel, process: Process, items: readonly InfoItem[]): Partial<ProcessInfo> {
  return Object.fromEntries(items.map((item) => [item, READERS[item](kernel, process)]))
}

/** Stands for the items: a collection of garbage is asked for. */
export const COLLECT = 'collect'

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function checkItems(items: readonly InfoItem[]): void {
  const unknown = items.find((item) => !INFO_ITEMS.includes(item))
  if (unknown === undefined && items.length > 0) return
  throw new HeddleError('ERR_BAD_ARGUMENT', `processInfo() knows no item '${String(unknown)}'`)
}

/** `items` empty: only whether it is alive. */
export function answerQuery(
  kernel: Kernel,
  process: Process,
  asker: number,
  ref: number,
  items: unknown,
): void {
  if (items === COLLECT) {
    kernel.outside.collectGarbage()
    kernel.signal(SIGNAL.reply, asker, process.pid, ref, true)
    return
  }
  const wanted = items as readonly InfoItem[]
  const answer = wanted.length === 0 ? true : infoOf(kernel, process, wanted)
  try {
    kernel.signal(SIGNAL.reply, asker, process.pid, ref, answer)
  } catch {
    // What is just clonable by itself may be nested too deeply as part of the answer.
    const inWords = { ...(answer as object), messages: [], dictionary: [] }
    kernel.signal(SIGNAL.reply, asker, process.pid, ref, inWords)
  }
}

type CollectionPlan = Omit<PackedRequest, 'kind'>

/** @internal One that has moved with its process. */
export function unpackCollection(kernel: Kernel, process: Process, packed: PackedRequest): PendingCall {
  return new CollectionRequest(kernel, process, packed)
}

/** A collection whose outcome comes as a message. */
class CollectionRequest implements PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly requestId: unknown
  constructor(kernel: Kernel, process: Process, { ref, target, endpoint, detail }: CollectionPlan) {
    this.kernel = kernel
    this.process = process
    this.refNumber = ref
    this.target = target
    this.endpoint = endpoint
    this.requestId = detail
  }

  pack(): PackedRequest {
    const { refNumber: ref, target, endpoint, requestId: detail } = this
    return { kind: 'collection', ref, target, endpoint, detail }
  }

  answer(value: unknown): void {
    const message: GarbageCollected = {
      type: 'garbage_collect',
      requestId: this.requestId,
      result: value === true,
    }
    this.kernel.deliverOwn(this.process, message)
  }

  targetDown(): void {
    this.answer(false)
  }
}

export function requestCollection(
  kernel: Kernel,
  process: Process,
  target: number,
  requestId: unknown,
): void {
  const plan = { ref: kernel.newRef(), target, endpoint: kernel.locate(target), detail: copy(requestId) }
  const request = new CollectionRequest(kernel, process, plan)
  process.addCall(request)
  kernel.signal(SIGNAL.query, target, process.pid, request.refNumber, COLLECT)
}

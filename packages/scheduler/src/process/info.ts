/** What `processInfo` tells about a process. */

import type { Pid } from '../term/pid.ts'
import type { MonitorRef } from '../term/ref.ts'
import type { HeapLimit, MailboxLimit, Priority } from './limits.ts'

export interface ProcessInfo {
  readonly pid: Pid
  /** `undefined` for the host. */
  readonly parent: Pid | undefined
  readonly registeredName: string | undefined
  /** `loading`: its module is being imported. `muted`: held because it sends faster than its receivers can handle. */
  readonly status: 'running' | 'runnable' | 'waiting' | 'suspended' | 'muted' | 'loading'
  readonly scheduler: number
  /** The scheduler where it stays, as it was spawned with `scheduler: n`; unset if the balancer may move it. */
  readonly affinity: number | undefined
  readonly definition: { readonly url: string; readonly name: string }
  readonly trapExit: boolean
  readonly priority: Priority
  readonly groupLeader: Pid
  readonly maxMailbox: MailboxLimit | undefined
  readonly maxHeapBytes: Required<HeapLimit> | undefined
  /** State, mailbox and dictionary: an estimate, made for the asking; it stops counting at 8 MiB. */
  readonly heapBytes: number
  /** How often it is suspended. */
  readonly suspendCount: number
  /** Why it could not be moved to another scheduler when that was last tried: `not_cloneable: …`, for instance. */
  readonly pinned: string | undefined
  readonly links: readonly Pid[]
  readonly monitors: readonly { readonly ref: MonitorRef; readonly pid: Pid; readonly name?: string }[]
  readonly monitoredBy: readonly Pid[]
  readonly messageQueueLength: number
  /** The oldest 1,000 messages. */
  readonly messages: readonly unknown[]
  /** Messages handled and operations waited for. */
  readonly reductions: number
  readonly dictionary: readonly (readonly [unknown, unknown])[]
}

export type InfoItem = keyof ProcessInfo

export const INFO_ITEMS = [
  'pid',
  'parent',
  'registeredName',
  'status',
  'scheduler',
  'affinity',
  'definition',
  'trapExit',
  'priority',
  'groupLeader',
  'maxMailbox',
  'maxHeapBytes',
  'heapBytes',
  'suspendCount',
  'pinned',
  'links',
  'monitors',
  'monitoredBy',
  'messageQueueLength',
  'messages',
  'reductions',
  'dictionary',
] as const satisfies readonly InfoItem[]

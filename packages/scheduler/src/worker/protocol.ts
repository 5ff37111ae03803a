/**
 * What host and workers say to each other over the workers' own message channel: who is up, who died.
 * Rare and slow; everything between processes goes through the rings.
 */

import type { MessagePort } from 'node:worker_threads'
import type { SharedMemory } from '../memory/layout.ts'
import { schedulerMark } from './role.ts'

export interface SchedulerData {
  readonly [schedulerMark]: true
  readonly shared: SharedMemory
  readonly endpoint: number
  readonly endpointCount: number
  readonly spinMs: number
  /** When the VM started, by the system's clock; `undefined`: its time is set by hand. */
  readonly originMs: number | undefined
}

export type ToScheduler =
  /** This peer is up: here is the port that goes with the rings. `epoch`: in which of its lives. */
  | { readonly type: 'connect'; readonly peer: number; readonly port: MessagePort; readonly epoch: number }
  /** This peer has died: answer when everything of its is read and broken. */
  | { readonly type: 'disconnect'; readonly peer: number; readonly death: number }

export type FromScheduler =
  | { readonly type: 'ready' }
  | { readonly type: 'disconnected'; readonly death: number }

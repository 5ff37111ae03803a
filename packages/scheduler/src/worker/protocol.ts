/**
 * What host and workers say to each other over the workers' own message channel: who is up, who died.
 * Rare and slow; everything between processes goes through the rings.
 */

import type { MessagePort } from 'node:worker_threads'
import type { Balance } from '../kernel/balance.ts'
import type { PolicyName } from '../kernel/placement.ts'
import type { SharedMemory } from '../memory/layout.ts'
import type { PreemptOptions } from '../preempt/included.ts'
import type { DefinitionAddress } from '../process/define.ts'
import type { ThreadMeasured } from './measure.ts'
import { schedulerMark } from './role.ts'

export interface SchedulerData {
  readonly [schedulerMark]: true
  readonly shared: SharedMemory
  readonly endpoint: number
  readonly endpointCount: number
  readonly spinMs: number
  /** When the VM started, by the system's clock; `undefined`: its time is set by hand. */
  readonly originMs: number | undefined
  readonly steals: boolean
  /** A policy by its name, or where one of the user's is found. */
  readonly placement: PolicyName | DefinitionAddress
  readonly balance: Balance
  /** Instrument what is loaded; see docs/preemption.md. */
  readonly preempt: PreemptOptions | undefined
}

export type ToScheduler =
  /** This peer is up: here is the port that goes with the rings. `epoch`: in which of its lives. */
  | { readonly type: 'connect'; readonly peer: number; readonly port: MessagePort; readonly epoch: number }
  /** This peer has died: answer when everything of its is read and broken. */
  | { readonly type: 'disconnect'; readonly peer: number; readonly death: number }
  /** Keep account of what costs something to know, from now on. */
  | { readonly type: 'watch' }
  /** How are you? */
  | { readonly type: 'measure'; readonly id: number }

export type FromScheduler =
  | { readonly type: 'ready' }
  /** This scheduler calls that definition by this number. */
  | { readonly type: 'defined'; readonly number: number; readonly address: DefinitionAddress }
  /** It is about to end itself. */
  | { readonly type: 'ending'; readonly why: string }
  | { readonly type: 'disconnected'; readonly death: number }
  | { readonly type: 'measured'; readonly id: number; readonly measured: ThreadMeasured }

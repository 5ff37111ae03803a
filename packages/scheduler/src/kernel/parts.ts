/** What a kernel is made of. */

import type { Control } from '../memory/control.ts'
import type { NameTable } from '../memory/names.ts'
import type { SlotTable } from '../memory/slots.ts'
import type { PlacementFunction } from '../process/placement.ts'
import type { Balance } from './balance.ts'
import type { Outside } from './outside.ts'
import type { PolicyName } from './placement.ts'
import type { Report } from './report.ts'
import type { StealParts } from './steal.ts'

export interface KernelParts {
  /** This kernel's endpoint: 0 is the host thread's. */
  readonly endpoint: number
  readonly endpointCount: number
  readonly slots: SlotTable
  readonly names: NameTable
  readonly control: Control
  readonly outside: Outside
  /** The queues of unstarted spawns; left out where there is one scheduler, or none. */
  readonly stealing?: StealParts
  /** Where new processes go; default `two-choices`. */
  readonly placement?: PolicyName | PlacementFunction
  /** Whether it gives processes to others when its run queue is longer than theirs; default: off. */
  readonly balance?: Balance
  /** What reports (crashes and the like) are handed to, on the host; elsewhere they travel there. */
  readonly onReport?: (report: Report) => void
}

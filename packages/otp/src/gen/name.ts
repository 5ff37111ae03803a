/** What a process is called where people read it. */

import { formatPid, type Self } from '@heddle/scheduler'
import type { Core } from './core.ts'

/** Its name, or its pid. */
export function nameOf(core: Core, self: Self): string {
  const own = core.extras?.name
  if (own !== undefined) return String(own.name)
  return self.registeredName ?? formatPid(self.pid)
}

/** OTP's `proc_lib:set_label/1`: something for people to know a process by, in reports. Plain data. */
export function setLabel(self: Self, label: unknown): void {
  self.put(LABEL, label)
}

/** What `setLabel` said, of this process. */
export function labelOf(self: Self): unknown {
  return self.get(LABEL)
}

export const LABEL = '$process_label'

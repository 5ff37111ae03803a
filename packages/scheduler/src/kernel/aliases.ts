/** Aliases: references that messages can be sent to, as long as their process wants it. */

import type { AliasMode } from '../process/extras.ts'
import type { Process } from '../process/process.ts'
import type { Kernel } from './kernel.ts'

export function makeAlias(kernel: Kernel, process: Process, mode: AliasMode): number {
  const ref = kernel.newRef()
  process.mailbox.mark(ref)
  addAlias(process, ref, mode)
  return ref
}

export function addAlias(process: Process, ref: number, mode: AliasMode): void {
  const extras = process.ownExtras()
  extras.aliases ??= new Map()
  extras.aliases.set(ref, mode)
}

/** Returns whether it was active. */
export function removeAlias(process: Process, ref: number): boolean {
  return process.extras?.aliases?.delete(ref) === true
}

/** How long it still lives; `undefined` if it does not. */
export function aliasMode(process: Process, ref: number): AliasMode | undefined {
  return process.extras?.aliases?.get(ref)
}

/** The monitor of this reference has ended: so has its alias, unless that lives until `unalias`. */
export function monitorEnded(process: Process, ref: number): void {
  const mode = process.extras?.aliases?.get(ref)
  if (mode === 'demonitor' || mode === 'reply_demonitor') removeAlias(process, ref)
}

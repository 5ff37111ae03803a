/** Flags that a process sets for itself while it runs. */

import { HeddleError } from '../term/errors.ts'
import { checkHeapLimit, checkMailboxLimit, checkPriority, PRIORITIES } from './limits.ts'
import type { Process } from './process.ts'
import type { ProcessFlags } from './self.ts'

type Setters = { readonly [F in keyof ProcessFlags]: (process: Process, value: unknown) => ProcessFlags[F] }

const SETTERS: Setters = {
  trapExit: (process, value) => {
    if (typeof value !== 'boolean') throw new HeddleError('ERR_BAD_ARGUMENT', 'trapExit takes a boolean')
    const before = process.trapsExits
    process.trapsExits = value
    return before
  },
  priority: (process, value) => {
    const before = PRIORITIES[process.priority] ?? 'normal'
    process.priority = checkPriority(value)
    return before
  },
  maxMailbox: (process, value) => {
    const limit = checkMailboxLimit(value)
    const before = process.extras?.mailboxLimit
    if (limit !== before) process.ownExtras().mailboxLimit = limit
    return before
  },
  maxHeapBytes: (process, value) => {
    const limit = checkHeapLimit(value)
    const before = process.extras?.heapLimit
    if (limit === before) return before
    const extras = process.ownExtras()
    extras.heapLimit = limit
    extras.heapCheckAt = 0
    return before
  },
}

/** Returns what it was. @throws HeddleError ERR_BAD_ARGUMENT */
export function setFlag<F extends keyof ProcessFlags>(
  process: Process,
  flag: F,
  value: unknown,
): ProcessFlags[F] {
  if (!Object.hasOwn(SETTERS, flag))
    throw new HeddleError('ERR_BAD_ARGUMENT', `there is no flag '${String(flag)}'`)
  return SETTERS[flag](process, value)
}

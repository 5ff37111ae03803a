/**
 * What people see of a machine: its status, and the report of its end. Both show what the user's `formatStatus` makes of
 * them, so that what is secret or huge need not be shown. Source: OTP's `gen_statem:format_status/2`, `error_info`.
 */

import { type CallEnvelope, type ExitReason, isPid, type Self } from '@heddle/scheduler'
import type { DebugEvent } from '../../gen/debug.ts'
import type { Cause } from '../../gen/ending.ts'
import type { Mode } from '../../gen/handle-system.ts'
import { labelOf, nameOf } from '../../gen/name.ts'
import { report } from '../../report/report.ts'
import { GENERIC } from './actions.ts'
import { type Life, type MachineCode, presentCode } from './code.ts'
import { describeEvent } from './events.ts'

/** What `formatStatus` gets, and returns: in a report of an end all of it, else without `reason` and `queue`. */
export interface StatemStatus<S = unknown, D = unknown> {
  readonly state: S
  readonly data: D
  readonly reason?: ExitReason
  /** The event that was handled, and those that waited behind it, as pairs of type and content. */
  readonly queue?: readonly unknown[]
  readonly postponed: readonly unknown[]
  /** Pairs of a time-out's type and its content. */
  readonly timeouts: readonly unknown[]
  readonly log: readonly DebugEvent[]
}

function formatted(code: MachineCode, status: StatemStatus): StatemStatus {
  if (code.format === undefined) return status
  try {
    return { ...status, ...(code.format(status as never) as StatemStatus) }
  } catch {
    const crashed = `${code.name}:formatStatus crashed`
    return { ...status, state: crashed, data: crashed }
  }
}

function statusOf(life: Life): StatemStatus {
  return {
    state: life.state,
    data: life.data,
    postponed: life.postponed.map(describeEvent),
    timeouts: [...life.timers].map(([key, { content }]) => [typeOf(key), content]),
    log: [...(life.extras?.debug?.log?.events ?? [])],
  }
}

const typeOf = (key: string) => (key.startsWith(GENERIC) ? ['timeout', key.slice(GENERIC.length)] : key)

/** The definitions whose callbacks it has gone over to, the present one first, its own last. */
const modulesOf = (own: MachineCode, { modules }: Life): string[] => [
  ...modules.map(({ name }) => name).reverse(),
  own.name,
]

const modeOf = ({ states }: MachineCode) =>
  states === undefined ? 'handle_event_function' : 'state_functions'

/** What `sys.getStatus` shows of a machine. */
export function formatMachine(own: MachineCode, life: Life, mode: Mode, self: Self): unknown {
  const code = presentCode(own, life) ?? own
  const { state, data, postponed, timeouts, log } = formatted(code, statusOf(life))
  return {
    header: `Status for state machine ${nameOf(life, self)}`,
    data: {
      status: mode,
      parent: life.parent === 0 ? self.pid : life.parent,
      modules: modulesOf(own, life),
      timeouts,
      loggedEvents: log,
      postponed,
    },
    state: { state, data },
  }
}

/** OTP's error report of a state machine. */
export function reportEnd(own: MachineCode, life: Life, cause: Cause, reason: ExitReason, self: Self): void {
  const code = presentCode(own, life) ?? own
  const current = life.current === undefined ? [] : [life.current]
  const queue = [...current, ...[...life.queue].reverse()].map(describeEvent)
  const shown = formatted(code, { ...statusOf(life), reason, queue })
  const from = (life.current as Partial<CallEnvelope> | undefined)?.from
  report(self, 'error', ['gen_statem', 'terminate'], {
    name: nameOf(life, self),
    queue: shown.queue,
    postponed: shown.postponed,
    modules: modulesOf(own, life),
    callbackMode: modeOf(code),
    stateEnter: hasEnter(code),
    state: { state: shown.state, data: shown.data },
    timeouts: [shown.timeouts.length, shown.timeouts],
    log: shown.log,
    reason: [cause.class, shown.reason],
    clientInfo: isPid(from?.pid) ? from.pid : undefined,
    ...(labelOf(self) === undefined ? {} : { processLabel: labelOf(self) }),
  })
}

function hasEnter({ common, states }: MachineCode): boolean {
  const sets = [common, ...(states?.values() ?? [])]
  return sets.some(({ enter }) => enter !== undefined)
}

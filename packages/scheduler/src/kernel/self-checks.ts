/** What a process may ask for: the checks of `self`'s arguments, each a coded error at the caller. */

import { Operation } from '../process/op.ts'
import type { MonitorOptions, TimerOptions } from '../process/self.ts'
import { HeddleError } from '../term/errors.ts'
import { isPid, type Pid } from '../term/pid.ts'
import { isRef, type Ref } from '../term/ref.ts'

/** The commonest slip of all: the clone would be refused anyway, but would not say why. */
export function refuseOperation(value: unknown, what: string): void {
  if (!(value instanceof Operation)) return
  const cure = 'write yield* self.call(…) in a generator, await self.call(…) in an async callback'
  throw new HeddleError('ERR_UNCLONABLE', `the ${what} is an operation that nobody waited for: ${cure}`)
}

export function unknownName(name: string): HeddleError {
  return new HeddleError('ERR_UNKNOWN_NAME', `no process is registered as '${name}'`)
}

export function pidOf(value: Pid, method: string): number {
  if (isPid(value)) return value.$pid
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    `${method}() takes a pid, not ${value === null ? 'null' : typeof value}`,
  )
}

export function refOf(value: Ref, method: string): number {
  if (isRef(value)) return value.$ref
  throw new HeddleError('ERR_BAD_ARGUMENT', `${method}() takes a reference, not ${typeof value}`)
}

export function checkOptions(options: object | undefined, known: readonly string[], method: string): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new HeddleError('ERR_BAD_ARGUMENT', `${method}() takes its options as an object`)
  for (const key in options)
    if (!known.includes(key)) throw new HeddleError('ERR_BAD_ARGUMENT', `${method}() has no option '${key}'`)
}

const ALIAS_MODES: readonly unknown[] = ['explicit_unalias', 'demonitor', 'reply_demonitor']

export function checkMonitorOptions(options: MonitorOptions | undefined): void {
  checkOptions(options, ['alias', 'tag'], 'monitor')
  if (options?.alias === undefined || ALIAS_MODES.includes(options.alias)) return
  throw new HeddleError('ERR_BAD_ARGUMENT', `a monitor has no alias '${String(options.alias)}'`)
}

export function checkTimerOptions(
  to: Pid | Ref | string,
  options: TimerOptions | undefined,
): Pid | Ref | string {
  checkOptions(options, ['abs'], 'a timer')
  if (typeof to === 'string') checkName(to)
  else if (!isRef(to)) pidOf(to, 'a timer')
  return to
}

/** Whatever its tag: the reference is the monitor's, and no other message of the VM's has these fields. */
export function isDownOf(message: unknown, refNumber: number): boolean {
  if (typeof message !== 'object' || message === null) return false
  const { ref } = message as { ref?: Partial<Ref> | null }
  return ref?.$ref === refNumber && 'reason' in message && 'pid' in message
}

export function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name !== 'undefined' && Buffer.byteLength(name) <= 255)
    return
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    `a name is a string of 1 to 255 bytes other than 'undefined', not ${String(name)}`,
  )
}

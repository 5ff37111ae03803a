/**
 * Measuring inside a process. A figure's *driver* is a process that does the work, reads the clock around
 * the whole batch and sends what it found to the host; the host only starts it and waits. Nothing of the
 * host's own work, nor the way there and back, is in the figure.
 */

import {
  down,
  formatReason,
  oneOf,
  type Pid,
  type Self,
  type Spawnable,
  tag,
  type Vm,
} from '@heddle/scheduler'

declare const found: unique symbol

/** The host's pid, as a driver knows it: where to send what it has found, and of what type that is. */
export interface Host<V> extends Pid {
  readonly [found]?: (value: V) => void
}

/** What every driver is told besides its own arguments. */
export interface ToHost<V> {
  readonly host: Host<V>
}

type FoundBy<A> = A extends ToHost<infer V> ? V : never

interface Measured<V> {
  readonly type: 'measured'
  readonly value: V
}

/** How a driver ends its work: `value` is what `measureIn` resolves to. */
export function tellHost<V>(self: Self, host: Host<V>, value: NoInfer<V>): void {
  const message: Measured<V> = { type: 'measured', value }
  self.send(host, message)
}

/**
 * Starts a driver on a scheduler, and resolves to what it measured once it has ended: one round never
 * overlaps the next. Rejects if the driver ends without a result.
 */
export async function measureIn<A extends ToHost<never>>(
  vm: Vm,
  driver: Spawnable<A>,
  argument: Omit<A, 'host'>,
  scheduler = 1,
): Promise<FoundBy<A>> {
  const complete = { ...argument, host: vm.pid } as unknown as A
  const pid = await vm.spawn<A>(driver, complete, { scheduler })
  const monitor = vm.monitor(pid)
  const message = await vm.receive(oneOf(tag<Measured<FoundBy<A>>>('measured'), down(monitor)))
  if (message.type === 'DOWN') {
    throw new Error(`driver '${driver.$.name}' ended without a result: ${formatReason(message.reason)}`)
  }
  await vm.receive(down(monitor))
  return message.value
}

export function perSecond(count: number, ms: number): number {
  return (count / ms) * 1_000
}

/** So much is done between two rests of a driver that floods: others, and the event loop, get their turn. */
export const BATCH_COUNT = 1_000

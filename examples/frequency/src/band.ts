/**
 * What is the allocator's own: which frequencies are free, and who holds the others. No loop and no messages here, so the
 * same code serves in all three programs: what differs between them is how it is reached.
 *
 * Each frequency that is held has a monitor on its client. Its DOWN message gives the frequency back, so nothing is
 * lost with a client, however it ends.
 */

import type { MonitorRef, Pid, Self } from '@heddle/scheduler'

export interface Holding {
  readonly frequency: number
  readonly client: Pid
  readonly monitor: MonitorRef
}

export interface Band {
  /** The next one to be given is the first. */
  readonly free: readonly number[]
  readonly held: readonly Holding[]
}

export type Allocated = number | 'no_frequency'
export type Deallocated = 'ok' | 'not_yours'

export function openBand(frequencies: readonly number[]): Band {
  return { free: frequencies, held: [] }
}

export function allocate(band: Band, client: Pid, self: Self): [Allocated, Band] {
  const [frequency, ...free] = band.free
  if (frequency === undefined) return ['no_frequency', band]
  const monitor = self.monitor(client)
  return [frequency, { free, held: [{ frequency, client, monitor }, ...band.held] }]
}

/** Only who holds a frequency can give it back. */
export function deallocate(band: Band, client: Pid, frequency: number, self: Self): [Deallocated, Band] {
  const holding = band.held.find((each) => each.frequency === frequency && each.client.$pid === client.$pid)
  if (holding === undefined) return ['not_yours', band]
  self.demonitor(holding.monitor, { flush: true })
  return ['ok', giveBack(band, holding)]
}

/** A client has ended. It holds as many frequencies as it has monitors: one message for each. */
export function clientDown(band: Band, monitor: MonitorRef): Band {
  const holding = band.held.find((each) => each.monitor.$ref === monitor.$ref)
  return holding === undefined ? band : giveBack(band, holding)
}

function giveBack(band: Band, holding: Holding): Band {
  return {
    free: [holding.frequency, ...band.free],
    held: band.held.filter((each) => each !== holding),
  }
}

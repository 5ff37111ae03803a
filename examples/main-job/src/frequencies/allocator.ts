/**
 * The frequency allocator of *Designing for Scalability with Erlang/OTP*, as a server. Shown here:
 *
 * - a server is `init` and a handler for each message: what its callers may say, and what they get, is read off
 *   those handlers by the type checker: `allocator.allocate()` is a message whose reply is a number or a refusal;
 * - a call comes with its `from`: who holds a frequency is who called, and nobody can give back another's;
 * - it **monitors** its clients: when one dies, however, what it held is free again. (The book links them, so that
 *   a crash of the server takes along all who hold a frequency. Here they need not die, for the server that is
 *   started in its place knows what is held: see band.ts.)
 * - its state is plain data and its own; it is changed in place, which nobody else can see.
 */

import { genServer, noreply, reply } from '@heddle/otp'
import type { Down, Pid, Self } from '@heddle/scheduler'
import {
  addsUp,
  type Band,
  type BandCounts,
  giveBack,
  grant,
  heldBy,
  heldCount,
  holdersOf,
  openBand,
  reclaim,
} from './band.ts'

export interface BandPlan {
  readonly first: number
  readonly holders: BigInt64Array
}

interface State {
  readonly band: Band
  /** Clients that are monitored: from when they first hold something until they die. */
  readonly monitored: Set<number>
}

export interface AllocatorStatus {
  readonly pid: Pid
  readonly scheduler: number
  readonly held: number
  readonly counts: BandCounts
  /** Whether the books balance. */
  readonly addsUp: boolean
}

export const allocator = genServer(import.meta.url, 'allocator', {
  init({ first, holders }: BandPlan, self): State {
    const state: State = { band: openBand(first, holders), monitored: new Set() }
    // Of those who died meanwhile the news comes at once.
    for (const client of holdersOf(state.band)) watch(state, client, self)
    return state
  },

  call: {
    allocate(state, _: void, self, from) {
      const client = from.pid.$pid
      const frequency = grant(state.band, client)
      if (frequency === undefined) return reply('no_frequency' as const, state)
      watch(state, client, self)
      return reply(frequency, state)
    },

    deallocate(state, frequency: number, _self, from) {
      const wasHeld = giveBack(state.band, from.pid.$pid, frequency)
      return reply(wasHeld ? ('ok' as const) : ('not_yours' as const), state)
    },

    /** For a client that lost touch and does not know what it holds: all of it is given back. */
    hangUp(state, _: void, _self, from) {
      const client = from.pid.$pid
      const held = heldBy(state.band, client)
      for (const frequency of held) giveBack(state.band, client, frequency)
      return reply(held.length, state)
    },

    status(state, _: void, self) {
      const { band } = state
      const status: AllocatorStatus = {
        pid: self.pid,
        scheduler: self.scheduler,
        held: heldCount(band),
        counts: band.counts,
        addsUp: addsUp(band),
      }
      return reply(status, state)
    },
  },

  info(state, message) {
    const { type, pid } = message as Down
    if (type === 'DOWN') {
      state.monitored.delete(pid.$pid)
      reclaim(state.band, pid.$pid)
    }
    return noreply(state)
  },
})

function watch({ monitored }: State, client: number, self: Self): void {
  if (monitored.has(client)) return
  monitored.add(client)
  self.monitor({ $pid: client })
}

/**
 * The frequency server. It watches whoever holds a frequency, and takes it back when he dies: so no phone needs a
 * `terminate` that might not run.
 */

import { genServer, noreply, reply } from '@heddle/otp'
import { type Down, type Pid, type Ref, samePid, sameRef } from '@heddle/scheduler'
import { overload } from './overload.ts'

interface Held {
  readonly frequency: number
  readonly by: Pid
  readonly watch: Ref
}

interface Band {
  readonly free: readonly number[]
  readonly held: readonly Held[]
}

export const frequency = genServer(import.meta.url, 'frequency', {
  init: (frequencies: readonly number[]): Band => ({ free: frequencies, held: [] }),
  call: {
    allocate: (band, _: void, self, from) => {
      const [frequency, ...free] = band.free
      if (frequency === undefined) {
        self.cast('overload', overload.notify('frequency_denied'))
        return reply(undefined, band)
      }
      if (free.length === 0) self.cast('overload', overload.notify('no_frequency'))
      const held = [...band.held, { frequency, by: from.pid, watch: self.monitor(from.pid) }]
      return reply(frequency, { free, held })
    },
    deallocate: (band, frequency: number, self, from) => {
      const it = band.held.find((each) => each.frequency === frequency && samePid(each.by, from.pid))
      if (it === undefined) return reply('not_allocated' as const, band)
      self.demonitor(it.watch, { flush: true })
      return reply('ok' as const, without(band, it))
    },
    freeCount: (band) => reply(band.free.length, band),
  },
  info: (band, message) => {
    const { type, ref } = message as Down
    const it = type === 'DOWN' ? band.held.find((each) => sameRef(each.watch, ref)) : undefined
    return noreply(it === undefined ? band : without(band, it))
  },
})

function without({ free, held }: Band, it: Held): Band {
  return { free: [it.frequency, ...free], held: held.filter((each) => each !== it) }
}

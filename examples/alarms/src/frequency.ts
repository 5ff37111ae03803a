/**
 * A frequency server that raises an alarm when its last frequency has gone, and clears it when one has come back. It
 * knows nothing of who listens: that is what events are for.
 */

import { alarmHandler, genServer, type RefOf, reply } from '@heddle/otp'

/** The alarm's id. */
export const NO_FREQUENCY = 'no_frequency'

interface Band {
  readonly free: readonly number[]
  readonly used: readonly number[]
}

export const frequency = genServer(import.meta.url, 'frequency', {
  init: (frequencies: readonly number[]): Band => ({ free: frequencies, used: [] }),
  call: {
    allocate: ({ free, used }, _: void, self) => {
      const [first, ...rest] = free
      if (first === undefined) return reply('no_frequency' as const, { free, used })
      if (rest.length === 0)
        alarmHandler.setAlarm(self, { id: NO_FREQUENCY, description: `all ${used.length + 1} are in use` })
      return reply(first, { free: rest, used: [first, ...used] })
    },
    deallocate: ({ free, used }, given: number, self) => {
      if (!used.includes(given)) return reply('not_allocated' as const, { free, used })
      if (free.length === 0) alarmHandler.clearAlarm(self, NO_FREQUENCY)
      return reply('ok' as const, { free: [given, ...free], used: used.filter((each) => each !== given) })
    },
  },
})

export type Frequency = RefOf<typeof frequency>

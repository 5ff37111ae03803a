/**
 * The allocator, third time: a `genServer`. The callbacks name the messages, so their arguments and answers are checked by
 * the type checker; and there are time limits, a supervisor's start, and `sys` to look into it.
 */

import { genServer, noreply, reply, stop } from '@heddle/otp'
import type { Down } from '@heddle/scheduler'
import { type Allocator, FREQUENCY } from './allocator.ts'
import { allocate, clientDown, deallocate, openBand } from './band.ts'

export const frequency = genServer(import.meta.url, 'frequency', {
  init: (frequencies: readonly number[]) => openBand(frequencies),
  call: {
    allocate(band, _: void, self, from) {
      const [answer, next] = allocate(band, from.pid, self)
      return reply(answer, next)
    },
    deallocate(band, frequency: number, self, from) {
      const [answer, next] = deallocate(band, from.pid, frequency, self)
      return reply(answer, next)
    },
    stop: (band) => stop('normal', band, 'ok' as const),
  },
  info(band, message) {
    const { type, ref } = message as Down
    return noreply(type === 'DOWN' ? clientDown(band, ref) : band)
  },
})

export const byGenServer: Allocator = {
  definition: frequency,
  *allocate(self) {
    return yield* self.call(FREQUENCY, frequency.allocate())
  },
  *deallocate(self, held) {
    return yield* self.call(FREQUENCY, frequency.deallocate(held))
  },
  *stop(self) {
    return yield* self.call(FREQUENCY, frequency.stop())
  },
}

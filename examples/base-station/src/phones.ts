/** Phones, each with a frequency of its own for as long as it lives, and the supervisor that they come and go under. */

import { dynamicSupervisor, failInit, genServer, reply, template } from '@heddle/otp'
import type { Self } from '@heddle/scheduler'
import { frequency } from './frequency.ts'

export const phone = genServer(import.meta.url, 'phone', {
  *init(number: string, self: Self) {
    const mine = yield* self.call('frequency', frequency.allocate())
    return mine === undefined ? failInit('no_frequency') : { number, mine }
  },
  call: {
    which: (state) => reply(state.mine, state),
  },
})

export const phones = dynamicSupervisor(import.meta.url, 'phones', (_: void) => ({
  intensity: 5,
  // A phone that has been switched off stays off; one that crashed comes back.
  child: template(phone, { restart: 'transient', shutdown: 'brutal_kill' }),
}))

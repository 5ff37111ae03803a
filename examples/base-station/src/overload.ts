/** The overload manager: counts how often the base station ran out, and how often it had to refuse. */

import { eventHandler, eventManager, handler, ok, reply } from '@heddle/otp'

export type OverloadEvent = 'no_frequency' | 'frequency_denied'

export const counters = eventHandler(import.meta.url, 'counters', {
  init: (_: void) => ok({ no_frequency: 0, frequency_denied: 0 }),
  handleEvent: (counts, event: OverloadEvent) => ok({ ...counts, [event]: counts[event] + 1 }),
  handleCall: {
    get: (counts) => reply(counts, counts),
  },
})

/** It begins with its handler, also when it is restarted: what is added by hand would be gone. */
export const overload = eventManager<OverloadEvent>(import.meta.url, 'overload', () => [handler(counters)])

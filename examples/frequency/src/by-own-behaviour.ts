/** The allocator, second time: callbacks of our own behaviour. What is left is what it is about. */

import { type Allocator, FREQUENCY, type Steps } from './allocator.ts'
import { type Allocated, allocate, clientDown, type Deallocated, deallocate, openBand } from './band.ts'
import { call, server, stop } from './behaviour.ts'

type Request = 'allocate' | { readonly deallocate: number }

const frequency = server(import.meta.url, 'frequency', {
  init: (frequencies: readonly number[]) => openBand(frequencies),
  handle: (request: Request, client, band, self) =>
    request === 'allocate'
      ? allocate(band, client, self)
      : deallocate(band, client, request.deallocate, self),
  down: (message, band) => clientDown(band, message.ref),
})

export const byOwnBehaviour: Allocator = {
  definition: frequency,
  allocate: (self) => call<Request>(self, FREQUENCY, 'allocate') as Steps<Allocated>,
  deallocate: (self, frequency) =>
    call<Request>(self, FREQUENCY, { deallocate: frequency }) as Steps<Deallocated>,
  stop: (self) => stop(self, FREQUENCY) as Steps<'ok'>,
}

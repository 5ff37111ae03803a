/** A client of any of the three: it does what it is told, and says what came of it. */

import { genServer, reply } from '@heddle/otp'
import type { Allocator } from './allocator.ts'
import { byGenServer } from './by-gen-server.ts'
import { byHand } from './by-hand.ts'
import { byOwnBehaviour } from './by-own-behaviour.ts'

// Functions cannot be sent to another core. A name can, and each core has this table.
export const allocators = {
  'by hand': byHand,
  'by our own behaviour': byOwnBehaviour,
  'by genServer': byGenServer,
} as const satisfies Record<string, Allocator>

export type Kind = keyof typeof allocators

export const KINDS = Object.keys(allocators) as readonly Kind[]

export const phone = genServer(import.meta.url, 'phone', {
  init: (kind: Kind) => kind,
  call: {
    *allocate(kind, _: void, self) {
      return reply(yield* allocators[kind].allocate(self), kind)
    },
    *deallocate(kind, frequency: number, self) {
      return reply(yield* allocators[kind].deallocate(self, frequency), kind)
    },
    *stopAllocator(kind, _: void, self) {
      return reply(yield* allocators[kind].stop(self), kind)
    },
  },
})

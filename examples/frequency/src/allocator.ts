/** What all three allocators have in common: how a client sees them. */

import type { Op, Self, Spawnable } from '@heddle/scheduler'
import type { Allocated, Deallocated } from './band.ts'

/** The name that an allocator has, whichever it is. */
export const FREQUENCY = 'frequency'

/** Steps of a generator process that come to a value: what a client function is when it has to wait. */
export type Steps<T> = Generator<Op<unknown>, T, unknown>

export interface Allocator {
  /** To be spawned with the frequencies that it shall give out, as `FREQUENCY`. */
  readonly definition: Spawnable<readonly number[]>
  allocate(self: Self): Steps<Allocated>
  deallocate(self: Self, frequency: number): Steps<Deallocated>
  stop(self: Self): Steps<'ok'>
}

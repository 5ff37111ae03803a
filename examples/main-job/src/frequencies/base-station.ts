/**
 * The base station: a supervisor over the allocator's partitions, one on each scheduler. Shown here:
 *
 * - `one_for_one`: partitions do not depend on each other, so only the one that fails is started again;
 * - a child's name: clients reach a partition by it, and need not know that it was restarted, or where it runs;
 * - a child's scheduler: partitions exist to work at the same time, so each has a core of its own.
 *
 * The tables of who holds what are made here once and handed to the children; a child that is started again gets
 * the same table.
 */

import { child, supervisor } from '@heddle/otp'
import type { BandPlan } from './allocator.ts'
import { allocator } from './allocator.ts'

export interface Plan {
  /** One for each partition. */
  readonly bands: readonly BandPlan[]
}

export function planBands(partitionCount: number, frequencyCount: number): Plan {
  const size = Math.floor(frequencyCount / partitionCount)
  const bands = Array.from({ length: partitionCount }, (_, index) => ({
    first: index * size,
    holders: new BigInt64Array(new SharedArrayBuffer(size * 8)),
  }))
  return { bands }
}

export function partitionName(index: number): string {
  return `frequencies-${index + 1}`
}

/** Which partition serves a line: a hash of its number (FNV-1a), so that neighbours do not all end up together. */
export function partitionOf(line: number, partitionCount: number): number {
  let hash = 0x811c9dc5
  for (const character of String(line)) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  }
  return (hash >>> 0) % partitionCount
}

export const baseStation = supervisor(import.meta.url, 'baseStation', ({ bands }: Plan) => ({
  strategy: 'one_for_one',
  intensity: 3,
  periodMs: 5_000,
  children: bands.map((band, index) =>
    child(allocator, band, { id: partitionName(index), name: partitionName(index), scheduler: index + 1 }),
  ),
}))

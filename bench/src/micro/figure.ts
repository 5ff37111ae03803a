/**
 * A figure is one number about the real library, with a name, a unit and, mostly, a target. It is taken in
 * rounds: each round does the same batch of work once and gives one value. What a round found out besides
 * (a percentile, a check) is told as an extra.
 */

import type { Vm } from '@heddle/scheduler'

export interface RoundResult {
  readonly value: number
  /** By name, its unit last: `rss_bytes`. Shown as the median of all rounds. */
  readonly extras?: Readonly<Record<string, number>>
}

/** What the value should be. */
export type Target = { readonly atLeast: number } | { readonly atMost: number }

/** Why a figure has an OS process of its own for every round rather than one for all: in `bench/README.md`. */
export type Scope = 'one_process' | 'process_per_round'

export interface Figure {
  readonly name: string
  readonly unit: string
  /** One line: what happens in a round, and what the clock is around. */
  readonly description: string
  readonly target?: Target
  /** What was done, in numbers. */
  readonly params: Readonly<Record<string, number | string>>
  readonly scope: Scope
  readonly work: Work
}

/** A round needs a VM, started before the first and kept for all; or is on its own. */
export type Work =
  | { readonly schedulers: number; readonly round: (vm: Vm) => Promise<RoundResult> }
  | { readonly schedulers?: never; readonly round: () => Promise<RoundResult> }

export function isReached(target: Target, value: number): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

/**
 * What a program is: a way to make, from a seed, a world to run in and something to run there. Programs assert by
 * themselves what they can see (`expect`); the simulator's judge sees to the rest.
 */

import type { Pid, Self } from '@heddle/scheduler'
import { down } from '@heddle/scheduler'
import type { Faults, Main, SimulationOptions } from '@heddle/scheduler/sim'
import type { Dice } from './dice.ts'

export interface Program {
  readonly name: string
  /** The world that this seed asks for. */
  options(dice: Dice): Omit<SimulationOptions, 'seed'>
  main(dice: Dice): Main<void>
}

/** The time of the run that is going on: what a process may not know, and an assertion may. */
export const stage = { nowMs: (): number => 0 }

/** A program saw what must not be. As a crash, it fails the run. */
export function expect(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(`expected ${what()}`)
}

/** Faults of all kinds, each in some runs and not in others. */
export function drawFaults(dice: Dice, deathsPerSecond: number): Faults {
  const hasDeaths = dice.chance(0.5)
  return {
    deathsPerSecond: hasDeaths ? deathsPerSecond * (0.5 + dice.next()) : 0,
    deathProbability: hasDeaths && dice.chance(0.5) ? 0.01 : 0,
    deathCountMax: dice.between(1, 6),
    newsDelayMs: [0, dice.pick([0, 1, 10])],
    ringDelayMs: [0, dice.pick([0, 0.2, 2, 10])],
    ringCapacity: dice.pick([1, 2, 8, 1_000]),
    stallProbability: dice.pick([0, 0.01, 0.1]),
    stallMs: [0, dice.pick([1, 20])],
    moveProbability: dice.pick([0, 0, 0.05, 0.3]),
  }
}

/** Waits for the end of all of them. */
export function* awaitEnds(self: Self, pids: readonly Pid[]) {
  for (const ref of pids.map((pid) => self.monitor(pid))) yield* self.receive(down(ref))
}

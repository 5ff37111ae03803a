/**
 * Simulation of a whole VM from a seed, to test systems built on Heddle, and Heddle itself.
 *
 * @example
 * import { simulate } from '@heddle/scheduler/sim'
 */

export { INVARIANTS, type Invariant, type Violation } from './sim/judge.ts'
export type { Faults, Range, SimulationOptions } from './sim/options.ts'
export {
  type Main,
  type Simulation,
  SimulationError,
  type SimulationResult,
  simulate,
} from './sim/simulate.ts'

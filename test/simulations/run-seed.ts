/** One seed: the program, the world and everything that happens there follow from it. */

import { type CrashReport, formatReason, isErrorReason } from '@heddle/scheduler'
import { SimulationError, type SimulationResult, simulate } from '@heddle/scheduler/sim'
import { Dice } from './dice.ts'
import { type Program, stage } from './program.ts'

export interface SeedOutcome {
  readonly seed: number
  readonly program: string
  /** Why it failed; undefined if it did not. */
  readonly failure: string | undefined
  readonly result: SimulationResult<void>
}

/** Runs one seed of a program. `run`: how, if not by `simulate`. */
export async function runSeed(
  program: Program,
  seed: number,
  keepsTrace: boolean,
  run: typeof simulate<void> = simulate,
): Promise<SeedOutcome> {
  const dice = new Dice(Math.imul(seed + 1, 0x9e3779b1))
  const options = { ...program.options(dice), seed, trace: keepsTrace }
  const main = program.main(dice)
  const outcome = (failure: string | undefined, result: SimulationResult<void>): SeedOutcome => ({
    seed,
    program: program.name,
    failure,
    result,
  })
  try {
    const result = await run(options, (self, simulation) => {
      stage.nowMs = () => simulation.nowMs
      return main(self, simulation)
    })
    return outcome(assertionOf(result), result)
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error
    return outcome(error.message, error.result as SimulationResult<void>)
  }
}

/** An assertion of the program's own that failed in one of its processes. */
function assertionOf({ reports }: SimulationResult<void>): string | undefined {
  const crash = reports.find(
    (report): report is CrashReport => report.type === 'crash' && isUnexpected(report.reason),
  )
  return crash === undefined ? undefined : `${crash.definition.name} crashed: ${formatReason(crash.reason)}`
}

function isUnexpected(reason: unknown): boolean {
  return isErrorReason(reason) && reason.message !== 'unlucky'
}

/**
 * Simulation: a whole VM in one thread, on a virtual clock, with every choice drawn from a seed. What a run finds, the
 * same seed finds again.
 */

import type { Report } from '../kernel/report.ts'
import type { Op } from '../process/op.ts'
import type { Self } from '../process/self.ts'
import { chain, done, type Step } from '../process/turn.ts'
import { HeddleError } from '../term/errors.ts'
import { formatReason } from '../term/exit-reason.ts'
import type { Invariant, Violation } from './judge.ts'
import { completeOptions, type SimulationOptions } from './options.ts'
import { HONEST, type Sabotage } from './sabotage.ts'
import { valueText } from './trace.ts'
import { type Outcome, World } from './world.ts'

/** The world, seen from the main process. */
export interface Simulation {
  readonly seed: number
  readonly schedulers: number
  /** Virtual time. */
  readonly nowMs: number
  /** In [0, 1), from the seed: for choices of the program's own. */
  random(): number
  /** Ends a scheduler, whatever it is doing; a fresh one takes its place. Without effect while it is down. */
  killScheduler(index: number): void
  isUp(scheduler: number): boolean
  /** A scheduler stands still for so many ms, as in a long callback. */
  stall(scheduler: number, ms: number): void
  /**
   * Through when nobody but main could go on: no process runs or could, no signal is on its way, no news of a scheduler.
   * What waits for a timer does not count.
   */
  settled(): Op<void>
  /** Writes a line into the trace. */
  note(text: string): void
}

export interface SimulationResult<T> {
  readonly seed: number
  /** `stuck`: main waits for what will never come. `limit`: time or steps ran out. */
  readonly outcome: 'returned' | 'failed' | 'stuck' | 'limit'
  /** What main returned, if it did. */
  readonly value: T | undefined
  /** Equal if and only if two runs were the same. */
  readonly traceHash: string
  /** What happened, a line each; empty if `trace` is false. */
  readonly trace: readonly string[]
  readonly stepCount: number
  /** How much virtual time went by. */
  readonly elapsedMs: number
  readonly deathCount: number
  /** How often a process was moved to another scheduler. */
  readonly moveCount: number
  readonly signalCount: number
  /** Crashes and deaths of schedulers, in order. */
  readonly reports: readonly Report[]
  /** Where a guarantee of the VM was broken: never, unless Heddle has a bug. */
  readonly violations: readonly Violation[]
  /** How often each guarantee was looked at. */
  readonly checkCounts: Readonly<Record<Invariant, number>>
}

/** A simulation that failed: its message says how, and from which seed it can be run again. */
export class SimulationError extends HeddleError {
  readonly seed: number
  readonly result: SimulationResult<unknown>
  constructor(message: string, result: SimulationResult<unknown>, cause: unknown) {
    super('ERR_SIMULATION', message, { cause })
    this.name = 'SimulationError'
    this.seed = result.seed
    this.result = result
  }
}

/** The body of the main process. */
export type Main<T> = (self: Self, simulation: Simulation) => Step<T>

/**
 * Runs `main` as a process of a simulated VM; the run ends when it returns. It runs in the host's place, which does
 * not die, and does not trap exits unless it says so. Definitions are used as they are, whatever module of this thread
 * made them; processes that are in a promise get the event loop's turn, and only operations of the VM take virtual time.
 *
 * Afterwards the world comes to rest, all processes are killed, and nothing may be left of them.
 *
 * @throws SimulationError (ERR_SIMULATION) if main failed, waits for ever, or ran into a limit, or a guarantee of the
 *   VM was broken; HeddleError ERR_BAD_ARGUMENT
 * @example
 * const { value } = await simulate({ seed: 7, schedulers: 3, faults: { deathsPerSecond: 50 } }, function* (self) {
 *   const pid = self.spawn(counter, 0)
 *   return yield* self.call(pid, counter.get())
 * })
 */
export async function simulate<T>(options: SimulationOptions, main: Main<T>): Promise<SimulationResult<T>> {
  const { result, cause } = await runSimulation(options, main, HONEST)
  const why = failureOf(result, cause)
  if (why === undefined) return result
  throw new SimulationError(`seed ${result.seed}: ${why}`, result, cause)
}

/** The same, but returns what came of it, whatever that is. Not for users: it takes sabotage. */
export async function runSimulation<T>(
  options: SimulationOptions,
  main: Main<T>,
  sabotage: Sabotage,
): Promise<{ result: SimulationResult<T>; cause: unknown }> {
  const full = completeOptions(options)
  const world = new World(full, sabotage)
  const random = world.fork()
  let returned: { readonly value: T } | undefined
  const simulation: Simulation = {
    seed: full.seed,
    schedulers: full.schedulers,
    get nowMs() {
      return world.nowMs
    },
    random: () => random.next(),
    killScheduler: (index) => world.killLater(index),
    isUp: (scheduler) => world.isUp(scheduler),
    stall: (scheduler, ms) => world.stall(scheduler, ms),
    settled: () => world.rest(),
    note: (text) => world.note(text),
  }
  world.startMain((self) =>
    chain(main(self, simulation), (value) => {
      returned = { value }
      return done()
    }),
  )
  const ended = await world.run()
  const outcome: Outcome = ended === 'returned' && returned === undefined ? 'failed' : ended
  const { nowMs: elapsedMs, stepCount } = world
  const cause = outcome === 'failed' ? world.main.doom?.reason : undefined
  await world.finish()
  const { judge, trace } = world
  const result: SimulationResult<T> = {
    seed: full.seed,
    outcome,
    value: returned?.value,
    traceHash: trace.hash,
    trace: trace.lines,
    stepCount,
    elapsedMs,
    deathCount: world.deathCount,
    moveCount: world.moveCount,
    signalCount: judge.signalCount,
    reports: world.reports,
    violations: judge.violations,
    checkCounts: judge.checkCounts,
  }
  return { result, cause }
}

/** Why a run counts as failed; undefined if it does not. */
export function failureOf(result: SimulationResult<unknown>, cause: unknown): string | undefined {
  const [violation] = result.violations
  if (violation !== undefined)
    return `${violation.invariant} is broken at ${violation.atMs} ms: ${violation.message}`
  if (result.outcome === 'failed') return `main ended with ${formatReason(cause)} ${valueText(cause)}`
  if (result.outcome === 'stuck') return `main waits at ${result.elapsedMs} ms, and nothing will ever happen`
  if (result.outcome === 'limit')
    return `main had not returned after ${result.elapsedMs} ms and ${result.stepCount} steps`
  return undefined
}

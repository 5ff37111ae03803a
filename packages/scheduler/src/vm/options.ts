/** What a VM can be started with, checked and completed. */

import { availableParallelism } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import type { Balance } from '../kernel/balance.ts'
import { POLICY_NAMES, type PolicyName } from '../kernel/placement.ts'
import type { Report } from '../kernel/report.ts'
import { MEMORY_DEFAULTS, PROCESS_COUNT_MAX, SLOT_BLOCK_COUNT } from '../memory/layout.ts'
import type { PreemptOptions } from '../preempt/included.ts'
import type { DefinitionAddress } from '../process/define.ts'
import type { PlacementDef } from '../process/placement.ts'
import { HeddleError } from '../term/errors.ts'
import { formatReason } from '../term/exit-reason.ts'
import { RESTARTS_DEFAULT, type SchedulerRestarts } from './restarts.ts'

export interface VmOptions {
  /**
   * How many worker threads run processes, 1 to 64; default: one for each core. `'inline'`: none, all
   * processes run in this thread, for tests and small tools.
   */
  readonly schedulers?: number | 'inline'
  /**
   * Processes alive at one time, in all: a multiple of 1,024, at least as many for each thread, up to 2^24;
   * default 2^20. Takes 16 bytes each, when used.
   */
  readonly processCountMax?: number
  /** Names registered at one time; default 65,536. */
  readonly nameCountMax?: number
  /** Room between each two threads, each way: a power of two; default 512 KiB. What does not fit waits at the sender. */
  readonly ringBytes?: number
  /** Heap limits of each scheduler, as for a `Worker`. */
  readonly resourceLimits?: ResourceLimits
  /** Told of crashes. Default: one line each on standard error. */
  readonly onReport?: (report: Report) => void
  /**
   * `real`: time runs (default). `manual`, for tests: it stands still, from 0, and goes on only by `vm.advance(ms)`; the
   * schedulers' too.
   */
  readonly clock?: 'real' | 'manual'
  /**
   * Whether a scheduler whose run queue is much longer than another's gives some of its processes to that one, by moving
   * them (see `Vm.migrate`): `off` (default), `on`, or `aggressive`: sooner, and for less.
   */
  readonly balance?: Balance
  /** The pool for dirty functions. */
  readonly dirty?: DirtyPoolOptions
  /**
   * Make computing loops of generator processes give way: the schedulers instrument the modules that they load. Needs
   * the packages acorn, acorn-walk and magic-string; without effect in a bundle, which a plugin instruments. Default:
   * false. See docs/preemption.md.
   */
  readonly preempt?: boolean | PreemptOptions
  /** Start a fresh worker for a scheduler that has died; default true. */
  readonly restartSchedulers?: boolean
  /**
   * Where processes go that are spawned without a `scheduler` of their own: `two-choices` (default: with their spawner while
   * few processes wait to run there, else with the less loaded of two), `round-robin`, `least-loaded`, or what `placement()`
   * returned.
   */
  readonly placement?: PolicyName | PlacementDef
  /**
   * Whether a scheduler that is idle takes processes that wait elsewhere, were spawned without a `scheduler`, and have not
   * started; default true.
   */
  readonly stealing?: boolean
  /**
   * How many deaths of schedulers are made good for: default `{ intensity: 20, periodMs: 10_000 }`. With one more in the period
   * the VM stops, reports `gave_up`, and everything asked of it fails with ERR_RESTART_INTENSITY. `killScheduler` does not count.
   */
  readonly schedulerRestarts?: SchedulerRestarts
  /**
   * A scheduler that is in one turn for so long is reported (`long_schedule`) and gets no new work meanwhile; default 1,000,
   * `Infinity`: never.
   */
  readonly longScheduleMs?: number
  /**
   * A scheduler that is in one turn for so long is ended and replaced, as if it had died (`['scheduler_down', index]`); default
   * `Infinity`: never.
   */
  readonly hogKillMs?: number
}

export interface DirtyPoolOptions {
  /** Threads at most, 1 to 64; each starts when there is work for it. Default: one for each core. */
  readonly threads?: number
}

export interface FullVmOptions
  extends Required<Omit<VmOptions, 'schedulers' | 'resourceLimits' | 'dirty' | 'preempt' | 'placement'>> {
  readonly placement: PolicyName | DefinitionAddress
  readonly schedulerCount: number
  readonly isInline: boolean
  readonly resourceLimits: ResourceLimits | undefined
  readonly dirtyThreadCountMax: number
  readonly preempt: PreemptOptions | undefined
}

const SCHEDULER_COUNT_MAX = 64
const BALANCES: readonly Balance[] = ['off', 'on', 'aggressive']
/** Long enough for a collection of a large heap on a busy machine, short enough for people to notice. */
const LONG_SCHEDULE_MS = 1_000
const OPTION_NAMES: ReadonlySet<string> = new Set<keyof VmOptions>([
  'schedulers',
  'processCountMax',
  'nameCountMax',
  'ringBytes',
  'resourceLimits',
  'onReport',
  'restartSchedulers',
  'clock',
  'placement',
  'stealing',
  'balance',
  'dirty',
  'schedulerRestarts',
  'longScheduleMs',
  'hogKillMs',
  'preempt',
])

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function completeOptions(options: VmOptions, print: (report: Report) => void): FullVmOptions {
  const unknown = Object.keys(options).find((key) => !OPTION_NAMES.has(key))
  if (unknown !== undefined) throw new HeddleError('ERR_BAD_ARGUMENT', `startVm() has no option '${unknown}'`)
  const schedulers = options.schedulers ?? Math.min(availableParallelism(), SCHEDULER_COUNT_MAX)
  if (schedulers !== 'inline') checkWhole('schedulers', schedulers, 1, SCHEDULER_COUNT_MAX)
  const processCountMax = options.processCountMax ?? MEMORY_DEFAULTS.processCountMax
  const schedulerCount = schedulers === 'inline' ? 0 : schedulers
  // Each thread allocates from blocks of its own.
  checkWhole('processCountMax', processCountMax, (schedulerCount + 1) * SLOT_BLOCK_COUNT, PROCESS_COUNT_MAX)
  const dirtyThreadCountMax = dirtyThreads(options.dirty)
  const { onReport = print, clock = 'real', stealing = true } = options
  const { restartSchedulers = true } = options
  if (typeof stealing !== 'boolean') throw bad('stealing', stealing, 'true or false')
  if (typeof restartSchedulers !== 'boolean')
    throw bad('restartSchedulers', restartSchedulers, 'true or false')
  if (clock !== 'real' && clock !== 'manual') throw bad('clock', clock, "'real' or 'manual'")
  const { balance = 'off' } = options
  if (!BALANCES.includes(balance)) throw bad('balance', balance, `one of ${BALANCES.join(', ')}`)
  if (typeof onReport !== 'function') throw bad('onReport', onReport, 'a function')
  return {
    schedulerCount,
    isInline: schedulers === 'inline',
    processCountMax,
    nameCountMax: options.nameCountMax ?? MEMORY_DEFAULTS.nameCountMax,
    ringBytes: options.ringBytes ?? MEMORY_DEFAULTS.ringBytes,
    resourceLimits: options.resourceLimits,
    restartSchedulers,
    schedulerRestarts: checkRestarts(options.schedulerRestarts),
    longScheduleMs: checkMs('longScheduleMs', options.longScheduleMs ?? LONG_SCHEDULE_MS),
    hogKillMs: checkMs('hogKillMs', options.hogKillMs ?? Infinity),
    clock,
    stealing,
    placement: checkPlacement(options.placement ?? 'two-choices'),
    balance,
    dirtyThreadCountMax,
    preempt: completePreempt(options.preempt, schedulers === 'inline'),
    // Elsewhere: an exception in it is the embedder's, and must not meet the kernel.
    onReport: (report) => queueMicrotask(() => onReport(report)),
  }
}

function checkPlacement(placement: PolicyName | PlacementDef): PolicyName | DefinitionAddress {
  const address = (placement as Partial<PlacementDef>).$
  if (typeof address?.url === 'string' && typeof address.name === 'string')
    return { url: address.url, name: address.name }
  const known = POLICY_NAMES.find((name) => name === placement)
  if (known !== undefined) return known
  throw bad('placement', placement, `${POLICY_NAMES.join(', ')}, or what placement() returned`)
}

function dirtyThreads(options: unknown = {}): number {
  if (typeof options !== 'object' || options === null) throw bad('dirty', options, 'an object')
  const unknown = Object.keys(options).find((key) => key !== 'threads')
  if (unknown !== undefined)
    throw new HeddleError('ERR_BAD_ARGUMENT', `startVm() has no option 'dirty.${unknown}'`)
  const { threads = Math.min(availableParallelism(), SCHEDULER_COUNT_MAX) } = options as DirtyPoolOptions
  checkWhole('dirty.threads', threads, 1, SCHEDULER_COUNT_MAX)
  return threads
}

function completePreempt(preempt: unknown, isInline: boolean): PreemptOptions | undefined {
  if (preempt === undefined || preempt === false) return undefined
  if (isInline) {
    const why =
      "schedulers: 'inline' runs what this thread has loaded: --import @heddle/scheduler/preempt/register"
    throw new HeddleError('ERR_BAD_ARGUMENT', `preempt has no effect here: ${why}`)
  }
  if (preempt === true) return {}
  const patterns = typeof preempt === 'object' && preempt !== null ? Object.entries(preempt) : [['preempt']]
  const isRight = ([name, value]: unknown[]): boolean =>
    (name === 'include' || name === 'exclude') &&
    (value === undefined || (Array.isArray(value) && value.every((each) => each instanceof RegExp)))
  if (patterns.every(isRight)) return preempt as PreemptOptions
  throw bad('preempt', preempt, 'a boolean, or { include, exclude } with arrays of regular expressions')
}

function checkWhole(name: string, value: unknown, min: number, max: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return
  throw bad(name, value, `a whole number from ${min} to ${max}`)
}

function checkMs(name: string, value: unknown): number {
  if (value === Infinity || (Number.isInteger(value) && (value as number) > 0)) return value as number
  throw bad(name, value, 'a whole number of ms from 1, or Infinity')
}

function checkRestarts(given: unknown): SchedulerRestarts {
  if (given === undefined) return RESTARTS_DEFAULT
  if (typeof given !== 'object' || given === null)
    throw bad('schedulerRestarts', given, '{ intensity, periodMs }')
  const { intensity, periodMs } = given as Partial<SchedulerRestarts>
  if (intensity !== Infinity) checkWhole('schedulerRestarts.intensity', intensity, 0, Number.MAX_SAFE_INTEGER)
  checkWhole('schedulerRestarts.periodMs', periodMs, 1, Number.MAX_SAFE_INTEGER)
  return { intensity: intensity as number, periodMs: periodMs as number }
}

function bad(name: string, value: unknown, wanted: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `${name} must be ${wanted}, not ${formatReason(value)}`)
}

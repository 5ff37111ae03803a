/** What a VM can be started with, checked and completed. */

import { availableParallelism } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import type { Report } from '../kernel/report.ts'
import { MEMORY_DEFAULTS, PROCESS_COUNT_MAX, SLOT_BLOCK_COUNT } from '../memory/layout.ts'
import { HeddleError } from '../term/errors.ts'

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
  /** Start a fresh worker for a scheduler that has died; default true. */
  readonly restartSchedulers?: boolean
}

export interface FullVmOptions extends Required<Omit<VmOptions, 'schedulers' | 'resourceLimits'>> {
  readonly schedulerCount: number
  readonly isInline: boolean
  readonly resourceLimits: ResourceLimits | undefined
}

const SCHEDULER_COUNT_MAX = 64
const OPTION_NAMES: ReadonlySet<string> = new Set<keyof VmOptions>([
  'schedulers',
  'processCountMax',
  'nameCountMax',
  'ringBytes',
  'resourceLimits',
  'onReport',
  'restartSchedulers',
  'clock',
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
  const { onReport = print, clock = 'real' } = options
  if (clock !== 'real' && clock !== 'manual') throw bad('clock', clock, "'real' or 'manual'")
  if (typeof onReport !== 'function') throw bad('onReport', onReport, 'a function')
  return {
    schedulerCount,
    isInline: schedulers === 'inline',
    processCountMax,
    nameCountMax: options.nameCountMax ?? MEMORY_DEFAULTS.nameCountMax,
    ringBytes: options.ringBytes ?? MEMORY_DEFAULTS.ringBytes,
    resourceLimits: options.resourceLimits,
    restartSchedulers: options.restartSchedulers ?? true,
    clock,
    // Elsewhere: an exception in it is the embedder's, and must not meet the kernel.
    onReport: (report) => queueMicrotask(() => onReport(report)),
  }
}

function checkWhole(name: string, value: unknown, min: number, max: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return
  throw bad(name, value, `a whole number from ${min} to ${max}`)
}

function bad(name: string, value: unknown, wanted: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `${name} must be ${wanted}, not ${String(value)}`)
}

/** Starting a VM. */

import { DirtyDesk } from '../kernel/dirty.ts'
import { createMemory, type SharedMemory } from '../memory/layout.ts'
import { HeddleError } from '../term/errors.ts'
import { systemMs } from '../worker/clock.ts'
import { Endpoint } from '../worker/endpoint.ts'
import { checkInstrumenter } from '../worker/preempting.ts'
import { schedulerThread } from '../worker/role.ts'
import { Crew } from './crew.ts'
import { ThreadPool } from './dirty.ts'
import { completeOptions, type FullVmOptions, type VmOptions } from './options.ts'
import { printReport } from './print-report.ts'
import { Vm } from './vm.ts'

function allocate({ schedulerCount, processCountMax, nameCountMax, ringBytes }: FullVmOptions): SharedMemory {
  try {
    return createMemory({ endpointCount: schedulerCount + 1, processCountMax, nameCountMax, ringBytes })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new HeddleError('ERR_BAD_ARGUMENT', error.message, { cause: error })
  }
}

/**
 * Starts the schedulers; resolves when all are up.
 *
 * On a scheduler, which imports the modules of the definitions it runs, this never resolves: what follows
 * it belongs to the host.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_SCHEDULER_START; ERR_MODULE_LOAD, ERR_UNKNOWN_DEFINITION for a `placement` that
 *   cannot be had; ERR_WRONG_THREAD inside a process
 * @example
 * await using vm = await startVm({ schedulers: 2 })
 * const pid = await vm.spawn(counter, 0)
 */
export async function startVm(options: VmOptions = {}): Promise<Vm> {
  const thread = schedulerThread()
  if (thread !== undefined) return thread.holdStart()
  const full = completeOptions(options, printReport)
  if (full.preempt !== undefined) await checkInstrumenter()
  const endpointCount = full.schedulerCount + 1
  const shared = allocate(full)
  const originMs = full.clock === 'manual' ? undefined : systemMs()
  const pool = new ThreadPool(full.dirtyThreadCountMax)
  const host = new Endpoint({
    shared,
    endpoint: 0,
    endpointCount,
    loop: { spinMs: 0, keepsThreadAlive: full.isInline },
    originMs,
    balance: 'off',
    trustsRegistry: true,
    steals: full.stealing,
    placement: typeof full.placement === 'string' ? full.placement : 'two-choices',
    onReport: full.onReport,
    dirty: new DirtyDesk(pool),
  })
  if (typeof full.placement !== 'string') await host.loadPlacement(full.placement)
  if (full.isInline) return new Vm(host, undefined, full, pool, shared)
  const crew = new Crew(host, shared, originMs, full, {
    schedulerDown: (scheduler, error) =>
      full.onReport({ type: 'scheduler_down', scheduler, error: error?.message }),
  })
  const vm = new Vm(host, crew, full, pool, shared)
  try {
    await crew.start()
  } catch (error) {
    await crew.stop()
    host.stop()
    throw error
  }
  return vm
}

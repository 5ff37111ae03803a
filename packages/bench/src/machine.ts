/**
 * What a measurement ran on. A figure without it is worth nothing: the same code differs by half from one
 * machine, and one Node version, to the next.
 */

import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os'
import { versions } from 'node:process'

export interface Machine {
  readonly cpuModel: string
  /** Cores that this OS process may use. */
  readonly coreCount: number
  readonly memoryBytes: number
  readonly platform: string
  readonly nodeVersion: string
  readonly v8Version: string
  /** Average number of runnable threads during the last minute, ours among them: well above 0 before the start says that others are at work. */
  readonly loadAverage: number
}

export function describeMachine(): Machine {
  return {
    cpuModel: cpus()[0]?.model.trim().replace(/\s+/g, ' ') ?? 'unknown CPU',
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    nodeVersion: versions.node,
    v8Version: versions.v8,
    loadAverage: loadavg()[0] ?? 0,
  }
}

/** One line for people. */
export function formatMachine(machine: Machine): string {
  const { cpuModel, coreCount, memoryBytes, nodeVersion, v8Version } = machine
  const cores = coreCount === 1 ? '1 core' : `${coreCount} cores`
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`
  const load = `load ${machine.loadAverage.toFixed(2)}`
  return `${cpuModel}, ${cores}, ${memory}; ${machine.platform}; Node ${nodeVersion} (V8 ${v8Version}); ${load}`
}

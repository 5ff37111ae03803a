// Where scenarios run. A host gives each scenario a *stage*: a VM whose clock stands still until it is told, with a
// coordinator of its own in it. What runs on one host runs on all; only the number of schedulers differs.

import { type CallMessage, type Pid, type Report, startVm, type Vm } from '@heddle/scheduler'
import { type SimulationOptions, simulate } from '@heddle/scheduler/sim'
import { coordinator } from '#fixtures/differential/coordinator'

export interface Stage {
  readonly coordinator: Pid
  /** What makes the names of this run unique. */
  readonly prefix: string
  /** Asks the coordinator. */
  ask(request: CallMessage<unknown, unknown>): Promise<unknown>
  /** Nothing is runnable, and no signal under way; timers that wait do not count. */
  settled(): Promise<void>
  /** Time goes on by so many ms, and all that falls due runs. */
  advance(ms: number): Promise<void>
}

export interface Host {
  /** Whether a seed makes a difference. */
  readonly isSeeded: boolean
  /** A fresh stage, for as long as `perform` takes. */
  withStage<T>(seed: number, perform: (stage: Stage) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const silent = (_report: Report): void => {}

/** One VM for all scenarios: starting threads is what takes time. */
class VmHost implements Host {
  readonly isSeeded = false
  private readonly vm: Vm
  private readonly schedulerCount: number
  private runCount = 0

  constructor(vm: Vm, schedulerCount: number) {
    this.vm = vm
    this.schedulerCount = schedulerCount
  }

  async withStage<T>(_seed: number, perform: (stage: Stage) => Promise<T>): Promise<T> {
    const { vm, schedulerCount } = this
    this.runCount += 1
    const prefix = `~${this.runCount}~`
    const place = schedulerCount === 0 ? {} : { scheduler: schedulerCount }
    const pid = await vm.spawn(coordinator, { prefix, schedulerCount }, place)
    await vm.settled()
    try {
      return await perform({
        coordinator: pid,
        prefix,
        ask: (request) => vm.call(pid, request, { timeoutMs: Infinity }),
        settled: () => vm.settled(),
        advance: (ms) => vm.advance(ms),
      })
    } finally {
      await this.clear()
    }
  }

  /** Ends all processes that the scenario left, and those that they start meanwhile. */
  private async clear(): Promise<void> {
    const { vm } = this
    for (;;) {
      const left = vm.processes().filter(({ $pid }) => $pid !== vm.pid.$pid)
      if (left.length === 0) return
      for (const pid of left) vm.exit(pid, 'kill')
      await vm.settled()
    }
  }

  close(): Promise<void> {
    return this.vm.stop({ timeoutMs: 0 })
  }
}

/** A simulated VM for each scenario, in which each step takes no time; the seed decides who goes next. */
class SimulatedHost implements Host {
  readonly isSeeded = true

  async withStage<T>(seed: number, perform: (stage: Stage) => Promise<T>): Promise<T> {
    const { value } = await simulate(WORLD(seed), async (self, simulation) => {
      const prefix = '~'
      const { schedulers: schedulerCount } = simulation
      const pid = self.spawn(coordinator, { prefix, schedulerCount }, { scheduler: schedulerCount })
      await simulation.settled()
      return perform({
        coordinator: pid,
        prefix,
        ask: async (request) => self.call(pid, request, { timeoutMs: Infinity }),
        settled: async () => simulation.settled(),
        async advance(ms) {
          await self.sleep(ms)
          await simulation.settled()
        },
      })
    })
    return value as T
  }

  async close(): Promise<void> {}
}

const WORLD = (seed: number): SimulationOptions => ({
  seed,
  schedulers: 2,
  trace: false,
  faults: { stepMs: [0, 0], ringDelayMs: [0, 0], stallProbability: 0 },
})

async function openVm(schedulers: 'inline' | number): Promise<Host> {
  const vm = await startVm({ schedulers, clock: 'manual', onReport: silent })
  return new VmHost(vm, schedulers === 'inline' ? 0 : schedulers)
}

export const HOST_NAMES = ['inline', 'workers', 'sim'] as const
export type HostName = (typeof HOST_NAMES)[number]

export const hosts: Readonly<Record<HostName, () => Promise<Host>>> = {
  inline: () => openVm('inline'),
  workers: () => openVm(2),
  sim: async () => new SimulatedHost(),
}

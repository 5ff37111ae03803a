// Where a case runs: in a VM without threads, in one with two schedulers, or on a bare kernel with a clock of its own.

import { type KernelReports, kernelReports, startLogger } from '@heddle/otp'
import { down, formatReason, oneOf, startVm, type Vm, type VmOptions, where } from '@heddle/scheduler'
import { confConfig } from '#fixtures/conf-logger-kit'
import type { Case, CaseArg, Places } from '#fixtures/sched-kit'
import { BareKernel } from './bare-kernel.ts'

export interface CaseHost {
  run(it: Case): Promise<unknown>
  stop(): Promise<void>
}

interface Result {
  readonly type: 'result'
  readonly id: number
  readonly value: unknown
}

class VmHost implements CaseHost {
  private id = 0
  private readonly vm: Vm
  private readonly own: number | undefined
  private readonly places: Places
  private readonly reports: KernelReports
  private hasLogger = false
  constructor(vm: Vm, reports: KernelReports, own: number | undefined, places: Places) {
    this.vm = vm
    this.reports = reports
    this.own = own
    this.places = places
  }

  async run({ definition, logger }: Case): Promise<unknown> {
    if (logger === true && !this.hasLogger) {
      this.hasLogger = true
      await startLogger(this.vm, { reports: this.reports, ...confConfig })
    }
    const id = ++this.id
    const arg: CaseArg = { host: this.vm.pid, id, ...this.places }
    const pid = await this.vm.spawn(definition, arg, { scheduler: this.own })
    const ref = this.vm.monitor(pid)
    const isResult = where(
      (message): message is Result =>
        (message as Result | null)?.type === 'result' && (message as Result).id === id,
    )
    const message = await this.vm.receive(oneOf(isResult, down(ref)))
    if (message.type === 'DOWN')
      throw new Error(`the case ended without a result: ${formatReason(message.reason)}`)
    this.vm.demonitor(ref, { flush: true })
    return message.value
  }

  stop(): Promise<void> {
    return this.vm.stop({ timeoutMs: 0 })
  }
}

class BareHost implements CaseHost {
  private readonly kernel = new BareKernel()

  async run({ definition }: Case): Promise<unknown> {
    return this.kernel.runCase(definition)
  }

  async stop(): Promise<void> {}
}

async function startHost(
  schedulers: NonNullable<VmOptions['schedulers']>,
  own: number | undefined,
  places: Places,
): Promise<VmHost> {
  const reports = kernelReports()
  // Silent, unless a case wants a logger.
  reports.passTo(() => {})
  return new VmHost(await startVm({ schedulers, onReport: reports }), reports, own, places)
}

export const hosts: { readonly [name: string]: () => Promise<CaseHost> } = {
  'a bare kernel with a clock of its own': async () => new BareHost(),
  'a VM that runs inline': () => startHost('inline', undefined, { peer: undefined, third: undefined }),
  'one scheduler of two': () => startHost(2, 1, { peer: 1, third: 1 }),
  'two schedulers': () => startHost(2, 1, { peer: 2, third: 1 }),
}

// Where a case runs: in a VM without threads, in one with two schedulers, or on a bare kernel with a clock of its own.

import { down, formatReason, oneOf, type Report, startVm, type Vm, where } from '@heddle/scheduler'
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
  constructor(vm: Vm, own: number | undefined, places: Places) {
    this.vm = vm
    this.own = own
    this.places = places
  }

  async run({ definition }: Case): Promise<unknown> {
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

const silent = (_report: Report): void => {}

export const hosts: { readonly [name: string]: () => Promise<CaseHost> } = {
  'a bare kernel with a clock of its own': async () => new BareHost(),
  'a VM that runs inline': async () =>
    new VmHost(await startVm({ schedulers: 'inline', onReport: silent }), undefined, {
      peer: undefined,
      third: undefined,
    }),
  'one scheduler of two': async () =>
    new VmHost(await startVm({ schedulers: 2, onReport: silent }), 1, { peer: 1, third: 1 }),
  'two schedulers': async () =>
    new VmHost(await startVm({ schedulers: 2, onReport: silent }), 1, { peer: 2, third: 1 }),
}

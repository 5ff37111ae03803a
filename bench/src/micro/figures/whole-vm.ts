/** Figures of a VM as a whole: how soon it is there, and what it costs while nothing happens. */

import { cpuUsage } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { again, type Pid, process, startVm, tag, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'

const answerer = process(import.meta.url, 'answerer', {
  init: () => 0,
  handle: (count, message, self) => {
    self.send((message as { from: Pid }).from, { type: 'answer', count })
    return again(count + 1)
  },
})

const SETTLE_MS = 500
const WATCH_MS = 2_000
const SCHEDULER_COUNT = 2

async function ask(vm: Vm, pid: Pid): Promise<void> {
  vm.send(pid, { type: 'ask', from: vm.pid })
  await vm.receive(tag('answer'))
}

/** One process waits on each scheduler: a VM that has done something, and now does nothing. */
async function idleRound(vm: Vm): Promise<RoundResult> {
  for (let scheduler = 1; scheduler <= SCHEDULER_COUNT; scheduler++) {
    await ask(vm, await vm.spawn(answerer, undefined, { scheduler }))
  }
  await sleep(SETTLE_MS)
  const beginMs = performance.now()
  const before = cpuUsage()
  await sleep(WATCH_MS)
  const { user, system } = cpuUsage(before)
  const wallMs = performance.now() - beginMs
  return { value: ((user + system) / 1_000 / wallMs) * 100 }
}

async function startRound(): Promise<RoundResult> {
  const beginMs = performance.now()
  const vm = await startVm({ schedulers: SCHEDULER_COUNT })
  const startedMs = performance.now()
  await ask(vm, await vm.spawn(answerer, undefined))
  const answeredMs = performance.now()
  await vm.stop()
  return {
    value: answeredMs - beginMs,
    // `performance.now()` counts from the start of the OS process.
    extras: { start_vm_ms: startedMs - beginMs, since_os_process_start_ms: answeredMs },
  }
}

export const wholeVmFigures: readonly Figure[] = [
  {
    name: 'idle_cpu',
    unit: '% of a core',
    description:
      'CPU time, user and system, of the whole OS process while a VM with a waiting process on each scheduler does nothing',
    target: { atMost: 3 },
    params: { schedulers: SCHEDULER_COUNT, settle_ms: SETTLE_MS, watch_ms: WATCH_MS },
    scope: 'one_process',
    work: { schedulers: SCHEDULER_COUNT, round: idleRound },
  },
  {
    name: 'start_to_first_message',
    unit: 'ms',
    description:
      'from the call of startVm to the first reply of a process spawned then, in a fresh OS process each round',
    target: { atMost: 250 },
    params: { schedulers: SCHEDULER_COUNT },
    scope: 'process_per_round',
    work: { round: startRound },
  },
]

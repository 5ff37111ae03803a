/** A token that goes round a ring of processes: every hop wakes a process that has not run for a whole lap. */

import { again, done, type Pid, process, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

const member = process(import.meta.url, 'member', {
  init: (next: Pid) => ({ next }),
  /** The token is the number of hops that are left. */
  handle: (state, token, self) => {
    self.send(state.next, (token as number) - 1)
    return again(state)
  },
})

interface HeadArgument extends ToHost<number> {
  readonly processCount: number
  readonly hopCount: number
}

/** A member that holds the clock. The first lap is not timed: it finds every process started. */
const head = process(import.meta.url, 'head', {
  init: ({ host, processCount, hopCount }: HeadArgument, self) => {
    let next = self.pid
    for (let made = 1; made < processCount; made++) {
      next = self.spawnLink(member, next, { scheduler: self.scheduler })
    }
    self.send(next, processCount - 1)
    return { host, next, hopCount, beginMs: -1 }
  },
  handle: (state, message, self) => {
    const token = message as number
    if (token > 0) {
      self.send(state.next, token - 1)
      return again(state)
    }
    if (state.beginMs < 0) {
      const beginMs = performance.now()
      self.send(state.next, state.hopCount - 1)
      return again({ ...state, beginMs })
    }
    tellHost(self, state.host, performance.now() - state.beginMs)
    return done('shutdown')
  },
})

const PROCESS_COUNT = 1_000
const HOP_COUNT = 1_000_000

async function round(vm: Vm): Promise<RoundResult> {
  const ms = await measureIn(vm, head, { processCount: PROCESS_COUNT, hopCount: HOP_COUNT })
  return { value: perSecond(HOP_COUNT, ms) }
}

export const ringFigures: readonly Figure[] = [
  {
    name: 'ring',
    unit: 'hops/s',
    description: 'one token, a number, round a ring of callback processes on one scheduler, whole laps',
    target: { atLeast: 10e6 },
    params: { processes: PROCESS_COUNT, hops: HOP_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round },
  },
]

/** The whole life of a process that has nothing to do: made, started, run once, gone. */

import { done, down, process, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { BATCH_COUNT, measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

const mayfly = process(import.meta.url, 'mayfly', {
  init: (index: number) => index,
  run: () => done(),
})

interface SpawnerArgument extends ToHost<number> {
  readonly processCount: number
}

/**
 * Spawns a batch and waits until the last of it has ended, which is the last to run: one scheduler, first
 * in, first out. That nobody lives when the clock stops is checked afterwards.
 */
const spawner = process(import.meta.url, 'spawner', {
  init: (argument: SpawnerArgument) => argument,
  *run({ host, processCount }, self) {
    const here = { scheduler: self.scheduler }
    const aliveBefore = self.processes().length
    const beginMs = performance.now()
    for (let made = 0; made < processCount; made += BATCH_COUNT) {
      for (let index = 1; index < BATCH_COUNT; index++) self.spawn(mayfly, index, here)
      const { monitor } = self.spawnMonitor(mayfly, 0, here)
      yield* self.receive(down(monitor))
    }
    const ms = performance.now() - beginMs
    const left = self.processes().length - aliveBefore
    if (left !== 0) throw new Error(`${left} processes had not ended when the clock stopped`)
    tellHost(self, host, ms)
    return done()
  },
})

const PROCESS_COUNT = 200_000

async function round(vm: Vm): Promise<RoundResult> {
  const ms = await measureIn(vm, spawner, { processCount: PROCESS_COUNT })
  return { value: perSecond(PROCESS_COUNT, ms) }
}

export const spawnExitFigures: readonly Figure[] = [
  {
    name: 'spawn_exit',
    unit: 'processes/s',
    description:
      'processes spawned on their own scheduler, in batches, that end in their first step; until the last has ended',
    target: { atLeast: 1e6 },
    params: { processes: PROCESS_COUNT, batch: BATCH_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round },
  },
]

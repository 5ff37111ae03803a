/**
 * Children started on request, by several processes at a time: under one dynamic supervisor, which starts one after the
 * other, and under a partitioned one, which has as many supervisors as there are schedulers.
 */

import {
  dynamicSupervisor,
  genServer,
  partitionedSupervisor,
  type StartChildResult,
  startServer,
  template,
} from '@heddle/otp'
import {
  type CallMessage,
  done,
  down,
  type Pid,
  process,
  type Self,
  type ServerRef,
  type Via,
  type Vm,
} from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { perSecond } from '../measure.ts'

const worker = genServer(import.meta.url, 'worker', { init: (index: number) => index })

const spec = (_: void) => ({ child: template(worker, { restart: 'temporary', scheduler: 'local' }) }) as const
const one = dynamicSupervisor(import.meta.url, 'one', spec)
const many = partitionedSupervisor(import.meta.url, 'many', spec)

interface StarterArgument {
  readonly count: number
  /** Which of the starters it is. */
  readonly index: number
  readonly isPartitioned: boolean
  readonly host: Pid
}

/** Starts children one after the other; the first of them only when it is told to. */
const starter = process(import.meta.url, 'starter', {
  init: (argument: StarterArgument) => argument,
  *run({ count, index, isPartitioned, host }, self) {
    yield* self.receive()
    for (let child = 0; child < count; child++) {
      const result = yield* startOne(self, isPartitioned, index * count + child)
      if (result.status === 'error') throw new Error('a child did not start')
    }
    self.send(host, 'through')
    return done()
  },
})

function startOne(self: Self, isPartitioned: boolean, key: number) {
  const to = isPartitioned ? many.at(key) : 'one'
  const message = (isPartitioned ? many.startChild(key) : one.startChild(key)) as CallMessage<
    unknown,
    StartChildResult
  >
  return self.call(to as ServerRef | string | Via, message)
}

const SCHEDULER_COUNT = 2
const STARTER_COUNT = 4
const CHILD_COUNT = 5_000

async function round(vm: Vm, isPartitioned: boolean): Promise<RoundResult> {
  const ref: Pid = isPartitioned
    ? await startServer(vm, many, undefined, { name: 'many' })
    : await startServer(vm, one, undefined, { name: 'one', scheduler: 1 })
  const starters: Pid[] = []
  for (let index = 0; index < STARTER_COUNT; index++) {
    const argument = { count: CHILD_COUNT, index, isPartitioned, host: vm.pid }
    starters.push(await vm.spawn(starter, argument, { scheduler: 1 + (index % SCHEDULER_COUNT) }))
  }
  const beginMs = performance.now()
  for (const pid of starters) vm.send(pid, 'begin')
  for (const _ of starters) await vm.receive()
  const ms = performance.now() - beginMs
  const { active } = isPartitioned ? await many.countAll(vm) : await vm.call('one', one.countChildren())
  if (active !== STARTER_COUNT * CHILD_COUNT) throw new Error(`${active} children have started`)
  const watch = vm.monitor(ref)
  vm.exit(ref, 'shutdown')
  await vm.receive(down(watch))
  return { value: perSecond(active, ms) }
}

const common = {
  unit: 'children/s',
  params: { starters: STARTER_COUNT, children: STARTER_COUNT * CHILD_COUNT },
  scope: 'one_process',
} as const

export const childStartFigures: readonly Figure[] = [
  {
    ...common,
    name: 'child_start_dynamic',
    description:
      'servers started under one dynamic supervisor, by processes on two schedulers, until all run',
    work: { schedulers: SCHEDULER_COUNT, round: (vm) => round(vm, false) },
  },
  {
    ...common,
    name: 'child_start_partitioned',
    description: 'the same under a partitioned supervisor, by key',
    work: { schedulers: SCHEDULER_COUNT, round: (vm) => round(vm, true) },
  },
]

// The cases of conformance once more, while every process that rests is moved, again and again: nobody must be able to tell.

import { down, formatReason, oneOf, type Pid, where } from '@heddle/scheduler'
import { afterAll, describe, expect, test } from 'vitest'
import type { Case } from '#fixtures/sched-kit'
import { tables } from '../conformance/tables.ts'
import { Kernels } from './kernels.ts'
import { wander } from './wander.ts'

interface Result {
  readonly type: 'result'
  readonly value: unknown
}

/** Says who is moved when; another one finds other moments. */
const SEED = 1

/**
 * What asks for more than this little world has: room for many processes, time that is real; takes long; or is about the
 * one queue that all its processes stand in.
 */
const LEFT_OUT =
  /low_prio|scale|blast|do_big_test|contended|huge_message|same_time_yielding|no_pid_wrap|name_freed|otp_8099|multi_recv|a handler may take its time/

/** On a busy machine. */
const HANG_MS = 20_000

/** So long nobody waits. */
const STUCK_MS = 100_000
const IDLE_ROUND_COUNT_MAX = 200
/** Looks at the world outside before time goes on without it. */
const PATIENCE_COUNT = 3_000

/** In all cases together. */
let moveCount = 0
afterAll(() => expect(moveCount).toBeGreaterThan(1_000))

async function run(it: Case): Promise<unknown> {
  const vm = new Kernels()
  const { self } = vm
  const { pid, monitor } = self.spawnMonitor(
    it.definition,
    { host: self.pid, id: 1, peer: 2, third: 1 },
    { scheduler: 1 },
  )
  const isResult = where(
    (message): message is Result => (message as Partial<Result> | null)?.type === 'result',
  )
  let message: unknown
  void self.receive(oneOf(isResult, down(monitor))).then((got) => {
    message = got
  })
  const move = wander(vm, SEED, pid as Pid)
  let patience = PATIENCE_COUNT
  for (let idle = 0; message === undefined && idle < IDLE_ROUND_COUNT_MAX; ) {
    // Processes that spin wait for time to go on.
    for (let step = 0; step < 64 && vm.work(); step++) {
      idle = 0
      vm.nowMs += 0.05
      move()
    }
    // Promises, and what they wait for.
    await new Promise((resolve) => setImmediate(resolve))
    if (vm.isWaitingOutside && patience-- > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      continue
    }
    const next = vm.nextMs()
    idle += 1
    if (next > vm.nowMs + STUCK_MS) continue
    vm.nowMs = Math.max(vm.nowMs + 0.25, next)
  }
  if (message === undefined) throw new Error(`the case got stuck at ${vm.nowMs} ms`)
  const { type, value, reason } = message as { type: string; value: unknown; reason: never }
  if (type === 'DOWN') throw new Error(`the case ended without a result: ${formatReason(reason)}`)
  moveCount += vm.moveCount
  return value
}

const plain = tables.map(({ name, cases }) => {
  return [name, cases.filter((it) => it.logger !== true && !LEFT_OUT.test(it.name))] as const
})

describe.each(plain.filter(([, cases]) => cases.length > 0))('%s', (_, cases) => {
  test.each(cases.map((it) => [it.name, it] as const))(
    '%s',
    async (_name, it) => {
      expect(await run(it)).toEqual(it.expected)
    },
    HANG_MS,
  )
})

/** What the first behaviour adds to bare messages: a call, which is a request, a reply and a watch over the server; and a cast. */

import { genServer, noreply, reply, startLink } from '@heddle/otp'
import { done, process, type Self, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { BATCH_COUNT, measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'
import { memoryFigure } from './memory.ts'

const counter = genServer(import.meta.url, 'counter', {
  init: (start: number) => ({ total: start }),
  call: {
    get: (state) => reply(state.total, state),
    addAndGet: (state, by: number) => reply(state.total + by, { total: state.total + by }),
  },
  cast: { add: (state, by: number) => noreply({ total: state.total + by }) },
  info: (state) => noreply(state),
})

function* startCounter(self: Self) {
  const started = yield* startLink(self, counter, 0, { scheduler: self.scheduler })
  if (started.status !== 'ok') throw new Error('the server did not start')
  return started.pid
}

interface UserArgument extends ToHost<number> {
  readonly count: number
}

const caller = process(import.meta.url, 'caller', {
  init: (argument: UserArgument) => argument,
  *run({ host, count }, self) {
    const server = yield* startCounter(self)
    const beginMs = performance.now()
    let total = 0
    for (let call = 0; call < count; call++) total = yield* self.call(server, counter.addAndGet(1))
    const ms = performance.now() - beginMs
    if (total !== count) throw new Error(`the server counted ${total} calls of ${count}`)
    tellHost(self, host, ms)
    return done('shutdown')
  },
})

/** The last question is answered behind the last cast. */
const caster = process(import.meta.url, 'caster', {
  init: (argument: UserArgument) => argument,
  *run({ host, count }, self) {
    const server = yield* startCounter(self)
    const beginMs = performance.now()
    for (let past = 0; past < count; past += BATCH_COUNT) {
      for (let cast = 0; cast < BATCH_COUNT; cast++) self.cast(server, counter.add(1))
      yield* self.yield()
    }
    const total = yield* self.call(server, counter.get())
    const ms = performance.now() - beginMs
    if (total !== count) throw new Error(`the server handled ${total} casts of ${count}`)
    tellHost(self, host, ms)
    return done('shutdown')
  },
})

const CALL_COUNT = 300_000
const CAST_COUNT = 1_000_000

async function callRound(vm: Vm): Promise<RoundResult> {
  return { value: perSecond(CALL_COUNT, await measureIn(vm, caller, { count: CALL_COUNT })) }
}

async function castRound(vm: Vm): Promise<RoundResult> {
  return { value: perSecond(CAST_COUNT, await measureIn(vm, caster, { count: CAST_COUNT })) }
}

export const genServerFigures: readonly Figure[] = [
  {
    name: 'gen_server_call',
    unit: 'calls/s',
    description:
      'a generator process calls a gen_server on its scheduler, one call after the other, that adds and replies',
    target: { atLeast: 2.5e6 },
    params: { calls: CALL_COUNT, callers: 1 },
    scope: 'one_process',
    work: { schedulers: 1, round: callRound },
  },
  {
    name: 'gen_server_cast',
    unit: 'casts/s',
    description:
      'a process casts to a gen_server on its scheduler, in batches; until the server has handled the last',
    target: { atLeast: 8e6 },
    params: { casts: CAST_COUNT, batch: BATCH_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round: castRound },
  },
  memoryFigure('gen_server', 'a gen_server', { server: counter }, 800),
]

// What the type checker must say about the floor of all behaviours: sys, requests, special processes, next values.

import {
  enterLoop,
  genServer,
  multiCall,
  named,
  newRequestIds,
  noreply,
  ok,
  type RefOf,
  type Response,
  receiveResponse,
  reply,
  sendRequest,
  special,
  start,
  startServer,
  stopServer,
  sys,
  waitResponse,
} from '@heddle/otp'
import { again, type Op, type Self, type Vm } from '@heddle/scheduler'

declare const self: Self
declare const vm: Vm

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function sure<_T extends true>(): void {}

const counter = genServer(import.meta.url, 'counter', {
  init: (total: number) => ok({ total }, { hibernate: true, info: 'x' }),
  call: { get: (state) => reply(state.total, state, { hibernate: true }) },
  cast: { add: (state, by: number) => noreply({ total: state.total + by }) },
  codeChange: (_from, _state, _extra) => ({ total: 0 }),
  formatStatus: ({ state, ...rest }) => ({ ...rest, state: state.total }),
})

genServer(import.meta.url, 'wrong', {
  init: (_: void) => ({ total: 0 }),
  // @ts-expect-error another state
  codeChange: () => ({ sum: 0 }),
})
genServer(import.meta.url, 'misspelt', {
  init: (_: void) => ({ total: 0 }),
  // @ts-expect-error the section is `call`
  calls: {},
})
special(import.meta.url, 'misspelt special', {
  init: (_: void) => 0,
  run: (state) => again(state),
  // @ts-expect-error it stands in `system`
  terminate: () => {},
})
// @ts-expect-error one thing at a time
noreply(0, { hibernate: true, timeoutMs: 5 })
// @ts-expect-error only what init returns can say so
noreply(0, { info: 1 })

const doubled = named(import.meta.url, 'doubled', (state: { total: number }) => ({ total: state.total * 2 }))
const added = named(import.meta.url, 'added', (state: { total: number }, by: number) => ({
  total: state.total + by,
}))

export function* looking(ref: RefOf<typeof counter>): Generator<Op<unknown>, void, unknown> {
  const state = yield* sys.replaceState(self, ref, doubled)
  sure<Equal<typeof state, { total: number }>>()
  yield* sys.replaceState(self, 'name', added, 5)
  // @ts-expect-error wrong argument
  yield* sys.replaceState(self, ref, added, 'five')
  // @ts-expect-error a function does not travel
  yield* sys.replaceState(self, ref, (before: number) => before + 1)
  const events = yield* sys.log(self, ref, 'get')
  sure<Equal<typeof events, readonly sys.DebugEvent[]>>()
  const counted = yield* sys.statistics(self, ref, 'get')
  sure<Equal<typeof counted, sys.Statistics | 'no_statistics'>>()
  // @ts-expect-error not a way to log
  yield* sys.log(self, ref, 'all')
  yield* stopServer(self, ref, ['shutdown', 'x'], 5)
  // @ts-expect-error no target
  yield* stopServer(self)
}

export async function onHost(ref: RefOf<typeof counter>): Promise<void> {
  await sys.suspend(vm, ref, { timeoutMs: 5 })
  await stopServer(vm, 'name')
  // @ts-expect-error no such option
  await sys.resume(vm, ref, { afterMs: 5 })
  await startServer(vm, counter, 1, { hibernateAfterMs: 5, debug: ['trace', ['log', 3]] })
  // @ts-expect-error no such option of debugging
  await startServer(vm, counter, 1, { debug: ['logs'] })
}

export function* asking(ref: RefOf<typeof counter>): Generator<Op<unknown>, void, unknown> {
  const id = sendRequest(self, ref, counter.get())
  const response = yield* receiveResponse(self, id, 5)
  sure<Equal<typeof response, Response<number> | 'timeout'>>()
  // @ts-expect-error a cast is not answered
  sendRequest(self, ref, counter.add(1))
  const ids = sendRequest(self, ref, counter.get(), 'label', newRequestIds<string, number>())
  const next = yield* waitResponse(self, ids)
  if (typeof next !== 'string') sure<Equal<typeof next.label, string>>()
  // @ts-expect-error neither an id nor a collection
  waitResponse(self, ref)
  const many = yield* multiCall(self, [], 'name', counter.get())
  sure<Equal<typeof many.replies, readonly (readonly [node: string, reply: number])[]>>()
}

const loop = special(import.meta.url, 'loop', {
  init: (count: number) => ({ count }),
  *run(state, _self, life) {
    const message = yield* self.receive()
    if (life.isSystem(message)) return life.handleSystem(message, state)
    if (state.count > 5) return enterLoop(self, counter, { total: state.count })
    return again({ count: state.count + 1 })
  },
  system: { getState: ({ count }) => count },
})
start(self, loop, 5)
// @ts-expect-error wrong argument
start(self, loop, 'five')
special(import.meta.url, 'wrong', {
  init: (count: number) => ({ count }),
  // @ts-expect-error another state
  run: () => again({ total: 1 }),
})
// @ts-expect-error not a server
enterLoop(self, doubled, 0)

// What the type checker must accept and refuse. Nothing here runs: `tsc` is the test, and an `@ts-expect-error` that has
// nothing to expect is an error.

import {
  again,
  type CallMessage,
  type CastMessage,
  chain,
  type Down,
  defineCall,
  defineCast,
  done,
  down,
  type ExitMessage,
  exit,
  formatPid,
  isDown,
  isExit,
  messages,
  type Op,
  onEnd,
  oneOf,
  type Pid,
  type ProcessDef,
  process,
  type Self,
  type ServerRef,
  type Steps,
  startVm,
  TIMEOUT,
  type Timeout,
  type TimerRef,
  type Turn,
  tag,
  timeout,
  type Vm,
  where,
} from '@heddle/scheduler'

/** Fails to compile unless both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_proof: Same<A, B>): void {}

type Ping = { type: 'ping'; from: Pid }
type Pong = { type: 'pong'; count: number }
type Message = Ping | Pong

declare const self: Self
declare const vm: Vm
declare const pid: Pid

// ---- definitions ----

const echo = process(import.meta.url, 'echo', {
  init: (start: number) => start,
  *run(count, self) {
    const ping = yield* self.receive(tag<Ping>('ping'))
    same<typeof ping, Ping>(true)
    self.send(ping.from, { type: 'pong', count } satisfies Pong)
    return again(count + 1)
  },
})
same<typeof echo, ProcessDef<number, number>>(true)

process(import.meta.url, 'callback', {
  init: (start: { n: number }) => start,
  handle(state, message, self) {
    same<typeof state, { n: number }>(true)
    same<typeof message, unknown>(true)
    same<typeof self, Self>(true)
    return state.n > 3 ? done() : again({ n: state.n + 1 }, { afterMs: 10 })
  },
})

process(import.meta.url, 'async', {
  init: async (start: string) => start.length,
  async handle(state, _message, self) {
    const [a, b] = await Promise.all([self.receive(tag<Pong>('pong')), self.sleep(1)])
    same<typeof a, Pong>(true)
    same<typeof b, void>(true)
    return again(state + a.count)
  },
})

process(import.meta.url, 'chained', {
  init: (start: number) => start,
  handle(state, _message, self) {
    const step = function* (): Generator<Op<unknown>, number, unknown> {
      yield* self.sleep(1)
      return state + 1
    }
    return chain(step(), (next) => {
      same<typeof next, number>(true)
      return again(next)
    })
  },
})

process(import.meta.url, 'chained-init', {
  init: (start: number) => chain(Promise.resolve(`${start}`), (text) => text.length),
  handle: (state) => again(state + 1),
})

// @ts-expect-error the state is a number
process(import.meta.url, 'wrong-state', {
  init: (start: number) => start,
  handle: () => again('not a number'),
})

// @ts-expect-error the state is a number
process(import.meta.url, 'wrong-state-run', {
  init: (start: number) => start,
  *run(_state, self) {
    yield* self.yield()
    return again({ n: 1 })
  },
})

// @ts-expect-error a body returns again() or done()
process(import.meta.url, 'no-turn', {
  init: (start: number) => start,
  handle: (state) => state + 1,
})

// @ts-expect-error a process has run or handle
process(import.meta.url, 'no-body', { init: (start: number) => start })

// @ts-expect-error a process has an init
process(import.meta.url, 'no-init', { handle: () => done() })

// ---- spawn ----

self.spawn(echo, 1)
self.spawn(echo, 1, { name: 'e', scheduler: 'spread', link: true, trapExit: false })
self.spawn(echo, 1, { scheduler: 2 })
// @ts-expect-error echo takes a number
self.spawn(echo, 'one')
// @ts-expect-error echo takes an argument
self.spawn(echo)
// @ts-expect-error no such place
self.spawn(echo, 1, { scheduler: 'elsewhere' })
// @ts-expect-error no such option
self.spawn(echo, 1, { links: true })
// @ts-expect-error a pid is no definition
self.spawn(pid, 1)
same<ReturnType<typeof vm.spawn>, Promise<Pid>>(true)
// @ts-expect-error echo takes a number
void vm.spawn(echo, {})

// ---- receive ----

function* receiving(): Generator<Op<unknown>, Turn<number>, unknown> {
  const on = messages<Message>()
  const any = yield* self.receive()
  same<typeof any, unknown>(true)
  const pong = yield* self.receive(on('pong'))
  same<typeof pong, Pong>(true)
  const both = yield* self.receive(on('ping', 'pong'))
  same<typeof both, Message>(true)
  const timed = yield* self.receive(on('pong'), { afterMs: 5 })
  same<typeof timed, Pong | Timeout>(true)
  if (timed !== TIMEOUT) same<typeof timed, Pong>(true)
  const either = yield* self.receive(oneOf(on('pong'), down(self.monitor(pid)), exit()))
  same<typeof either, Pong | Down | ExitMessage>(true)
  if (either.type === 'DOWN') same<typeof either, Down>(true)
  const text = yield* self.receive(where((it): it is string => typeof it === 'string'))
  same<typeof text, string>(true)
  const tick = yield* self.receive(timeout<'tick'>(self.startTimer(1, pid, 'tick')))
  same<typeof tick.message, 'tick'>(true)
  // @ts-expect-error no such message
  on('pang')
  // @ts-expect-error a tag of another union
  tag<Ping>('pong')
  // @ts-expect-error a matcher, not a function
  self.receive((it: unknown) => it === 1)
  // @ts-expect-error a string is no timeout
  self.receive(on('pong'), { afterMs: '5' })
  // @ts-expect-error a timeout has a unit
  self.receive(on('pong'), { after: 5 })
  // @ts-expect-error down takes a reference
  down(pid)
  // @ts-expect-error exit takes a pid
  exit('name')
  return again(1)
}
void receiving

// ---- calls ----

interface CounterApi {
  get: () => number
}
interface OtherApi {
  put: (it: string) => void
}
declare const counter: ServerRef<CounterApi>
declare const get: CallMessage<CounterApi, number>
declare const put: CastMessage<OtherApi>

async function calling(): Promise<void> {
  same<Awaited<ReturnType<typeof self.sleep>>, void>(true)
  const n = await self.call(counter, get)
  same<typeof n, number>(true)
  const m = await vm.call('by name', get, { timeoutMs: 5 })
  same<typeof m, number>(true)
  // @ts-expect-error a message of another server
  self.cast(counter, put)
  // @ts-expect-error a cast is not called
  self.call(counter, put)
  // @ts-expect-error the unit stands in the name
  self.call(counter, get, { timeout: 5 })
}
void calling

// ---- the rest ----

same<ReturnType<typeof self.demonitor>, boolean>(true)
const cancelled = (timer: TimerRef) => self.cancelTimer(timer)
same<ReturnType<typeof cancelled>, number | false>(true)
const asked = (timer: TimerRef) => self.cancelTimer(timer, { async: true })
same<ReturnType<typeof asked>, 'ok'>(true)
// @ts-expect-error there are four levels
self.processFlag('priority', 'urgent')
// @ts-expect-error an alias of a monitor ends in one of three ways
self.monitor('name', { alias: 'never' })
// @ts-expect-error a link is made to a pid, not to a name
self.link('name')
// @ts-expect-error exit signals go to pids
self.exit('name', 'reason')
// @ts-expect-error a pid is a number in an object
self.send(5, 'x')
// @ts-expect-error only buffers and ports can be transferred
self.send(pid, 'x', { transfer: ['x'] })
// @ts-expect-error a monitor reference, not a pid
self.demonitor(pid)

// ---- processes written by hand ----

const total = defineCall<void, number>('total')
const find = defineCall<{ id: number }, string>('find')
const add = defineCast<number>('add')

function* asking(): Steps<string> {
  const sum = yield* self.call(pid, total())
  same<typeof sum, number>(true)
  const found = yield* self.call(pid, find({ id: sum }))
  same<typeof found, string>(true)
  self.cast(pid, add(1))
  // @ts-expect-error it takes an id
  self.call(pid, find())
  // @ts-expect-error a number
  self.cast(pid, add('1'))
  // @ts-expect-error a cast is not called
  self.call(pid, add(1))
  return found
}
void asking

function* answering(): Steps<void> {
  const message = yield* self.receive(oneOf(total.match, find.match, add.match))
  if (add.is(message)) same<typeof message.arg, number>(true)
  if (total.is(message)) total.reply(self, message, 5)
  // @ts-expect-error the reply is a text
  if (find.is(message)) find.reply(self, message, message.request.arg.id)
  const any: unknown = message
  if (isDown(any)) same<typeof any, Down>(true)
  if (isExit(any, pid)) same<typeof any, ExitMessage>(true)
}
void answering

const takeBack: () => void = onEnd(self, (reason) => console.log(reason, formatPid(pid)))
void takeBack
// @ts-expect-error the host cleans up by itself
onEnd(vm, () => {})

async function info(): Promise<void> {
  const some = await self.processInfo(pid, ['links', 'trapExit'])
  same<typeof some, { readonly links: readonly Pid[]; readonly trapExit: boolean } | undefined>(true)
  // @ts-expect-error not asked for
  some?.messages
  // @ts-expect-error no such item
  self.processInfo(pid, ['link'])
  // @ts-expect-error a promise has to be awaited
  startVm({ schedulers: 2 }).spawn(echo, 1)
  // @ts-expect-error neither a count nor inline
  startVm({ schedulers: 'two' })
}
void info

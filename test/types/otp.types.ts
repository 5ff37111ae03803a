// What the types of servers and supervisors allow, and what they refuse.

import {
  bridged,
  type CallNext,
  type ChildCounts,
  type ChildInfo,
  checkChildSpecs,
  child,
  dynamicSupervisor,
  genServer,
  ignore,
  noreply,
  ok,
  partitionedSupervisor,
  type RefOf,
  reply,
  type StartChildResult,
  type StartResult,
  start,
  startLink,
  startMonitor,
  startServer,
  stop,
  stopInit,
  supervisor,
  supervisorBridge,
  template,
  timer,
} from '@heddle/otp'
import {
  type From,
  type MonitorRef,
  type Op,
  type Pid,
  type Self,
  type ServerRef,
  type Vm,
  via,
} from '@heddle/scheduler'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const sure = <T extends true>(): T | undefined => undefined
declare const self: Self
declare const vm: Vm

type State = { total: number }

export const counter = genServer(import.meta.url, 'counter', {
  vsn: 2,
  init: (start: number): State => ({ total: start }),
  call: {
    get: (state) => reply(state.total, state),
    addAndGet: (state, by: number) => reply(state.total + by, { total: state.total + by }),
    slow: async (state, limits: { ms: number }, self) => {
      await self.sleep(limits.ms)
      return reply('done' as const, state)
    },
    close: (state) => stop('normal', state, 'closed' as const),
  },
  cast: {
    add: (state, by: number) => noreply({ total: state.total + by }),
    reset: () => noreply({ total: 0 }, { timeoutMs: 5 }),
  },
  info: (state, message) => (message === 'quit' ? stop('normal', state) : noreply(state)),
  codeChange: (from, old) => (from === 1 ? { total: old as number } : (old as State)),
})

export const teller = genServer(import.meta.url, 'teller', {
  *init(ledger: RefOf<typeof counter>, self) {
    const seen = yield* self.call(ledger, counter.get())
    sure<Equal<typeof seen, number>>()
    return { ledger, seen }
  },
  call: {
    *deposit(state, amount: number, self) {
      const total = yield* self.call(state.ledger, counter.addAndGet(amount), { timeoutMs: 1_000 })
      return reply(total, { ...state, seen: total })
    },
  },
})

export async function messages(ref: RefOf<typeof counter>, tellerRef: RefOf<typeof teller>): Promise<void> {
  const total = await self.call(ref, counter.get())
  sure<Equal<typeof total, number>>()
  const slow = await self.call(ref, counter.slow({ ms: 1 }))
  sure<Equal<typeof slow, 'done'>>()
  const closed = await vm.call(ref, counter.close())
  sure<Equal<typeof closed, 'closed'>>()
  const deposited = await self.call(tellerRef, teller.deposit(3))
  sure<Equal<typeof deposited, number>>()
  self.cast(ref, counter.add(1))
  vm.cast(ref, counter.reset())
  // By name, any server's messages will do.
  self.cast('ledger', counter.reset())
  // @ts-expect-error wrong argument
  counter.add('x')
  // @ts-expect-error missing argument
  counter.addAndGet()
  // @ts-expect-error an argument too many
  counter.get(1)
  // @ts-expect-error a cast cannot be called
  self.call(ref, counter.add(1))
  // @ts-expect-error a call cannot be cast
  self.cast(ref, counter.get())
  // @ts-expect-error a message of another server
  self.call(tellerRef, counter.get())
  // @ts-expect-error no such message
  counter.nope()
}

export const refusals = genServer(import.meta.url, 'refusals', {
  init: (start: number): State => ({ total: start }),
  call: {
    get: (state) => {
      sure<Equal<typeof state, State>>()
      return reply(state.total, state)
    },
    // @ts-expect-error unknown field of the state
    bad1: (state) => reply(state.nope, state),
    // @ts-expect-error another state
    bad2: (state) => reply(1, { totally: state.total }),
    // @ts-expect-error no next value
    bad3: (state) => state.total,
    // @ts-expect-error misspelt field in an async callback
    bad4: async (state) => reply(1, { totl: state.total }),
    // @ts-expect-error another state from a generator
    *bad5(state, _: void, self) {
      yield* self.sleep(1)
      return reply(1, { totl: state.total })
    },
  },
  cast: {
    // @ts-expect-error nobody waits for a reply
    bad6: (state) => reply(1, state),
    // @ts-expect-error nor for one with a stop
    bad7: (state) => stop('normal', state, 1),
  },
  // @ts-expect-error an info's next state is checked too
  info: (state) => noreply({ totl: state.total }),
})

export const brokenOptions = genServer(import.meta.url, 'brokenOptions', {
  init: () => 0,
  cast: {
    // @ts-expect-error one of the two
    both: (state) => noreply(state, { timeoutMs: 1, continue: 'x' }),
  },
})

// Arguments that may be anything, or be left out.
export const loose = genServer(import.meta.url, 'loose', {
  init: (_: void) => 0,
  call: { echo: (state, value: unknown) => reply(value, state) },
  cast: { add: (state, by?: number) => noreply(state + (by ?? 1)) },
})
loose.echo({ any: 'thing' })
loose.add()
loose.add(2)
// @ts-expect-error wrong argument
loose.add('2')
// @ts-expect-error missing argument
loose.echo()

// A message of a server in its own callback.
export const selfie = genServer(import.meta.url, 'selfie', {
  init: (n: number) => ({ n }),
  cast: {
    kick: (state, _: void, self) => {
      self.cast(self.pid, selfie.kick())
      return noreply(state)
    },
  },
})
selfie.kick()

// A call that is answered sometimes, or later.
export const mixed = genServer(import.meta.url, 'mixed', {
  init: () => ({ items: [] as number[], waiting: [] as From[] }),
  call: {
    pop: (state) => {
      const [first] = state.items
      return first === undefined ? noreply(state) : reply(first, { ...state, items: state.items.slice(1) })
    },
    later: (state, _: void, _self, from): CallNext<string, { items: number[]; waiting: From[] }> =>
      noreply({ ...state, waiting: [...state.waiting, from] }),
  },
})

// What `init` may come to fixes the state.
export const careful = genServer(import.meta.url, 'careful', {
  init: (path: string) => {
    if (path === '') return ignore()
    if (path === '/') return stopInit('too_much')
    return ok({ path, lines: 0 }, { continue: 'load' })
  },
  continue: (state, argument: 'load' | 'again') => {
    sure<Equal<typeof argument, 'load' | 'again'>>()
    return noreply({ ...state, lines: state.lines + 1 })
  },
  call: {
    lines: (state) => {
      sure<Equal<typeof state, { path: string; lines: number }>>()
      return reply(state.lines, state)
    },
  },
})

export const asyncCareful = genServer(import.meta.url, 'asyncCareful', {
  init: async (count: number) => (count < 0 ? stopInit('negative') : { count }),
  call: { get: (state) => reply(state.count, state) },
})

export async function starts(mixedRef: RefOf<typeof mixed>): Promise<void> {
  const popped = await self.call(mixedRef, mixed.pop())
  sure<Equal<typeof popped, number>>()
  const later = await self.call(mixedRef, mixed.later())
  sure<Equal<typeof later, string>>()

  const started = await startLink(self, counter, 1, { name: 'counter', scheduler: 2 })
  sure<Equal<typeof started, StartResult<RefOf<typeof counter>>>>()
  if (started.status === 'ok') {
    sure<Equal<typeof started.pid, RefOf<typeof counter>>>()
    self.cast(started.pid, counter.add(1))
  } else if (started.status === 'error') {
    self.exit(started.reason)
  }
  const monitored = await startMonitor(self, counter, 1)
  if (monitored.status === 'ok') sure<Equal<typeof monitored.monitor, MonitorRef>>()
  const onHost = startLink(vm, counter, 1)
  sure<Equal<typeof onHost, Promise<StartResult<RefOf<typeof counter>>>>>()
  // @ts-expect-error wrong argument
  startLink(vm, counter, 'zero')
  const ref = await startServer(vm, counter, 1)
  sure<Equal<typeof ref, RefOf<typeof counter>>>()
  // @ts-expect-error wrong argument
  start(self, counter, 'zero')
  // @ts-expect-error wrong argument
  startServer(vm, counter, 'zero')
  // @ts-expect-error not an option of a start
  startLink(self, counter, 1, { link: true })
  // @ts-expect-error not a server
  start(self, { $: { url: 'file:///x', name: 'x' } }, 1)
  // What is spawned by hand gets the same argument.
  const pid = self.spawn(counter, 3)
  // @ts-expect-error wrong argument
  self.spawn(counter, 'zero')
  const typed: ServerRef<unknown> = pid
  self.send(typed, 'raw')
}

export function* inGenerator(self: Self): Generator<unknown, void, never> {
  const started = yield* start(self, counter, 1)
  sure<Equal<typeof started, StartResult<RefOf<typeof counter>>>>()
}

// ---- supervisors ----

export const bank = supervisor(import.meta.url, 'bank', (start: number) => ({
  strategy: 'rest_for_one',
  intensity: 3,
  periodMs: 5_000,
  children: [
    child(counter, start, { name: 'ledger', restart: 'transient', shutdown: 'brutal_kill' }),
    // @ts-expect-error wrong argument
    child(counter, 'zero'),
    // @ts-expect-error no such restart type
    child(counter, 0, { restart: 'always' }),
  ],
}))

export const empty = supervisor(import.meta.url, 'empty', () => ({ children: [] }))

// @ts-expect-error no such strategy
supervisor(import.meta.url, 'wrong', () => ({ strategy: 'all', children: [] }))

// @ts-expect-error no children
supervisor(import.meta.url, 'childless', () => ({ strategy: 'one_for_one' }))

export const company = supervisor(import.meta.url, 'company', async (start: number, self) => {
  await self.sleep(1)
  if (start < 0) return ignore()
  return { children: [child(bank, start), child(empty, undefined)] }
})

export async function supervising(ref: RefOf<typeof bank>): Promise<void> {
  const added = await vm.call(ref, bank.startChild(child(counter, 1)))
  sure<Equal<typeof added, StartChildResult>>()
  if (added.status === 'ok' && added.pid !== undefined) self.link(added.pid)
  const children = await self.call(ref, bank.whichChildren())
  sure<Equal<typeof children, readonly ChildInfo[]>>()
  // All supervisors take the same calls.
  await self.call(ref, company.terminateChild('ledger'))
  const started: RefOf<typeof bank> = await startServer(vm, company, 5)
  await vm.call(started, bank.countChildren())
  // @ts-expect-error a server's message
  await vm.call(ref, counter.get())
  // @ts-expect-error missing id
  bank.deleteChild()
  // @ts-expect-error wrong argument
  await startServer(vm, bank, 'many')
}

// ---- dynamic supervisors, partitions, bridges ----

const room1 = genServer(import.meta.url, 'room1', {
  init: ([limit, name]: [number, string]) => ({ limit, name }),
  call: { name: (state) => reply(state.name, state) },
})

export const rooms = dynamicSupervisor(import.meta.url, 'rooms', (limit: number) => ({
  intensity: 3,
  child: template(room1, { before: [limit], restart: 'transient' }),
}))
export const counters = dynamicSupervisor(import.meta.url, 'counters', () => ({ child: template(counter) }))
export const shared = partitionedSupervisor(import.meta.url, 'shared', () => ({ child: template(counter) }), {
  partitions: 3,
})

// @ts-expect-error what stands before has another type
template(room1, { before: ['lots'] })
// @ts-expect-error no such option
template(room1, { argument: 1 })
// @ts-expect-error a dynamic supervisor has one child, a template
dynamicSupervisor(import.meta.url, 'static', () => ({ children: [] }))
// @ts-expect-error a spec is no template
dynamicSupervisor(import.meta.url, 'wrong dynamic', () => ({ child: child(counter, 0) }))
// @ts-expect-error a number
partitionedSupervisor(import.meta.url, 'uneven', () => ({ child: template(counter) }), { partitions: 'many' })

export async function dynamically(ref: RefOf<typeof rooms>): Promise<void> {
  const started = await vm.call(ref, rooms.startChild('lobby', { name: 'lobby', scheduler: 'spread' }))
  sure<Equal<typeof started, StartChildResult<RefOf<typeof room1>>>>()
  if (started.status === 'ok' && started.pid !== undefined) {
    const name = await vm.call(started.pid, room1.name())
    sure<Equal<typeof name, string>>()
    await vm.call(ref, rooms.terminateChild(started.pid))
    // @ts-expect-error another server's message
    await vm.call(started.pid, counter.get())
  }
  // @ts-expect-error its argument is a string
  rooms.startChild(5)
  // @ts-expect-error its argument is missing
  rooms.startChild()
  // @ts-expect-error its children are known by their pids
  rooms.terminateChild('lobby')
  counters.startChild(1)
  // @ts-expect-error messages of another supervisor, with other children
  await vm.call(ref, counters.startChild(1))
  const one = await vm.call(shared.at('key'), shared.startChild(5))
  sure<Equal<typeof one, StartChildResult<RefOf<typeof counter>>>>()
  const all = await shared.countAll(vm)
  sure<Equal<typeof all, ChildCounts>>()
  // @ts-expect-error a key is a string or a number
  shared.at({ user: 1 })
}

export const legacy = supervisorBridge(import.meta.url, 'legacy', {
  init: (port: number, self) => (port === 0 ? ignore() : bridged(self.pid, { port })),
  terminate: (_reason, state) => {
    sure<Equal<typeof state, { port: number }>>()
  },
})
export const bridgeChild = child(legacy, 80)
// @ts-expect-error wrong argument
child(legacy, 'eighty')
// @ts-expect-error no terminate
supervisorBridge(import.meta.url, 'endless', { init: () => ignore() })

export const checked = checkChildSpecs([child(counter, 1)], 'any_significant')
sure<Equal<(typeof checked)['status'], 'ok' | 'error'>>()
// @ts-expect-error no such way
checkChildSpecs([], 'some_significant')

// Names in registries of the user's own, and timers.
const room = via(import.meta.url, 'room', {
  registerName: (_room: { floor: number }, _pid: Pid, _self: Self) => 'yes' as const,
  unregisterName: () => undefined,
  whereisName: () => undefined,
})
export const named = start(self, counter, 0, { name: room({ floor: 1 }) })
export const namedChild = child(counter, 0, { name: room({ floor: 1 }), id: 'first floor' })
// @ts-expect-error another kind of name
room('first')
// @ts-expect-error neither a name nor one of a registry
start(self, counter, 0, { name: 5 })

export function timers(pid: Pid): void {
  const it = timer.sendAfter(self, 5, pid, 'x')
  sure<Equal<typeof it, timer.TRef>>()
  timer.applyAfter(self, 5, counter, 0)
  // @ts-expect-error wrong argument
  timer.applyInterval(self, 5, counter, 'zero')
  // @ts-expect-error not a timer
  timer.cancel(self, pid)
  const plain = timer.tc(self, () => 'x')
  sure<Equal<typeof plain, timer.Timed<string>>>()
  const promised = timer.tc(self, async () => 'x')
  sure<Equal<typeof promised, Promise<timer.Timed<string>>>>()
  const stepped = timer.tc(self, function* () {
    return yield* self.call(pid as RefOf<typeof counter>, counter.get())
  })
  sure<Equal<typeof stepped, Generator<Op<unknown>, timer.Timed<number>, unknown>>>()
}

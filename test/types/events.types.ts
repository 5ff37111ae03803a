// What the types of event managers and handlers allow, and what they refuse.

import {
  type AlarmEvent,
  alarmHandler,
  eventHandler,
  eventManager,
  failInit,
  type HandlerCallNext,
  type HandlerId,
  type HandlerReply,
  type HandlerResult,
  handler,
  ok,
  type RefOf,
  removeHandler,
  reply,
  startLink,
  stop,
  swapHandler,
} from '@heddle/otp'
import type { Op, Self, Vm } from '@heddle/scheduler'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const sure = <T extends true>(): T | undefined => undefined
declare const self: Self
declare const vm: Vm

type Reading = { type: 'celsius'; value: number } | { type: 'off' }

type Window = { window: number; seen: number[] }

export const average = eventHandler(import.meta.url, 'average', {
  vsn: 2,
  init: (window: number) => (window > 0 ? ok({ window, seen: [] as number[] }) : failInit('no window')),
  handleEvent: (state, event: Reading) => {
    sure<Equal<typeof state, { window: number; seen: number[] }>>()
    if (event.type === 'off') return removeHandler()
    return ok({ ...state, seen: [event.value, ...state.seen].slice(0, state.window) })
  },
  handleCall: {
    mean: (state) => reply(state.seen[0] ?? 0, state),
    reset: (state, to: number[]) => reply('done' as const, { ...state, seen: to }, { hibernate: true }),
    *slow(state, _: void, self): Generator<Op<unknown>, HandlerCallNext<string, Window>, unknown> {
      yield* self.sleep(1)
      return reply('slept', state)
    },
    leave: () => removeHandler('bye' as const),
  },
  handleInfo: async (state, message) => (message === 'quit' ? removeHandler() : ok(state)),
  terminate: (argument, state) => [argument, state.seen.length],
  codeChange: (from, old, _extra) => (from === 1 ? { window: 1, seen: old as number[] } : (old as never)),
  formatStatus: (status) => ({ ...status, state: status.state.seen.length }),
})

/** Takes less than all readings. */
export const picky = eventHandler(import.meta.url, 'picky', {
  init: (_: void) => ok(0),
  handleEvent: (count, event: { type: 'off' }) => (event.type === 'off' ? ok(count + 1) : ok(count)),
})

/** Takes more than readings. */
export const broad = eventHandler(import.meta.url, 'broad', {
  init: () => ok(0),
  handleEvent: (count, _event: Reading | string) =>
    count > 9 ? swapHandler('full', count, [average, 'next'], 5) : ok(count + 1, { hibernate: true }),
})

export const readings = eventManager<Reading>(import.meta.url, 'readings')
export const others = eventManager<string>(import.meta.url, 'others')
export const furnished = eventManager<Reading, number>(import.meta.url, 'furnished', (window) => [
  handler(average, window),
  handler([broad, 1]),
])

export async function messages(ref: RefOf<typeof readings>, otherRef: RefOf<typeof others>): Promise<void> {
  self.cast(ref, readings.notify({ type: 'celsius', value: 21 }))
  self.send('readings', readings.notify({ type: 'off' }))
  const done = await self.call(ref, readings.syncNotify({ type: 'off' }))
  sure<Equal<typeof done, 'ok'>>()
  const added = await vm.call(ref, readings.addHandler(average, 5))
  sure<Equal<typeof added, HandlerResult>>()
  await self.call(ref, readings.addSupHandler([average, 'second'], 5), { timeoutMs: 100 })
  await self.call(ref, readings.addHandler(broad))
  await self.call(ref, readings.swapHandler(average, 'any', [broad, self.pid]))
  await self.call(ref, readings.swapSupHandler([broad, 1], 'any', average, 5))
  await self.call(ref, readings.deleteHandler([average, self.makeRef()], { any: 'thing' }))
  const mean = await self.call(ref, readings.call(average, average.mean()))
  sure<Equal<typeof mean, HandlerReply<number>>>()
  if (mean.status === 'ok') sure<Equal<typeof mean.reply, number>>()
  const reset = await self.call('readings', readings.call([average, 'second'], average.reset([1])))
  sure<Equal<typeof reset, HandlerReply<'done'>>>()
  const slow = await vm.call(ref, readings.call(average, average.slow()))
  sure<Equal<typeof slow, HandlerReply<string>>>()
  const bye = await vm.call(ref, readings.call(average, average.leave()))
  sure<Equal<typeof bye, HandlerReply<'bye'>>>()
  const which = await self.call(ref, readings.whichHandlers())
  sure<Equal<typeof which, readonly HandlerId[]>>()
  await startLink(self, furnished, 5, { name: 'furnished' })
  // @ts-expect-error another event
  readings.notify({ type: 'fahrenheit', value: 70 })
  // @ts-expect-error misspelt field of an event
  readings.syncNotify({ type: 'celsius', valu: 21 })
  // @ts-expect-error a handler that cannot take all events of this manager
  readings.addHandler(picky)
  // @ts-expect-error a handler of other events
  others.addHandler(average, 5)
  // @ts-expect-error wrong argument for its init
  readings.addHandler(average, 'five')
  // @ts-expect-error missing argument for its init
  readings.addHandler(average)
  // @ts-expect-error wrong argument for the new one's init
  readings.swapHandler(broad, 'any', average, 'five')
  // @ts-expect-error a mark is a string, a number, a pid or a reference
  readings.addHandler([average, { a: 1 }], 5)
  // @ts-expect-error a message of another manager
  self.call(otherRef, readings.whichHandlers())
  // @ts-expect-error an event is not called
  self.call(ref, readings.notify({ type: 'off' }))
  // @ts-expect-error a call is not cast
  self.cast(ref, readings.syncNotify({ type: 'off' }))
  // @ts-expect-error a call of another handler
  readings.call(broad, average.mean())
  // @ts-expect-error wrong argument of a call
  average.reset('x')
  // @ts-expect-error missing argument of a call
  average.reset()
  // @ts-expect-error no such call
  average.nope()
  // @ts-expect-error a handler is no server
  startLink(self, average, 5)
  // @ts-expect-error the manager's handlers need an argument
  startLink(self, furnished, undefined)
}

export const refusals = eventHandler(import.meta.url, 'refusals', {
  init: (_: void) => ok({ total: 0 }),
  // @ts-expect-error another state
  handleEvent: (state, _event: string) => ok({ totally: state.total }),
  handleCall: {
    // @ts-expect-error unknown field of the state
    bad1: (state) => reply(state.nope, state),
    // @ts-expect-error what an event may come to
    bad2: (state) => ok(state),
    // @ts-expect-error a handler does not stop its manager
    bad3: (state) => stop('normal', state),
    // @ts-expect-error misspelt field in an async callback
    bad4: async (state) => reply(1, { totl: state.total }),
  },
  // @ts-expect-error a reply that nobody asked for
  handleInfo: (state) => reply(1, state),
})

export const refusedInit = eventHandler(import.meta.url, 'refusedInit', {
  // @ts-expect-error a bare state
  init: (_: void) => ({ total: 0 }),
  handleEvent: () => removeHandler(),
})

export const refusedSwap = eventHandler(import.meta.url, 'refusedSwap', {
  init: (_: void) => ok(0),
  // @ts-expect-error wrong argument for the new one's init
  handleEvent: (state, _event: Reading) => swapHandler('arg', state, average, 'five'),
})

// @ts-expect-error a handler that cannot take all events of this manager
export const refusedFirst = eventManager<Reading>(import.meta.url, 'refusedFirst', () => [handler(picky)])

export async function alarms(): Promise<void> {
  alarmHandler.setAlarm(self, { id: 'fire', description: 'here' })
  alarmHandler.clearAlarm(vm, 'fire')
  const set = await alarmHandler.getAlarms(vm)
  if (set.status === 'ok') sure<Equal<(typeof set.reply)[number], alarmHandler.Alarm>>()
  const siren = eventHandler(import.meta.url, 'siren', {
    init: () => ok(0),
    handleEvent: (state, event: AlarmEvent) => (event.type === 'set_alarm' ? ok(state + 1) : ok(state)),
  })
  await alarmHandler.addAlarmHandler(self, siren)
  // @ts-expect-error no alarm
  alarmHandler.setAlarm(self, 'fire')
  // @ts-expect-error a handler of other events
  alarmHandler.addAlarmHandler(self, average, 5)
}

eventHandler(import.meta.url, 'misspelt', {
  init: (_: void) => ok(0),
  handleEvent: (state) => ok(state),
  // @ts-expect-error it is `handleInfo`
  info: () => ok(0),
})

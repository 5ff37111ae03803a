// What the types of state machines allow, and what they refuse.

import {
  type Begin,
  beginIn,
  type CallTo,
  eventTimeout,
  fsm,
  genericTimeout,
  genFsm,
  genStatem,
  hibernate,
  keepState,
  keepStateAndData,
  nextEvent,
  nextState,
  postpone,
  type RefOf,
  repeatState,
  replyTo,
  startServer,
  stateTimeout,
  stop,
  stopAndReply,
} from '@heddle/otp'
import type { From, Self, Vm } from '@heddle/scheduler'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const sure = <T extends true>(): T | undefined => undefined
declare const self: Self
declare const vm: Vm

interface Lock {
  readonly code: string
  readonly tries: number
}

export const door = genStatem(import.meta.url, 'door', {
  init: (code: string) => beginIn('locked', { code, tries: 0 }),
  states: {
    locked: {
      enter: (data, old, self) => {
        sure<Equal<typeof old, 'locked' | 'open'>>()
        return keepState({ ...data, tries: self.pid.$pid })
      },
      call: {
        open: (data, code: string, _self, from) => {
          if (code !== data.code) return keepState({ ...data, tries: 1 }, replyTo(from, 'wrong' as const))
          return nextState('open', data, [replyTo(from, 'opened' as const), stateTimeout(100, 'lock')])
        },
        tries: (data, _: void, _self, from) => keepStateAndData(replyTo(from, data.tries)),
        *slow(data, _: void, self, from) {
          yield* self.sleep(1)
          return keepState(data, [replyTo(from, { at: 5 }), hibernate()])
        },
        close: (data) => stop('normal', data, 'closed' as const),
      },
      cast: { kick: async (data) => keepState(data) },
    },
    open: {
      call: { open: () => keepStateAndData(postpone()) },
      cast: { shut: (data, hard: boolean) => (hard ? nextState('locked', data) : repeatState(data)) },
      stateTimeout: (data, what: 'lock') => nextState('locked', data, what === 'lock' ? [] : hibernate()),
      timeouts: { alarm: (data, level: number) => nextState(level > 3 ? 'locked' : 'open', data) },
      internal: (data, what: { ring: number }) => keepState(data, genericTimeout('alarm', what.ring, 4)),
    },
  },
  call: { ask: (state, data, _n: number, _self, from) => keepState(data, replyTo(from, state)) },
  info: (_state, data, message) => (message === 'quit' ? stop('normal', data) : keepStateAndData()),
  terminate: (reason, state, data) => void [reason, state === 'open', data.tries],
  codeChange: (_from, _state, data) => beginIn('locked', data as Lock),
  formatStatus: ({ state }) => ({ state, data: 'hidden' }),
})

export async function messages(ref: RefOf<typeof door>): Promise<void> {
  const opened = await self.call(ref, door.open('123'))
  sure<Equal<typeof opened, 'opened' | 'wrong'>>()
  const tries = await vm.call(ref, door.tries())
  sure<Equal<typeof tries, number>>()
  const slow = await vm.call(ref, door.slow())
  sure<Equal<typeof slow, { at: number }>>()
  const closed = await vm.call(ref, door.close())
  sure<Equal<typeof closed, 'closed'>>()
  const state = await vm.call(ref, door.ask(1))
  sure<Equal<typeof state, 'locked' | 'open'>>()
  self.cast(ref, door.kick())
  self.cast(ref, door.shut(true))
  await startServer(vm, door, '123')

  // @ts-expect-error: a number is no code
  self.call(ref, door.open(123))
  // @ts-expect-error: it takes an argument
  self.call(ref, door.open())
  // @ts-expect-error: no state takes this
  self.cast(ref, door.slam())
  // @ts-expect-error: a call is no cast
  self.cast(ref, door.open('123'))
  // @ts-expect-error: the code is a string
  await startServer(vm, door, 123)
}

genStatem(import.meta.url, 'wrong states', {
  init: (_: void) => beginIn('a', { n: 0 }),
  states: {
    a: {
      cast: {
        // @ts-expect-error: no such state
        one: (data) => nextState('c', data),
        // @ts-expect-error: no such state, in one of two returns
        two: (data) => {
          if (data.n > 0) return nextState('b', data)
          return nextState('bb', data)
        },
        // @ts-expect-error: the data lack n
        three: () => keepState({}),
        // @ts-expect-error: n is a number
        four: () => nextState('b', { n: '1' }),
        // @ts-expect-error: no next value
        five: () => 5,
        // @ts-expect-error: a number is no action
        six: (data) => keepState(data, 5),
        // @ts-expect-error: there is no data.m
        seven: (data) => keepState({ n: data.m }),
        // @ts-expect-error: an update says with what
        eight: (data) => keepState(data, stateTimeout('update')),
        // @ts-expect-error: replies are all that goes with an end
        nine: () => stopAndReply('normal', [eventTimeout(1, 'x')]),
        // @ts-expect-error: there is no such type of event
        ten: (data) => keepState(data, nextEvent('external', 1)),
      },
      // @ts-expect-error: an enter callback cannot change the state
      enter: (data) => nextState('b', data),
    },
    b: {},
  },
})

genStatem(import.meta.url, 'wrong begin', {
  // @ts-expect-error: no such state
  init: (_: void) => beginIn('c', 0),
  states: { a: {}, b: {} },
})

interface Place {
  readonly x: number
  readonly y: number
}

export const walker = genStatem(import.meta.url, 'walker', {
  init: (_: void): Begin<Place, string[]> => beginIn({ x: 0, y: 0 }, []),
  call: {
    where: (state, data, _: void, _self, from) => keepState(data, replyTo(from, state)),
    // The reply comes later, so its type is named.
    later: (_state, data, _: void, _self, _from: From): CallTo<string, Place, string[]> => keepState(data),
  },
  cast: {
    go: ({ x, y }, data, by: Place) => nextState({ x: x + by.x, y: y + by.y }, [...data, 'go']),
  },
})

genStatem(import.meta.url, 'wrong walker', {
  init: (_: void): Begin<Place, string[]> => beginIn({ x: 0, y: 0 }, []),
  cast: {
    // @ts-expect-error: a place has a y
    lost: ({ x }, data) => nextState({ x }, data),
    // @ts-expect-error: data are strings
    wrong: (state) => nextState(state, [1]),
  },
})

export async function walk(ref: RefOf<typeof walker>): Promise<void> {
  const place = await self.call(ref, walker.where())
  sure<Equal<typeof place, Place>>()
  const word = await self.call(ref, walker.later())
  sure<Equal<typeof word, string>>()
  // @ts-expect-error: of another machine
  await self.call(ref, door.tries())
}

export const lock = genFsm(import.meta.url, 'lock', {
  init: (code: string) => fsm.next('locked', code),
  states: {
    locked: {
      event: (key: unknown, code) =>
        key === code ? fsm.next('open', code, { timeoutMs: 10_000 }) : fsm.next('locked', code),
      sync: (key: string, _from, code) => fsm.replyNext(key === code, 'locked', code),
    },
    open: { event: (_timeout, code) => fsm.next('locked', code) },
  },
})

genFsm(import.meta.url, 'wrong lock', {
  init: (code: string) => fsm.next('locked', code),
  states: {
    locked: {
      // @ts-expect-error: no such state
      event: (_timeout, code) => fsm.next('loked', code),
    },
  },
  // @ts-expect-error: the data are a string
  handleEvent: (_event, state) => fsm.next(state, 5),
})

genStatem(import.meta.url, 'misspelt', {
  init: (_: void) => beginIn('a', 0),
  // @ts-expect-error: the section is `cast`
  states: { a: { casts: { go: () => keepStateAndData() } } },
})
genStatem(import.meta.url, 'misspelt too', {
  init: (_: void) => beginIn('a', 0),
  states: { a: {} },
  // @ts-expect-error: the section is `call`
  calls: {},
})
genFsm(import.meta.url, 'misspelt fsm', {
  init: (_: void) => fsm.next('a', 0),
  // @ts-expect-error: it is `event`
  states: { a: { events: () => fsm.next('a', 0) } },
})

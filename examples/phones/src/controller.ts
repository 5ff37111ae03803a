/**
 * A phone's controller: one process for each phone. Its user dials, accepts and hangs up; controllers tell each other
 * what their users do, by casts, so that two who dial each other at the same moment do not wait for each other.
 *
 *     idle --dial--> calling --answered--> connected --ended--> idle
 *     idle --inbound--> receiving --accept--> connected
 *
 * A call has a reference. Signals cross: who hangs up while the other answers gets an `answered` that means nothing
 * any more, perhaps in the middle of his next call. What bears another reference is dropped.
 */

import {
  beginIn,
  genStatem,
  keepState,
  keepStateAndData,
  nextState,
  type RefOf,
  replyTo,
  stateTimeout,
} from '@heddle/otp'
import { type Down, type Pid, type Ref, type Self, samePid, sameRef } from '@heddle/scheduler'
import { type Locations, locations } from './locations.ts'

/** How long a phone rings until its caller gives up. */
export const RING_MS = 30_000

interface Talk {
  readonly call: Ref
  /** The other controller, and the monitor of it. */
  readonly peer: Pid
  readonly watch: Ref
}

export interface Tally {
  readonly dialled: number
  readonly talked: number
  readonly busy: number
}

interface Phone {
  readonly locations: Locations
  readonly talk: Talk | undefined
  readonly tally: Tally
}

type Ended = { readonly call: Ref; readonly why: 'busy' | 'hung up' | 'no answer' }

// What controllers tell each other. Their types are written down, as a definition cannot be made of its own type.
function ring(self: Self, peer: Pid, call: Ref): void {
  self.cast(peer, controller.inbound({ call, from: self.pid }))
}
function answer(self: Self, { peer, call }: Talk): void {
  self.cast(peer, controller.answered(call))
}
function end(self: Self, peer: Pid, ended: Ended): void {
  self.cast(peer, controller.ended(ended))
}

function isOurs({ talk }: Phone, call: Ref): boolean {
  return talk !== undefined && sameRef(talk.call, call)
}

/** The call is over on this side. */
function backToIdle(phone: Phone, self: Self) {
  if (phone.talk !== undefined) self.demonitor(phone.talk.watch, { flush: true })
  return nextState('idle', { ...phone, talk: undefined })
}

function hangUp(phone: Phone, why: Ended['why'], self: Self) {
  if (phone.talk !== undefined) end(self, phone.talk.peer, { call: phone.talk.call, why })
  return backToIdle(phone, self)
}

function count(phone: Phone, what: keyof Tally): Phone {
  return { ...phone, tally: { ...phone.tally, [what]: phone.tally[what] + 1 } }
}

export const controller = genStatem(import.meta.url, 'controller', {
  *init(given: { readonly number: string; readonly locations: Locations }, self: Self) {
    yield* self.call(given.locations, locations.attach({ number: given.number, pid: self.pid }))
    const tally: Tally = { dialled: 0, talked: 0, busy: 0 }
    return beginIn('idle', { locations: given.locations, talk: undefined, tally } as Phone)
  },
  states: {
    idle: {
      cast: {
        *dial(phone, number: string, self) {
          const peer = yield* self.call(phone.locations, locations.find(number))
          if (peer === undefined || samePid(peer, self.pid)) return keepState(count(phone, 'busy'))
          const talk = { call: self.makeRef(), peer, watch: self.monitor(peer) }
          ring(self, peer, talk.call)
          return nextState(
            'calling',
            count({ ...phone, talk }, 'dialled'),
            stateTimeout(RING_MS, 'unanswered'),
          )
        },
        inbound: (phone, { call, from }: { readonly call: Ref; readonly from: Pid }, self) =>
          nextState('receiving', { ...phone, talk: { call, peer: from, watch: self.monitor(from) } }),
      },
    },
    calling: {
      cast: {
        answered: (phone, call: Ref) =>
          isOurs(phone, call) ? nextState('connected', count(phone, 'talked')) : keepStateAndData(),
      },
      stateTimeout: (phone, _why, self) => hangUp(phone, 'no answer', self),
    },
    receiving: {
      cast: {
        accept: (phone, _: void, self) => {
          if (phone.talk !== undefined) answer(self, phone.talk)
          return nextState('connected', phone)
        },
      },
    },
    connected: {},
  },
  // What is not said above is alike in all states.
  call: {
    status: (state, phone, _: void, _self, from) =>
      keepStateAndData(replyTo(from, { state, peer: phone.talk?.peer, tally: phone.tally })),
  },
  cast: {
    dial: (_state, _phone, _number: string) => keepStateAndData(),
    accept: () => keepStateAndData(),
    hangUp: (_state, phone, _: void, self) => hangUp(phone, 'hung up', self),
    inbound: (_state, _phone, { call, from }: { readonly call: Ref; readonly from: Pid }, self) => {
      end(self, from, { call, why: 'busy' })
      return keepStateAndData()
    },
    answered: (_state, _phone, _call: Ref) => keepStateAndData(),
    ended: (_state, phone, { call, why }: Ended, self) => {
      if (!isOurs(phone, call)) return keepStateAndData()
      return backToIdle(why === 'busy' ? count(phone, 'busy') : phone, self)
    },
  },
  // The other controller has died in the middle of the call.
  info: (_state, phone, message, self) => {
    const { type, ref } = message as Down
    const isPeer = type === 'DOWN' && phone.talk !== undefined && sameRef(phone.talk.watch, ref)
    return isPeer ? backToIdle(phone, self) : keepStateAndData()
  },
})

export type Controller = RefOf<typeof controller>

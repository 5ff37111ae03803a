/**
 * A stream of messages from scheduler 1 to scheduler 2. The consumer acknowledges half a window at a time
 * and the producer never has more than a window under way: a flood would measure how fast the sender's
 * memory grows. The clock stops with the acknowledgement of the last message, so every message counted
 * has been handled.
 */

import { again, done, type Pid, process, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

const LARGE_BYTES = 65_536

type Payload = 'small' | 'ten_keys' | '64kb'

/** Message number `i`, made anew each time. */
const makers: Readonly<Record<Payload, (i: number) => unknown>> = {
  small: (i) => ({ type: 'inc', n: i }),
  ten_keys: (i) => ({
    type: 'order',
    n: i,
    customer: 'c-1042',
    item: 'A-100',
    count: 3,
    price: 19.99,
    currency: 'EUR',
    isPaid: true,
    at: 1_700_000_000_000 + i,
    note: null,
  }),
  '64kb': (i) => {
    const bytes = new Uint8Array(LARGE_BYTES)
    bytes[0] = i & 0xff
    bytes[LARGE_BYTES - 1] = i & 0xff
    return bytes
  },
}

/** Whether this is message number `i`: whole, and in its place. */
function isMessage(message: unknown, i: number): boolean {
  if (!(message instanceof Uint8Array)) return (message as { n: number }).n === i
  return (
    message.length === LARGE_BYTES && message[0] === (i & 0xff) && message[LARGE_BYTES - 1] === (i & 0xff)
  )
}

interface ConsumerArgument {
  readonly producer: Pid
  readonly ackCount: number
}

const consumer = process(import.meta.url, 'consumer', {
  init: ({ producer, ackCount }: ConsumerArgument, self) => {
    self.send(producer, 'ready')
    return { producer, ackCount, received: 0 }
  },
  handle: (state, message, self) => {
    if (!isMessage(message, state.received)) throw new Error(`message ${state.received} is not what was sent`)
    state.received += 1
    if (state.received % state.ackCount === 0) self.send(state.producer, 'ack')
    return again(state)
  },
})

interface ProducerArgument extends ToHost<number> {
  readonly payload: Payload
  readonly messageCount: number
  readonly windowCount: number
}

const producer = process(import.meta.url, 'producer', {
  init: ({ host, payload, messageCount, windowCount }: ProducerArgument, self) => {
    const ackCount = windowCount / 2
    const to = self.spawnLink(consumer, { producer: self.pid, ackCount }, { scheduler: 2 })
    return { host, to, payload, messageCount, windowCount, ackCount, sent: 0, acknowledged: 0, beginMs: 0 }
  },
  handle: (state, message, self) => {
    if (message === 'ready') state.beginMs = performance.now()
    else state.acknowledged += state.ackCount
    if (state.acknowledged === state.messageCount) {
      tellHost(self, state.host, performance.now() - state.beginMs)
      return done('shutdown')
    }
    const make = makers[state.payload]
    const end = Math.min(state.acknowledged + state.windowCount, state.messageCount)
    while (state.sent < end) self.send(state.to, make(state.sent++))
    return again(state)
  },
})

interface Stream {
  readonly payload: Payload
  readonly messageCount: number
  readonly windowCount: number
}

async function round(vm: Vm, stream: Stream): Promise<RoundResult> {
  const ms = await measureIn(vm, producer, stream)
  return { value: perSecond(stream.messageCount, ms) }
}

function figure(stream: Stream, what: string, atLeast: number): Figure {
  return {
    name: `oneway_cross_${stream.payload}`,
    unit: 'messages/s',
    description: `${what} from scheduler 1 to a callback process on 2, each made anew, with a window of acknowledgements`,
    target: { atLeast },
    params: { messages: stream.messageCount, window: stream.windowCount },
    scope: 'one_process',
    work: { schedulers: 2, round: (vm) => round(vm, stream) },
  }
}

export const onewayFigures: readonly Figure[] = [
  figure({ payload: 'small', messageCount: 500_000, windowCount: 1_000 }, "{type: 'inc', n}", 4e6),
  figure({ payload: 'ten_keys', messageCount: 250_000, windowCount: 1_000 }, 'objects of ten keys', 2e6),
  figure({ payload: '64kb', messageCount: 5_000, windowCount: 100 }, 'Uint8Arrays of 64 KiB', 50e3),
]

/**
 * Whether a scheduler full of work still serves its event loop. A process on it holds a TCP connection to an
 * echo server on the host's thread, which is idle, and times one byte there and back, from `write` to the
 * `data` event: once with nothing else to do, once beside pairs of processes that play ping-pong without end.
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { percentile } from '@heddle/bench'
import { again, done, type Pid, process, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { measureIn, perSecond, type ToHost, tellHost } from '../measure.ts'

interface ClientArgument extends ToHost<number[]> {
  readonly port: number
  readonly roundTripCount: number
}

function roundTrip(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    const beginMs = performance.now()
    socket.once('data', () => resolve(performance.now() - beginMs))
    socket.write('x')
  })
}

const client = process(import.meta.url, 'client', {
  init: (argument: ClientArgument) => argument,
  run: async ({ host, port, roundTripCount }, self) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const tripsMs: number[] = []
    while (tripsMs.length < roundTripCount) tripsMs.push(await roundTrip(socket))
    socket.destroy()
    tellHost(self, host, tripsMs)
    return done()
  },
})

const player = process(import.meta.url, 'player', {
  init: (peer: Pid | undefined, self) => {
    if (peer !== undefined) self.send(peer, { type: 'ball', from: self.pid })
  },
  handle: (state, message, self) => {
    self.send((message as { from: Pid }).from, { type: 'ball', from: self.pid })
    return again(state)
  },
})

/** Keeps pairs at play for as long as it lives. */
const load = process(import.meta.url, 'load', {
  init: (pairCount: number, self) => {
    const here = { scheduler: self.scheduler }
    for (let pair = 0; pair < pairCount; pair++) {
      self.spawnLink(player, self.spawnLink(player, undefined, here), here)
    }
  },
  handle: (state) => again(state),
})

const ROUND_TRIP_COUNT = 1_000
const PAIR_COUNT = 8

async function startEcho(): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function round(vm: Vm): Promise<RoundResult> {
  const server = await startEcho()
  const { port } = server.address() as AddressInfo
  const argument = { port, roundTripCount: ROUND_TRIP_COUNT }
  try {
    const freeMs = await measureIn(vm, client, argument)
    const root = await vm.spawn(load, PAIR_COUNT, { scheduler: 1 })
    const messageCount = () => vm.info().schedulers[0]?.messageCount ?? 0
    const [countBefore, beginMs] = [messageCount(), performance.now()]
    const loadedMs = await measureIn(vm, client, argument)
    const messagesPerSecond = perSecond(messageCount() - countBefore, performance.now() - beginMs)
    vm.exit(root, 'shutdown')
    await vm.whenDown(root)
    return {
      value: percentile(loadedMs, 0.99) * 1_000,
      extras: {
        p50_us: percentile(loadedMs, 0.5) * 1_000,
        free_p50_us: percentile(freeMs, 0.5) * 1_000,
        free_p99_us: percentile(freeMs, 0.99) * 1_000,
        load_messages_per_s: messagesPerSecond,
      },
    }
  } finally {
    server.close()
  }
}

export const eventLoopIoFigures: readonly Figure[] = [
  {
    name: 'event_loop_io',
    unit: 'us/round trip',
    description:
      'p99 of a loopback TCP echo, write to data event, in the event loop of a scheduler under full message load; free_*: without load',
    target: { atMost: 1_000 },
    params: { round_trips: ROUND_TRIP_COUNT, load_pairs: PAIR_COUNT },
    scope: 'one_process',
    work: { schedulers: 1, round },
  },
]

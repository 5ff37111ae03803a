/** A pair that plays ping-pong, and what computes beside it. */

import { again, done, type Pid, process, tag } from '@heddle/scheduler'
import { type ToHost, tellHost } from '../micro/measure.ts'

/** Computes for ever, once it has told the host. */
export const hog = process(import.meta.url, 'hog', {
  init: (host: Pid) => host,
  *run(host, self): Generator<never, never> {
    self.send(host, { type: 'computing' })
    let x = 1
    for (;;) x = (x * 48_271) % 2_147_483_647
  },
})

const ponger = process(import.meta.url, 'ponger', {
  init: (peer: Pid) => peer,
  handle(peer, _message, self) {
    self.send(peer, { type: 'pong' })
    return again(peer)
  },
})

export interface Trips {
  readonly elapsedMs: number[]
  /** What the OS process worked meanwhile: the time that a machine without others would have taken. */
  readonly cpuMs: number[]
}

interface PingArgument extends ToHost<Trips> {
  readonly roundTripCount: number
  readonly peerScheduler: number
}

/** Tells the host how long each round trip took. */
export const pinger = process(import.meta.url, 'pinger', {
  init: (argument: PingArgument) => argument,
  *run({ host, roundTripCount, peerScheduler }, self) {
    const peer = self.spawnLink(ponger, self.pid, { scheduler: peerScheduler })
    const trips: Trips = { elapsedMs: [], cpuMs: [] }
    for (let trip = 0; trip < roundTripCount; trip++) {
      const beginMs = performance.now()
      const begin = globalThis.process.cpuUsage()
      self.send(peer, { type: 'ping' })
      yield* self.receive(tag('pong'))
      trips.elapsedMs.push(performance.now() - beginMs)
      const { user, system } = globalThis.process.cpuUsage(begin)
      trips.cpuMs.push((user + system) / 1_000)
    }
    tellHost(self, host, trips)
    return done('shutdown')
  },
})

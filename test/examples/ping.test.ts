// When pings come, to the millisecond: the clock is moved by hand.

import { startServer } from '@heddle/otp'
import { startVm, TIMEOUT, tag, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { type Ping, ping } from '../../examples/ping/dist/ping.js'

/** When each of the pings came that are there. */
async function pings(vm: Vm): Promise<number[]> {
  const times: number[] = []
  for (;;) {
    const message = await vm.receive(tag<Ping>('ping'), { afterMs: 0 })
    if (message === TIMEOUT) return times
    times.push(message.atMs)
  }
}

describe.each([
  ['in one thread', 'inline' as const],
  ['on two schedulers', 2],
])('a ping server %s', (_, schedulers) => {
  const start = async () => {
    const vm = await startVm({ schedulers, clock: 'manual' })
    return { vm, server: await startServer(vm, ping, { host: vm.pid, everyMs: 5_000 }) }
  }

  test('pings again and again, and never early', async () => {
    const { vm, server } = await start()
    await vm.advance(4_999)
    expect(await pings(vm)).toEqual([])
    await vm.advance(10_002)
    expect(await pings(vm)).toEqual([5_000, 10_000, 15_000])
    expect(await vm.call(server, ping.count())).toBe(3)
    await vm.stop()
  })

  test('is silent while it is paused, and begins anew when it is started', async () => {
    const { vm, server } = await start()
    await vm.advance(7_000)
    expect(await vm.call(server, ping.pause())).toBe('paused')
    await vm.advance(60_000)
    expect(await pings(vm)).toEqual([5_000])
    // A question does not start it.
    expect(await vm.call(server, ping.count())).toBe(1)
    vm.send(server, 'noise')
    await vm.advance(60_000)
    expect(await pings(vm)).toEqual([])
    expect(await vm.call(server, ping.start())).toBe('started')
    await vm.advance(5_000)
    expect(await pings(vm)).toEqual([132_000])
    await vm.stop()
  })

  test('puts the next ping off with every message', async () => {
    const { vm, server } = await start()
    for (let i = 0; i < 3; i++) {
      await vm.advance(4_000)
      await vm.call(server, ping.count())
      vm.send(server, 'noise')
    }
    expect(await pings(vm)).toEqual([])
    await vm.advance(5_000)
    expect(await pings(vm)).toEqual([17_000])
    await vm.stop()
  })
})

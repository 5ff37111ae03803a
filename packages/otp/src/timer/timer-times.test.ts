// When exactly timers fire: by a clock that the test moves.

import { again, done, type Pid, process, type Self, startVm, tag, type Vm } from '@heddle/scheduler'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as timer from './timer.ts'

/** All in one thread: what processes see can be seen here. */
const log: [atMs: number, what: unknown][] = []

const listener = process(import.meta.url, 'listener', {
  init: (_: void) => 0,
  handle: (state, message, self) => {
    log.push([self.nowMs(), message])
    return again(state)
  },
})

/** Says that it runs, for so many ms. */
const job = process(import.meta.url, 'job', {
  init: (runsMs: number) => runsMs,
  *run(runsMs, self) {
    log.push([self.nowMs(), 'job'])
    yield* self.sleep(runsMs)
    return done()
  },
})

interface Order {
  readonly type: 'order'
  readonly run: keyof typeof orders
  readonly argument: unknown
}

const orders = {
  once: (self: Self, to: Pid) => timer.sendAfter(self, 10, to, 'once'),
  every: (self: Self, to: Pid) => timer.sendInterval(self, 10, to, 'tick'),
  apply: (self: Self, runsMs: number) => timer.applyInterval(self, 10, job, runsMs),
  repeat: (self: Self, runsMs: number) => timer.applyRepeatedly(self, 10, job, runsMs),
  suspend: (self: Self, it: timer.TRef) => self.suspend(it.$timer),
  resume: (self: Self, it: timer.TRef) => self.resume(it.$timer),
  cancel: (self: Self, it: timer.TRef) => timer.cancel(self, it),
} as const

const driver = process(import.meta.url, 'driver', {
  init: (host: Pid) => host,
  async run(host, self) {
    const { run, argument } = await self.receive(tag<Order>('order'))
    const result = await orders[run](self, argument as never)
    self.send(host, { type: 'result', result })
    return again(host)
  },
})

describe('by a clock that the test moves', () => {
  let vm: Vm
  let pid: Pid
  let driving: Pid
  beforeEach(async () => {
    log.length = 0
    vm = await startVm({ schedulers: 'inline', clock: 'manual' })
    pid = await vm.spawn(listener, undefined)
    driving = await vm.spawn(driver, vm.pid)
  })
  afterEach(() => vm.stop({ timeoutMs: 0 }))

  async function order(run: Order['run'], argument: unknown): Promise<timer.TRef> {
    vm.send(driving, { type: 'order', run, argument })
    return (await vm.receive(tag<{ type: 'result'; result: timer.TRef }>('result'))).result
  }

  test('one that fires once does so at its time, and is gone', async () => {
    const startMs = vm.nowMs()
    const it = await order('once', pid)
    await vm.advance(9)
    expect(log).toEqual([])
    await vm.advance(20)
    expect(log).toEqual([[startMs + 10, 'once']])
    expect(await vm.processInfo(it.$timer)).toBeUndefined()
  })

  test('an interval ticks at start + n * period, also when it was held up in between', async () => {
    const startMs = vm.nowMs()
    const it = await order('every', pid)
    await vm.advance(25)
    await order('suspend', it)
    await vm.advance(30)
    await order('resume', it)
    await vm.advance(30)
    const atMs = log.map(([at]) => at - startMs)
    expect(atMs).toEqual([10, 20, 55, 55, 55, 60, 70, 80])
    await order('cancel', it)
    await vm.advance(50)
    expect(log).toHaveLength(8)
  })

  test('an interval of processes does not wait for them', async () => {
    const startMs = vm.nowMs()
    const it = await order('apply', 25)
    await vm.advance(40)
    await order('cancel', it)
    await vm.advance(40)
    expect(log.map(([at]) => at - startMs)).toEqual([10, 20, 30, 40])
  })

  test('repeated processes wait for each other, and catch up', async () => {
    const startMs = vm.nowMs()
    const it = await order('repeat', 25)
    await vm.advance(90)
    expect(log.map(([at]) => at - startMs)).toEqual([10, 35, 60, 85])
    await order('cancel', it)
    await vm.advance(90)
    expect(log).toHaveLength(4)
  })
})

// A scheduler that dies is a crash of its processes, not the end of anything else.

import { ANY, down, Exit, exit, type Pid, type Report, startVm, tag, type Vm, where } from '@heddle/scheduler'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { server } from '#fixtures/sched-calls'
import { echo, lastWords, spawning, stuck, worker } from '#fixtures/sched-deaths'
import { puppet } from '#fixtures/sched-kit'

const HANG_MS = 20_000

/** Until the scheduler can be spawned on. */
async function untilUp(vm: Vm, scheduler: number): Promise<void> {
  const pid = await vm.spawn(echo, 0, { scheduler })
  expect(await vm.call(pid, { $call: 'echo', arg: 'up' })).toBe('up')
  vm.exit(pid, 'kill')
  await vm.isAlive(pid)
}

/** Until this holds; looks with each turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a scheduler that is killed', () => {
  test(
    'links, monitors and calls of other schedulers end with scheduler_down',
    async () => {
      const reports: Report[] = []
      await using vm = await startVm({ schedulers: 2, onReport: (report) => reports.push(report) })
      const victim = await vm.spawn(server, undefined, { scheduler: 2, name: 'victim' })
      const trapping = await vm.spawn(puppet, vm.pid, { scheduler: 1, trapExit: true })
      const dying = await vm.spawn(puppet, vm.pid, { scheduler: 1 })
      const ref = { $ref: 1, $of: 1 }
      for (const pid of [trapping, dying]) {
        vm.send(pid, {
          type: 'script',
          from: vm.pid,
          ref,
          steps: [
            ['link', victim],
            ['monitor', 'victim'],
          ],
        })
        await vm.receive(tag('scripted'))
      }
      vm.link(victim)
      const endOfDying = vm.whenDown(dying)
      const endOfVictim = vm.whenDown('victim')
      const call = vm.call(victim, { $call: 'silent', arg: 1 }).catch((error: Exit) => error.reason)
      await vm.isAlive(victim)
      await vm.killScheduler(2)
      expect(await endOfVictim).toMatchObject({ reason: ['scheduler_down', 2], name: 'victim' })
      expect(await endOfDying).toMatchObject({ reason: ['scheduler_down', 2] })
      expect(((await call) as unknown[])[0]).toEqual(['scheduler_down', 2])
      expect(await vm.receive(exit(victim))).toMatchObject({ reason: ['scheduler_down', 2] })
      const got = tag<{ type: 'got'; message: { type: string } }>('got')
      const messages = [await vm.receive(got), await vm.receive(got)]
      expect(messages.map(({ message }) => message.type).sort()).toEqual(['DOWN', 'EXIT'])
      expect(vm.whereis('victim')).toBeUndefined()
      expect(reports).toMatchObject([{ type: 'scheduler_down', scheduler: 2 }])
      await vm.spawn(echo, 0, { scheduler: 2, name: 'victim' })
      await untilUp(vm, 2)
      expect(vm.info().schedulers[1]).toMatchObject({ status: 'up', restartCount: 1 })
    },
    HANG_MS,
  )

  test(
    'all that was published comes before the end',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const count = 20_000
      const pid = await vm.spawn(lastWords, { to: vm.pid, count }, { scheduler: 2 })
      const ref = vm.monitor(pid)
      // The host reads nothing meanwhile: the words wait in the ring, and what does not fit at the sender.
      await vm.receive(tag('said'))
      await vm.killScheduler(2)
      await vm.receive(down(ref))
      let next = 0
      for (;;) {
        const message = await vm.receive(ANY, { afterMs: 0 })
        if (typeof message === 'symbol') break
        expect(message).toEqual({ type: 'word', n: next++ })
      }
      expect(next).toBe(count)
    },
    HANG_MS,
  )

  test(
    'what is asked of it while it is away ends, one way or the other',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const victim = await vm.spawn(echo, 0, { scheduler: 2 })
      await vm.killScheduler(2)
      // Until a fresh one is up these wait.
      const late = vm
        .call(victim, { $call: 'echo', arg: 1 })
        .catch((error: Exit) => (error.reason as unknown[])[0])
      const alive = vm.isAlive(victim)
      const end = vm.whenDown(victim)
      const pid = await vm.spawn(echo, 0, { scheduler: 2 })
      expect(await vm.call(pid, { $call: 'echo', arg: 1 })).toBe(1)
      expect(await late).toBe('noproc')
      expect(await alive).toBe(false)
      expect(await end).toMatchObject({ reason: 'noproc' })
    },
    HANG_MS,
  )

  test(
    'killed again before it is up, it comes up all the same',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      for (let n = 0; n < 3; n++) {
        await vm.killScheduler(2)
        await until(() => vm.info().schedulers[1]?.status === 'starting')
      }
      await vm.killScheduler(2)
      await untilUp(vm, 2)
    },
    HANG_MS,
  )

  test(
    'killed by two at once, and both at once, they come up again',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      await Promise.all([vm.killScheduler(1), vm.killScheduler(2), vm.killScheduler(1)])
      await untilUp(vm, 1)
      await untilUp(vm, 2)
      await vm.killScheduler(1)
      await vm.killScheduler(2)
      await untilUp(vm, 2)
      await untilUp(vm, 1)
    },
    HANG_MS,
  )

  test(
    'a spawn that was under way when it died rejects, or is done by its successor',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const spawns = Array.from({ length: 50 }, () =>
        vm.spawn(echo, 0, { scheduler: 2 }).then(
          () => 'spawned',
          (error: unknown) => (error instanceof Exit ? (error.reason as unknown[])[0] : String(error)),
        ),
      )
      await vm.killScheduler(2)
      const outcomes = new Set(await Promise.all(spawns))
      outcomes.delete('spawned')
      outcomes.delete('scheduler_down')
      expect([...outcomes]).toEqual([])
    },
    HANG_MS,
  )

  test(
    'what one wanted started on another that was away, and did not live to ask for, leaves no name and no slot',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const before = vm.processes().length
      const pid = await vm.spawn(spawning, { to: vm.pid, scheduler: 2, name: 'unborn' }, { scheduler: 1 })
      await vm.killScheduler(2)
      vm.send(pid, { type: 'go' })
      await vm.receive(tag('spawned'))
      await vm.killScheduler(1)
      await untilUp(vm, 1)
      await untilUp(vm, 2)
      expect(vm.whereis('unborn')).toBeUndefined()
      expect(vm.processes().length).toBe(before)
    },
    HANG_MS,
  )

  test(
    'not restarted, it takes no work, and who asks it for some is told',
    async () => {
      await using vm = await startVm({ schedulers: 2, restartSchedulers: false, onReport: () => {} })
      const victim = await vm.spawn(echo, 0, { scheduler: 2 })
      await vm.killScheduler(2)
      for (let n = 0; n < 20; n++) {
        const pid = await vm.spawn(echo, 0)
        expect(await vm.call(pid, { $call: 'echo', arg: n })).toBe(n)
      }
      const settled = (promise: Promise<unknown>) =>
        promise.then(
          () => 'done',
          () => 'failed',
        )
      expect(await settled(vm.spawn(echo, 0, { scheduler: 2 }))).toBe('failed')
      expect(await vm.isAlive(victim)).toBe(false)
      expect(await vm.whenDown(victim)).toMatchObject({ reason: 'noproc' })
    },
    HANG_MS,
  )

  test(
    'who has asked about a timer of its learns that there is none',
    async () => {
      await using vm = await startVm({ schedulers: 2, onReport: () => {} })
      const ref = { $ref: 1, $of: 1 }
      const order = async (pid: Pid, ...step: unknown[]): Promise<unknown> => {
        vm.send(pid, { type: 'script', from: vm.pid, ref, steps: [step] })
        return (await vm.receive(tag<{ type: 'scripted'; results: unknown[] }>('scripted'))).results[0]
      }
      const maker = await vm.spawn(puppet, vm.pid, { scheduler: 2 })
      const timer = await order(maker, 'startTimer', 1_000_000, 'nobody', 'late')
      const asker = await vm.spawn(puppet, vm.pid, { scheduler: 1 })
      const isStuck = new Int32Array(new SharedArrayBuffer(4))
      vm.send(await vm.spawn(stuck, isStuck, { scheduler: 2 }), 'go')
      await until(() => Atomics.load(isStuck, 0) === 1)
      expect(await order(asker, 'cancelTimer', timer, { async: true })).toBe('ok')
      await vm.killScheduler(2)
      const { message } = await vm.receive(tag<{ type: 'got'; message: unknown }>('got'))
      expect(message).toEqual({ type: 'cancel_timer', ref: timer, left: false })
    },
    HANG_MS,
  )
})

describe('killed at random under load', () => {
  const KILL_COUNT = 100

  test('no call hangs, no reply is wrong, nothing is left over', async () => {
    const [seed] = fc.sample(fc.integer({ min: 1 }), 1) as [number]
    console.log(`random kills: seed ${seed}`)
    const kills = fc.sample(fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 0, max: 60 })), {
      seed,
      numRuns: KILL_COUNT,
    })
    await using vm = await startVm({ schedulers: 2, onReport: () => {} })
    const before = vm.processes().length
    const names = vm.registered().length
    const live = new Set<number>()
    let isOver = false
    const errors: unknown[] = []

    /** Keeps one process alive under a name, as a supervisor would. */
    const keep = async (scheduler: number, start: () => Promise<Pid>): Promise<void> => {
      while (!isOver) {
        try {
          const pid = await start()
          live.add(pid.$pid)
          await vm.whenDown(pid)
          live.delete(pid.$pid)
        } catch (error) {
          const isExpected = error instanceof Exit && (error.reason as unknown[])[0] === 'scheduler_down'
          if (!isExpected) {
            errors.push(`scheduler ${scheduler}: ${error}`)
            return
          }
        }
      }
    }
    /** Calls from the host: each must end. */
    const call = async (name: string, id: number): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const arg = [id, n]
        await vm.call(name, { $call: 'echo', arg }, { timeoutMs: 20_000 }).then(
          (reply) => {
            if (JSON.stringify(reply) !== JSON.stringify(arg)) errors.push(['wrong reply', arg, reply])
          },
          (error: unknown) => {
            const reason = error instanceof Exit ? (error.reason as unknown[])[0] : error
            // In the end the servers are killed: with calls of theirs under way.
            const isExpected =
              reason === 'noproc' ||
              (isOver && reason === 'killed') ||
              (Array.isArray(reason) && reason[0] === 'scheduler_down')
            if (!isExpected) errors.push(['call ended with', reason])
          },
        )
      }
    }
    const loops: Promise<void>[] = []
    for (const scheduler of [1, 2]) {
      const name = `server-${scheduler}`
      loops.push(keep(scheduler, () => vm.spawn(echo, 0, { scheduler, name })))
      for (let id = 0; id < 4; id++) {
        const to = `server-${id % 2 === 0 ? scheduler : 3 - scheduler}`
        loops.push(keep(scheduler, () => vm.spawn(worker, { to, report: vm.pid, id }, { scheduler })))
      }
      for (let id = 0; id < 4; id++) loops.push(call(name, id))
    }
    for (const [scheduler, turns] of kills) {
      for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
      await vm.killScheduler(scheduler)
    }
    isOver = true
    await untilUp(vm, 1)
    await untilUp(vm, 2)
    for (let round = 0; live.size > 0 && round < 100; round++) {
      for (const $pid of live) vm.exit({ $pid }, 'kill')
      await Promise.race([Promise.all(loops), new Promise((resolve) => setImmediate(resolve))])
    }
    await Promise.all(loops)
    expect(errors).toEqual([])
    expect(
      await vm.receive(
        where((it) => ['wrong', 'timeout'].includes((it as { type: string }).type)),
        { afterMs: 0 },
      ),
    ).toBeTypeOf('symbol')
    await until(() => vm.processes().length === before && vm.registered().length === names)
  }, 60_000)
})

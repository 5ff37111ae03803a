// What a process is moves with it: each scenario tells the same with its moves as without them.

import { type Pid, type Self, startVm, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { Kernels } from './kernels.ts'
import { type Host, type Scenario, scenarios } from './scenarios.ts'

class InOneThread implements Host {
  readonly vm = new Kernels()
  readonly self = this.vm.self
  private readonly isMoving: boolean
  constructor(isMoving: boolean) {
    this.isMoving = isMoving
  }

  async ask<T>(op: PromiseLike<T> | T): Promise<T> {
    const outcome = Promise.resolve(op)
    let isThrough = false
    const end = (): void => {
      isThrough = true
    }
    outcome.then(end, end)
    await this.vm.settle()
    if (!isThrough) throw new Error('the host waits for something that does not come')
    return outcome
  }

  advance(ms: number): Promise<void> {
    return this.vm.advance(ms)
  }

  async moveBy(pid: Parameters<Host['moveBy']>[0]): Promise<void> {
    // By hand: nothing may be on its way.
    await this.vm.settle()
    if (!this.isMoving) return
    const here = this.vm.processOf(pid)?.kernel.endpoint
    expect(this.vm.move(pid, here === 2 ? 1 : 2)).toBe('moved')
  }
}

/** Two worker threads, and the VM's own way of moving. */
class OnThreads implements Host {
  moveCount = 0
  readonly self: Self
  private readonly vm: Vm
  private readonly isMoving: boolean
  constructor(vm: Vm, isMoving: boolean) {
    this.vm = vm
    this.self = vm as unknown as Self
    this.isMoving = isMoving
  }

  async ask<T>(op: PromiseLike<T> | T): Promise<T> {
    const outcome = await op
    await this.vm.settled()
    return outcome
  }

  advance(ms: number): Promise<void> {
    return this.vm.advance(ms)
  }

  async moveBy(pid: Pid): Promise<void> {
    await this.vm.settled()
    if (!this.isMoving) return
    const to = (await this.vm.processInfo(pid))?.scheduler === 2 ? 1 : 2
    expect(await this.vm.migrate(pid, to)).toEqual({ moved: true })
    this.moveCount += 1
  }
}

/** The host cannot suspend. */
const threaded = Object.entries(scenarios).filter(([name]) => !name.startsWith('one that is suspended'))

describe('moved in the middle of its life, between threads', () => {
  const play = async (scenario: Scenario, isMoving: boolean): Promise<unknown> => {
    const vm = await startVm({ schedulers: 2, clock: 'manual', onReport: () => {} })
    try {
      const host = new OnThreads(vm, isMoving)
      const told = await scenario(host)
      if (isMoving) expect(host.moveCount).toBeGreaterThan(0)
      return told
    } finally {
      await vm.stop({ timeoutMs: 0 })
    }
  }

  test.each(threaded)('%s', async (_, scenario) => {
    const stays = await play(scenario, false)
    expect(await play(scenario, true)).toEqual(stays)
  })
})

describe('moved in the middle of its life, in one thread', () => {
  test.each(Object.entries(scenarios))('%s', async (_, play: Scenario) => {
    const stays = await play(new InOneThread(false))
    const host = new InOneThread(true)
    const moves = await play(host)
    expect(moves).toEqual(stays)
    expect(host.vm.moveCount).toBeGreaterThan(0)
  })
})

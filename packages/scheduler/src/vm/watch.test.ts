// What the watch concludes from what it sees, on a clock of the test's own.

import { describe, expect, test } from 'vitest'
import type { LongScheduleReport } from '../kernel/report.ts'
import { Control, NO_PROCESS } from '../memory/control.ts'
import { createMemory } from '../memory/layout.ts'
import { lookEveryMs, Watch, type WatchLimits } from './watch.ts'

const PID = 3 * 2 ** 24 + 7
const address = { url: 'file:///code.js', name: 'busy' }

class Stage {
  readonly control: Control
  readonly reports: LongScheduleReport[] = []
  readonly kills: [number, string][] = []
  readonly rings: number[] = []
  readonly schedulerCount = 2
  up = new Set([1, 2])
  idle = [0, 0, 0]
  nowMs = 1_000
  private readonly watch: Watch

  constructor(limits: Partial<WatchLimits>) {
    this.control = new Control(
      createMemory({ endpointCount: 3, processCountMax: 1_024, nameCountMax: 8, ringBytes: 1_024 }),
    )
    const full = { longScheduleMs: Infinity, hogKillMs: Infinity, ...limits }
    this.watch = new Watch(this, full, (report) => this.reports.push(report))
  }

  isUp = (endpoint: number): boolean => this.up.has(endpoint)
  idleMs = (endpoint: number): number => this.idle[endpoint] ?? 0
  ring = (endpoint: number): void => {
    this.rings.push(endpoint)
  }
  definitionOf = (endpoint: number, number: number) => (endpoint === 1 && number === 5 ? address : undefined)
  nameOf = (pid: number) => (pid === PID ? 'somebody' : undefined)
  kill = (endpoint: number, why: string): void => {
    this.kills.push([endpoint, why])
  }

  /** Looks so often, so many ms apart. Scheduler 2 sleeps. */
  look(count: number, gapMs = 25): void {
    for (let n = 0; n < count; n++) {
      this.nowMs += gapMs
      this.idle[2] = (this.idle[2] ?? 0) + gapMs
      this.watch.look(this.nowMs)
    }
  }
}

describe('a process that keeps its scheduler', () => {
  test('is reported once, by pid, definition and name, and once more when it lets go', () => {
    const stage = new Stage({ longScheduleMs: 100 })
    const counters = stage.control.counters(1)
    counters.beginStep(PID, 5)
    stage.look(4)
    expect(stage.reports).toEqual([])
    stage.look(10)
    const who = { pid: { $pid: PID }, definition: address, registeredName: 'somebody' }
    expect(stage.reports).toEqual([
      { type: 'long_schedule', scheduler: 1, stage: 'running', ms: 100, ...who },
    ])
    expect([stage.control.isStuck(1), stage.control.isStuck(2)]).toEqual([true, false])
    counters.beginStep(NO_PROCESS, 0)
    counters.runningPid = 0
    stage.look(3)
    expect(stage.reports.slice(1)).toEqual([
      { type: 'long_schedule', scheduler: 1, stage: 'over', ms: 325, ...who },
    ])
    expect(stage.control.isStuck(1)).toBe(false)
    expect(stage.kills).toEqual([])
  })

  test('is not one that has a turn whenever somebody looks', () => {
    const stage = new Stage({ longScheduleMs: 100, hogKillMs: 100 })
    for (let n = 0; n < 100; n++) {
      stage.control.counters(1).beginStep(PID, 5)
      stage.look(1)
    }
    expect([stage.reports, stage.kills]).toEqual([[], []])
  })

  test('is ended past hogKillMs, once, though nobody wants long ones reported', () => {
    const stage = new Stage({ hogKillMs: 200 })
    stage.control.counters(1).beginStep(PID, 5)
    stage.look(20)
    expect(stage.reports).toMatchObject([{ stage: 'killed', ms: 200, pid: { $pid: PID } }])
    expect(stage.kills).toEqual([[1, 'ended by the VM: process <0.7.3> held it for 200 ms']])
  })

  test('is not blamed for the time in which nobody looked', () => {
    const stage = new Stage({ hogKillMs: 1_000 })
    stage.control.counters(1).beginStep(PID, 5)
    stage.look(2)
    // The lid of the laptop was closed.
    stage.look(1, 1e9)
    expect(stage.kills).toEqual([])
  })

  test('is nobody when its scheduler has died, and the next life of that begins afresh', () => {
    const stage = new Stage({ longScheduleMs: 100 })
    stage.control.counters(1).beginStep(PID, 5)
    stage.look(6)
    expect(stage.control.isStuck(1)).toBe(true)
    stage.control.nextEpoch(1)
    stage.look(1)
    expect(stage.control.isStuck(1)).toBe(false)
    stage.up.delete(1)
    stage.look(10)
    expect(stage.reports.length).toBe(1)
  })
})

describe('a scheduler that is in no turn', () => {
  test('but in a slice for long is reported as held by no process', () => {
    const stage = new Stage({ longScheduleMs: 100 })
    stage.control.counters(1).beginStep(NO_PROCESS, 0)
    stage.look(10)
    expect(stage.reports).toMatchObject([{ scheduler: 1, pid: undefined, definition: undefined }])
    expect(stage.rings).toEqual([])
  })

  test('and whose event loop stands still is rung, and reported if it does not answer', () => {
    const stage = new Stage({ longScheduleMs: 100 })
    stage.look(10)
    expect(stage.rings).toEqual([1])
    expect(stage.reports).toMatchObject([{ scheduler: 1, stage: 'running', pid: undefined }])
    stage.idle[1] = 1
    stage.look(1)
    expect(stage.reports.slice(1)).toMatchObject([{ stage: 'over' }])
  })
})

test('a module that takes long to evaluate gets no company, but is nobody’s fault', () => {
  const stage = new Stage({ longScheduleMs: 100, hogKillMs: 200 })
  stage.control.counters(1).loadingCount = 1
  stage.look(20)
  expect([stage.reports, stage.kills, stage.control.isStuck(1)]).toEqual([[], [], true])
  stage.control.counters(1).loadingCount = 0
  stage.look(1)
  expect([stage.reports.length, stage.kills.length]).toEqual([2, 1])
})

test('looks are as frequent as the shorter limit needs, and there are none without a limit', () => {
  expect(lookEveryMs({ longScheduleMs: Infinity, hogKillMs: Infinity })).toBe(Infinity)
  expect(lookEveryMs({ longScheduleMs: Infinity, hogKillMs: 80 })).toBe(20)
  expect(lookEveryMs({ longScheduleMs: 1, hogKillMs: Infinity })).toBe(5)
  expect(lookEveryMs({ longScheduleMs: 60_000, hogKillMs: Infinity })).toBe(100)
})

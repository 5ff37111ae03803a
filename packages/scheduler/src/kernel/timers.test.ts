import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Timer, TimerWheel } from './timers.ts'

class Probe extends Timer {
  readonly name: string | number
  private readonly action: (name: string | number) => void
  constructor(name: string | number, action: (name: string | number) => void) {
    super()
    this.name = name
    this.action = action
  }
  override fire(): void {
    this.action(this.name)
  }
}

function setUp(nowMs = 0) {
  const wheel = new TimerWheel(nowMs)
  const fired: (string | number)[] = []
  const timer = (name: string | number) => new Probe(name, (each) => fired.push(each))
  return { wheel, fired, timer }
}

describe('a timer', () => {
  test('fires no earlier than its delay, and at the next tick after it', () => {
    const { wheel, fired, timer } = setUp(100.25)
    wheel.start(timer('a'), 100.25, 10)
    wheel.advance(110.99)
    expect(fired).toEqual([])
    wheel.advance(111)
    expect(fired).toEqual(['a'])
    expect(wheel.size).toBe(0)
  })

  test('of no delay, or a nonsensical one, fires at the next tick', () => {
    const { wheel, fired, timer } = setUp(5)
    for (const delayMs of [0, -3, Number.NaN]) wheel.start(timer(String(delayMs)), 5, delayMs)
    wheel.advance(5.9)
    expect(fired).toEqual([])
    wheel.advance(6)
    expect(fired).toEqual(['0', '-3', 'NaN'])
  })

  test('does not fire once it is cancelled', () => {
    const { wheel, fired, timer } = setUp()
    const a = timer('a')
    wheel.start(a, 0, 10)
    expect(a.isPending).toBe(true)
    expect(wheel.cancel(a)).toBe(true)
    expect(wheel.cancel(a)).toBe(false)
    expect(a.isPending).toBe(false)
    wheel.advance(100)
    expect(fired).toEqual([])
    expect(wheel.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('started again while pending counts from the second start', () => {
    const { wheel, fired, timer } = setUp()
    const a = timer('a')
    wheel.start(a, 0, 10)
    wheel.start(a, 0, 50)
    expect(wheel.size).toBe(1)
    wheel.advance(49)
    expect(fired).toEqual([])
    wheel.advance(50)
    expect(fired).toEqual(['a'])
  })

  test('tells what is left of it', () => {
    const { wheel, timer } = setUp()
    const a = timer('a')
    expect(wheel.remainingMs(a, 0)).toBe(0)
    wheel.startLazily(a, 70)
    expect(wheel.remainingMs(a, 30)).toBe(70)
    wheel.settle(30)
    expect(wheel.remainingMs(a, 40)).toBe(60)
    expect(wheel.remainingMs(a, 200)).toBe(0)
  })

  test('may be 2^53 ms away', () => {
    const { wheel, fired, timer } = setUp(1)
    wheel.start(timer('never'), 1, 2 ** 53)
    wheel.start(timer('soon'), 1, 5)
    wheel.advance(2 ** 52)
    expect(fired).toEqual(['soon'])
    expect(wheel.nextDeadlineMs()).toBe(Number.MAX_SAFE_INTEGER)
    wheel.advance(Number.MAX_SAFE_INTEGER)
    expect(fired).toEqual(['soon', 'never'])
  })
})

test('timers of far windows come in order, one window at a time', () => {
  const { wheel, fired, timer } = setUp(7)
  for (const bits of [33, 31, 36, 32, 34, 35]) wheel.start(timer(bits), 7, 2 ** bits)
  const steps: number[] = []
  for (let next = wheel.nextDeadlineMs(); next !== Number.POSITIVE_INFINITY; next = wheel.nextDeadlineMs()) {
    steps.push(next)
    wheel.advance(next)
  }
  expect(fired).toEqual([31, 32, 33, 34, 35, 36])
  expect(steps).toEqual([31, 32, 33, 34, 35, 36].map((bits) => 2 ** bits + 7))
})

describe('timers of one tick', () => {
  test('fire in the order of their starts, whatever level they came from', () => {
    const { wheel, fired, timer } = setUp()
    wheel.start(timer('from level 2'), 0, 1030)
    wheel.advance(1000)
    wheel.start(timer('from level 1'), 1000, 30)
    wheel.advance(1025)
    wheel.start(timer('from level 0'), 1025, 5)
    wheel.advance(1030)
    expect(fired).toEqual(['from level 2', 'from level 1', 'from level 0'])
  })

  test('can cancel each other', () => {
    const { wheel, fired, timer } = setUp()
    const second = timer('second')
    wheel.start(new Probe('first', () => wheel.cancel(second)), 0, 3)
    wheel.start(second, 0, 3)
    wheel.start(timer('third'), 0, 3)
    wheel.advance(3)
    expect(fired).toEqual(['third'])
    expect(wheel.size).toBe(0)
  })

  test('all fire in the end when one of them throws', () => {
    const { wheel, fired, timer } = setUp()
    const bad = new Probe('bad', () => {
      throw new Error('bad')
    })
    for (const each of [timer('a'), bad, timer('b')]) wheel.start(each, 0, 3)
    expect(() => wheel.advance(10)).toThrow('bad')
    wheel.advance(10)
    expect(fired).toEqual(['a', 'b'])
  })
})

describe('what fires', () => {
  test('may start timers, which fire in the same advance if they are due, but not in the same tick', () => {
    const { wheel, fired, timer } = setUp()
    let rounds = 0
    const again = new Probe('again', () => {
      rounds += 1
      wheel.start(again, rounds, 0)
    })
    wheel.start(again, 0, 1)
    wheel.start(timer('other'), 0, 5)
    wheel.advance(10)
    expect(rounds).toBe(10)
    expect(fired).toEqual(['other'])
  })
})

describe('lazy timers', () => {
  test('count from the settling, in the order of their starts', () => {
    const { wheel, fired, timer } = setUp()
    const cancelled = timer('cancelled')
    wheel.startLazily(timer('a'), 10)
    wheel.startLazily(cancelled, 10)
    wheel.startLazily(timer('b'), 10)
    expect(wheel.size).toBe(3)
    expect(wheel.cancel(cancelled)).toBe(true)
    wheel.settle(100)
    wheel.advance(109)
    expect(fired).toEqual([])
    wheel.advance(110)
    expect(fired).toEqual(['a', 'b'])
  })

  test('ask for an advance at once', () => {
    const { wheel, timer } = setUp(50)
    wheel.startLazily(timer('a'), 10)
    expect(wheel.nextDeadlineMs()).toBeLessThanOrEqual(50)
    wheel.advance(50)
    expect(wheel.nextDeadlineMs()).toBe(60)
  })
})

// ---- against a sorted array -----------------------------------------------------------------------

interface Entry {
  readonly name: number
  readonly sequence: number
  deadline: number
  isFresh: boolean
}

/** The same rules, without any structure. */
class Model {
  readonly entries: Entry[] = []
  private tick: number
  private sequence = 0
  constructor(nowMs: number) {
    this.tick = Math.floor(nowMs)
  }
  start(name: number, nowMs: number, delayMs: number, isLazy: boolean): void {
    this.cancel(name)
    const deadline = isLazy ? delayMs : this.deadlineOf(nowMs, delayMs)
    this.entries.push({ name, sequence: this.sequence++, deadline, isFresh: isLazy })
  }
  cancel(name: number): boolean {
    const index = this.entries.findIndex((entry) => entry.name === name)
    if (index >= 0) this.entries.splice(index, 1)
    return index >= 0
  }
  settle(nowMs: number): void {
    for (const entry of this.entries.filter(({ isFresh }) => isFresh)) {
      this.entries.splice(this.entries.indexOf(entry), 1)
      const deadline = this.deadlineOf(nowMs, entry.deadline)
      this.entries.push({ name: entry.name, sequence: this.sequence++, deadline, isFresh: false })
    }
  }
  advance(nowMs: number, fire: (name: number) => void): void {
    this.settle(nowMs)
    for (;;) {
      const due = this.armed().filter(({ deadline }) => deadline <= nowMs)
      due.sort((a, b) => a.deadline - b.deadline || a.sequence - b.sequence)
      const first = due[0]
      if (first === undefined) break
      this.tick = first.deadline
      this.cancel(first.name)
      fire(first.name)
    }
    this.tick = Math.max(this.tick, Math.floor(nowMs))
  }
  nextDeadline(): number {
    return Math.min(...this.armed().map(({ deadline }) => deadline), Number.POSITIVE_INFINITY)
  }
  private armed(): Entry[] {
    return this.entries.filter(({ isFresh }) => !isFresh)
  }
  private deadlineOf(nowMs: number, delayMs: number): number {
    return Math.min(Math.max(Math.ceil(nowMs + delayMs), this.tick + 1), Number.MAX_SAFE_INTEGER)
  }
}

const timerCount = 24
const nameArbitrary = fc.nat(timerCount - 1)
// Short ones, ones at the edges of levels, and ones in other windows.
const spanArbitrary = fc.oneof(
  fc.nat(70),
  fc.nat(5_000),
  fc
    .tuple(fc.nat(36), fc.integer({ min: -2, max: 2 }))
    .map(([bits, delta]) => Math.max(0, 2 ** bits + delta)),
  fc.double({ min: 0, max: 2 ** 40, noNaN: true }),
)
const stepArbitrary = fc.oneof(
  fc.record({
    type: fc.constant('start' as const),
    name: nameArbitrary,
    ms: spanArbitrary,
    isLazy: fc.boolean(),
  }),
  fc.record({ type: fc.constant('cancel' as const), name: nameArbitrary }),
  fc.record({ type: fc.constant('advance' as const), ms: spanArbitrary }),
  fc.record({ type: fc.constant('settle' as const) }),
  fc.record({ type: fc.constant('wait' as const) }),
)
// What a timer does when it fires: nothing, start one, or cancel one.
const reactionArbitrary = fc.oneof(
  fc.constant(undefined),
  fc.record({ start: fc.boolean(), name: nameArbitrary, ms: fc.nat(3_000) }),
)

test('the wheel does what a sorted array would do, step for step', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 0.5, 31, 1_700_000_000_000.25, 2 ** 30 - 3),
      fc.array(reactionArbitrary, { minLength: timerCount, maxLength: timerCount }),
      fc.array(stepArbitrary, { maxLength: 80 }),
      (startMs, reactions, steps) => {
        let nowMs = startMs
        const wheel = new TimerWheel(nowMs)
        const model = new Model(nowMs)
        const fired: number[] = []
        const expected: number[] = []
        const timers = reactions.map(
          (reaction, index) =>
            new Probe(index, () => {
              fired.push(index)
              if (reaction === undefined || fired.length % 3 === 0) return
              if (reaction.start) wheel.start(timers[reaction.name], nowMs, reaction.ms)
              else wheel.cancel(timers[reaction.name])
            }),
        )
        const fireModel = (index: number) => {
          expected.push(index)
          const reaction = reactions[index]
          if (reaction === undefined || expected.length % 3 === 0) return
          if (reaction.start) model.start(reaction.name, nowMs, reaction.ms, false)
          else model.cancel(reaction.name)
        }
        const advance = () => {
          wheel.advance(nowMs)
          model.advance(nowMs, fireModel)
        }
        for (const step of steps) {
          if (step.type === 'start') {
            if (step.isLazy) wheel.startLazily(timers[step.name], step.ms)
            else wheel.start(timers[step.name], nowMs, step.ms)
            model.start(step.name, nowMs, step.ms, step.isLazy)
          } else if (step.type === 'cancel') {
            expect(wheel.cancel(timers[step.name])).toBe(model.cancel(step.name))
          } else if (step.type === 'settle') {
            wheel.settle(nowMs)
            model.settle(nowMs)
          } else {
            const next = wheel.nextDeadlineMs()
            if (step.type === 'advance') nowMs += step.ms
            else if (next !== Number.POSITIVE_INFINITY) nowMs = Math.max(nowMs, next)
            advance()
            // Exact here: with so few timers no place is too full to be looked through.
            expect(wheel.nextDeadlineMs()).toBe(model.nextDeadline())
          }
          expect(fired).toEqual(expected)
          expect(wheel.size).toBe(model.entries.length)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a driver that sleeps until the next deadline reaches every timer in few steps', () => {
  const { wheel, fired, timer } = setUp()
  const count = 1_000
  for (let index = 0; index < count; index++) wheel.start(timer(index), 0, 60_000 + index)
  let steps = 0
  for (let next = wheel.nextDeadlineMs(); next !== Number.POSITIVE_INFINITY; next = wheel.nextDeadlineMs()) {
    steps += 1
    wheel.advance(next)
  }
  expect(fired).toHaveLength(count)
  expect(steps).toBeLessThan(count + 100)
})

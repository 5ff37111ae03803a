/**
 * Timers of all kinds, started, read, cancelled, overtaken by the death of their target. Never early; a timer that was
 * cancelled in time never comes; one that was not is there when `cancelTimer` says so.
 */

import { again, done, type Pid, process, type Self, TIMEOUT, type TimerRef, tag } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program, stage } from '../program.ts'

interface Ring {
  readonly type: 'ring'
  readonly number: number
  readonly dueMs: number
}

interface SleeperArgument {
  readonly seed: number
  readonly stepCount: number
  readonly friends: readonly Pid[]
}

function checkRing({ number, dueMs }: Ring): void {
  expect(stage.nowMs() >= dueMs, () => `timer ${number} at ${dueMs} ms, not at ${stage.nowMs()}`)
}

export const sleeper = process(import.meta.url, 'sleeper', {
  init: (argument: SleeperArgument) => argument,
  *run({ seed, stepCount, friends }: SleeperArgument, self: Self) {
    const dice = new Dice(seed)
    const pending = new Map<number, { ref: TimerRef; ms: number }>()
    for (let number = 1; number <= stepCount; number++) {
      const choice = dice.below(10)
      const ms = dice.pick([0, 1, 2, 5, 17, 40, 100, 1_500])
      const dueMs = stage.nowMs() + ms
      if (choice < 4) {
        pending.set(number, { ref: self.sendAfter(ms, self.pid, { type: 'ring', number, dueMs }), ms })
      } else if (choice < 5 && friends.length > 0) {
        self.startTimer(ms, dice.pick(friends), { type: 'ring', number, dueMs })
      } else if (choice < 7 && pending.size > 0) {
        const [cancelled, { ref, ms: wholeMs }] = dice.pick([...pending])
        const left = dice.chance(0.2) ? self.readTimer(ref) : undefined
        const outcome = self.cancelTimer(ref)
        if (left !== undefined) expect(left === outcome, () => `what was read, ${left}, not ${outcome}`)
        expect(
          outcome === false || (outcome >= 0 && outcome <= wholeMs),
          () => `at most ${wholeMs} ms, not ${outcome}`,
        )
        pending.delete(cancelled)
        const came = yield* self.receive(tag<Ring>('ring'), { afterMs: 0 })
        if (came !== TIMEOUT && came.number === cancelled)
          expect(outcome === false, () => 'a cancelled timer never to come')
        else if (came !== TIMEOUT) pending.delete(came.number)
      } else if (choice < 8) {
        const beginMs = stage.nowMs()
        yield* self.sleep(ms)
        expect(stage.nowMs() >= beginMs + ms, () => `a sleep of ${ms} ms, not ${stage.nowMs() - beginMs}`)
      } else {
        const beginMs = stage.nowMs()
        const message = yield* self.receive(tag<Ring>('ring'), { afterMs: ms })
        if (message === TIMEOUT) {
          expect(stage.nowMs() >= beginMs + ms, () => `to wait ${ms} ms, not ${stage.nowMs() - beginMs}`)
        } else {
          checkRing(message)
          pending.delete(message.number)
        }
      }
    }
    return done()
  },
})

/** Asks for `TIMEOUT` whenever nothing comes in time. */
export const patient = process(import.meta.url, 'patient', {
  init: (argument: { readonly ms: number; readonly count: number }) => ({
    ...argument,
    sinceMs: stage.nowMs(),
  }),
  handle(state, message) {
    const { ms, count, sinceMs } = state
    if (message === TIMEOUT) {
      expect(stage.nowMs() >= sinceMs + ms, () => `a TIMEOUT after ${ms} ms, not ${stage.nowMs() - sinceMs}`)
      if (count === 0) return done()
    } else if ((message as { type?: string }).type === 'timeout')
      checkRing((message as { message: Ring }).message)
    return again({ ms, count: Math.max(0, count - 1), sinceMs: stage.nowMs() }, { afterMs: ms })
  },
})

export const timers: Program = {
  name: 'timers',
  options: (dice) => ({ schedulers: dice.between(1, 3), faults: drawFaults(dice, 5) }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const friends: Pid[] = []
      for (let index = dice.between(1, 2); index > 0; index--) {
        const pid = self.spawn(patient, { ms: dice.between(1, 30), count: dice.between(3, 10) })
        self.sendAfter(0, pid, 'begin')
        friends.push(pid)
      }
      const pids: Pid[] = []
      for (let index = dice.between(2, 5); index > 0; index--) {
        const argument = { seed: dice.seed(), stepCount: dice.between(5, 25), friends: [...friends, ...pids] }
        pids.push(self.spawn(sleeper, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, [...pids, ...friends])
    },
}

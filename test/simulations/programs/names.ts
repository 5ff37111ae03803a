/**
 * Races for few names: registering oneself and others, giving up, looking up, dying with a name, starting with one.
 * Whoever is told that a holder has ended finds its name free, or in other hands.
 */

import {
  ANY,
  done,
  down,
  type ErrorCode,
  type Pid,
  process,
  type Self,
  samePid,
  TIMEOUT,
} from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

const NAMES = ['ada', 'grace', 'barbara', 'čapek'] as const

interface RacerArgument {
  readonly seed: number
  readonly stepCount: number
  readonly schedulers: number
  readonly depth: number
}

/** The error's code, if it is one of these. */
function attempt(action: () => void, ...codes: ErrorCode[]): ErrorCode | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    const { code } = error as { code?: ErrorCode }
    expect(code !== undefined && codes.includes(code), () => `${codes.join(' or ')}, not ${error}`)
    return code
  }
}

export const racer = process(import.meta.url, 'racer', {
  init: (argument: RacerArgument) => argument,
  *run({ seed, stepCount, schedulers, depth }: RacerArgument, self: Self) {
    const dice = new Dice(seed)
    for (let step = 0; step < stepCount; step++) {
      const name = dice.pick(NAMES)
      const choice = dice.below(12)
      if (choice < 4) {
        const refused = attempt(() => self.register(name), 'ERR_NAME_TAKEN')
        // Refused it is also to one that has a name already.
        const holder = self.whereis(name)
        if (refused === undefined)
          expect(holder !== undefined && samePid(holder, self.pid), () => `'${name}' to be mine`)
      } else if (choice < 5) attempt(() => self.unregister(name), 'ERR_UNKNOWN_NAME')
      else if (choice < 6) attempt(() => self.send(name, { type: 'hello' }), 'ERR_UNKNOWN_NAME')
      else if (choice < 9) {
        const holder = self.whereis(name)
        if (holder !== undefined) {
          const watch = self.monitor(holder)
          if (dice.chance(0.5)) self.exit(holder, dice.pick(['kill', 'boom'] as const))
          const message = yield* self.receive(down(watch), { afterMs: dice.below(20) })
          if (message === TIMEOUT) self.demonitor(watch, { flush: true })
          else {
            const next = self.whereis(name)
            expect(next === undefined || !samePid(next, holder), () => `'${name}' to be free of the dead`)
          }
        }
      } else if (choice < 10 && depth > 0) {
        const argument = { seed: dice.seed(), stepCount: dice.between(0, 6), schedulers, depth: depth - 1 }
        const scheduler = dice.between(1, schedulers)
        attempt(() => self.spawn(racer, argument, { name, scheduler }), 'ERR_NAME_TAKEN', 'ERR_SYSTEM_LIMIT')
      } else if (choice < 11) {
        const holder = self.whereis(name)
        if (holder !== undefined)
          attempt(() => self.register(dice.pick(NAMES), holder), 'ERR_NAME_TAKEN', 'ERR_NO_PROCESS')
      } else yield* self.sleep(dice.below(3))
      while ((yield* self.receive(ANY, { afterMs: 0 })) !== TIMEOUT);
      if (dice.chance(0.3)) yield* self.yield()
    }
    return done()
  },
})

export const names: Program = {
  name: 'names',
  options: (dice) => ({
    schedulers: dice.between(1, 4),
    faults: drawFaults(dice, 200),
    processCountMax: dice.pick([20, 1_000]),
  }),
  main: (dice) =>
    function* (self, { schedulers }) {
      const pids: Pid[] = []
      for (let index = dice.between(3, 7); index > 0; index--) {
        const argument = { seed: dice.seed(), stepCount: dice.between(5, 20), schedulers, depth: 2 }
        pids.push(self.spawn(racer, argument, { scheduler: dice.between(1, schedulers) }))
      }
      yield* awaitEnds(self, pids)
    },
}

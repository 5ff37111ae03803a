/**
 * The test rig: a process for each phone that does what users do, at random moments, sensible or not. What it does
 * follows from its seed alone. Its last deed is to hang up, so when all are through no phone has a reason to be busy.
 */

import { startServer } from '@heddle/otp'
import { again, done, process, type Vm } from '@heddle/scheduler'
import { type Controller, controller } from './controller.ts'
import { locations } from './locations.ts'

interface User {
  readonly phone: Controller
  /** Whom to call. */
  readonly numbers: readonly string[]
  readonly seed: number
  /** What is left to do. */
  readonly deeds: number
  /** The longest rest between two deeds. */
  readonly pauseMs: number
}

export const user = process(import.meta.url, 'user', {
  init: (given: User) => given,
  *run(state, self) {
    const { phone, numbers, deeds, pauseMs } = state
    if (deeds === 0) {
      self.cast(phone, controller.hangUp())
      return done()
    }
    const draw = dice(state.seed)
    yield* self.sleep(draw(pauseMs))
    const what = draw(4)
    if (what === 0) self.cast(phone, controller.hangUp())
    else if (what === 1) self.cast(phone, controller.dial(numbers[draw(numbers.length)] as string))
    else self.cast(phone, controller.accept())
    return again({ ...state, seed: draw(2 ** 32), deeds: deeds - 1 })
  },
})

/** A linear congruential generator: whole numbers from 0 below `limit`, of its upper bits, which are the better ones. */
function dice(seed: number): (limit: number) => number {
  let at = seed >>> 0
  return (limit) => {
    at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((at / 2 ** 32) * limit)
  }
}

/** Phones, by number. */
export async function openExchange(vm: Vm, phoneCount: number): Promise<ReadonlyMap<string, Controller>> {
  const where = await startServer(vm, locations, undefined)
  const phones = new Map<string, Controller>()
  for (let index = 0; index < phoneCount; index++) {
    const number = String(100 + index)
    phones.set(number, await startServer(vm, controller, { number, locations: where }))
  }
  return phones
}

/** Starts a user for each phone; resolves when all have started. */
export function startUsers(
  vm: Vm,
  phones: ReadonlyMap<string, Controller>,
  { seed, deeds, pauseMs }: Pick<User, 'seed' | 'deeds' | 'pauseMs'>,
) {
  const numbers = [...phones.keys()]
  const users = [...phones.values()].map((phone, index) =>
    vm.spawn(user, { phone, numbers, seed: seed + index * 7_919, deeds, pauseMs }),
  )
  return Promise.all(users)
}

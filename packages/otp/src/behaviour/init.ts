/**
 * How a server begins: it answers its starter when `init` is through, and then does what `init` asked
 * for, `continue` or a time limit, before it is at rest for the first time.
 *
 * What `init` may return beside `ok(state)` is a bare state: any data. So that a slip is still told, a bare state is no other
 * callback's next value, no function and no symbol; and it is returned, not thrown: OTP takes what is thrown for a
 * return value, and a thrown `ok(state)` is one here, but nobody throws a bare state.
 */

import { type Self, Turn } from '@heddle/scheduler'
import type { Birth } from '../gen/birth.ts'
import { newCore } from '../gen/core.ts'
import { type Accepted, initialise } from '../gen/initialise.ts'
import type { Towards } from '../gen/step.ts'
import { NoReply, Ok, Reply, Stop } from './next.ts'
import { goOn, type Server, type ServerCode } from './server.ts'

type Beginning = Server | Turn<Server>

/** A server's `init`. */
export function beginServer(code: ServerCode, birth: Birth, self: Self): Towards<Beginning> {
  return initialise(
    birth,
    self,
    () => code.init(birth.argument as never, self),
    (result, isThrown) => accept(code, birth, result, isThrown, self),
  )
}

function accept(
  code: ServerCode,
  birth: Birth,
  result: unknown,
  isThrown: boolean,
  self: Self,
): Accepted<Beginning> | undefined {
  const server: Server = { ...newCore(birth), state: undefined }
  if (!(result instanceof Ok)) {
    if (isThrown || !isState(result)) return undefined
    server.state = result
    return { goOn: () => server }
  }
  const { options } = result
  return { info: options?.info, goOn: () => goOn(code, server, result, self) as Towards<Beginning> }
}

function isState(value: unknown): boolean {
  if (typeof value === 'object') {
    const isNext = value instanceof Reply || value instanceof NoReply || value instanceof Stop
    return !isNext && !(value instanceof Turn)
  }
  return typeof value !== 'symbol' && typeof value !== 'function'
}

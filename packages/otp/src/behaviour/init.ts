/**
 * How a server begins: it answers its starter when `init` is through, and then does what `init` asked
 * for, `continue` or a time limit, before it is at rest for the first time.
 */

import { ANY, Exit, type ExitReason, type Self, Turn } from '@heddle/scheduler'
import { answerStarter, type Birth, born } from '../gen/birth.ts'
import { disown } from '../gen/naming.ts'
import { after, isStep, type Towards } from '../gen/step.ts'
import { Ignore, Ok, StopInit } from './next.ts'
import { goOn, handleMessage, newServer, type Server, type ServerCode } from './server.ts'

type Beginning = Towards<Server>

/** A server's `init`, as the scheduler sees it. */
export function beginServer(code: ServerCode, given: unknown, self: Self): Beginning {
  return born(given, self, (birth) => runInit(code, birth, self))
}

function runInit(code: ServerCode, birth: Birth, self: Self): Beginning {
  const server = newServer(birth.parent)
  const returned = (result: unknown): Beginning => finishInit(code, server, birth, result, self)
  const thrown = (error: unknown): Beginning => {
    if (error instanceof Ok || error instanceof Ignore || error instanceof StopInit) return returned(error)
    // It has ended while its `init` ran: this is how the scheduler leaves its code.
    if ((error as Partial<Error> | undefined)?.name === 'Doomed') throw error
    return disown(birth.name, self, error)
  }
  let result: unknown
  try {
    result = code.init(birth.argument as never, self)
  } catch (error) {
    return thrown(error)
  }
  return isStep(result) ? after(result, returned, thrown) : returned(result)
}

function finishInit(
  code: ServerCode,
  server: Server,
  { from, name }: Birth,
  result: unknown,
  self: Self,
): Beginning {
  if (result instanceof StopInit) return disown(name, self, new Exit(result.reason))
  if (result instanceof Ignore) {
    answerStarter(self, from, 'ignore')
    return disown(name, self, new Exit('normal'))
  }
  // Before `continue`, which may take its time.
  answerStarter(self, from, 'ok')
  if (!(result instanceof Ok) || result.options === undefined) {
    server.state = result instanceof Ok ? result.state : result
    return server
  }
  return firstRest(code, server, goOn(code, server, result, self), self)
}

/**
 * A process is not at rest, with a time limit or without, before its `init` has returned. So this waits
 * as if it were: for one message, or for the limit; and again, if that asks for a limit once more.
 */
function firstRest(code: ServerCode, server: Server, turn: unknown, self: Self): Beginning {
  if (isStep(turn)) {
    return after(turn, (value) => firstRest(code, server, value, self))
  }
  if (!(turn instanceof Turn)) throw new Exit(['bad_return_value', turn] as ExitReason)
  if (turn.state !== server) throw new Exit(turn.reason)
  if (turn.afterMs < 0 || turn.afterMs === Infinity) return server
  return after(self.receive(ANY, { afterMs: turn.afterMs }), (message) =>
    firstRest(code, server, handleMessage(code, server, message, self), self),
  )
}

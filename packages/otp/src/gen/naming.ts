/**
 * Names in registries of the user's own. A plain name the scheduler registers as it spawns; here it is the new
 * server that registers itself, before its `init` runs, so that a name that is taken costs nobody anything:
 *
 *     claim:  registerName -> yes: init runs
 *                          -> no:  the starter is told who has it, the server exits normal
 *     disown: unregisterName, when init has failed; afterwards the registry has to watch the process
 *
 * A registry is code, and the server may stand on a scheduler that has not met it: then its module is imported.
 *
 * Source of the rules: OTP's `gen`.
 */

import { Exit, HeddleError, type Pid, registryOf, type Self, type Via } from '@heddle/scheduler'
import { after, isStep, type Towards } from './step.ts'

type Registry = ReturnType<typeof registryOf>

/** Registers this process, then goes on with `begin`; or with `taken`, which gets the holder, if it is still there. */
export function claim<T>(
  name: Via,
  self: Self,
  begin: () => Towards<T>,
  taken: (holder: Pid | undefined) => Towards<T>,
): Towards<T> {
  return withRegistry(name, (registry) => {
    const decide = (answer: unknown): Towards<T> => {
      if (answer === 'yes') return begin()
      if (answer === 'no') return taken(registry.whereisName(name.name, self))
      throw new Exit(['bad_return_value', answer] as never)
    }
    const answer: unknown = registry.registerName(name.name, self.pid, self)
    return isStep(answer) ? after(answer, decide) : decide(answer)
  })
}

/** Gives the name back, and then goes on with the end of the process, whatever comes of it. */
export function disown<T>(name: Via, self: Self, end: () => Towards<T>): Towards<T> {
  let step: unknown
  try {
    step = registryOf(name).unregisterName(name.name, self)
  } catch {
    return end()
  }
  return isStep(step) ? after(step, end, end) : end()
}

function withRegistry<T>(name: Via, go: (registry: Registry) => Towards<T>): Towards<T> {
  let registry: Registry
  try {
    registry = registryOf(name)
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'ERR_UNKNOWN_DEFINITION') throw error
    return after(import(name.via.url), () => go(registryOf(name)), refuse)
  }
  return go(registry)
}

function refuse(cause: unknown): never {
  throw new HeddleError('ERR_MODULE_LOAD', `the registry's module cannot be imported: ${String(cause)}`, {
    cause,
  })
}

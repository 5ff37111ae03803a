/**
 * Names in registries of the user's own (OTP's `{via, Module, Name}`). A registry is code, and code does not travel:
 * what names a process is the registry's address and the name, plain data, as with definitions. It is looked up where
 * it is used, so the registry's module must have been imported there; whoever holds a name made by it has done so.
 */

import { HeddleError } from '../term/errors.ts'
import { Exit } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'
import type { DefinitionAddress } from './define.ts'
import type { Self } from './self.ts'
import type { Step } from './turn.ts'

/** What a registry must be able to do. `self` is the process that asks. */
export interface ViaRegistry<Name = unknown> {
  /** `no` if somebody has the name. May wait. */
  registerName(name: Name, pid: Pid, self: Self): Step<'yes' | 'no'>
  unregisterName(name: Name, self: Self): Step<void>
  /** At once, so that `send` and `cast` need not wait: from a cache, or from the VM's own names. */
  whereisName(name: Name, self: Self): Pid | undefined
  /** Default: to whom `whereisName` says; exits with `['badarg', [name, message]]` if that is nobody. */
  send?(name: Name, message: unknown, self: Self): void
}

/** A process, by its name in a registry. Plain data. */
export interface Via<Name = unknown> {
  readonly via: DefinitionAddress
  readonly name: Name
}

const registries = new Map<string, ViaRegistry<never>>()

function keyOf({ url, name }: DefinitionAddress): string {
  return `${name}\n${url}`
}

/**
 * Names a registry; returns what makes names in it.
 *
 * @example
 * export const room = via(import.meta.url, 'room', { registerName, unregisterName, whereisName })
 * self.send(room('lobby'), 'hello')
 */
export function via<Name>(url: string, name: string, registry: ViaRegistry<Name>): (name: Name) => Via<Name> {
  const address = Object.freeze({ url, name })
  registries.set(keyOf(address), registry as ViaRegistry<unknown> as ViaRegistry<never>)
  return (own) => ({ via: address, name: own })
}

export function isVia(value: unknown): value is Via {
  if (typeof value !== 'object' || value === null) return false
  const { via: address } = value as Partial<Via>
  return typeof address === 'object' && address !== null && typeof address.url === 'string'
}

/** @throws HeddleError ERR_UNKNOWN_DEFINITION: the registry's module was not imported on this thread */
export function registryOf({ via: address }: Via): ViaRegistry {
  const registry = registries.get(keyOf(address))
  if (registry !== undefined) return registry as ViaRegistry<unknown>
  throw new HeddleError(
    'ERR_UNKNOWN_DEFINITION',
    `the registry '${address.name}' of ${address.url} is not known on this thread: import its module`,
  )
}

export function sendVia(self: Self, to: Via, message: unknown): void {
  const registry = registryOf(to)
  if (registry.send !== undefined) {
    registry.send(to.name, message, self)
    return
  }
  const pid = registry.whereisName(to.name, self)
  if (pid === undefined) throw new Exit(['badarg', [to.name, message]])
  self.send(pid, message)
}

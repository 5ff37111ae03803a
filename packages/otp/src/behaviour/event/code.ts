/**
 * The code of event handlers, by address: functions do not travel, so what a manager keeps of a handler is where its
 * code is found. Each thread has a registry of what the modules that it has imported define.
 *
 * A handler that a manager's scheduler has not met is loaded as a process is: its definition is one, too, which ends as
 * soon as it begins. So modules are found, and failures told, in one way for all definitions.
 *
 * Rejected: `import(url)` here (a module that awaits `startVm` at its top level would never be through, and one in
 * TypeScript needs the scheduler's help).
 */

import { type DefinitionAddress, done, down, type ExitReason, process, type Self } from '@heddle/scheduler'
import { after, type Towards } from '../../gen/step.ts'

/** A handler's callbacks, without their users' types. */
export interface HandlerCode {
  readonly vsn: number
  readonly init: (argument: never, self: Self, swapped: never) => unknown
  readonly event: HandleMessage | undefined
  readonly info: HandleMessage | undefined
  readonly calls: ReadonlyMap<string, HandleCall> | undefined
  readonly terminate: ((argument: unknown, state: never, self: Self) => unknown) | undefined
  readonly codeChange: ((from: never, state: unknown, extra: unknown, self: Self) => unknown) | undefined
  readonly formatStatus: ((status: never) => unknown) | undefined
}

type HandleMessage = (state: never, message: never, self: Self) => unknown
type HandleCall = (state: never, argument: never, self: Self) => unknown

/** By module, then by name. */
const registry = new Map<string, Map<string, HandlerCode>>()

/**
 * Registers a handler's code on this thread.
 * @param source what tells it from other code: evaluating a module twice defines nothing twice
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 */
export function defineCode(url: string, name: string, code: HandlerCode, source: string): DefinitionAddress {
  const handle = (): never => {
    throw new Error('a handler is no process')
  }
  Object.defineProperty(handle, 'toString', { value: () => source })
  const { $ } = process<unknown, unknown>(url, name, { vsn: code.vsn, init: () => done(), handle })
  let ofModule = registry.get(url)
  if (ofModule === undefined) {
    ofModule = new Map()
    registry.set(url, ofModule)
  }
  ofModule.set(name, code)
  return { url: $.url, name: $.name }
}

/** What this thread has. */
export function codeAt({ url, name }: DefinitionAddress): HandlerCode | undefined {
  return registry.get(url)?.get(name)
}

/** Imports the handler's module; comes to why that failed, if it did. */
export function loadCode(address: DefinitionAddress, self: Self): Towards<ExitReason | undefined> {
  const { url, name } = address
  const { monitor } = self.spawnMonitor({ $: { url, name } }, undefined, { scheduler: 'local' })
  return after(self.receive(down(monitor)), ({ reason }): ExitReason | undefined => {
    if (codeAt(address) !== undefined) return undefined
    return reason === 'normal' ? ['undef', `${url} defines no handler '${name}'`] : reason
  })
}

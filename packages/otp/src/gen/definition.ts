/**
 * What all behaviours' definitions have in common: an address (`$`) that any scheduler can load them
 * from, the type of their argument, and the type of the messages that they take. The types are phantoms;
 * at run time a definition is its address and its message constructors.
 */

import { HeddleError, type ServerRef, type Spawnable } from '@heddle/scheduler'

declare const apiOf: unique symbol

/** OTP's, or one of the user's own. */
export type BehaviourName =
  | 'gen_server'
  | 'gen_statem'
  | 'gen_event'
  | 'supervisor'
  | 'supervisor_bridge'
  | (string & {})

/** Something that speaks the start protocol: a server, or a supervisor. */
export interface ServerDef<A, Api> extends Spawnable<A> {
  readonly $: Spawnable<A>['$'] & { readonly behaviour: BehaviourName }
  /** Never there: it carries the type of the messages. */
  readonly [apiOf]?: Api
}

/**
 * The pid of a server, typed by its messages.
 * @example async function total(vm: Vm, ref: RefOf<typeof counter>) { return vm.call(ref, counter.get()) }
 */
export type RefOf<D> = D extends ServerDef<never, infer Api> ? ServerRef<Api> : never

/** The behaviour that a definition is of; `undefined` for a raw process. */
export function behaviourOf(definition: Spawnable<never>): BehaviourName | undefined {
  return (definition as Partial<ServerDef<never, unknown>> | undefined)?.$?.behaviour
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function checkServer(definition: ServerDef<never, unknown>): void {
  if (behaviourOf(definition) !== undefined) return
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    'not a server: start takes what genServer() or supervisor() returned',
  )
}

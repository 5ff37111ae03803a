/**
 * A definition is code that can run on any scheduler: the URL of its module and a name. Functions do
 * not travel between threads; a definition's address does, and each thread that needs it imports the
 * module, which registers its definitions as it is evaluated. Hence the one piece of state at module
 * level: this thread's registry.
 */

import { HeddleError } from '../term/errors.ts'
import type { PlacementFunction } from './placement.ts'
import type { Self } from './self.ts'
import type { BodyResult, Chain, Step, Turn } from './turn.ts'

/** Where a definition is found; plain data. */
export interface DefinitionAddress {
  readonly url: string
  readonly name: string
}

/** What the kernel runs. `run` and `handle` exclude each other. */
export interface Definition extends DefinitionAddress {
  /** Its number on this thread, from 1: what shared memory can hold of it. */
  readonly number: number
  readonly vsn: number
  readonly init: (arg: never, self: Self) => unknown
  readonly run: ((state: never, self: Self) => unknown) | undefined
  readonly handle: ((state: never, message: unknown, self: Self) => unknown) | undefined
  /** A placement policy, which stands here to be found like a process. */
  readonly place?: PlacementFunction
  readonly moving?: Moving | undefined
  /** Set if it is no process but a dirty function: see `dirty.ts`. */
  readonly work?: (args: never) => unknown
}

/** How processes of a definition move, where that is not plain. All optional: user states need nothing of this. */
export interface Moving {
  /** Why they cannot move: what they are about belongs to their thread. */
  readonly pinned?: string
  /** The state, which is not structured-clone data, as such. What it throws pins the process. */
  readonly pack?: (state: never) => unknown
  /** Definitions whose modules are imported before it goes on, beside its own; one that cannot be had is not waited for. */
  readonly needs?: (data: never) => readonly DefinitionAddress[]
  /**
   * The state of what `pack` made, or of the state itself if there is no `pack`; or a promise of it. `wait`: it was moved
   * in a wait of its own (`restingChain`); `resume` is called next.
   */
  readonly unpack?: (data: never, self: Self, wait: WaitEnd | undefined) => unknown
  /** Begins the wait anew that the process was moved in. */
  readonly resume?: (state: never, self: Self) => unknown
}

/** When a wait ends, by `self.nowMs()`, `Infinity` if it has no limit; or, if time stands still for it, what is left. */
export type WaitEnd = { readonly dueMs: number } | { readonly leftMs: number }

declare const argument: unique symbol
declare const stateOf: unique symbol

/** Something that can be spawned: a process, a server, a supervisor; or only its address. */
export interface Spawnable<A> {
  readonly $: DefinitionAddress & { readonly [argument]?: (arg: A) => void }
}

export interface ProcessDef<A, S> extends Spawnable<A> {
  readonly $: DefinitionAddress & { readonly [argument]?: (arg: A) => void; readonly [stateOf]?: S }
}

/** By module, then by name. */
const registry = new Map<string, Map<string, Definition>>()
const listeners = new Set<(definition: Definition) => void>()
let definitionCount = 0

/**
 * Defines a process that any scheduler can run.
 *
 * @param url always `import.meta.url`: schedulers import it to find the code
 * @param name unique in its module
 * @throws HeddleError ERR_BAD_ARGUMENT, ERR_DUPLICATE_DEFINITION
 * @example export const echo = process(import.meta.url, 'echo', {
 *   init: () => 0,
 *   *run(count, self) {
 *     const { from } = yield* self.receive(tag<{ type: 'ping'; from: Pid }>('ping'))
 *     self.send(from, { type: 'pong', count })
 *     return again(count + 1)
 *   },
 * })
 */
export function process<A, S>(
  url: string,
  name: string,
  body: {
    vsn?: number
    moving?: Moving
    init: (arg: A, self: Self) => Step<S>
    run: (state: NoInfer<S>, self: Self) => Step<Turn<NoInfer<S>>>
  },
): ProcessDef<A, S>
export function process<A, S>(
  url: string,
  name: string,
  body: {
    vsn?: number
    moving?: Moving
    init: (arg: A, self: Self) => Step<S> | Chain<unknown, S>
    handle: (state: NoInfer<S>, message: unknown, self: Self) => BodyResult<NoInfer<S>>
  },
): ProcessDef<A, S>
export function process(
  url: string,
  name: string,
  body: { vsn?: number; moving?: Moving; init?: unknown; run?: unknown; handle?: unknown },
): { readonly $: DefinitionAddress } {
  if (typeof body !== 'object' || body === null) {
    throw badDefinition(name, 'process() takes import.meta.url, a name and callbacks')
  }
  const unknown = Object.keys(body).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw badDefinition(name, `there is no callback '${unknown}'; there are ${KEYS.join(', ')}`)
  }
  const { init, run, handle } = body
  if (typeof init !== 'function') throw badDefinition(name, 'init is not a function')
  if (typeof (run ?? handle) !== 'function' || (run !== undefined && handle !== undefined)) {
    throw badDefinition(name, 'it needs a function run or a function handle')
  }
  const definition: unknown = { url, name, vsn: body.vsn ?? 0, init, run, handle, moving: body.moving }
  return { $: define(definition as Omit<Definition, 'number'>) }
}

const KEYS: readonly string[] = ['vsn', 'init', 'run', 'handle', 'moving']

function badDefinition(name: unknown, why: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `cannot define process '${String(name)}': ${why}`)
}

/** Registers a definition on this thread. */
export function define(given: Omit<Definition, 'number'>): Definition {
  if (typeof given.url !== 'string' || !/^(file|data|node|https?):/.test(given.url)) {
    throw badDefinition(given.name, `its url must be import.meta.url, not ${String(given.url)}`)
  }
  if (typeof given.name !== 'string' || given.name === '')
    throw badDefinition(given.name, 'its name must be a string')
  const definition: Definition = Object.freeze({ ...given, number: definitionCount + 1 })
  const known = lookUpDefinition(definition.url, definition.name)
  // Evaluating a module a second time (a test runner does) is no second definition.
  if (known !== undefined && !isSameCode(known, definition)) {
    throw new HeddleError('ERR_DUPLICATE_DEFINITION', `${definition.url} defines '${definition.name}' twice`)
  }
  let ofModule = registry.get(definition.url)
  if (ofModule === undefined) {
    ofModule = new Map()
    registry.set(definition.url, ofModule)
  }
  ofModule.set(definition.name, definition)
  definitionCount += 1
  for (const listener of [...listeners]) listener(definition)
  return definition
}

function isSameCode(a: Definition, b: Definition): boolean {
  return (
    String(a.init) === String(b.init) &&
    String(a.run) === String(b.run) &&
    String(a.handle) === String(b.handle) &&
    String(a.work) === String(b.work) &&
    String(a.place) === String(b.place)
  )
}

export function lookUpDefinition(url: string, name: string): Definition | undefined {
  return registry.get(url)?.get(name)
}

/** All that this thread has. */
export function* definitions(): Iterable<Definition> {
  for (const ofModule of registry.values()) yield* ofModule.values()
}

/** Calls `listener` after each definition; returns how to stop that. */
export function onDefinition(listener: (definition: Definition) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The address in anything spawnable. @throws HeddleError ERR_BAD_ARGUMENT */
export function addressOf(spawnable: Spawnable<never>): DefinitionAddress {
  const address = (spawnable as Partial<Spawnable<never>> | undefined)?.$
  if (typeof address?.url === 'string' && typeof address.name === 'string') return address
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    'not a definition: spawn takes what process(), genServer() or supervisor() returned',
  )
}

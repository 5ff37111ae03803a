/**
 * What a supervisor is told of its children: their *specs*. Plain data (a definition is named by its
 * address), so that specs travel in messages. The builder `child` only assembles; what is wrong with a
 * spec the supervisor says, in OTP's words, wherever the spec came from.
 */

import {
  type DefinitionAddress,
  HeddleError,
  isVia,
  type Spawnable,
  type SpawnOptions,
  type Via,
} from '@heddle/scheduler'
import { type BehaviourName, behaviourOf } from '../gen/definition.ts'
import { checkOptions } from '../gen/options.ts'
import { Fault, isOneOf } from './fault.ts'
import { type AutoShutdown, type Flags, isAutoShutdown } from './flags.ts'

/**
 * `permanent`: always restarted. `transient`: restarted unless it ended with `normal`, `shutdown` or
 * `['shutdown', x]`. `temporary`: never restarted, and forgotten when it has ended.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** How long a child that was told to `shutdown` may take before it is killed, in ms; `brutal_kill`: it is killed at once. */
export type Shutdown = number | 'brutal_kill' | 'infinity'

/** The modules (their URLs) that a child runs, for upgrades; `dynamic`: they change, the child has to be asked. */
export type Modules = readonly string[] | 'dynamic'

/** What children of all kinds of supervisors can be told. */
export interface CommonOptions {
  /** Default `permanent`. */
  readonly restart?: RestartType
  /** Default 5,000 ms; for a supervisor `infinity`, as its children need their own time. */
  readonly shutdown?: Shutdown
  /** Its end may end the supervisor: see `autoShutdown`. Default false. */
  readonly significant?: boolean
  /** Default: a supervisor is one, all else are workers. */
  readonly type?: 'worker' | 'supervisor'
  /** Default: the definition's. */
  readonly modules?: Modules
  /** Where it runs: see `SpawnOptions`. */
  readonly scheduler?: SpawnOptions['scheduler']
}

export interface ChildOptions extends CommonOptions {
  /** Unique in its supervisor. Default: the registered name, else the definition's name. */
  readonly id?: string
  /** Registers the child: under a name of the VM, or, a server or supervisor only, in a registry made with `via`. */
  readonly name?: string | Via
}

/** @internal */
export const COMMON_OPTIONS = ['restart', 'shutdown', 'significant', 'type', 'modules', 'scheduler'] as const
const CHILD_OPTION_NAMES: ReadonlySet<string> = new Set<keyof ChildOptions>(['id', 'name', ...COMMON_OPTIONS])

/** How a child is restarted and stopped. */
export interface Terms {
  readonly restart: RestartType
  readonly shutdown: Shutdown
  readonly significant: boolean
  readonly type: 'worker' | 'supervisor'
  readonly modules: Modules
}

/** A child, as its supervisor knows it. Plain data; made by `child`. */
export interface ChildSpec extends Terms {
  readonly id: string
  readonly start: ChildStart
}

export interface ChildStart {
  /** Without a `behaviour` it is a raw process, which counts as started when it is spawned. */
  readonly definition: DefinitionAddress & { readonly behaviour?: BehaviourName }
  readonly argument: unknown
  /** What it is registered as. */
  readonly name?: string | Via
  readonly scheduler?: SpawnOptions['scheduler']
}

/** What a supervisor's `init` returns. */
export interface SupervisorSpec extends Partial<Flags> {
  /** In the order in which they start. */
  readonly children: readonly ChildSpec[]
}

const SHUTDOWN_DEFAULT_MS = 5_000

/**
 * A child for a supervisor's list, or for `startChild`.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT if the definition is none, or an option is unknown; all else its
 *   supervisor checks
 * @example child(counter, 0, { name: 'ledger', restart: 'transient' })
 */
export function child<A>(
  definition: Spawnable<A>,
  argument: NoInfer<A>,
  options: ChildOptions = {},
): ChildSpec {
  const address = addressOf('child()', definition)
  checkOptions('child()', options, CHILD_OPTION_NAMES)
  checkName(address, options.name)
  return {
    id: options.id ?? plainName(options.name) ?? address.name,
    start: {
      definition: address,
      argument,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
    },
    ...termsOf(address, options),
  }
}

/** @internal What a definition is found by. @throws HeddleError ERR_BAD_ARGUMENT */
export function addressOf(what: string, definition: Spawnable<never>): ChildStart['definition'] {
  const { url, name } = definition?.$ ?? {}
  if (typeof url !== 'string' || typeof name !== 'string') {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      `not a definition: ${what} takes what process(), genServer() or supervisor() returned`,
    )
  }
  const behaviour = behaviourOf(definition)
  return behaviour === undefined ? { url, name } : { url, name, behaviour }
}

/** @internal A raw process does not register itself. @throws HeddleError ERR_BAD_ARGUMENT */
export function checkName({ behaviour }: ChildStart['definition'], name: string | Via | undefined): void {
  if (behaviour !== undefined || !isVia(name)) return
  throw new HeddleError(
    'ERR_BAD_ARGUMENT',
    'a raw process cannot be registered with via: register it in its init',
  )
}

/** @internal The terms that options stand for, not checked. */
export function termsOf({ url, behaviour }: ChildStart['definition'], options: CommonOptions): Terms {
  const isSupervisor = behaviour === 'supervisor' || behaviour === 'supervisor_bridge'
  const type = options.type ?? (isSupervisor ? 'supervisor' : 'worker')
  return {
    restart: options.restart ?? 'permanent',
    shutdown: options.shutdown ?? defaultShutdown(type),
    significant: options.significant ?? false,
    type,
    modules: options.modules ?? [url],
  }
}

function plainName(name: string | Via | undefined): string | undefined {
  const plain: unknown = isVia(name) ? name.name : name
  return typeof plain === 'string' ? plain : undefined
}

function defaultShutdown(type: unknown): Shutdown {
  return type === 'supervisor' ? 'infinity' : SHUTDOWN_DEFAULT_MS
}

// ---- checks ----

type Given = { readonly [key: string]: unknown }

/**
 * A spec from wherever, completed; or what is wrong with it. Unknown keys are dropped. `autoShutdown`: of the
 * supervisor that it is for; `undefined` if that is not known.
 */
export function checkSpec(given: unknown, autoShutdown: AutoShutdown | undefined): ChildSpec | Fault {
  if (typeof given !== 'object' || given === null) return new Fault(['invalid_child_spec', given])
  const { id, start } = given as Given
  if (id === undefined) return new Fault('missing_id')
  if (typeof id !== 'string') return new Fault(['invalid_child_spec', given])
  if (start === undefined) return new Fault('missing_start')
  if (!isStart(start)) return new Fault(['invalid_mfa', start])
  const terms = checkTerms(given, start, autoShutdown)
  return terms instanceof Fault ? terms : { id, start, ...terms }
}

/** @internal The same for what a template has of a spec. */
export function checkTerms(
  given: object,
  { definition }: ChildStart,
  autoShutdown: AutoShutdown | undefined,
): Terms | Fault {
  const {
    restart = 'permanent',
    significant = false,
    type = 'worker',
    modules = [definition.url],
  } = given as Given
  const { shutdown = defaultShutdown(type) } = given as Given
  if (!isOneOf(restart, RESTART_TYPES)) return new Fault(['invalid_restart_type', restart])
  if (significant === true && autoShutdown === 'never') return badCombination(['auto_shutdown', 'never'])
  if (significant === true && restart === 'permanent') return badCombination(['restart', 'permanent'])
  if (typeof significant !== 'boolean') return new Fault(['invalid_significant', significant])
  if (!isOneOf(type, ['worker', 'supervisor'] as const)) return new Fault(['invalid_child_type', type])
  if (!isShutdown(shutdown)) return new Fault(['invalid_shutdown', shutdown])
  if (modules !== 'dynamic' && !Array.isArray(modules)) return new Fault(['invalid_modules', modules])
  if (modules !== 'dynamic') {
    const bad = modules.findIndex((each) => typeof each !== 'string')
    if (bad >= 0) return new Fault(['invalid_module', modules[bad]])
  }
  return { restart, shutdown, significant, type, modules }
}

/** The specs of a supervisor's list. */
export function checkSpecs(
  given: readonly unknown[],
  autoShutdown: AutoShutdown | undefined,
): ChildSpec[] | Fault {
  const specs = new Map<string, ChildSpec>()
  for (const each of given) {
    const spec = checkSpec(each, autoShutdown)
    if (spec instanceof Fault) return spec
    if (specs.has(spec.id)) return new Fault(['duplicate_child_name', spec.id])
    specs.set(spec.id, spec)
  }
  return [...specs.values()]
}

/**
 * Whether a supervisor would take these specs; `reason` is what it would say. With `autoShutdown`, one with that flag.
 * OTP's `check_childspecs`.
 * @example checkChildSpecs([child(counter, 0, { restart: 'always' as never })])
 *          // { status: 'error', reason: ['invalid_restart_type', 'always'] }
 */
export function checkChildSpecs(
  specs: readonly unknown[],
  autoShutdown?: AutoShutdown,
): { readonly status: 'ok' } | { readonly status: 'error'; readonly reason: Fault['reason'] } {
  if (!Array.isArray(specs)) return { status: 'error', reason: ['badarg', specs] }
  if (autoShutdown !== undefined && !isAutoShutdown(autoShutdown)) {
    return { status: 'error', reason: ['badarg', autoShutdown] }
  }
  const checked = checkSpecs(specs, autoShutdown)
  return checked instanceof Fault ? { status: 'error', reason: checked.reason } : { status: 'ok' }
}

const RESTART_TYPES = ['permanent', 'transient', 'temporary'] as const

function isStart(value: unknown): value is ChildStart {
  const definition = (value as Partial<ChildStart> | null)?.definition
  return typeof definition?.url === 'string' && typeof definition.name === 'string'
}

function isShutdown(value: unknown): value is Shutdown {
  if (value === 'brutal_kill' || value === 'infinity') return true
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 32
}

function badCombination(other: readonly [string, unknown]): Fault {
  return new Fault(['bad_combination', [other, ['significant', true]]])
}

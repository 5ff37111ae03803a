/**
 * What a supervisor is told: child *specs* and *flags*. Both are plain data (a definition is named by its
 * address), so that specs travel in messages. The builder `child` only assembles; what is wrong with a
 * spec the supervisor says, in OTP's words, wherever the spec came from.
 */

import {
  type DefinitionAddress,
  type ExitReason,
  HeddleError,
  isVia,
  type Spawnable,
  type SpawnOptions,
  type Via,
} from '@heddle/scheduler'
import { type BehaviourName, behaviourOf } from '../gen/definition.ts'
import { checkOptions } from '../gen/options.ts'

/**
 * `permanent`: always restarted. `transient`: restarted unless it ended with `normal`, `shutdown` or
 * `['shutdown', x]`. `temporary`: never restarted, and forgotten when it has ended.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** How long a child that was told to `shutdown` may take before it is killed, in ms; `brutal_kill`: it is killed at once. */
export type Shutdown = number | 'brutal_kill' | 'infinity'

export interface ChildOptions {
  /** Unique in its supervisor. Default: the registered name, else the definition's name. */
  readonly id?: string
  /** Registers the child: under a name of the VM, or, a server or supervisor only, in a registry made with `via`. */
  readonly name?: string | Via
  /** Default `permanent`. */
  readonly restart?: RestartType
  /** Default 5,000 ms; for a supervisor `infinity`, as its children need their own time. */
  readonly shutdown?: Shutdown
  /** Its end may end the supervisor: see `autoShutdown`. Default false. */
  readonly significant?: boolean
  /** Default: a supervisor is one, all else are workers. */
  readonly type?: 'worker' | 'supervisor'
  /** Where it runs: see `SpawnOptions`. */
  readonly scheduler?: SpawnOptions['scheduler']
}

const CHILD_OPTION_NAMES: ReadonlySet<string> = new Set<keyof ChildOptions>([
  'id',
  'name',
  'restart',
  'shutdown',
  'significant',
  'type',
  'scheduler',
])

/** A child, as its supervisor knows it. Plain data; made by `child`. */
export interface ChildSpec {
  readonly id: string
  readonly start: ChildStart
  readonly restart: RestartType
  readonly shutdown: Shutdown
  readonly significant: boolean
  readonly type: 'worker' | 'supervisor'
}

export interface ChildStart {
  /** Without a `behaviour` it is a raw process, which counts as started when it is spawned. */
  readonly definition: DefinitionAddress & { readonly behaviour?: BehaviourName }
  readonly argument: unknown
  /** What it is registered as. */
  readonly name?: string | Via
  readonly scheduler?: SpawnOptions['scheduler']
}

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

export interface Flags {
  readonly strategy: Strategy
  /** So many restarts are allowed within `periodMs`; one more, and the supervisor gives up. */
  readonly intensity: number
  readonly periodMs: number
  readonly autoShutdown: AutoShutdown
}

/** What a supervisor's `init` returns. */
export interface SupervisorSpec extends Partial<Flags> {
  /** In the order in which they start. */
  readonly children: readonly ChildSpec[]
}

const FLAG_DEFAULTS: Flags = { strategy: 'one_for_one', intensity: 1, periodMs: 5_000, autoShutdown: 'never' }
const FLAG_NAMES: ReadonlySet<string> = new Set([...Object.keys(FLAG_DEFAULTS), 'children'])
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
  const address = definition?.$
  if (typeof address?.url !== 'string' || typeof address.name !== 'string') {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'not a definition: child() takes what process(), genServer() or supervisor() returned',
    )
  }
  checkOptions('child()', options, CHILD_OPTION_NAMES)
  const { url, name } = address
  const behaviour = behaviourOf(definition as Spawnable<never>)
  if (behaviour === undefined && isVia(options.name)) {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'a raw process cannot be registered with via: register it in its init',
    )
  }
  const type = options.type ?? (behaviour === 'supervisor' ? 'supervisor' : 'worker')
  return {
    id: options.id ?? plainName(options.name) ?? name,
    start: {
      definition: behaviour === undefined ? { url, name } : { url, name, behaviour },
      argument,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
    },
    restart: options.restart ?? 'permanent',
    shutdown: options.shutdown ?? defaultShutdown(type),
    significant: options.significant ?? false,
    type,
  }
}

function plainName(name: string | Via | undefined): string | undefined {
  const plain: unknown = isVia(name) ? name.name : name
  return typeof plain === 'string' ? plain : undefined
}

function defaultShutdown(type: unknown): Shutdown {
  return type === 'supervisor' ? 'infinity' : SHUTDOWN_DEFAULT_MS
}

/** What is wrong with a spec or with flags: the reason that OTP gives. */
export class Fault {
  readonly reason: ExitReason
  constructor(reason: ExitReason) {
    this.reason = reason
  }
}

type Given = { readonly [key: string]: unknown }

/** A spec from wherever, completed; or what is wrong with it. Unknown keys are dropped. */
export function checkSpec(given: unknown, autoShutdown: AutoShutdown): ChildSpec | Fault {
  if (typeof given !== 'object' || given === null) return new Fault(['invalid_child_spec', given])
  const { id, start, restart = 'permanent', significant = false, type = 'worker' } = given as Given
  const { shutdown = defaultShutdown(type) } = given as Given
  if (id === undefined) return new Fault('missing_id')
  if (typeof id !== 'string') return new Fault(['invalid_child_spec', given])
  if (start === undefined) return new Fault('missing_start')
  if (!isStart(start)) return new Fault(['invalid_mfa', start])
  if (!isOneOf(restart, RESTART_TYPES)) return new Fault(['invalid_restart_type', restart])
  if (!isOneOf(type, ['worker', 'supervisor'] as const)) return new Fault(['invalid_child_type', type])
  if (!isShutdown(shutdown)) return new Fault(['invalid_shutdown', shutdown])
  if (typeof significant !== 'boolean') return new Fault(['invalid_significant', significant])
  if (significant && restart === 'permanent') return badCombination(['restart', restart])
  if (significant && autoShutdown === 'never') return badCombination(['auto_shutdown', autoShutdown])
  return { id, start, restart, shutdown, significant, type }
}

/** The specs of a supervisor's list. */
export function checkSpecs(given: readonly unknown[], autoShutdown: AutoShutdown): ChildSpec[] | Fault {
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
 * The flags in what `init` returned, completed. An unknown one, which OTP would ignore, is an error: a
 * supervisor that restarts otherwise than it was meant to shows it too late.
 * @throws HeddleError ERR_BAD_ARGUMENT
 */
export function checkFlags(given: object): Flags | Fault {
  checkOptions('a supervisor', given, FLAG_NAMES)
  const flags = { ...FLAG_DEFAULTS, ...withoutUndefined(given) }
  const { strategy, intensity, periodMs, autoShutdown } = flags
  if (!isOneOf(strategy, STRATEGIES)) return new Fault(['invalid_strategy', strategy])
  if (!Number.isSafeInteger(intensity) || intensity < 0) return new Fault(['invalid_intensity', intensity])
  if (!(typeof periodMs === 'number' && periodMs > 0)) return new Fault(['invalid_period', periodMs])
  if (!isOneOf(autoShutdown, AUTO_SHUTDOWNS)) return new Fault(['invalid_auto_shutdown', autoShutdown])
  return { strategy, intensity, periodMs, autoShutdown }
}

const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const
const AUTO_SHUTDOWNS = ['never', 'any_significant', 'all_significant'] as const
const RESTART_TYPES = ['permanent', 'transient', 'temporary'] as const

function isOneOf<T>(value: unknown, known: readonly T[]): value is T {
  return known.includes(value as T)
}

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

function withoutUndefined(given: object): Partial<Flags> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/**
 * A supervisor's *flags*: how it restarts its children, and when it gives up. What is wrong with them is
 * said in OTP's words.
 */

import { HeddleError } from '@heddle/scheduler'
import { checkOptions } from '../gen/options.ts'
import { Fault, isOneOf } from './fault.ts'

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

/** What all supervisors have, static and dynamic ones. */
export interface Limits {
  /** So many restarts are allowed within `periodMs`; one more, and the supervisor gives up. */
  readonly intensity: number
  readonly periodMs: number
  readonly autoShutdown: AutoShutdown
}

export interface Flags extends Limits {
  readonly strategy: Strategy
}

const LIMIT_DEFAULTS: Limits = { intensity: 1, periodMs: 5_000, autoShutdown: 'never' }
const FLAG_DEFAULTS: Flags = { strategy: 'one_for_one', ...LIMIT_DEFAULTS }
const FLAG_NAMES: ReadonlySet<string> = new Set([...Object.keys(FLAG_DEFAULTS), 'children'])
const LIMIT_NAMES: ReadonlySet<string> = new Set([...Object.keys(LIMIT_DEFAULTS), 'child'])

const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const
const AUTO_SHUTDOWNS = ['never', 'any_significant', 'all_significant'] as const

/**
 * The flags in what `init` returned, completed. An unknown one, which OTP would ignore, is an error: a
 * supervisor that restarts otherwise than it was meant to shows it too late.
 * @throws HeddleError ERR_BAD_ARGUMENT
 */
export function checkFlags(given: object): Flags | Fault {
  checkOptions('a supervisor', given, FLAG_NAMES)
  const { strategy = FLAG_DEFAULTS.strategy } = given as Partial<Flags>
  if (!isOneOf(strategy, STRATEGIES)) return new Fault(['invalid_strategy', strategy])
  const limits = checkLimits(given)
  return limits instanceof Fault ? limits : { strategy, ...limits }
}

/** The same for a dynamic supervisor, which has one strategy. @throws HeddleError ERR_BAD_ARGUMENT */
export function checkDynamicFlags(given: object): Limits | Fault {
  if ('children' in given) {
    throw new HeddleError('ERR_BAD_ARGUMENT', 'a dynamic supervisor has one `child`, a template')
  }
  checkOptions('a dynamic supervisor', given, LIMIT_NAMES)
  return checkLimits(given)
}

function checkLimits(given: Partial<Limits>): Limits | Fault {
  const {
    intensity = LIMIT_DEFAULTS.intensity,
    periodMs = LIMIT_DEFAULTS.periodMs,
    autoShutdown = LIMIT_DEFAULTS.autoShutdown,
  } = given
  if (!Number.isSafeInteger(intensity) || intensity < 0) return new Fault(['invalid_intensity', intensity])
  if (!(typeof periodMs === 'number' && periodMs > 0)) return new Fault(['invalid_period', periodMs])
  if (!isOneOf(autoShutdown, AUTO_SHUTDOWNS)) return new Fault(['invalid_auto_shutdown', autoShutdown])
  return { intensity, periodMs, autoShutdown }
}

/** @internal For a check that is not bound to one supervisor. */
export function isAutoShutdown(value: unknown): value is AutoShutdown {
  return isOneOf(value, AUTO_SHUTDOWNS)
}

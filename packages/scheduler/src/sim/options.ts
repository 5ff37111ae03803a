/** What a simulation can be asked for, checked and completed. */

import type { Balance } from '../kernel/balance.ts'
import { POLICY_NAMES, type PolicyName } from '../kernel/placement.ts'
import { ENDPOINT_COUNT_MAX, SLOT_BLOCK_COUNT } from '../memory/layout.ts'
import { lookUpDefinition } from '../process/define.ts'
import type { PlacementDef, PlacementFunction } from '../process/placement.ts'
import { HeddleError } from '../term/errors.ts'

/** From the least to the most. */
export type Range = readonly [from: number, to: number]

/** What goes wrong in a simulated world, and how slow it is. Times are virtual. */
export interface Faults {
  /** How often a scheduler dies, in all; default 0. */
  readonly deathsPerSecond?: number
  /** The chance that a scheduler dies with any of its slices, before it has published all of it; default 0. */
  readonly deathProbability?: number
  /** No more deaths than this; default unlimited. */
  readonly deathCountMax?: number
  /** Until the host hears of a death or a peer of what the host says, and until a fresh scheduler is up; default 0 to 2 ms. */
  readonly newsDelayMs?: Range
  /**
   * How long a scheduler takes, now and then, between two steps of a slice: reading the signals of one other, running,
   * publishing its own to one other. So long are signals under way. Default 0 to 0.5 ms.
   */
  readonly ringDelayMs?: Range
  /** How long a step takes: a slice, or news at the host. Default 0 to 0.06 ms; 0 makes time go by in waits only. */
  readonly stepMs?: Range
  /** Signals between two endpoints before the sender must keep them; default 1,000. */
  readonly ringCapacity?: number
  /** The chance that a scheduler stands still after a slice, as one in a long callback or without a CPU does; default 0.01. */
  readonly stallProbability?: number
  /** How long it stands still then; default 0 to 5 ms. */
  readonly stallMs?: Range
  /** The chance that, with a slice, some of a scheduler's processes are asked to move to another; default 0. */
  readonly moveProbability?: number
}

export interface SimulationOptions {
  /** A whole number from 0: the whole run follows from it, and from the code. */
  readonly seed: number
  /** How many schedulers; default 2. */
  readonly schedulers?: number
  readonly faults?: Faults
  /** Processes alive at one time on each endpoint, 16 to 1,023: a small table uses its slots again soon. Default 1,023. */
  readonly processCountMax?: number
  /** Names registered at one time; default 256. */
  readonly nameCountMax?: number
  /** Where processes go that are spawned without a `scheduler`; default `two-choices`. */
  readonly placement?: PolicyName | PlacementDef
  /** Whether idle schedulers take what was spawned elsewhere and has not started; default true. */
  readonly stealing?: boolean
  /** With so many that wait to run, what is spawned is put up for others to take; default 2, so that it happens. */
  readonly shortQueueCount?: number
  /** Whether schedulers balance their load among each other; default `off`. */
  readonly balance?: Balance
  /** The run fails when so much virtual time has gone by; default 600,000 ms. */
  readonly limitMs?: number
  /** The run fails after so many steps; default a million. */
  readonly stepCountMax?: number
  /** Whether to keep lines that tell what happened; default true. */
  readonly trace?: boolean
}

export interface FullFaults extends Required<Faults> {}

export interface FullOptions extends Required<Omit<SimulationOptions, 'faults'>> {
  readonly faults: FullFaults
}

const FAULTS: FullFaults = {
  deathsPerSecond: 0,
  deathProbability: 0,
  deathCountMax: Infinity,
  newsDelayMs: [0, 2],
  ringDelayMs: [0, 0.5],
  stepMs: [0, 0.06],
  ringCapacity: 1_000,
  stallProbability: 0.01,
  stallMs: [0, 5],
  moveProbability: 0,
}

const OPTIONS: Omit<FullOptions, 'seed'> = {
  schedulers: 2,
  faults: FAULTS,
  processCountMax: SLOT_BLOCK_COUNT - 1,
  nameCountMax: 256,
  placement: 'two-choices',
  stealing: true,
  shortQueueCount: 2,
  balance: 'off',
  limitMs: 600_000,
  stepCountMax: 1_000_000,
  trace: true,
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
export function completeOptions(options: SimulationOptions): FullOptions {
  refuseUnknown('simulate', options, ['seed', ...Object.keys(OPTIONS)])
  refuseUnknown('faults', options.faults ?? {}, Object.keys(FAULTS))
  const full: FullOptions = { ...OPTIONS, ...options, faults: { ...FAULTS, ...options.faults } }
  const { faults } = full
  checkWhole('seed', full.seed, 0, Number.MAX_SAFE_INTEGER)
  checkWhole('schedulers', full.schedulers, 1, ENDPOINT_COUNT_MAX - 1)
  checkWhole('processCountMax', full.processCountMax, 16, SLOT_BLOCK_COUNT - 1)
  checkWhole('nameCountMax', full.nameCountMax, 1, 2 ** 16)
  checkWhole('shortQueueCount', full.shortQueueCount, 0, Number.MAX_SAFE_INTEGER)
  if (typeof full.stealing !== 'boolean') throw bad('stealing', full.stealing, 'true or false')
  policyOf(full.placement)
  checkWhole('stepCountMax', full.stepCountMax, 1, Number.MAX_SAFE_INTEGER)
  if (!['off', 'on', 'aggressive'].includes(full.balance))
    throw bad('balance', full.balance, 'off, on or aggressive')
  checkNumber('limitMs', full.limitMs, 0, 2 ** 40)
  checkNumber('faults.deathsPerSecond', faults.deathsPerSecond, 0, 1e6)
  checkNumber('faults.deathProbability', faults.deathProbability, 0, 1)
  checkNumber('faults.deathCountMax', faults.deathCountMax, 0, Infinity)
  checkNumber('faults.stallProbability', faults.stallProbability, 0, 1)
  checkNumber('faults.moveProbability', faults.moveProbability, 0, 1)
  checkWhole('faults.ringCapacity', faults.ringCapacity, 1, Number.MAX_SAFE_INTEGER)
  checkRange('faults.newsDelayMs', faults.newsDelayMs)
  checkRange('faults.ringDelayMs', faults.ringDelayMs)
  checkRange('faults.stallMs', faults.stallMs)
  checkRange('faults.stepMs', faults.stepMs)
  return full
}

/** A policy by its name, or the user's own. @throws HeddleError ERR_BAD_ARGUMENT */
export function policyOf(placement: PolicyName | PlacementDef): PolicyName | PlacementFunction {
  const known = POLICY_NAMES.find((name) => name === placement)
  if (known !== undefined) return known
  const { url = '', name = '' } = (placement as Partial<PlacementDef>).$ ?? {}
  const place = lookUpDefinition(url, name)?.place
  if (place !== undefined) return place
  throw bad('placement', placement, `${POLICY_NAMES.join(', ')}, or what placement() returned`)
}

function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new HeddleError('ERR_BAD_ARGUMENT', `${what} has no option '${unknown}'`)
}

function checkWhole(name: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value)) throw bad(name, value, `a whole number from ${min} to ${max}`)
  checkNumber(name, value, min, max)
}

function checkNumber(name: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return
  throw bad(name, value, `a number from ${min} to ${max}`)
}

function checkRange(name: string, value: Range): void {
  if (Array.isArray(value) && value.length === 2 && value[0] >= 0 && value[1] >= value[0] && value[1] < 1e9)
    return
  throw bad(name, value, 'a range [from, to] of ms')
}

function bad(name: string, value: unknown, wanted: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', `${name} must be ${wanted}, not ${String(value)}`)
}

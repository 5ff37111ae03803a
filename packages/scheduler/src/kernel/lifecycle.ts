/**
 * How a process comes to be and how it ends.
 *
 * A spawn takes a slot on the spawner's own side, so the pid is known at once; the process starts here
 * or, by a spawn request through the ring, on another scheduler. Its module may have to be imported
 * first: until then it is a process that does not run, whose messages wait.
 *
 * The end has an order that others rely on (OTP's): first it does nothing more, then its name is free,
 * then those who linked and monitored it are told. Its slot is the last to go.
 */

import { UNASSIGNED } from '../memory/state-word.ts'
import { type Definition, type DefinitionAddress, lookUpDefinition } from '../process/define.ts'
import {
  checkHeapLimit,
  checkMailboxLimit,
  checkPriority,
  type HeapLimit,
  type MailboxLimit,
  NORMAL,
} from '../process/limits.ts'
import { PHASE, Process, RESIDENCE, STATUS } from '../process/process.ts'
import type { ExitMessage, SpawnOptions } from '../process/self.ts'
import { exitEffect, SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import {
  Crash,
  type ErrorReason,
  Exit,
  type ExitReason,
  errorReason,
  formatReason,
  isCleanExit,
  isInstance,
  reasonOfThrown,
} from '../term/exit-reason.ts'
import { generationOf, PidTerm, pidNumber, slotOf } from '../term/pid.ts'
import type { Alarm } from './alarms.ts'
import { cleanUpAfter } from './cleanup.ts'
import type { Kernel } from './kernel.ts'
import { beginMuting, endMuting, releaseNeeded } from './muting.ts'
import { placeSpawn } from './placement.ts'
import { breakRelations } from './relations.ts'
import { checkName } from './self-checks.ts'
import { dropTimers } from './user-timers.ts'

/** What travels to the scheduler that is to run a new process. */
export interface SpawnRequest {
  readonly url: string
  readonly name: string
  argument: unknown
  /** Of `SPAWN_FLAG`. */
  readonly flags: number
  /** Not 0: the parent wants to hear, under this reference, that the process has its code. */
  readonly ackRef: number
  readonly rare: RareOptions | undefined
}

export const SPAWN_FLAG = {
  link: 1,
  trapExit: 2,
  /** It was said where it is to be: see `RESIDENCE`. */
  bound: 4,
} as const

/** What few spawns ask for, or inherit. */
interface RareOptions {
  readonly priority: number
  readonly mailboxLimit: MailboxLimit | undefined
  readonly heapLimit: Required<HeapLimit> | undefined
  readonly groupLeader: number
}

export interface Spawning {
  readonly address: DefinitionAddress
  readonly argument: unknown
  readonly options: SpawnOptions
  readonly isLinked: boolean
  /** The spawner's monitor, or 0. */
  readonly monitorRef: number
  readonly monitorTag?: unknown
  /** The reference of the acknowledgement, or 0. */
  readonly ackRef: number
}

/** Starts a process for `parent`. Throws before anything exists, or not at all. */
export function spawn(kernel: Kernel, parent: Process, spawning: Spawning): number {
  const { address, options, isLinked, monitorRef, ackRef } = spawning
  const rare = rareOptions(parent, options)
  const monitorTag = copy(spawning.monitorTag)
  const place = placeSpawn(kernel, options)
  const request: SpawnRequest = {
    url: address.url,
    name: address.name,
    argument: spawning.argument,
    flags: flagsOf(options, isLinked),
    ackRef,
    rare,
  }
  if (place === kernel.endpoint) request.argument = copy(spawning.argument)
  // Here, but not by wish, and there is more to run than can be run soon: whoever is idle may have it.
  const stealing = place === kernel.endpoint && options.scheduler === undefined ? kernel.stealing : undefined
  const isRequest = stealing?.isWanted === true
  const owner = isRequest ? UNASSIGNED : place
  const slot = allocateSlot(kernel, owner)
  const pid = pidNumber(slot, kernel.slots.generation(slot))
  try {
    if (options.name !== undefined) registerName(kernel, options.name, pid)
    if (isRequest) {
      if (hasRelations(request, monitorRef)) kernel.unborn.expect(pid, parent.pid)
      stealing.put(pid, parent.pid, monitorRef, request)
    } else if (place === kernel.endpoint)
      install(kernel, pid, parent.pid, monitorRef, request, definitionOf(address), place)
    else {
      kernel.post(place, SIGNAL.spawn, pid, parent.pid, monitorRef, request)
      // Not by wish: it is to start there though this turn may be long.
      if (options.scheduler === undefined) kernel.outside.publish(place)
    }
  } catch (error) {
    if (isRequest) stealing.giveUp(pid)
    kernel.names.release(slot)
    kernel.slots.free(slot)
    // Who found the name meanwhile may have written to it.
    if (place !== kernel.endpoint && options.name !== undefined)
      kernel.post(place, SIGNAL.abandon, pid, parent.pid, 0, undefined)
    throw error
  }
  kernel.spawnCount += 1
  if (isLinked) (parent.links ??= new Map()).set(pid, { endpoint: owner, unlinkId: 0 })
  if (monitorRef !== 0) {
    ;(parent.monitors ??= new Map()).set(monitorRef, {
      ref: monitorRef,
      target: pid,
      endpoint: owner,
      name: undefined,
      tag: monitorTag,
    })
  }
  return pid
}

function flagsOf({ trapExit, scheduler }: SpawnOptions, isLinked: boolean): number {
  const { link, trapExit: traps, bound } = SPAWN_FLAG
  return (isLinked ? link : 0) | (trapExit === true ? traps : 0) | (typeof scheduler === 'number' ? bound : 0)
}

function allocateSlot(kernel: Kernel, owner: number): number {
  const slot = kernel.slots.allocate(owner)
  if (slot < 0) throw new HeddleError('ERR_SYSTEM_LIMIT', 'the process table is full: raise processCountMax')
  if (kernel.unborn.count > 0) kernel.unborn.slotReused(slot)
  return slot
}

function definitionOf({ url, name }: DefinitionAddress): Definition | undefined {
  return lookUpDefinition(url, name)
}

/** Whether its parent has records of it: it must hear where it was born, if it does not make it itself. */
export function hasRelations(request: SpawnRequest, monitorRef: number): boolean {
  return isLinkedBy(request) || monitorRef !== 0 || request.ackRef !== 0
}

function isLinkedBy({ flags }: SpawnRequest): boolean {
  return (flags & SPAWN_FLAG.link) !== 0
}

const SPAWN_OPTIONS: ReadonlySet<string> = new Set<keyof SpawnOptions>([
  'name',
  'scheduler',
  'link',
  'trapExit',
  'priority',
  'maxMailbox',
  'maxHeapBytes',
  'monitor',
])

/** @throws HeddleError ERR_BAD_ARGUMENT */
function rareOptions(parent: Process, options: SpawnOptions): RareOptions | undefined {
  let isRare = parent.extras !== null && parent.extras.groupLeader !== 0
  for (const key in options) {
    if (!SPAWN_OPTIONS.has(key)) throw new HeddleError('ERR_BAD_ARGUMENT', `spawn() has no option '${key}'`)
    isRare ||= key === 'priority' || key === 'maxMailbox' || key === 'maxHeapBytes'
  }
  checkFlag('link', options.link)
  checkFlag('trapExit', options.trapExit)
  if (!isRare) return undefined
  return {
    priority: options.priority === undefined ? NORMAL : checkPriority(options.priority),
    mailboxLimit: checkMailboxLimit(options.maxMailbox),
    heapLimit: checkHeapLimit(options.maxHeapBytes),
    groupLeader: parent.extras?.groupLeader ?? 0,
  }
}

function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new HeddleError('ERR_BAD_ARGUMENT', `${name} must be true or false, not ${String(value)}`)
}

function setRare(process: Process, { priority, mailboxLimit, heapLimit, groupLeader }: RareOptions): void {
  process.priority = priority
  if (mailboxLimit === undefined && heapLimit === undefined && groupLeader === 0) return
  const extras = process.ownExtras()
  extras.mailboxLimit = mailboxLimit
  extras.heapLimit = heapLimit
  extras.groupLeader = groupLeader
}

/** The `$pid` of a process's group leader. */
export function groupLeaderOf(kernel: Kernel, process: Process): number {
  const own = process.extras?.groupLeader ?? 0
  return own === 0 ? kernel.hostPid() : own
}

/** Registers a name, or says why not. */
export function registerName(kernel: Kernel, name: unknown, pid: number): void {
  checkName(name)
  const outcome = kernel.names.register(name, slotOf(pid), generationOf(pid))
  if (outcome === 'ok') return
  if (outcome === 'full')
    throw new HeddleError('ERR_SYSTEM_LIMIT', 'the name table is full: raise nameCountMax')
  if (outcome === 'dead')
    throw new HeddleError('ERR_NO_PROCESS', `cannot register '${name}': the process is dead`)
  const why = outcome === 'name_taken' ? 'the name is taken' : 'the process has a name already'
  throw new HeddleError('ERR_NAME_TAKEN', `cannot register '${name}': ${why}`)
}

/** A spawn request from another scheduler. */
export function receiveSpawn(
  kernel: Kernel,
  pid: number,
  parent: number,
  monitorRef: number,
  value: unknown,
  from: number,
): void {
  // Given up with the scheduler that it was first meant for.
  if (!kernel.isAlivePid(pid)) return
  install(kernel, pid, parent, monitorRef, value as SpawnRequest, undefined, from)
}

/** Makes the process; it starts with its next turn, or when its module is there. */
export function install(
  kernel: Kernel,
  pid: number,
  parent: number,
  monitorRef: number,
  request: SpawnRequest,
  known: Definition | undefined,
  parentEndpoint: number,
): void {
  const address = known ?? { url: request.url, name: request.name }
  const process = new Process(pid, parent, address, request.argument)
  process.self = kernel.makeSelf(process)
  process.trapsExits = (request.flags & SPAWN_FLAG.trapExit) !== 0
  if ((request.flags & SPAWN_FLAG.bound) !== 0) process.residence = RESIDENCE.bound
  if (request.rare !== undefined) setRare(process, request.rare)
  if (isLinkedBy(request)) (process.links = new Map()).set(parent, { endpoint: parentEndpoint, unlinkId: 0 })
  if (monitorRef !== 0)
    (process.watchers = new Map()).set(monitorRef, { pid: parent, endpoint: parentEndpoint })
  if (request.rare?.mailboxLimit?.onFull === 'mute_senders') beginMuting(kernel, process)
  kernel.table.add(process)
  const definition = known ?? kernel.outside.load(address)
  if (definition instanceof Promise) {
    kernel.slots.markLive(slotOf(pid))
    load(kernel, process, definition, request.ackRef)
    return
  }
  kernel.slots.markLive(slotOf(pid))
  start(kernel, process, definition, request.ackRef)
}

function start(kernel: Kernel, process: Process, definition: Definition, ackRef: number): void {
  process.definition = definition
  process.phase = PHASE.init
  if (ackRef !== 0) kernel.signal(SIGNAL.reply, process.parent, process.pid, ackRef, true)
  kernel.enqueue(process)
}

function load(kernel: Kernel, process: Process, loading: Promise<Definition>, ackRef: number): void {
  kernel.loadingCount += 1
  if (ackRef !== 0) kernel.unacknowledged.set(process.pid, ackRef)
  loading.then(
    (definition) => {
      kernel.loadingCount -= 1
      kernel.unacknowledged.delete(process.pid)
      if (process.status !== STATUS.dead) start(kernel, process, definition, ackRef)
    },
    (error: unknown) => {
      kernel.loadingCount -= 1
      kernel.unacknowledged.delete(process.pid)
      if (process.status === STATUS.dead) return
      const cause = loadReason(error)
      if (ackRef !== 0) kernel.signal(SIGNAL.reply, process.parent, process.pid, ackRef, cause)
      // Who asked for an answer has it; otherwise somebody should hear of it.
      terminate(kernel, process, ['undef', cause], { isCrash: ackRef === 0 })
    },
  )
}

/** Why code could not be had. It travels in a reply, and in an exit reason: what is nested too deeply for that is left out. */
export function loadReason(thrown: unknown): ErrorReason {
  const reason = errorReason(isInstance(thrown, Error) ? thrown : new Error(formatReason(thrown)))
  try {
    copy([[reason]])
    return reason
  } catch {
    const { error, message, stack } = reason
    return { error, message, stack }
  }
}

/** It ends before it has its code: it was there, and that is what its parent waits to hear. */
function acknowledgeEnded(kernel: Kernel, process: Process): void {
  const ackRef = kernel.unacknowledged.get(process.pid)
  if (ackRef === undefined) return
  kernel.unacknowledged.delete(process.pid)
  kernel.signal(SIGNAL.reply, process.parent, process.pid, ackRef, true)
}

/** Its code threw what nobody caught. */
export function crash(kernel: Kernel, process: Process, thrown: unknown): void {
  terminate(kernel, process, reasonOfThrown(thrown), {
    isCrash: !isInstance(thrown, Exit) || isInstance(thrown, Crash),
  })
}

/** Ends a process. */
export function terminate(
  kernel: Kernel,
  process: Process,
  given: ExitReason,
  how?: { isCrash: boolean },
): void {
  if (process.status === STATUS.dead) return
  const reason = sendable(given)
  process.status = STATUS.dead
  process.doom ??= { reason }
  forgetCode(kernel, process)
  const slot = slotOf(process.pid)
  const registeredName = kernel.names.nameOf(slot)
  kernel.slots.markExiting(slot)
  kernel.names.release(slot)
  kernel.table.delete(process)
  kernel.inOrder(() => {
    if (process.phase === PHASE.loading) acknowledgeEnded(kernel, process)
    breakRelations(kernel, process, reason)
    endMuting(kernel, process)
    kernel.graves.release(slot, process.pid)
    if (process.extras !== null) cleanUpAfter(process, reason, (it) => kernel.report(it), kernel.endpoint)
    if (how?.isCrash === true && !isCleanExit(reason)) reportCrash(kernel, process, registeredName, reason)
  })
}

/** Ends a process that was on its way to a scheduler that has died: the host has sealed its slot, and freed its name. */
export function endSealed(kernel: Kernel, process: Process, reason: ExitReason): void {
  const signals = process.deferred ?? []
  process.deferred = null
  process.status = STATUS.dead
  process.doom = { reason }
  forgetCode(kernel, process)
  kernel.table.delete(process)
  kernel.inOrder(() => {
    breakRelations(kernel, process, reason)
    for (const { kind, source, ref, value } of signals)
      kernel.answerForDead(kind, process.pid, source, ref, value)
    kernel.graves.release(slotOf(process.pid), process.pid)
  })
}

function reportCrash(
  kernel: Kernel,
  process: Process,
  registeredName: string | undefined,
  reason: ExitReason,
): void {
  const { url, name } = process.address
  const crash = {
    type: 'crash',
    pid: process.pidTerm,
    scheduler: kernel.endpoint,
    definition: { url, name },
  } as const
  try {
    kernel.report({ ...crash, registeredName, reason })
  } catch {
    // Just clonable by itself, too deeply nested as part of a report.
    kernel.report({ ...crash, registeredName, reason: formatReason(reason) })
  }
}

/** Lets go of all that could still call into it. */
function forgetCode(kernel: Kernel, process: Process): void {
  process.iterator = null
  process.chain = null
  process.settled = null
  process.promiseId += 1
  dropWaiting(process)
  stopRestAlarm(kernel, process)
  dropTimers(kernel, process)
}

/** Gives up all operations that the process waits on. */
export function dropWaiting(process: Process): void {
  for (let operation = process.waiting; operation !== null; operation = process.waiting) {
    process.removeWaiting(operation)
    operation.drop()
  }
}

export function stopRestAlarm(kernel: Kernel, process: Process): void {
  if (process.restAlarm === null) return
  kernel.alarms.stop(process.restAlarm as Alarm)
  process.restAlarm = null
}

/** A reason goes to many processes: what cannot be cloned in it is told in words. */
function sendable(reason: ExitReason): ExitReason {
  if (typeof reason !== 'object' || reason === null) {
    return typeof reason === 'function' || typeof reason === 'symbol' ? String(reason) : reason
  }
  try {
    // In an envelope, as it will travel: what fits by itself may be nested too deeply there.
    return copy([[reason]])[0]?.[0]
  } catch {
    return ['unclonable_reason', formatReason(reason)]
  }
}

/** An exit signal has arrived. */
export function receiveExit(
  kernel: Kernel,
  process: Process,
  isLink: boolean,
  source: number,
  value: unknown,
): void {
  if (isLink) {
    const link = process.links?.get(source)
    // Unlinked meanwhile: what the link still sends is void.
    if (link === undefined || link.unlinkId !== 0) {
      if (link !== undefined) process.links?.delete(source)
      return
    }
    process.links?.delete(source)
  }
  const effect = exitEffect(process.trapsExits, value as ExitReason, isLink, source === process.pid)
  if (effect.do === 'deliver') {
    const message: ExitMessage = { type: 'EXIT', pid: new PidTerm(source), reason: effect.reason }
    kernel.deliverOwn(process, message)
    releaseNeeded(kernel, process)
  } else if (effect.do === 'die') {
    // Nothing ends the host but its own stop.
    if (process.isHost)
      kernel.deliverOwn(process, { type: 'EXIT', pid: new PidTerm(source), reason: effect.reason })
    else terminate(kernel, process, effect.reason)
  }
}

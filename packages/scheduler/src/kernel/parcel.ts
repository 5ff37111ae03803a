/**
 * A *parcel*: what a process is, as plain data. Packed on the kernel that runs it, which then lets go of it (`detach`),
 * and unpacked on another, where it goes on as if nothing had happened. How the two kernels agree on when is not told here.
 *
 *     old kernel   packProcess -> parcel                            detachProcess
 *                                    \--- by a ring, as any value --.
 *     new kernel                                                     `-> unpackProcess -> loading ... -> as it was
 *
 * A process goes at a *rest point*: it holds nothing on a stack. There are three: it has not begun (`start`), it is between
 * two callbacks or two runs (`rest`), or it is in a wait of its behaviour's own which can be begun anew (`wait`, see
 * `restingChain`). What is asked for at any other moment comes to `busy`: another time perhaps. What can never move comes
 * to `pinned`. Neither is an exception, whatever stands in the state: packing runs no code of the user's but `pack`.
 *
 * A process that is suspended is at rest if it is; it moves with those who suspended it, and is resumed where it lives.
 * (To refuse it would let one late suspend stop a move that others have been told of.)
 *
 * Who lives with it changes sides: a local caller has no record but its own call, in the list of whom it calls; from the
 * move on that is a call between schedulers, with a record at either end. All other relations have two records anyhow,
 * and nothing in them depends on where the other end is. A caller from afar that is near after the move stays as it is.
 */

import type { Definition, WaitEnd } from '../process/define.ts'
import type { Extras } from '../process/extras.ts'
import type { Mailbox, PackedMailbox } from '../process/mailbox.ts'
import { Operation } from '../process/op.ts'
import {
  type Link,
  type Monitor,
  type PackedRequest,
  PHASE,
  Process,
  RESIDENCE,
  STATUS,
  type Watcher,
} from '../process/process.ts'
import { TIMEOUT } from '../process/self.ts'
import { HIBERNATE } from '../process/turn.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { formatReason } from '../term/exit-reason.ts'
import { unlikeClone } from '../term/likeness.ts'
import type { Alarm } from './alarms.ts'
import { restPaused, restUntil } from './drive.ts'
import type { Kernel } from './kernel.ts'
import { crash, dropWaiting, loadReason, stopRestAlarm, terminate } from './lifecycle.ts'
import { relax } from './muting.ts'
import { packRequests, unpackRequests } from './parcel-requests.ts'
import { detachTimers, type PackedTimer, packTimers, unpackTimers } from './parcel-timers.ts'
import { forgetCaller } from './relations.ts'

/** Plain data: it travels by a ring as any value does. */
export interface Parcel {
  readonly pid: number
  readonly parent: number
  readonly url: string
  readonly name: string
  readonly at: 'start' | 'rest' | 'wait'
  readonly content: Content
  readonly trapsExits: boolean
  readonly priority: number
  /** Absent for most: it stays where it is going. */
  readonly isBound?: true
  readonly reductionCount: number
  readonly restMs: number
  /** When its rest is over (`again(state, { afterMs })`), or its wait; if time stands still for it, what is left. */
  readonly due: WaitEnd | undefined
  /** Of the rest; each absent where there is nothing of the kind. */
  readonly links?: ReadonlyMap<number, Link>
  readonly monitors?: ReadonlyMap<number, Monitor>
  readonly watchers?: ReadonlyMap<number, Watcher>
  readonly requests?: readonly PackedRequest[]
  readonly timers?: readonly PackedTimer[]
  readonly extras?: PackedExtras
}

/** What it holds of its user's; one graph, so that what is shared within stays shared. */
interface Content {
  readonly state: unknown
  readonly dictionary?: ReadonlyMap<unknown, unknown>
  readonly mailbox?: PackedMailbox
  /** Which messages are `TIMEOUT`, a symbol. */
  readonly timeouts?: readonly number[]
}

type PackedExtras = Omit<Extras, 'isDue' | 'onResume' | 'startedTimers' | 'cleanups' | 'stallAlarm'>

/**
 * What comes of packing. `busy`: not at a rest point now. `pinned`: it cannot move; `not_cloneable: <path> …` if it is for
 * what it holds.
 */
export type Packing =
  | { readonly parcel: Parcel }
  | { readonly busy: 'dead' | 'loading' | 'running' | 'waiting' | 'promise' }
  | { readonly pinned: string }

/** Where a process lives, of which a record says that it lived there. */
export type Where = (pid: number, endpoint: number) => number

const AS_RECORDED: Where = (_pid, endpoint) => endpoint

// ---- packing ----

/** Changes nothing: a process can be packed to see whether that is possible, and once more to be sent. */
export function packProcess(kernel: Kernel, process: Process, where: Where = AS_RECORDED): Packing {
  if (process.isHost) return { pinned: 'host' }
  if ((process.extras?.cleanups.size ?? 0) > 0)
    return { pinned: 'on_end: what it has opened is on its thread' }
  const at = placeOf(process)
  if (typeof at !== 'string') return at
  const moving = process.definition?.moving
  if (moving?.pinned !== undefined) return { pinned: moving.pinned }
  const requests = packRequests(process)
  if (requests === undefined) return { busy: 'waiting' }
  try {
    const content = packContent(process, at)
    if (typeof content === 'string') return { pinned: `not_cloneable: ${content}` }
    return {
      parcel: { ...packLife(kernel, process, at), content, ...packTies(kernel, process, where, requests) },
    }
  } catch (error) {
    return { pinned: `not_cloneable: ${wordsOf(error)}` }
  }
}

/** At which rest point it is, or why it is at none. */
function placeOf(process: Process): Parcel['at'] | Exclude<Packing, { readonly parcel: Parcel }> {
  const { status, phase, waiting, extras } = process
  if (status === STATUS.dead || process.doom !== null) return { busy: 'dead' }
  if (status === STATUS.running || process.deferred !== null) return { busy: 'running' }
  // Until it may send again.
  if ((extras?.mutedBy?.size ?? 0) > 0) return { busy: 'waiting' }
  switch (phase) {
    case PHASE.loading:
      return { busy: 'loading' }
    case PHASE.init:
      return 'start'
    case PHASE.resuming:
      return 'wait'
    case PHASE.rest:
      // A callback that is through may have left something that waits.
      return waiting === null ? 'rest' : { busy: 'waiting' }
    case PHASE.iterating:
      return waiting !== null && isWaitOfItsOwn(process) ? 'wait' : { busy: 'waiting' }
    default:
      return { busy: 'promise' }
  }
}

function isWaitOfItsOwn({ waiting, iterator, chain }: Process): boolean {
  return waiting instanceof Operation && (waiting as unknown) === iterator && chain?.isRestPoint === true
}

/** Its own copy; or what of it cannot be cloned as it is. */
function packContent(process: Process, at: Parcel['at']): Content | string {
  const pack = at === 'start' ? undefined : process.definition?.moving?.pack
  const state = pack === undefined ? process.state : pack(process.state as never)
  const dictionary = process.dictionary ?? undefined
  const unlike = unlikeClone(state, 'state') ?? unlikeClone(dictionary, 'dictionary')
  if (unlike !== undefined) return unlike
  return copy({
    state,
    ...(dictionary === undefined ? {} : { dictionary }),
    ...(process.mailbox.length === 0 ? {} : packMailbox(process.mailbox)),
  })
}

function packMailbox(mailbox: Mailbox): Pick<Content, 'mailbox' | 'timeouts'> {
  const { messages, ...rest } = mailbox.pack()
  if (!messages.includes(TIMEOUT)) return { mailbox: { messages, ...rest } }
  const timeouts = [...messages.keys()].filter((index) => messages[index] === TIMEOUT)
  return {
    mailbox: { messages: messages.map((each) => (each === TIMEOUT ? undefined : each)), ...rest },
    timeouts,
  }
}

/** A refusal of the copier's names the path. */
function wordsOf(error: unknown): string {
  if (!(error instanceof HeddleError)) return formatReason(error)
  return error.message.replace(/^message\.?/, '')
}

function packLife(kernel: Kernel, process: Process, at: Parcel['at']): Omit<Parcel, 'content'> {
  const { pid, parent, address, trapsExits, priority, reductionCount, restMs } = process
  const { url, name } = address
  const due = dueOf(kernel, process)
  const life = { pid, parent, url, name, at, trapsExits, priority, reductionCount, restMs, due }
  return process.residence === RESIDENCE.bound ? { ...life, isBound: true } : life
}

function dueOf(kernel: Kernel, { restAlarm, waiting, extras }: Process): WaitEnd | undefined {
  const alarm = (restAlarm ?? waiting?.alarm ?? null) as Alarm | null
  if (alarm === null) return undefined
  // One that was started since the pause runs.
  if (extras?.hasPausedTimers === true && !alarm.isPending) return { leftMs: alarm.leftMs }
  return { dueMs: kernel.alarms.dueMs(alarm) }
}

function packTies(
  kernel: Kernel,
  process: Process,
  where: Where,
  requests: readonly PackedRequest[],
): Partial<Parcel> {
  const { links, monitors, extras } = process
  const watchers = packWatchers(kernel, process, where)
  const timers = packTimers(kernel, process)
  return {
    ...(links === null || links.size === 0 ? {} : { links: placed(links, where) }),
    ...(monitors === null || monitors.size === 0
      ? {}
      : {
          monitors: new Map(
            [...monitors].map(([ref, each]) => [
              ref,
              { ...each, endpoint: where(each.target, each.endpoint) },
            ]),
          ),
        }),
    ...(watchers.size === 0 ? {} : { watchers }),
    ...(requests.length === 0
      ? {}
      : { requests: requests.map((each) => ({ ...each, endpoint: where(each.target, each.endpoint) })) }),
    ...(timers.length === 0 ? {} : { timers }),
    ...(extras === null ? {} : { extras: packExtras(extras, where) }),
  }
}

/** By pid. */
function placed<R extends { readonly endpoint: number }>(
  records: ReadonlyMap<number, R>,
  where: Where,
): Map<number, R> {
  return new Map(
    [...records].map(([pid, record]) => [pid, { ...record, endpoint: where(pid, record.endpoint) }]),
  )
}

/** Those who call it from near are from afar from now on. */
function packWatchers(kernel: Kernel, process: Process, where: Where): Map<number, Watcher> {
  const watchers = new Map<number, Watcher>()
  for (const [ref, { pid, endpoint }] of process.watchers ?? [])
    watchers.set(ref, { pid, endpoint: where(pid, endpoint) })
  for (let node = process.callers; node !== null; node = node.nextCaller)
    watchers.set(node.refNumber, { pid: node.caller, endpoint: kernel.endpoint })
  return watchers
}

function packExtras(extras: Extras, where: Where): PackedExtras {
  const {
    isDue: _due,
    onResume: _resume,
    startedTimers: _timers,
    cleanups: _none,
    stallAlarm: _alarm,
    suspenders,
    ...rest
  } = extras
  // Whom it has muted it lets go as it leaves.
  return {
    ...rest,
    isOverloaded: false,
    muted: null,
    suspenders: suspenders === null ? null : placed(suspenders, where),
  }
}

// ---- detaching ----

/**
 * It lives on `to` from now on: takes it out of all that this kernel has, without telling anybody. Its slot and its name
 * are not this kernel's affair any more.
 */
export function detachProcess(kernel: Kernel, process: Process, to: number): void {
  for (let node = process.callers; node !== null; node = process.callers) {
    forgetCaller(process, node)
    node.targetMoved(to)
  }
  if (process.extras?.isOverloaded === true) relax(kernel, process, process.extras)
  detachTimers(kernel, process)
  stopRestAlarm(kernel, process)
  dropWaiting(process)
  process.iterator = null
  process.chain = null
  process.call = null
  process.calls = null
  process.links = null
  process.monitors = null
  process.watchers = null
  kernel.table.delete(process)
  // What its own code left behind on this thread finds it gone; an entry in the run queue is passed over.
  process.status = STATUS.dead
  process.doom = { reason: 'moved' }
}

// ---- unpacking ----

/**
 * Makes the process, in this kernel's table, with all that the parcel holds. It is `loading` until its module is there, and
 * its mailbox fills meanwhile; then it goes on where it was. If its module cannot be had it ends, as one that is spawned.
 * The slot is the caller's affair: it names this endpoint by then.
 */
export function unpackProcess(kernel: Kernel, parcel: Parcel): Process {
  const { url, name, content } = parcel
  const process = new Process(parcel.pid, parcel.parent, { url, name }, content.state)
  process.self = kernel.makeSelf(process)
  process.trapsExits = parcel.trapsExits
  process.priority = parcel.priority
  if (parcel.isBound === true) process.residence = RESIDENCE.bound
  process.reductionCount = parcel.reductionCount
  process.restMs = parcel.restMs
  process.isStarted = parcel.at !== 'start'
  process.dictionary = (content.dictionary as Map<unknown, unknown> | undefined) ?? null
  process.links = (parcel.links as Map<number, Link> | undefined) ?? null
  process.monitors = (parcel.monitors as Map<number, Monitor> | undefined) ?? null
  process.watchers = (parcel.watchers as Map<number, Watcher> | undefined) ?? null
  if (parcel.extras !== undefined) unpackExtras(process, parcel.extras)
  unpackMailbox(process.mailbox, content)
  kernel.table.add(process)
  unpackRequests(kernel, process, parcel.requests ?? [])
  unpackTimers(kernel, parcel.timers ?? [])
  if (parcel.at === 'rest' && parcel.due !== undefined) restOn(kernel, process, parcel.due)
  load(kernel, process, parcel)
  return process
}

function unpackExtras(process: Process, packed: PackedExtras): void {
  Object.assign(process.ownExtras(), packed)
  process.isSuspended = packed.suspenders !== null && packed.suspenders.size > 0
}

function unpackMailbox(mailbox: Mailbox, { mailbox: packed, timeouts = [] }: Content): void {
  if (packed === undefined) return
  const messages = [...packed.messages]
  for (const index of timeouts) messages[index] = TIMEOUT
  mailbox.unpack({ ...packed, messages })
}

function restOn(kernel: Kernel, process: Process, due: WaitEnd): void {
  if ('leftMs' in due) restPaused(kernel, process, due.leftMs)
  else restUntil(kernel, process, due.dueMs)
}

/** Its definition, and what that needs besides: until all of it is here, it is `loading`. */
function load(kernel: Kernel, process: Process, parcel: Parcel): void {
  const found = kernel.outside.load(process.address)
  const fail = (error: unknown): void =>
    terminate(kernel, process, ['undef', loadReason(error)], { isCrash: true })
  when(kernel, process, found, fail, (definition) => {
    process.definition = definition
    const needed = parcel.at === 'start' ? [] : (definition.moving?.needs?.(process.state as never) ?? [])
    const missing = needed
      .map((address) => kernel.outside.load(address))
      .filter((each) => each instanceof Promise)
    const loaded = missing.length === 0 ? undefined : Promise.allSettled(missing)
    when(kernel, process, loaded, fail, () => unpackState(kernel, process, definition, parcel))
  })
}

/** Goes on at once, or when it is there; a process that has ended meanwhile does not. What that throws is its crash. */
function when<T>(
  kernel: Kernel,
  process: Process,
  value: T | PromiseLike<T>,
  fail: (error: unknown) => void,
  goOn: (value: T) => void,
): void {
  const attempt = (it: T): void => {
    try {
      goOn(it)
    } catch (error) {
      crash(kernel, process, error)
    }
  }
  if (!isPromise(value)) {
    attempt(value)
    return
  }
  kernel.loadingCount += 1
  const settled = (then: () => void): void => {
    kernel.loadingCount -= 1
    if (process.status !== STATUS.dead) then()
    // Also if it has nothing to do: who looks whether all is still must see that nothing is loading any more.
    kernel.timerStarted()
  }
  value.then(
    (it) => settled(() => attempt(it)),
    (error: unknown) => settled(() => fail(error)),
  )
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === 'function'
}

function unpackState(
  kernel: Kernel,
  process: Process,
  { moving, run }: Definition,
  { at, due }: Parcel,
): void {
  const isPacked = at !== 'start' && moving?.unpack !== undefined
  const wait = at === 'wait' ? (due ?? { dueMs: Infinity }) : undefined
  const state = isPacked ? moving?.unpack?.(process.state as never, process.self, wait) : process.state
  const fail = (error: unknown): void => crash(kernel, process, error)
  // A state of the user's own may have a `then`.
  when(kernel, process, isPacked ? state : [state], fail, (it) => {
    process.state = isPacked ? it : (it as [unknown])[0]
    process.phase = at === 'start' ? PHASE.init : at === 'wait' ? PHASE.resuming : PHASE.rest
    if (mustRun(process, run !== undefined)) kernel.enqueue(process)
  })
}

/** A callback process that has nothing to do waits, and so does a raw one that hibernates. */
function mustRun({ phase, mailbox, restMs, restAlarm }: Process, isRaw: boolean): boolean {
  if (phase !== PHASE.rest || mailbox.length > 0 || restMs === 0) return true
  return isRaw ? restMs !== HIBERNATE : restMs > 0 && restAlarm === null
}

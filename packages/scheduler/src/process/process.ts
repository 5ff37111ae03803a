/**
 * The control block of one process. Two shapes share it: a callback process handles its messages one
 * by one, a raw process runs a generator that waits in `receive`. Either may be caught in the middle
 * of a step: a generator that waits, a promise that is not settled; then messages wait in the mailbox.
 *
 *             spawn                 init returns              message, or `run` again
 *     LOADING ------> INIT --------------------> REST <-----------------------------.
 *                       \                         |  \                               |
 *                        `--> ITERATING, PROMISE <'   `--> ITERATING (a generator), PROMISE
 *
 * Only the kernel that owns the process touches this object.
 */

import type { ExitReason } from '../term/exit-reason.ts'
import { PidTerm } from '../term/pid.ts'
import type { Definition, DefinitionAddress } from './define.ts'
import { Extras } from './extras.ts'
import { NORMAL } from './limits.ts'
import { Mailbox } from './mailbox.ts'
import type { Operation } from './op.ts'
import type { Self } from './self.ts'
import type { SignalKind } from './signals.ts'
import { type Chain, NO_TIMEOUT } from './turn.ts'

export const STATUS = {
  waiting: 0,
  runnable: 1,
  running: 2,
  dead: 3,
  /** Frozen: it is on its way to another scheduler, and what comes for it is deferred. */
  moving: 4,
} as const
export type StatusCode = (typeof STATUS)[keyof typeof STATUS]

export const PHASE = {
  /** Its module is being imported. */
  loading: 0,
  /** About to call `init`; `state` holds the argument. */
  init: 1,
  /** Holds nothing on a stack: can be moved, suspended, upgraded. */
  rest: 2,
  /** In a generator. */
  iterating: 3,
  /** In a promise that is not settled. */
  promise: 4,
  /** Its promise has settled; `settled` holds how. */
  settled: 5,
  /** It has been moved in a wait of its behaviour's own, and is about to begin that anew: see `Definition.resume`. */
  resuming: 6,
} as const
export type PhaseCode = (typeof PHASE)[keyof typeof PHASE]

/** Who may move it to another scheduler. */
export const RESIDENCE = {
  /** Whoever likes: it is where it happened to start. */
  free: 0,
  /** Only who says so: somebody has said where it is to be. */
  bound: 1,
  /** Nobody: it is the embedder's own, and nobody can end it either. */
  host: 2,
} as const
export type Residence = (typeof RESIDENCE)[keyof typeof RESIDENCE]

/** One end of a link. */
export interface Link {
  /** The endpoint that the peer ran on when the link was made. */
  readonly endpoint: number
  /** Not 0: unlinked, and the peer has not acknowledged unlink number so-and-so yet. */
  unlinkId: number
}

/** A monitor, seen from the process that made it. */
export interface Monitor {
  readonly ref: number
  readonly target: number
  readonly endpoint: number
  /** Set if it was made by name. */
  readonly name: string | undefined
  /** What stands for `DOWN` in its message, if that was asked for. */
  readonly tag: unknown
}

/** A monitor or a remote call, seen from the process that is watched. */
export interface Watcher {
  readonly pid: number
  readonly endpoint: number
}

/** A call that waits for its reply. */
export interface PendingCall {
  readonly refNumber: number
  readonly target: number
  readonly endpoint: number
  /** `source`: the `$pid` of whoever replied. */
  answer(value: unknown, source: number): void
  targetDown(reason: ExitReason): void
  /** Each of these `$pid`s waits for the next, and the last one for the first, which is its own. */
  inCircle?(path: readonly number[]): void
  /** One that is answered by a message moves with its process: see `kernel/parcel-requests.ts`. */
  pack?(): PackedRequest
}

/** Such a call as plain data. */
export interface PackedRequest {
  readonly kind: 'timer' | 'collection' | 'spawn'
  readonly ref: number
  readonly target: number
  readonly endpoint: number
  /** What else its kind needs. */
  readonly detail: unknown
}

export interface Settled {
  readonly isRejected: boolean
  readonly value: unknown
}

/** A signal that must wait. */
export interface SignalRecord {
  readonly kind: SignalKind
  readonly source: number
  readonly ref: number
  readonly value: unknown
  /** The endpoint it came from. */
  readonly from: number
}

export class Process {
  readonly pid: number
  readonly pidTerm: PidTerm
  /** `$pid` of the spawner. */
  readonly parent: number
  readonly address: DefinitionAddress
  definition: Definition | null = null
  self!: Self

  status: StatusCode = STATUS.waiting
  phase: PhaseCode = PHASE.loading
  /** What is left of its turn's reductions; operations and messages spend it. */
  budget = 0
  reductionCount = 0
  state: unknown
  readonly mailbox = new Mailbox()

  iterator: Iterator<unknown, unknown, unknown> | null = null
  chain: Chain<unknown, unknown> | null = null
  settled: Settled | null = null
  /** The promise that counts; one that settles after it was given up must not. */
  promiseId = 0
  waiting: Operation<unknown> | null = null
  residence: Residence = RESIDENCE.free
  /** Whether `init` has returned. */
  isStarted = false
  /** Callback processes: the `afterMs` of the last `again(state, { afterMs })`, and its timer. */
  restMs = NO_TIMEOUT
  restAlarm: object | null = null

  trapsExits = false
  /** Its place in `PRIORITIES`. */
  priority = NORMAL
  isSuspended = false
  /** It is to move: it shall stop at its next rest point. */
  isWanted = false
  /** Decided while its own code runs: it dies when that returns. */
  doom: { readonly reason: ExitReason } | null = null
  /** Signals that came while its own code ran. */
  deferred: SignalRecord[] | null = null

  links: Map<number, Link> | null = null
  monitors: Map<number, Monitor> | null = null
  watchers: Map<number, Watcher> | null = null
  /** Calls that wait for a reply. Most processes have at most one, in `call`; more stand in `calls`. */
  call: PendingCall | null = null
  calls: Map<number, PendingCall> | null = null
  /** Local callers that wait for this process: a list through the calls themselves. */
  callers: CallerNode | null = null
  /** Timers that will send to this process: dropped when it dies. */
  timers: Set<object> | null = null
  dictionary: Map<unknown, unknown> | null = null
  extras: Extras | null = null

  constructor(pid: number, parent: number, address: DefinitionAddress, argument: unknown) {
    this.pid = pid
    this.pidTerm = new PidTerm(pid)
    this.parent = parent
    this.address = address
    this.state = argument
  }

  /** The embedder's own: nobody can end it. */
  get isHost(): boolean {
    return this.residence === RESIDENCE.host
  }

  /** Its extras, made when first needed. */
  ownExtras(): Extras {
    this.extras ??= new Extras()
    return this.extras
  }

  addWaiting(operation: Operation<unknown>): void {
    if (this.waiting === null) {
      this.waiting = operation
      return
    }
    // Only an async callback waits on several: oldest first.
    let last = this.waiting
    while (last.nextWaiting !== null) last = last.nextWaiting
    last.nextWaiting = operation
  }

  removeWaiting(operation: Operation<unknown>): void {
    if (this.waiting === operation) {
      this.waiting = operation.nextWaiting
      operation.nextWaiting = null
      return
    }
    for (let at = this.waiting; at !== null; at = at.nextWaiting) {
      if (at.nextWaiting !== operation) continue
      at.nextWaiting = operation.nextWaiting
      operation.nextWaiting = null
      return
    }
  }

  addCall(call: PendingCall): void {
    if (this.call === null) this.call = call
    else (this.calls ??= new Map()).set(call.refNumber, call)
  }

  /** The pending call with this reference, taken out. */
  takeCall(refNumber: number): PendingCall | undefined {
    const first = this.call
    if (first !== null && first.refNumber === refNumber) {
      this.call = null
      return first
    }
    const call = this.calls?.get(refNumber)
    if (call !== undefined) this.calls?.delete(refNumber)
    return call
  }

  /** The pending call with this reference, left where it is. */
  findCall(refNumber: number): PendingCall | undefined {
    return this.call?.refNumber === refNumber ? this.call : this.calls?.get(refNumber)
  }

  *pendingCalls(): Iterable<PendingCall> {
    if (this.call !== null) yield this.call
    if (this.calls !== null) yield* this.calls.values()
  }
}

/** A node of the list of local callers. */
export interface CallerNode extends PendingCall {
  /** `$pid` of who calls. */
  readonly caller: number
  /** The process that was called lives on another endpoint from now on. */
  targetMoved(to: number): void
  previousCaller: CallerNode | null
  nextCaller: CallerNode | null
}

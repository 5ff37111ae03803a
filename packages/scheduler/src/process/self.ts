/**
 * What a process can do: the `self` that its callbacks get as a parameter. A parameter, never ambient:
 * an ambient current process is lost after the first `await`. And the messages that the VM itself puts
 * in mailboxes.
 */

import type { ExitReason } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'
import type { MonitorRef, Ref, TimerRef } from '../term/ref.ts'
import type { CallMessage, CallOptions, CastMessage, From, ServerRef } from './call.ts'
import type { Spawnable } from './define.ts'
import type { DirtyDef, DirtyOptions } from './dirty.ts'
import type { InfoItem, ProcessInfo } from './info.ts'
import type { HeapLimit, MailboxLimit, Priority } from './limits.ts'
import type { Matcher } from './match.ts'
import type { Op } from './op.ts'
import type { Via } from './via.ts'

/** A monitored process ended. `reason` is `noproc` if there was none, `['scheduler_down', n]` if its core died. */
export interface Down {
  readonly type: 'DOWN'
  readonly ref: MonitorRef
  /** `$pid` 0 if the monitor was made by a name that nobody had. */
  readonly pid: Pid
  /** The name, if the monitor was made by name. */
  readonly name?: string
  readonly reason: ExitReason
}

/** A linked process ended, or `exit(pid, reason)` was called on this one; only processes that trap exits get it. */
export interface ExitMessage {
  readonly type: 'EXIT'
  readonly pid: Pid
  readonly reason: ExitReason
}

/** A timer made with `startTimer` fired. */
export interface TimeoutMessage<M = unknown> {
  readonly type: 'timeout'
  readonly ref: TimerRef
  readonly message: M
}

/** The answer to `cancelTimer` and `readTimer` with `async`. `left`: ms, or false if there was no such timer any more. */
export interface TimerAnswer {
  readonly type: 'cancel_timer' | 'read_timer'
  readonly ref: TimerRef
  readonly left: number | false
}

/** The answer to a spawn request; `type` is its `replyTag`, if it had one. */
export type SpawnReply =
  | { readonly type: 'spawn_reply'; readonly ref: Ref; readonly result: 'ok'; readonly pid: Pid }
  | { readonly type: 'spawn_reply'; readonly ref: Ref; readonly result: 'error'; readonly reason: ExitReason }

/** The answer to `garbageCollect` with a request id. */
export interface GarbageCollected {
  readonly type: 'garbage_collect'
  readonly requestId: unknown
  /** False if the process was dead. */
  readonly result: boolean
}

/** What `receive` and `handle` get when the time is up. */
export const TIMEOUT: unique symbol = Symbol.for('heddle.timeout')
export type Timeout = typeof TIMEOUT

/**
 * Where a message can go: a process; an alias of one (a message to any other reference is dropped); a registered
 * name, looked up when the message is sent; a name in a registry of the user's.
 */
export type Destination = Pid | Ref | string | Via

/** Whom a monitor watches: a process, or whoever has the name now. */
export type MonitorTarget = Pid | string

export interface MonitorOptions {
  /** Makes the monitor's reference an alias, which ends as this says: `AliasMode`. */
  readonly alias?: 'explicit_unalias' | 'demonitor' | 'reply_demonitor'
  /** Stands in the message's `type` instead of `DOWN`; anything that can be cloned. */
  readonly tag?: unknown
}

export interface SpawnOptions {
  /** Registers the process under this name before it starts. */
  readonly name?: string
  /**
   * Where it begins: `local` (the spawner's scheduler), `spread` (the less loaded of two), or the index of one, from 1:
   * there it stays, whatever the balancer does, until it is moved by hand. Default: where the placement policy says; until
   * it has started any idle scheduler may take it.
   */
  readonly scheduler?: 'local' | 'spread' | number
  readonly link?: boolean
  readonly trapExit?: boolean
  /** Default `normal`. */
  readonly priority?: Priority
  /** How many messages may wait, and what becomes of more; default: none. */
  readonly maxMailbox?: MailboxLimit
  /** Bytes, or what else is to happen; default: none. */
  readonly maxHeapBytes?: number | HeapLimit
  /** Options of the monitor that `spawnMonitor` and `spawnRequest` make. */
  readonly monitor?: MonitorOptions
}

export interface SpawnRequestOptions extends Omit<SpawnOptions, 'monitor'> {
  /** The request's reference is the monitor's. */
  readonly monitor?: boolean | MonitorOptions
  /** When a reply comes; default `yes`: always. */
  readonly reply?: 'yes' | 'no' | 'error_only' | 'success_only'
  /** Stands in the reply's `type` instead of `spawn_reply`. */
  readonly replyTag?: unknown
}

/** `process_flag`: what a process can set about itself while it runs. */
export interface ProcessFlags {
  trapExit: boolean
  priority: Priority
  maxMailbox: MailboxLimit | undefined
  maxHeapBytes: number | HeapLimit | undefined
}

export interface SuspendOptions {
  /** Does nothing if this process has suspended it already. */
  readonly unlessSuspending?: boolean
  /** Its receive timeouts stand still as well. */
  readonly pauseTimer?: boolean
}

export interface TimerOptions {
  /** `ms` is a point in time, by `nowMs`; one that is over is due at once. */
  readonly abs?: boolean
}

/** How to hear of a timer later, or not at all. */
export type QuietTimerOptions =
  | {
      readonly async: true
      /** Whether a `TimerAnswer` shall come; default true. */
      readonly info?: boolean
    }
  | { readonly async?: false; readonly info: false }

export interface SendOptions {
  /** ArrayBuffers and MessagePorts to move rather than clone; the sender loses them. To a pid or a name only. */
  readonly transfer?: readonly Transferable[]
}

/** What can be moved to another thread. */
export type Transferable = ArrayBuffer | import('node:worker_threads').MessagePort

export interface ReceiveOptions {
  /** A whole number of ms from 0 to 2^32 - 1, or `Infinity`. 0 looks through the whole mailbox and does not wait. */
  readonly afterMs: number
}

export interface Self {
  readonly pid: Pid
  /** The scheduler it runs on, from 1; 0 is the host thread. */
  readonly scheduler: number
  /** How many schedulers the VM has; 1 if it runs inline. */
  readonly schedulerCount: number
  /** Who spawned it, dead or alive; `undefined` for the host. */
  readonly parent: Pid | undefined
  /** Its name, if it has one now. */
  readonly registeredName: string | undefined

  /**
   * Sends a message: a structured clone. To a dead process it is dropped; nothing waits.
   * @throws HeddleError ERR_UNCLONABLE (nothing is sent), ERR_UNKNOWN_NAME, ERR_BAD_ARGUMENT
   */
  send(to: Destination, message: unknown, options?: SendOptions): void

  /**
   * Calls a server and waits for its reply.
   * Exits with `['timeout', ['gen_server', 'call', args]]` after `timeoutMs`, `['noproc', …]` if it is
   * dead, `[reason, …]` if it dies meanwhile: a thrown `Exit`, to catch or to die of. A late reply is dropped. A message
   * of another behaviour says itself what it is called and how long it may take.
   */
  call<Api, R>(to: ServerRef<Api> | string | Via, message: CallMessage<Api, R>, options?: CallOptions): Op<R>
  /** Sends a server a message that it does not reply to. Never fails for want of a server. */
  cast<Api>(to: ServerRef<Api> | string | Via, message: CastMessage<Api>): void
  /** Replies to a call, from any process that holds its `from`, once. */
  reply(from: From, value: unknown): void

  /** Waits for the oldest message that the matcher accepts; others stay, in order. */
  receive<M>(match: Matcher<M>): Op<M>
  receive<M>(match: Matcher<M>, options: ReceiveOptions): Op<M | Timeout>
  receive(): Op<unknown>
  sleep(ms: number): Op<void>
  /**
   * Runs a dirty function on a thread of the VM's pool and waits for its result: for work that cannot yield, which here
   * would keep this scheduler. Arguments and result are clones. Ends with this process: a task that waits for a thread
   * never starts, a running one is stopped with its thread.
   *
   * Throws what the function threw, with all its parts; `Exit(['timeout', [url, name, [args]]])` after `timeoutMs`,
   * `Exit([['dirty_thread_down', text], [url, name, [args]]])` if its thread died; the reason of `signal`. HeddleError
   * ERR_UNCLONABLE (arguments, result), ERR_MODULE_LOAD, ERR_UNKNOWN_DEFINITION, ERR_BAD_ARGUMENT, ERR_TIMEOUT_VALUE,
   * ERR_VM_STOPPED. Source: BEAM's dirty CPU schedulers.
   * @example const digest = yield* self.dirty(hash, { password, salt }, { timeoutMs: 10_000 })
   */
  dirty<A, R>(definition: DirtyDef<A, R>, args: NoInfer<A>, options?: DirtyOptions): Op<R>
  /** Lets others run first. */
  yield(): Op<void>
  /** Gives up so many reductions of its turn. */
  bumpReductions(count: number): void

  /** A reference that messages can be sent to until `unalias`; with `reply`, until the first one has come. */
  alias(options?: { reply?: boolean }): Ref
  /** Returns whether it was active. What comes by it later is dropped. */
  unalias(alias: Ref): boolean

  /** @throws HeddleError ERR_NAME_TAKEN, ERR_SYSTEM_LIMIT, ERR_UNCLONABLE, ERR_BAD_ARGUMENT */
  spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid
  spawnLink<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid
  spawnMonitor<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): SpawnedMonitored
  /**
   * Asks for a process and goes on; a `SpawnReply` comes when it has its code and is about to run `init`, before any
   * DOWN or EXIT of it. What is wrong with the options comes as a reply, too, with reason `badopt`. Source:
   * `erlang:spawn_request/5`.
   * @throws HeddleError ERR_BAD_ARGUMENT if `definition` is none
   */
  spawnRequest<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnRequestOptions): Ref
  /**
   * Gives up a spawn request: no reply will come, and a process that was to be linked gets an exit `abandoned`.
   * Returns false if the reply has come.
   */
  abandonSpawn(request: Ref): boolean

  /** @throws HeddleError ERR_NO_PROCESS if it is dead and this process does not trap exits */
  link(pid: Pid): void
  /** After it returns no EXIT of that link comes any more; one already in the mailbox stays. */
  unlink(pid: Pid): void
  /** DOWN comes once, after the last signal of the process; at once, with `noproc`, if there is none. */
  monitor(target: MonitorTarget, options?: MonitorOptions): MonitorRef
  /**
   * After it returns no DOWN comes any more; one already in the mailbox stays, unless `flush` takes it. Returns whether
   * the monitor was still active (OTP's `info`).
   */
  demonitor(ref: MonitorRef, options?: { flush?: boolean }): boolean
  /** Ends this process with `reason` (an exception of the exit class). */
  exit(reason: ExitReason): never
  /** Sends an exit signal; `kill` cannot be trapped. */
  exit(pid: Pid, reason: ExitReason): void
  /** Whether exit signals become EXIT messages. Returns what it was. */
  trapExit(traps: boolean): boolean
  /** Sets a flag of this process; returns what it was. @throws HeddleError ERR_BAD_ARGUMENT */
  processFlag<F extends keyof ProcessFlags>(flag: F, value: ProcessFlags[F]): ProcessFlags[F]
  /** Whom output belongs to; inherited at spawn, the host at first. */
  groupLeader(): Pid
  setGroupLeader(leader: Pid, pid?: Pid): void

  /**
   * Stops a process from running; what is sent to it waits. Through when it is stopped. Suspensions add up, and end with
   * the process that made them. False if `unlessSuspending` and it was.
   * Fails with HeddleError ERR_NO_PROCESS, ERR_BAD_ARGUMENT (oneself, the host).
   */
  suspend(pid: Pid, options?: SuspendOptions): Op<boolean>
  /** Takes back one `suspend`. @throws HeddleError ERR_BAD_ARGUMENT if this process has not suspended it */
  resume(pid: Pid): void

  /** @throws HeddleError ERR_NAME_TAKEN, ERR_NO_PROCESS, ERR_BAD_ARGUMENT */
  register(name: string, pid?: Pid): void
  /** @throws HeddleError ERR_UNKNOWN_NAME */
  unregister(name: string): void
  whereis(name: string): Pid | undefined
  /** All names, in no order. */
  registered(): string[]

  /** Monotonic ms of the VM's clock, with fractions: what `abs` timers are set by. */
  nowMs(): number
  /** Sends `message` after so many ms. The timer ends with its destination. */
  sendAfter(ms: number, to: Pid | Ref | string, message: unknown, options?: TimerOptions): TimerRef
  /** As `sendAfter`, but sends `{ type: 'timeout', ref, message }`. */
  startTimer(ms: number, to: Pid | Ref | string, message: unknown, options?: TimerOptions): TimerRef
  /**
   * The ms that were left, or false if it had fired (then its message is there) or is unknown. With `async`, which reaches
   * the timers of other schedulers, too, the answer comes as a `TimerAnswer`; with `info: false` none comes.
   * @throws HeddleError ERR_WRONG_THREAD without `async`, for a timer of another scheduler
   */
  cancelTimer(ref: TimerRef): number | false
  cancelTimer(ref: TimerRef, options: QuietTimerOptions): 'ok'
  /** The ms that are left. @see cancelTimer */
  readTimer(ref: TimerRef): number | false
  readTimer(ref: TimerRef, options: QuietTimerOptions): 'ok'

  /** A fresh reference. A receive that waits for it skips what came before it was made. */
  makeRef(): Ref
  /** After every signal that this process sent to it before. */
  isAlive(pid: Pid): Op<boolean>
  /** A snapshot, after every signal that this process sent before; `undefined` if it is dead. */
  processInfo(pid: Pid): Op<ProcessInfo | undefined>
  processInfo<Item extends InfoItem>(
    pid: Pid,
    items: readonly Item[],
  ): Op<Pick<ProcessInfo, Item> | undefined>
  /** Every live process of the VM. */
  processes(): Pid[]
  /**
   * Asks for a collection of a process's garbage: advice, since JavaScript has one heap for all processes of a scheduler.
   * It is followed if Node runs with `--expose-gc`. Comes to false if the process is dead. With a request id
   * the answer comes as a message, `GarbageCollected`.
   */
  garbageCollect(pid?: Pid): Op<boolean>
  garbageCollect(pid: Pid, options: { requestId: unknown }): void

  /** The process dictionary; dies with the process, and is not inherited. Returns the old value. */
  put(key: unknown, value: unknown): unknown
  get(key: unknown): unknown
  /** All of it, as pairs. */
  get(): [key: unknown, value: unknown][]
  /** Takes a value out and returns it. */
  erase(key: unknown): unknown
  /** Takes out all of it. */
  erase(): [key: unknown, value: unknown][]
}

export interface SpawnedMonitored {
  readonly pid: Pid
  readonly monitor: MonitorRef
}

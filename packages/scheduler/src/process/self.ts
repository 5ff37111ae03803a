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
import type { InfoItem, ProcessInfo } from './info.ts'
import type { Matcher } from './match.ts'
import type { Op } from './op.ts'

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

/** What `receive` and `handle` get when the time is up. */
export const TIMEOUT: unique symbol = Symbol.for('heddle.timeout')
export type Timeout = typeof TIMEOUT

/** Where a message can go: a process, or a registered name, looked up when the message is sent. */
export type Destination = Pid | string

export interface SpawnOptions {
  /** Registers the process under this name before it starts. */
  readonly name?: string
  /**
   * Where it runs: `local` (the spawner's scheduler), `spread` (the less loaded of two others), or the
   * index of one, from 1. Default: local while the run queue here is short, else spread.
   */
  readonly scheduler?: 'local' | 'spread' | number
  readonly link?: boolean
  readonly trapExit?: boolean
}

export interface SendOptions {
  /** ArrayBuffers and MessagePorts to move rather than clone; the sender loses them. */
  readonly transfer?: readonly Transferable[]
}

/** What can be moved to another thread. */
export type Transferable = ArrayBuffer | import('node:worker_threads').MessagePort

export interface ReceiveOptions {
  /** 0 to 2^32 - 1 ms, or `Infinity`. 0 looks through the whole mailbox and does not wait. */
  readonly afterMs: number
}

export interface Self {
  readonly pid: Pid
  /** The scheduler it runs on, from 1; 0 is the host thread. */
  readonly scheduler: number

  /**
   * Sends a message: a structured clone. To a dead process it is dropped; nothing waits.
   * @throws HeddleError ERR_UNCLONABLE (nothing is sent), ERR_UNKNOWN_NAME, ERR_BAD_ARGUMENT
   */
  send(to: Destination, message: unknown, options?: SendOptions): void

  /**
   * Calls a server and waits for its reply.
   * Exits with `['timeout', ['gen_server', 'call', args]]` after `timeoutMs`, `['noproc', …]` if it is
   * dead, `[reason, …]` if it dies meanwhile: a thrown `Exit`, to catch or to die of. A late reply is dropped.
   */
  call<Api, R>(to: ServerRef<Api> | string, message: CallMessage<Api, R>, options?: CallOptions): Op<R>
  /** Sends a server a message that it does not reply to. Never fails for want of a server. */
  cast<Api>(to: ServerRef<Api> | string, message: CastMessage<Api>): void
  /** Replies to a call, from any process that holds its `from`, once. */
  reply(from: From, value: unknown): void

  /** Waits for the oldest message that the matcher accepts; others stay, in order. */
  receive<M>(match: Matcher<M>): Op<M>
  receive<M>(match: Matcher<M>, options: ReceiveOptions): Op<M | Timeout>
  receive(): Op<unknown>
  sleep(ms: number): Op<void>
  /** Lets others run first. */
  yield(): Op<void>

  /** @throws HeddleError ERR_NAME_TAKEN, ERR_SYSTEM_LIMIT, ERR_UNCLONABLE, ERR_BAD_ARGUMENT */
  spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid
  spawnLink<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Pid
  spawnMonitor<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): SpawnedMonitored

  /** @throws HeddleError ERR_NO_PROCESS if it is dead and this process does not trap exits */
  link(pid: Pid): void
  /** After it returns no EXIT of that link comes any more; one already in the mailbox stays. */
  unlink(pid: Pid): void
  /** DOWN comes once, after the last signal of the process; at once, with `noproc`, if there is none. */
  monitor(target: Destination): MonitorRef
  /** After it returns no DOWN comes any more. Returns whether the monitor was still active. */
  demonitor(ref: MonitorRef, options?: { flush?: boolean }): boolean
  /** Ends this process with `reason` (an exception of the exit class). */
  exit(reason: ExitReason): never
  /** Sends an exit signal; `kill` cannot be trapped. */
  exit(pid: Pid, reason: ExitReason): void
  /** Whether exit signals become EXIT messages. Returns what it was. */
  trapExit(traps: boolean): boolean

  /** @throws HeddleError ERR_NAME_TAKEN, ERR_NO_PROCESS, ERR_BAD_ARGUMENT */
  register(name: string, pid?: Pid): void
  /** @throws HeddleError ERR_UNKNOWN_NAME */
  unregister(name: string): void
  whereis(name: string): Pid | undefined

  /** Sends `message` after so many ms. The timer ends with its destination. */
  sendAfter(ms: number, to: Destination, message: unknown): TimerRef
  /** As `sendAfter`, but sends `{ type: 'timeout', ref, message }`. */
  startTimer(ms: number, to: Destination, message: unknown): TimerRef
  /** The ms that were left, or false if it had fired (then its message is there) or is unknown. */
  cancelTimer(ref: TimerRef): number | false
  readTimer(ref: TimerRef): number | false

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

  /** The process dictionary; dies with the process. Returns the old value. */
  put(key: unknown, value: unknown): unknown
  get(key: unknown): unknown
  erase(key: unknown): unknown
}

export interface SpawnedMonitored {
  readonly pid: Pid
  readonly monitor: MonitorRef
}

/**
 * Spawn requests: a spawn whose outcome comes as a message. The request's reference is also that of the monitor, if one
 * was asked for; until the reply it is not a monitor yet. Source: `erlang:spawn_request/5`, `spawn_request_abandon/1`.
 */

import type { DefinitionAddress } from '../process/define.ts'
import type { PackedRequest, PendingCall, Process } from '../process/process.ts'
import type { MonitorOptions, SpawnOptions, SpawnRequestOptions } from '../process/self.ts'
import { SIGNAL } from '../process/signals.ts'
import { copy } from '../term/copy.ts'
import { HeddleError } from '../term/errors.ts'
import { type ExitReason, errorReason } from '../term/exit-reason.ts'
import { PidTerm } from '../term/pid.ts'
import { RefTerm } from '../term/ref.ts'
import { addAlias, monitorEnded } from './aliases.ts'
import type { Kernel } from './kernel.ts'
import { spawn } from './lifecycle.ts'
import { checkMonitorOptions } from './self-checks.ts'

const REPLIES: readonly unknown[] = ['yes', 'no', 'error_only', 'success_only']

interface RequestPlan {
  readonly isLinked: boolean
  readonly isMonitored: boolean
  readonly reply: NonNullable<SpawnRequestOptions['reply']>
  readonly tag: unknown
}

function planOf(options: SpawnRequestOptions): RequestPlan {
  const isSound = options.reply === undefined || REPLIES.includes(options.reply)
  return {
    isLinked: options.link === true,
    isMonitored: isMonitored(options),
    reply: (isSound ? options.reply : undefined) ?? 'yes',
    tag: copy(options.replyTag),
  }
}

/** @internal One that has moved with its process. */
export function unpackSpawnRequest(kernel: Kernel, process: Process, packed: PackedRequest): PendingCall {
  const call = new SpawnRequestCall(kernel, process, packed.ref, packed.detail as RequestPlan)
  call.target = packed.target
  call.endpoint = packed.endpoint
  return call
}

class SpawnRequestCall implements PendingCall {
  target = 0
  endpoint = 0
  readonly refNumber: number
  readonly isLinked: boolean
  readonly isMonitored: boolean
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly reply: NonNullable<SpawnRequestOptions['reply']>
  private readonly tag: unknown

  constructor(kernel: Kernel, process: Process, refNumber: number, plan: RequestPlan) {
    this.kernel = kernel
    this.process = process
    this.refNumber = refNumber
    this.isLinked = plan.isLinked
    this.isMonitored = plan.isMonitored
    this.reply = plan.reply
    this.tag = plan.tag
  }

  pack(): PackedRequest {
    const { refNumber: ref, target, endpoint, isLinked, isMonitored, reply, tag } = this
    const detail: RequestPlan = { isLinked, isMonitored, reply, tag }
    return { kind: 'spawn', ref, target, endpoint, detail }
  }

  answer(value: unknown, source: number): void {
    if (value !== true) {
      this.fail(['undef', value])
      return
    }
    if (this.reply === 'yes' || this.reply === 'success_only')
      this.deliver({ result: 'ok', pid: new PidTerm(source) })
  }

  targetDown(reason: ExitReason): void {
    this.fail(reason)
  }

  fail(reason: ExitReason): void {
    this.forget()
    if (this.reply === 'yes' || this.reply === 'error_only') this.deliver({ result: 'error', reason })
  }

  /** What bound the two is void. */
  forget(): void {
    this.process.monitors?.delete(this.refNumber)
    monitorEnded(this.process, this.refNumber)
    if (this.isLinked) this.process.links?.delete(this.target)
  }

  private deliver(outcome: object): void {
    const type = this.tag === undefined ? 'spawn_reply' : this.tag
    const ref = new RefTerm(this.refNumber, this.process.pid)
    this.kernel.deliverOwn(this.process, { type, ref, ...outcome })
  }
}

export function spawnRequest(
  kernel: Kernel,
  process: Process,
  address: DefinitionAddress,
  argument: unknown,
  options: SpawnRequestOptions,
): number {
  const ref = kernel.newRef()
  process.mailbox.mark(ref)
  const call = new SpawnRequestCall(kernel, process, ref, planOf(options))
  process.addCall(call)
  try {
    if (options.reply !== undefined && !REPLIES.includes(options.reply))
      throw new HeddleError('ERR_BAD_ARGUMENT', 'no such reply option')
    const monitor = monitorOptions(options)
    call.target = spawn(kernel, process, {
      address,
      argument,
      options: spawnOptions(options),
      isLinked: call.isLinked,
      monitorRef: call.isMonitored ? ref : 0,
      monitorTag: monitor?.tag,
      ackRef: ref,
    })
    if (monitor?.alias !== undefined) addAlias(process, ref, monitor.alias)
    call.endpoint = kernel.locate(call.target)
  } catch (error) {
    process.takeCall(ref)
    call.fail(reasonOf(error))
  }
  return ref
}

/** Returns false if there is nothing to give up: the reply has come. */
export function abandonSpawn(kernel: Kernel, process: Process, ref: number): boolean {
  const call = process.findCall(ref)
  if (!(call instanceof SpawnRequestCall)) return false
  process.takeCall(ref)
  call.forget()
  if (call.isMonitored) kernel.signal(SIGNAL.demonitor, call.target, process.pid, ref, undefined)
  if (call.isLinked) kernel.signal(SIGNAL.exitLink, call.target, process.pid, 0, 'abandoned')
  return true
}

function isMonitored({ monitor }: SpawnRequestOptions): boolean {
  return monitor === true || typeof monitor === 'object'
}

/** @throws HeddleError ERR_BAD_ARGUMENT */
function monitorOptions({ monitor }: SpawnRequestOptions): MonitorOptions | undefined {
  if (monitor === undefined || typeof monitor === 'boolean') return undefined
  checkMonitorOptions(monitor)
  return monitor
}

function spawnOptions({
  reply: _reply,
  replyTag: _tag,
  monitor: _monitor,
  ...rest
}: SpawnRequestOptions): SpawnOptions {
  return rest
}

/** OTP's words where it has one. */
function reasonOf(error: unknown): ExitReason {
  if (!(error instanceof HeddleError)) throw error
  if (error.code === 'ERR_BAD_ARGUMENT') return 'badopt'
  if (error.code === 'ERR_SYSTEM_LIMIT') return 'system_limit'
  return errorReason(error)
}

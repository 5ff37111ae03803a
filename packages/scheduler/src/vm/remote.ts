/**
 * The VM's control API for other threads of the embedding application: `exposeVm` on the host serves it
 * on a MessagePort, `connectVm` on the other side holds it. Comlink carries the calls. Over it travel
 * addresses rather than definitions (functions cannot), and errors as data, so that codes and exit reasons
 * arrive as they left: comlink alone would keep only their message.
 */

import type { MessagePort } from 'node:worker_threads'
import { type Endpoint, expose, type Remote, releaseProxy, wrap } from 'comlink'
import type { Migration } from '../kernel/migrate.ts'
import type { CallMessage, CallOptions, CastMessage, ServerRef } from '../process/call.ts'
import { addressOf, type DefinitionAddress, type Spawnable } from '../process/define.ts'
import { type DirtyDef, type DirtyOptions, dirtyAddressOf } from '../process/dirty.ts'
import type { ProcessInfo } from '../process/info.ts'
import type { Destination, Down, MonitorTarget, SpawnOptions } from '../process/self.ts'
import type { Via } from '../process/via.ts'
import { type ErrorCode, HeddleError } from '../term/errors.ts'
import { Exit, type ExitReason } from '../term/exit-reason.ts'
import type { Pid } from '../term/pid.ts'
import type { MeasureOptions, MemoryInfo, SchedulerUsage, StatisticsItems } from './statistics.ts'
import type { MigrateOptions, SchedulerStatistics, StopOptions, Vm, VmInfo } from './vm.ts'

type Outcome =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'exit'; readonly reason: ExitReason }
  | { readonly is: 'error'; readonly code: ErrorCode; readonly message: string }

/** What can be asked for over the port. */
const METHODS = {
  spawn: (vm: Vm, address: DefinitionAddress, argument: unknown, options?: SpawnOptions) =>
    vm.spawn({ $: address }, argument, options),
  send: (vm: Vm, to: Destination, message: unknown) => vm.send(to, message),
  call: (
    vm: Vm,
    to: ServerRef | string | Via,
    message: CallMessage<unknown, unknown>,
    options?: CallOptions,
  ) => vm.call(to, message, options),
  dirty: (vm: Vm, address: DefinitionAddress, args: unknown, options?: Pick<DirtyOptions, 'timeoutMs'>) =>
    vm.dirty({ $dirty: address }, args, options),
  cast: (vm: Vm, to: ServerRef | string | Via, message: CastMessage<unknown>) => vm.cast(to, message),
  whenDown: (vm: Vm, target: MonitorTarget) => vm.whenDown(target),
  exit: (vm: Vm, pid: Pid, reason: ExitReason) => vm.exit(pid, reason),
  register: (vm: Vm, name: string, pid: Pid) => vm.register(name, pid),
  unregister: (vm: Vm, name: string) => vm.unregister(name),
  whereis: (vm: Vm, name: string) => vm.whereis(name),
  registered: (vm: Vm) => vm.registered(),
  processes: (vm: Vm) => vm.processes(),
  isAlive: (vm: Vm, pid: Pid) => vm.isAlive(pid),
  processInfo: (vm: Vm, pid: Pid) => vm.processInfo(pid),
  info: (vm: Vm) => vm.info(),
  migrate: (vm: Vm, pid: Pid, scheduler: number, options?: MigrateOptions) =>
    vm.migrate(pid, scheduler, options),
  schedulerStatistics: (vm: Vm, options?: MeasureOptions) => vm.schedulerStatistics(options),
  schedulerUsage: (vm: Vm, windowMs: number) => vm.schedulerUsage(windowMs),
  memory: (vm: Vm, options?: MeasureOptions) => vm.memory(options),
  statistics: (vm: Vm, item: keyof StatisticsItems) => vm.statistics(item),
  killScheduler: (vm: Vm, index: number) => vm.killScheduler(index),
  stop: (vm: Vm, options?: StopOptions) => vm.stop(options),
}

type MethodName = keyof typeof METHODS

interface Service {
  ask(method: MethodName, args: readonly unknown[]): Promise<Outcome>
}

/**
 * Serves this VM on a port; give the other end to the thread that is to `connectVm`.
 * @example const { port1, port2 } = new MessageChannel(); exposeVm(vm, port1); worker.postMessage(port2, [port2])
 */
export function exposeVm(vm: Vm, port: MessagePort): void {
  const service: Service = {
    async ask(method, args) {
      try {
        const run = METHODS[method] as (vm: Vm, ...args: readonly unknown[]) => unknown
        return { is: 'value', value: await run(vm, ...args) }
      } catch (error) {
        return asOutcome(error)
      }
    },
  }
  expose(service, asEndpoint(port))
}

/** Node's MessagePort is an EventTarget, as comlink wants it; only its types do not say so. */
function asEndpoint(port: MessagePort): Endpoint {
  return port as unknown as Endpoint
}

function asOutcome(error: unknown): Outcome {
  if (error instanceof Exit) return { is: 'exit', reason: error.reason }
  if (error instanceof HeddleError) return { is: 'error', code: error.code, message: error.message }
  throw error
}

/** Holds a VM that another thread runs. Close it when done: it keeps the port, and so the thread, alive. */
export function connectVm(port: MessagePort): RemoteVm {
  return new RemoteVm(port)
}

/** The control API of a `Vm`, from another thread: the same methods, all asynchronous. */
export class RemoteVm {
  private readonly port: MessagePort
  private readonly service: Remote<Service>

  /** Use `connectVm`. */
  constructor(port: MessagePort) {
    this.port = port
    this.service = wrap<Service>(asEndpoint(port))
  }

  spawn<A>(definition: Spawnable<A>, argument: NoInfer<A>, options?: SpawnOptions): Promise<Pid> {
    const { url, name } = addressOf(definition as Spawnable<never>)
    return this.ask('spawn', { url, name }, argument, options)
  }

  send(to: Destination, message: unknown): Promise<void> {
    return this.ask('send', to, message)
  }

  call<Api, R>(to: ServerRef<Api> | string, message: CallMessage<Api, R>, options?: CallOptions): Promise<R> {
    return this.ask('call', to, message, options)
  }

  /** An AbortSignal does not travel: give it up by its time. */
  dirty<A, R>(
    definition: DirtyDef<A, R>,
    args: NoInfer<A>,
    options?: Pick<DirtyOptions, 'timeoutMs'>,
  ): Promise<R> {
    const { url, name } = dirtyAddressOf(definition as DirtyDef<never, unknown>)
    return this.ask('dirty', { url, name }, args, options)
  }

  cast<Api>(to: ServerRef<Api> | string, message: CastMessage<Api>): Promise<void> {
    return this.ask('cast', to, message)
  }

  whenDown(target: Destination): Promise<Down> {
    return this.ask('whenDown', target)
  }

  exit(pid: Pid, reason: ExitReason): Promise<void> {
    return this.ask('exit', pid, reason)
  }

  register(name: string, pid: Pid): Promise<void> {
    return this.ask('register', name, pid)
  }

  unregister(name: string): Promise<void> {
    return this.ask('unregister', name)
  }

  whereis(name: string): Promise<Pid | undefined> {
    return this.ask('whereis', name)
  }

  registered(): Promise<string[]> {
    return this.ask('registered')
  }

  processes(): Promise<Pid[]> {
    return this.ask('processes')
  }

  isAlive(pid: Pid): Promise<boolean> {
    return this.ask('isAlive', pid)
  }

  processInfo(pid: Pid): Promise<ProcessInfo | undefined> {
    return this.ask('processInfo', pid)
  }

  info(): Promise<VmInfo> {
    return this.ask('info')
  }

  migrate(pid: Pid, scheduler: number, options?: MigrateOptions): Promise<Migration> {
    return this.ask('migrate', pid, scheduler, options)
  }

  schedulerStatistics(options?: MeasureOptions): Promise<SchedulerStatistics[]> {
    return this.ask('schedulerStatistics', options)
  }

  schedulerUsage(windowMs: number): Promise<SchedulerUsage[]> {
    return this.ask('schedulerUsage', windowMs)
  }

  memory(options?: MeasureOptions): Promise<MemoryInfo> {
    return this.ask('memory', options)
  }

  statistics<Item extends keyof StatisticsItems>(item: Item): Promise<StatisticsItems[Item]> {
    return this.ask('statistics', item)
  }

  killScheduler(index: number): Promise<void> {
    return this.ask('killScheduler', index)
  }

  stop(options?: StopOptions): Promise<void> {
    return this.ask('stop', options)
  }

  /** Lets go of the port; the VM goes on. */
  close(): void {
    this.service[releaseProxy]()
    this.port.close()
  }

  private async ask<T>(method: MethodName, ...args: readonly unknown[]): Promise<T> {
    const outcome = await this.deliver(method, args)
    if (outcome.is === 'value') return outcome.value as T
    if (outcome.is === 'exit') throw new Exit(outcome.reason)
    throw new HeddleError(outcome.code, outcome.message)
  }

  /** What cannot be cloned fails here, as it would at the host. */
  private async deliver(method: MethodName, args: readonly unknown[]): Promise<Outcome> {
    try {
      return await this.service.ask(method, args)
    } catch (error) {
      if ((error as Error).name !== 'DataCloneError') throw error
      throw new HeddleError('ERR_UNCLONABLE', (error as Error).message, { cause: error })
    }
  }
}

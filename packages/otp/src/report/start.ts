/**
 * Starting the logger, from the host. The host stays with it: it passes on what the VM reports, keeps a copy of the configuration for
 * what is logged on its own thread, and should the logger itself be lost, with its scheduler, starts it again as it was.
 */

import {
  Exit,
  formatReason,
  HeddleError,
  type Report as KernelReport,
  type Pid,
  reasonOfThrown,
  type Vm,
} from '@heddle/scheduler'
import type { ConfigInfo } from './book.ts'
import { funsOf, type HandlerConfig, type HandlerOptions, type PrimaryConfig } from './config.ts'
import { loadAll } from './fun.ts'
import type { KernelReports } from './kernel-report.ts'
import type { HandlerSpec } from './kind.ts'
import { terminal } from './kinds/terminal.ts'
import type { LevelLimit } from './level.ts'
import { LOGGER, logFrom, NO_ORIGIN } from './log.ts'
import type { LoggerArgument, LoggerResult, News } from './publish.ts'
import type { LoggerRequest, RequestName, Requests } from './request.ts'
import { loggerServer } from './server.ts'
import { removeStore, setStore } from './store.ts'

/** What a logger starts with; all of it can be changed while it runs. */
export interface LoggerConfig extends Partial<PrimaryConfig> {
  /** By id. One named `default`, to standard error, is there unless this says `default: null`, or another. */
  readonly handlers?: Readonly<Record<string, (HandlerOptions & { readonly handler: HandlerSpec }) | null>>
  readonly moduleLevels?: Readonly<Record<string, LevelLimit>>
  /** What `startVm` was told to report to. */
  readonly reports?: KernelReports
  /** Where the logger runs, and handlers that say nothing else. Default: anywhere. */
  readonly scheduler?: number
}

const CONFIG_KEYS: ReadonlySet<string> = new Set<keyof LoggerConfig>([
  'level',
  'filters',
  'filterDefault',
  'metadata',
  'handlers',
  'moduleLevels',
  'reports',
  'scheduler',
])

/** A logger that was started. */
export interface RunningLogger extends AsyncDisposable {
  readonly pid: Pid
  /** Writes what is to be written, and ends; the VM's reports are printed again, as by a VM without a logger. */
  stop(): Promise<void>
}

/**
 * Starts the VM's logger; resolves when its handlers are there.
 *
 * Without a configuration: events from level `notice` on, one line each on standard error.
 * Rejects with HeddleError ERR_NAME_TAKEN if there is one, ERR_BAD_ARGUMENT if the configuration is wrong.
 *
 * @example
 * const reports = kernelReports()
 * await using vm = await startVm({ onReport: reports })
 * await using running = await startLogger(vm, { reports, level: 'info' })
 */
export async function startLogger(vm: Vm, config: LoggerConfig = {}): Promise<RunningLogger> {
  const unknown = Object.keys(config).find((key) => !CONFIG_KEYS.has(key))
  if (unknown !== undefined) throw wrong(`startLogger() has no option '${unknown}'`)
  const keeper = new Keeper(vm, config)
  await keeper.begin(() => keeper.configure(config))
  return keeper
}

function wrong(message: string): HeddleError {
  return new HeddleError('ERR_BAD_ARGUMENT', message)
}

class Keeper implements RunningLogger {
  private readonly vm: Vm
  private readonly reports: KernelReports | undefined
  private readonly scheduler: number | undefined
  private running: Pid | undefined
  private token = ''
  private isStopping = false
  /** As it was last known to be. */
  private last: ConfigInfo | undefined
  /** Handlers that could not be had again, to be told when the others are. */
  private readonly lost: { readonly handler: string; readonly reason: string }[] = []

  constructor(vm: Vm, { reports, scheduler }: LoggerConfig) {
    this.vm = vm
    this.reports = reports
    this.scheduler = scheduler
  }

  get pid(): Pid {
    return this.running ?? this.vm.pid
  }

  async begin(configure: () => Promise<void>): Promise<void> {
    const { vm } = this
    this.token = globalThis.crypto.randomUUID()
    const originUs = Math.round((Date.now() - vm.nowMs()) * 1_000)
    const argument: LoggerArgument = { token: this.token, originUs, schedulerCount: vm.schedulerCount }
    const place = this.scheduler === undefined ? {} : { scheduler: this.scheduler }
    const pid = await vm.spawn(loggerServer, argument, { name: LOGGER, priority: 'high', ...place })
    this.running = pid
    try {
      await configure()
    } catch (error) {
      vm.exit(pid, 'kill')
      await vm.whenDown(pid)
      throw error
    }
    this.reports?.passTo((report) => this.passOn(pid, report))
    this.watch(pid)
    await this.follow(pid)
    this.tellLost()
  }

  async configure({ handlers = {}, moduleLevels = {}, ...config }: LoggerConfig): Promise<void> {
    const { reports: _reports, scheduler: _scheduler, ...primary } = config
    await this.ask('set_primary', { change: primary, isUpdate: true })
    for (const [module, level] of Object.entries(moduleLevels)) {
      await this.ask('set_module_level', { modules: [module], level })
    }
    const all = { default: { handler: terminal() }, ...handlers }
    for (const [id, given] of Object.entries(all)) {
      if (given === null) continue
      const { handler, ...options } = given
      await this.ask('add_handler', { id, spec: handler, options })
    }
  }

  async stop(): Promise<void> {
    if (this.isStopping || this.running === undefined) return
    this.isStopping = true
    this.reports?.passTo(undefined)
    const isDown = this.vm.whenDown(this.running)
    this.vm.exit(this.running, 'shutdown')
    await isDown
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** As a call, so that it is known whether the logger has it: the report may be of its own scheduler's end. */
  private passOn(pid: Pid, report: KernelReport): void {
    const request: LoggerRequest = { $call: 'kernel_report', arg: report }
    this.vm.call(pid as never, request as never, { timeoutMs: Infinity }).catch(() => {
      if (this.isStopping) this.reports?.passTo(undefined)
      else if (this.running === pid) this.reports?.passTo('wait')
      this.reports?.(report)
    })
  }

  private async ask<Name extends RequestName>(
    name: Name,
    arg: Requests[Name][0],
  ): Promise<Requests[Name][1]> {
    const request: LoggerRequest = { $call: name, arg }
    const result: LoggerResult<Requests[Name][1]> = await this.vm.call(LOGGER, request as never, {
      timeoutMs: 30_000,
    })
    if (result.status === 'ok') return result.value
    throw wrong(`the logger refuses: ${new Exit(result.reason).message}`)
  }

  /** The VM's end is the logger's; any other end of it is not meant. */
  private watch(pid: Pid): void {
    this.vm.whenDown(pid).then(
      () => {
        removeStore(this.token)
        if (!this.isStopping) void this.restart()
      },
      () => removeStore(this.token),
    )
  }

  /** As it was, as far as is known here. Handlers that cannot be had again are left out, and that is told. */
  private async restart(): Promise<void> {
    this.reports?.passTo('wait')
    const { last } = this
    try {
      await this.begin(async () => {
        if (last === undefined) return
        await this.ask('set_primary', { change: last.primary, isUpdate: false })
        for (const [module, level] of Object.entries(last.moduleLevels)) {
          await this.ask('set_module_level', { modules: [module], level })
        }
        for (const handler of last.handlers) await this.restore(handler)
      })
    } catch (error) {
      if (this.isStopping || (error instanceof HeddleError && error.code === 'ERR_VM_STOPPED')) return
      // Better a line on standard error than nothing.
      process.stderr.write(`the logger could not be started again: ${formatReason(reasonOfThrown(error))}\n`)
      this.reports?.passTo(undefined)
    }
  }

  /** A handler that cannot be had again does not keep the others from it. */
  private async restore({ id, kind, config, ...options }: HandlerConfig): Promise<void> {
    try {
      await this.ask('add_handler', { id, spec: { kind, config }, options })
    } catch (error) {
      if (!(error instanceof HeddleError) || error.code !== 'ERR_BAD_ARGUMENT') throw error
      this.lost.push({ handler: id, reason: error.message })
    }
  }

  /** To those handlers that are there again; and on standard error, as it may have been the only one. */
  private tellLost(): void {
    for (const facts of this.lost.splice(0)) {
      process.stderr.write(`the log handler ${facts.handler} could not be started again: ${facts.reason}\n`)
      const label = ['logger', 'handler_not_restarted'] as const
      logFrom(this.vm, 'error', { label, ...facts }, [{ domain: ['otp', 'logger'] }], NO_ORIGIN)
    }
  }

  /** Has this thread's copy, and keeps it up to date until the logger ends. */
  private async follow(pid: Pid): Promise<void> {
    const { token } = this
    const version = await this.catchUp(pid, 0)
    const go = (known: number): Promise<void> => this.catchUp(pid, known).then(go)
    go(version).catch(() => removeStore(token))
  }

  /** Waits for a version other than this one, and takes it over. */
  private async catchUp(pid: Pid, version: number): Promise<number> {
    const { vm, token } = this
    const request: LoggerRequest = { $call: 'poll', arg: version }
    const news = (await vm.call(pid as never, request as never, { timeoutMs: Infinity })) as News
    await loadAll(funsOf(news.published))
    if (this.token !== token) return news.published.version
    this.last = news.config
    // Inline the agent's copy is this thread's.
    if (vm.schedulerCount > 0) setStore(news.published, 0)
    return news.published.version
  }
}

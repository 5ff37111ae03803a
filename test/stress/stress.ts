// The randomised stress test: rounds of a few thousand processes that do to each other whatever processes can, on real
// schedulers, through the public API only. The processes check each other (test/fixtures/stress-ledger.ts); this is the
// host's part: it starts each round, waits until all have taken their steps, has them compare their accounts, ends them,
// and looks for what is left over.
//
// The seed repeats every choice, but not how the threads interleave: a failure shows again with some luck.

import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Exit, isErrorReason, type Pid, type Report, startVm, tag, type Vm } from '@heddle/scheduler'
import { actor, server } from '#fixtures/stress-actor'
import { collector } from '#fixtures/stress-collector'
import { type Env, PLANNED_CRASH } from '#fixtures/stress-ledger'
import { below, chance, fork, pick, type Random, RING_BYTES } from '#fixtures/stress-random'
import { type ActorArg, collectorName, serverName } from '#fixtures/stress-state'
import { type HeapSample, heapGrowth } from './heap.ts'
import { Violations } from './violations.ts'

export interface StressOptions {
  /** New rounds begin until so many seconds have passed, and until there are enough to compare heaps. */
  readonly seconds: number
  readonly schedulers: number
  readonly seed: number
  /** Whether schedulers are killed meanwhile. */
  readonly kills: boolean
  readonly print: (line: string) => void
}

export interface StressOutcome {
  readonly violationCount: number
  readonly roundCount: number
  readonly killCount: number
  readonly counts: ReadonlyMap<string, number>
}

const ROOT_COUNT = 100
/** How many descendants each root may have. */
const BUDGET = 12
const ROUND_COUNT_MIN = 5
const KILLS_PER_ROUND = 3
const POLL_MS = 10
/** Nothing at all has moved for so long: what is waited for will not come. */
const STALL_MS = 30_000

type FromActor =
  | { type: 'violation'; what: string; at: number; scheduler: number; details: { [name: string]: unknown } }
  | { type: 'idle'; pid: number }
  | { type: 'audited'; pid: number }

class Stress {
  private readonly vm: Vm
  private readonly options: StressOptions
  private readonly violations: Violations
  private readonly env: Env
  private readonly random: Random
  /** Servers and collectors: they stay through all rounds. */
  private readonly lasting = new Set<number>()
  /** What each of them is at, by name. */
  private readonly stages = new Map<string, string>()
  private lastingCount = 0
  private readonly idle = new Set<number>()
  private readonly audited = new Set<number>()
  private readonly counts = new Map<string, number>()
  private readonly samples: HeapSample[] = []
  private killCount = 0
  private killsLeft = 0
  private isOver = false

  constructor(vm: Vm, options: StressOptions, violations: Violations) {
    this.vm = vm
    this.options = options
    this.violations = violations
    this.random = { seed: options.seed }
    const { url, name } = actor.$
    this.env = {
      host: vm.pid,
      schedulerCount: options.schedulers,
      isKilling: options.kills,
      actor: { $: { url, name } },
    }
  }

  async run(): Promise<StressOutcome> {
    const endMs = performance.now() + this.options.seconds * 1_000
    void this.listen()
    this.startLasting()
    await this.until('servers to start', () => this.lasting.size === this.lastingCount)
    let roundCount = 0
    while (!this.violations.isStalled && (roundCount < ROUND_COUNT_MIN || performance.now() < endMs)) {
      await this.round(++roundCount)
    }
    this.isOver = true
    for (const line of heapGrowth(this.samples, (details) => this.violations.add('a heap grew', details)))
      this.options.print(line)
    await this.vm.stop()
    const { counts, killCount } = this
    return { violationCount: this.violations.count, roundCount, killCount, counts }
  }

  /** What actors tell. */
  private async listen(): Promise<void> {
    const fromActors = tag<FromActor>('violation', 'idle', 'audited')
    try {
      for (;;) {
        const message = await this.vm.receive(fromActors)
        if (message.type === 'idle') this.idle.add(message.pid)
        else if (message.type === 'audited') this.audited.add(message.pid)
        else
          this.violations.add(message.what, {
            at: message.at,
            scheduler: message.scheduler,
            ...message.details,
          })
      }
    } catch {
      // The VM was stopped.
    }
  }

  // ---- what lasts ----

  private startLasting(): void {
    for (let scheduler = 1; scheduler <= this.options.schedulers; scheduler++) {
      this.lastingCount += 2
      void this.keep(serverName(scheduler), (name) =>
        // It is written to, and linked with, before its code is there.
        this.vm.spawn(server, this.env, { scheduler, name, trapExit: true }),
      )
      void this.keep(collectorName(scheduler), (name) =>
        this.vm.spawn(collector, undefined as never, { scheduler, name }),
      )
    }
  }

  /** Keeps one alive, as a supervisor would. */
  private async keep(name: string, start: (name: string) => Promise<Pid>): Promise<void> {
    while (!this.isOver) {
      try {
        this.stages.set(name, 'being spawned')
        const pid = await start(name)
        this.lasting.add(pid.$pid)
        this.stages.set(name, `up as ${pid.$pid}`)
        const { reason } = await this.vm.whenDown(pid)
        if (this.isOver) return
        this.lasting.delete(pid.$pid)
        if (!this.isSchedulerDown(reason)) this.violations.add(`${name} ended`, { pid, reason })
      } catch (error) {
        if (this.isOver || !this.isExpected(error)) return
      }
    }
  }

  private isSchedulerDown(reason: unknown): boolean {
    // `noproc`: it was gone before it could be monitored.
    return (
      this.options.kills && (reason === 'noproc' || (Array.isArray(reason) && reason[0] === 'scheduler_down'))
    )
  }

  private isExpected(error: unknown): boolean {
    if (error instanceof Exit && this.isSchedulerDown(error.reason)) return true
    this.violations.add('a spawn from the host failed', { error: String(error) })
    return false
  }

  // ---- a round ----

  private async round(number: number): Promise<void> {
    this.idle.clear()
    this.audited.clear()
    this.killsLeft = this.options.kills ? KILLS_PER_ROUND : 0
    await this.startRoots()
    await this.until('actors to take their steps', () => this.living().every((pid) => this.idle.has(pid)))
    for (const $pid of this.living()) this.vm.send({ $pid }, { type: 'audit' })
    await this.until('actors to compare accounts', () => this.living().every((pid) => this.audited.has(pid)))
    for (const $pid of this.living()) this.endActor({ $pid })
    await this.until('actors to end', () => this.living().length === 0)
    this.killsLeft = 0
    await this.lookForLeftovers()
    if (!this.violations.isStalled) await this.collect(number)
  }

  /** All actors, and the deputies of servers. */
  private living(): number[] {
    return this.vm
      .processes()
      .map(({ $pid }) => $pid)
      .filter((pid) => !this.lasting.has(pid) && pid !== this.vm.pid.$pid)
  }

  private async startRoots(): Promise<void> {
    const { random, env } = this
    const known: number[] = []
    const spawns: Promise<unknown>[] = []
    for (let left = ROOT_COUNT; left > 0; left--) {
      const scheduler = 1 + below(random, this.options.schedulers)
      const traps = chance(random, 0.8)
      const friends = [0, 1, 2, 3].flatMap(() => pick(random, known) ?? [])
      const stepCount = 30 + below(random, 60)
      const argument: ActorArg = {
        env,
        seed: fork(random),
        budget: BUDGET,
        stepCount,
        traps,
        friends,
        linkedTo: 0,
        scheduler,
      }
      spawns.push(
        this.vm.spawn(actor, argument, { scheduler, trapExit: traps }).then(
          ({ $pid }) => known.push($pid),
          (error: unknown) => this.isExpected(error),
        ),
      )
      // A few at a time, so that later ones know earlier ones.
      if (spawns.length % 10 === 0) await Promise.all(spawns)
    }
    await Promise.all(spawns)
  }

  private endActor(pid: Pid): void {
    const how = below(this.random, 3)
    if (how === 0) this.vm.send(pid, { type: 'end' })
    else this.vm.exit(pid, how === 1 ? 'kill' : 'shutdown')
  }

  /** Waits as long as anything moves. */
  private async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    let moved = this.movement()
    let movedAtMs = performance.now()
    while (!(await holds())) {
      await sleep(POLL_MS)
      this.killNowAndThen()
      const now = this.movement()
      if (now !== moved) {
        moved = now
        movedAtMs = performance.now()
      } else if (performance.now() - movedAtMs > STALL_MS) {
        await this.stalled(what)
        return
      }
    }
  }

  private movement(): string {
    return this.vm
      .info()
      .schedulers.map(
        (each) => `${each.restartCount} ${each.messageCount} ${each.reductionCount} ${each.spawnCount}`,
      )
      .join()
  }

  private async stalled(what: string): Promise<void> {
    this.violations.isStalled = true
    const { schedulers } = this.vm.info()
    this.violations.add(`waited in vain for ${what}`, { living: this.living().length, schedulers })
    for (const $pid of this.living()
      .filter((pid) => !this.audited.has(pid))
      .slice(0, 5)) {
      const info = await Promise.race([this.vm.processInfo({ $pid }), sleep(1_000, 'no answer')])
      this.violations.add('one that was waited for', { $pid, isIdle: this.idle.has($pid), info })
    }
  }

  private killNowAndThen(): void {
    const { random, vm } = this
    if (this.killsLeft === 0 || !chance(random, 0.05)) return
    this.killsLeft -= 1
    this.killCount += 1
    void vm.killScheduler(1 + below(random, this.options.schedulers))
  }

  // ---- what is left over ----

  private async lookForLeftovers(): Promise<void> {
    const found = { what: {} as { [name: string]: unknown } }
    const { isStalled } = this.violations
    await this.until('everything to be as before', async () => {
      found.what = await this.leftovers()
      return Object.keys(found.what).length === 0
    })
    if (this.violations.isStalled && !isStalled) this.violations.add('left over', found.what)
  }

  /** What differs from before the round. */
  private async leftovers(): Promise<{ [name: string]: unknown }> {
    const { vm, lasting, lastingCount } = this
    if (lasting.size !== lastingCount) return Object.fromEntries(this.stages)
    const left: { [name: string]: unknown } = {}
    const { processCount, registeredCount, schedulers } = vm.info()
    // And the host.
    if (processCount !== lastingCount + 1) left.processCount = processCount
    if (registeredCount !== lastingCount) left.names = vm.registered()
    for (const { index, processCount: here, runQueueLength, status } of schedulers) {
      if (here !== 2 || runQueueLength !== 0 || status !== 'up')
        left[`scheduler ${index}`] = { here, runQueueLength, status }
      const pid = vm.whereis(serverName(index))
      const info = pid === undefined ? undefined : await vm.processInfo(pid)
      const monitors = info?.monitors.length
      const monitoredBy = info?.monitoredBy.filter((each) => each.$pid !== vm.pid.$pid).length
      const links = info?.links.length
      const messages = info?.messageQueueLength
      if (monitors !== 0 || monitoredBy !== 0 || links !== 0 || messages !== 0)
        left[`server ${index}`] = { monitors, monitoredBy, links, messages }
    }
    return left
  }

  private async collect(round: number): Promise<void> {
    const { vm } = this
    for (const { index, restartCount } of vm.info().schedulers) {
      vm.send(serverName(index), { type: 'sweep' })
      await vm.isAlive(vm.whereis(serverName(index)) ?? vm.pid)
      const totals = await vm.call(collectorName(index), { $call: 'take', arg: 0 })
      for (const [what, by] of Object.entries(totals as { [what: string]: number }))
        this.counts.set(what, (this.counts.get(what) ?? 0) + by)
      const bytes = (await vm.call(
        collectorName(index),
        { $call: 'heap', arg: 0 },
        { timeoutMs: Infinity },
      )) as number
      this.samples.push({ round, scheduler: index, restartCount, bytes })
    }
  }
}

export function randomSeed(): number {
  return randomInt(2 ** 31)
}

/** Runs it; what it finds is printed as it is found. */
export async function stress(options: StressOptions): Promise<StressOutcome> {
  const violations = new Violations(options.seed, options.print)
  const onReport = (report: Report) => {
    if (report.type === 'scheduler_down') {
      if (!options.kills) violations.add('a scheduler died', { ...report })
    } else if (report.type !== 'crash') {
      violations.add('a report that nobody caused', { ...report })
    } else if (!isErrorReason(report.reason) || report.reason.message !== PLANNED_CRASH) {
      violations.add('a process crashed', { ...report })
    }
  }
  const { schedulers } = options
  const vm = await startVm({ schedulers, ringBytes: RING_BYTES, processCountMax: 2 ** 17, onReport })
  return new Stress(vm, options, violations).run()
}

// The chaos run: a supervised allocator and its clients under load, pairs that count for each other, processes that are
// moved from scheduler to scheduler all the time, and a scheduler killed every second. Nothing may be lost by that but
// what a dead scheduler held.
//
// A run is made of laps: load, then quiet. When it is quiet the accounts must be even: no client in a call, every
// frequency free, nothing left over; and memory must stand where it stood after the first laps.

import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { startServer, stopServer } from '@heddle/otp'
import { Exit, type Pid, type Report, startVm, tag, type Vm } from '@heddle/scheduler'
import { collector, heapBytes } from '#fixtures/stress-collector'
import { below, type Random } from '#fixtures/stress-random'
import { ALLOCATOR, allocator, crowd, type Stage } from './actors.ts'
import { Board, FREQUENCY_COUNT } from './board.ts'

export interface ChaosOptions {
  readonly seconds: number
  readonly schedulers: number
  readonly seed: number
  /** 0: nobody is moved. */
  readonly moveEveryMs: number
  /** 0: no scheduler is killed. */
  readonly killEveryMs: number
  readonly print: (line: string) => void
}

export interface ChaosOutcome {
  readonly counts: readonly (readonly [string, number])[]
  readonly violationCount: number
}

const CLIENT_COUNT = 48
const PAIR_COUNT = 12
const LAP_MS = 10_000
const POLL_MS = 10
/** What is waited for has not come for so long: it never will. */
const STALL_MS = 60_000
const WARM_LAP_COUNT = 2
const GROWTH_BYTES_MAX = 4 * 2 ** 20
const SHOWN_COUNT_MAX = 20

type Violation = { readonly type: 'violation'; readonly what: string; readonly [detail: string]: unknown }

class Chaos {
  private readonly vm: Vm
  private readonly options: ChaosOptions
  private readonly board = new Board(undefined, CLIENT_COUNT)
  private readonly random: Random
  private readonly tally = new Map<string, number>()
  private tree: Pid | undefined
  private isOver = false
  private isLoaded = false
  private isStalled = false
  private violationCount = 0
  private readonly hostBytes: number[] = []
  private readonly schedulerBytes: number[] = []

  constructor(vm: Vm, options: ChaosOptions) {
    this.vm = vm
    this.options = options
    this.random = { seed: options.seed }
  }

  async run(): Promise<ChaosOutcome> {
    const endMs = performance.now() + this.options.seconds * 1_000
    const { moveEveryMs, killEveryMs } = this.options
    const drivers = [
      this.listen(),
      this.drive(moveEveryMs, () => this.move()),
      this.drive(killEveryMs, () => this.kill()),
    ]
    while (!this.isStalled && performance.now() < endMs) await this.lap(endMs)
    this.isOver = true
    this.compareMemory()
    await this.vm.stop()
    await Promise.all(drivers)
    return { counts: [...this.board.counts(), ...this.tally], violationCount: this.violationCount }
  }

  violation(what: string, details: object): void {
    this.violationCount += 1
    if (this.violationCount <= SHOWN_COUNT_MAX)
      this.options.print(`violation: ${what} ${inspect(details, { depth: 5, breakLength: 110 })}`)
  }

  private count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1)
  }

  /** What the actors find. */
  private async listen(): Promise<void> {
    try {
      for (;;) {
        const { type, what, ...details } = await this.vm.receive(tag<Violation>('violation'))
        this.violation(what, details)
      }
    } catch {
      // The VM was stopped.
    }
  }

  // ---- what disturbs ----

  private async drive(everyMs: number, act: () => void): Promise<void> {
    if (everyMs === 0) return
    while (!this.isOver) {
      await sleep(everyMs)
      if (this.isLoaded && !this.isOver) act()
    }
  }

  private move(): void {
    const all = this.vm.processes()
    const pid = all[below(this.random, all.length)]
    if (pid === undefined || pid.$pid === this.vm.pid.$pid) return
    const to = 1 + below(this.random, this.options.schedulers)
    this.vm.migrate(pid, to, { timeoutMs: 1_000 }).then(
      (result) => this.count(result.moved ? 'moves' : `moves refused: ${result.reason}`),
      (error: unknown) => {
        if (!this.isOver) this.violation('a move failed', { error })
      },
    )
  }

  private kill(): void {
    this.count('schedulers killed')
    void this.vm.killScheduler(1 + below(this.random, this.options.schedulers))
  }

  // ---- a lap ----

  private async lap(endMs: number): Promise<void> {
    this.board.resume()
    this.isLoaded = true
    const treeKept = this.keepTree()
    await sleep(Math.max(500, Math.min(LAP_MS, endMs - performance.now())))
    this.isLoaded = false
    this.board.stop()
    await this.until('all to be quiet', () => this.restlessness())
    if (this.tree !== undefined) await stopServer(this.vm, this.tree, 'shutdown')
    await treeKept
    await this.until('nothing to be left over', () => this.leftovers())
    await this.measure()
    this.count('laps')
  }

  /** In the embedder's place: starts the tree again when its supervisor's scheduler has died. */
  private async keepTree(): Promise<void> {
    const { vm, board } = this
    const stage: Stage = {
      host: vm.pid,
      words: board.words,
      clientCount: CLIENT_COUNT,
      pairCount: PAIR_COUNT,
    }
    for (;;) {
      try {
        const tree = await startServer(vm, crowd, stage)
        this.count('trees started')
        this.tree = tree
        const { reason } = await vm.whenDown(tree)
        this.tree = undefined
        if (reason === 'shutdown') return
        if (!this.isDeath(reason)) this.violation('the tree ended', { reason })
      } catch (error) {
        // Its scheduler died as it was started, or a child's did and the start was given up.
        if (!(error instanceof Exit)) throw error
        this.count('trees not started')
      }
    }
  }

  /** `noproc`: it had ended before it was watched. */
  private isDeath(reason: unknown): boolean {
    return reason === 'noproc' || (Array.isArray(reason) && reason[0] === 'scheduler_down')
  }

  private async until(what: string, find: () => Promise<object | undefined>): Promise<void> {
    const endMs = performance.now() + STALL_MS
    for (let found = await find(); found !== undefined; found = await find()) {
      if (performance.now() > endMs) {
        this.isStalled = true
        this.violation(`waited in vain for ${what}`, found)
        return
      }
      await sleep(POLL_MS)
    }
  }

  /** What still goes on, though the load is over. */
  private async restlessness(): Promise<object | undefined> {
    const { vm, board, tree } = this
    const calling = Array.from({ length: CLIENT_COUNT }, (_, index) => index).filter((index) =>
      board.isInCall(index),
    )
    if (tree === undefined || calling.length > 0) return { tree, calling }
    const before = vm.info().schedulers.map(({ messageCount }) => messageCount)
    let free: { life: number; freeCount: number }
    try {
      free = await vm.call(ALLOCATOR, allocator.freeCount())
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      return { allocator: error.reason }
    }
    const held = board.heldIn(free.life)
    if (free.freeCount !== FREQUENCY_COUNT || held.length > 0) return { ...free, held }
    await sleep(POLL_MS)
    // But for the question itself, on one scheduler.
    const after = vm.info().schedulers.map(({ messageCount }) => messageCount)
    const moved = after.reduce((sum, count, index) => sum + Math.abs(count - (before[index] ?? 0)), 0)
    return moved > 1 ? { moved } : undefined
  }

  private async leftovers(): Promise<object | undefined> {
    const { processCount, registeredCount, schedulers } = this.vm.info()
    const isUp = schedulers.every(({ status }) => status === 'up')
    if (processCount === 1 && registeredCount === 0 && isUp) return undefined
    return { processes: this.vm.processes(), names: this.vm.registered(), schedulers }
  }

  private async measure(): Promise<void> {
    const { vm, options } = this
    this.hostBytes.push(heapBytes())
    let most = 0
    for (let scheduler = 1; scheduler <= options.schedulers; scheduler++) {
      const pid = await vm.spawn(collector, undefined as never, { scheduler })
      const bytes = await vm.call(pid, { $call: 'heap', arg: 0 }, { timeoutMs: Infinity })
      most = Math.max(most, bytes as number)
      vm.exit(pid, 'kill')
      await vm.whenDown(pid)
    }
    this.schedulerBytes.push(most)
  }

  private compareMemory(): void {
    for (const [what, bytes] of [
      ['host', this.hostBytes],
      ['largest scheduler', this.schedulerBytes],
    ] as const) {
      const mib = bytes.map((each) => (each / 2 ** 20).toFixed(1))
      this.options.print(`heap of the ${what} after each lap, MiB: ${mib.join(' ')}`)
      if (bytes.length <= 2 * WARM_LAP_COUNT) continue
      const warm = Math.max(...bytes.slice(0, WARM_LAP_COUNT))
      const last = Math.min(...bytes.slice(-WARM_LAP_COUNT))
      if (last - warm > GROWTH_BYTES_MAX) this.violation('memory grew', { what, warm, last })
    }
  }
}

/** Runs it; what it finds is printed as it is found. */
export async function chaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const unexpected: Report[] = []
  const onReport = (report: Report) => {
    if (report.type === 'crash' || report.type === 'deadlock') unexpected.push(report)
  }
  const vm = await startVm({ schedulers: options.schedulers, onReport })
  const run = new Chaos(vm, options)
  const outcome = await run.run()
  for (const report of unexpected) run.violation('a report that nobody caused', report)
  return { ...outcome, violationCount: outcome.violationCount + unexpected.length }
}

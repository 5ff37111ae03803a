/**
 * A simulated VM: N kernels and the host's, the wires between each two, one clock, and one seed that decides who goes
 * next, for how long, and what goes wrong. One thread: a step is one slice of one endpoint, or news at the host.
 *
 *     step:   who is ready?  --one, by weight--> news, slice, publish     the clock goes on by a little
 *             nobody is      ------------------> the clock jumps to what is due first
 *             nothing is due ------------------> quiet
 *
 * Weights are drawn anew now and then, so that there are stretches in which one scheduler hardly gets to run; those
 * find more than a fair choice does.
 */

import { type HostProcess, makeHostProcess } from '../kernel/host-process.ts'
import type { Report } from '../kernel/report.ts'
import { Control } from '../memory/control.ts'
import { createMemory, type SharedMemory, SLOT_BLOCK_COUNT } from '../memory/layout.ts'
import { type Definition, type DefinitionAddress, lookUpDefinition } from '../process/define.ts'
import { Operation } from '../process/op.ts'
import { PHASE, Process, STATUS } from '../process/process.ts'
import type { Self } from '../process/self.ts'
import { HeddleError } from '../term/errors.ts'
import { PidTerm, pidNumber } from '../term/pid.ts'
import { SimCrew } from './crew.ts'
import { type News, SimEndpoint, type Slice } from './endpoint.ts'
import { Judge } from './judge.ts'
import { checkEmpty, checkRecords } from './leaks.ts'
import type { Watchers } from './observed.ts'
import { type FullOptions, policyOf, type Range } from './options.ts'
import { Random } from './random.ts'
import type { Sabotage } from './sabotage.ts'
import { SimStealQueue, STEAL_PROBABILITY, STRIKE_PROBABILITY, Struck } from './thieves.ts'
import { Trace } from './trace.ts'
import { Scratch, Wire } from './wire.ts'

const HOST = 0
const MAIN: DefinitionAddress = { url: 'node:heddle', name: 'main' }
/** The least ring there is: the wires do without. */
const RING_BYTES = 2 ** 10
/** Steps in which a world whose main process has ended comes to rest, unless it never does. */
const SETTLE_STEP_COUNT_MAX = 20_000
const KILL_ROUND_COUNT_MAX = 20
/** Turns of the event loop that a promise of the outside world is given before time goes on without it. */
const PROMISE_TURN_COUNT_MAX = 2_000
/** Steps after which the event loop has a turn in any case. */
const STEPS_PER_TURN = 4_096
/** Signals read from one wire at most, as in a mesh. */
const INPUT_COUNT_MAX = 256
/** Signals that a ring publishes together at the latest. */
const BATCH_COUNT_MAX = 16
/** The chance that a scheduler stands still between two steps of a slice. */
const PAUSE_PROBABILITY = 0.1
/** The chance that weights are drawn anew. */
const MOOD_PROBABILITY = 0.03

export type Outcome = 'returned' | 'failed' | 'stuck' | 'limit'

export class World {
  readonly trace: Trace
  readonly judge: Judge
  readonly reports: Report[] = []
  stepCount = 0
  deathCount = 0
  moveCount = 0
  /** How the main process ended, once it has. */
  main!: Process
  private readonly options: FullOptions
  private readonly random: Random
  private readonly shared: SharedMemory
  private readonly watchers: Watchers
  private readonly kernelRandom: Random
  private readonly wires: readonly (readonly (Wire | undefined)[])[]
  /** Of unstarted spawns; none if nothing is stolen. */
  private readonly queues: readonly SimStealQueue[]
  private readonly endpoints: (SimEndpoint | undefined)[] = []
  private readonly weights: number[] = []
  private readonly crew: SimCrew
  private readonly root: HostProcess
  /** Schedulers that main wants dead. */
  private condemned: number[] = []
  /** What main waits with until all is at rest. */
  private readonly awaitingRest: Operation<void>[] = []
  private nowUs = 0
  private nextDeathUs = Infinity
  private hasFaults = true
  private hasTimers = true
  private isReporting = true
  /** Promises that did not settle for a long while, by process. */
  private readonly givenUp = new WeakMap<Process, number>()

  constructor(options: FullOptions, sabotage: Sabotage) {
    const { schedulers, nameCountMax, faults } = options
    this.options = options
    this.random = new Random(options.seed)
    this.kernelRandom = this.random.fork()
    this.trace = new Trace(options.trace)
    this.judge = new Judge(this.trace, () => this.nowUs)
    this.watchers = { judge: this.judge, trace: this.trace, sabotage, nowUs: () => this.nowUs }
    const endpointCount = schedulers + 1
    const processCountMax = endpointCount * SLOT_BLOCK_COUNT
    this.shared = createMemory({ endpointCount, processCountMax, nameCountMax, ringBytes: RING_BYTES })
    const all = Array.from({ length: endpointCount }, (_, index) => index)
    this.queues = options.stealing ? all.map((index) => new SimStealQueue(this.shared, index, sabotage)) : []
    const scratch = new Scratch()
    const control = new Control(this.shared)
    const epochOf = (endpoint: number): number => control.epoch(endpoint)
    const batch = 1 + this.random.below(BATCH_COUNT_MAX)
    this.wires = all.map((from) =>
      all.map((to) =>
        from === to ? undefined : new Wire(from, to, faults.ringCapacity, batch, scratch, sabotage, epochOf),
      ),
    )
    this.place(HOST)
    const host = this.host
    this.root = makeHostProcess(host.kernel)
    this.crew = new SimCrew({
      schedulerCount: schedulers,
      control: host.control,
      names: host.names,
      slots: host.slots,
      queues: this.queues,
      losesThefts: sabotage.losesThefts === true,
      nowUs: () => this.nowUs,
      newsDelayUs: () => this.drawUs(faults.newsDelayMs),
      tell: (endpoint, news, visibleUs) => this.tell(endpoint, news, visibleUs),
      resetWires: (endpoint) => this.resetWires(endpoint),
      place: (endpoint) => this.place(endpoint),
      died: (endpoint) => this.report({ type: 'scheduler_down', scheduler: endpoint, error: undefined }),
    })
    this.crew.startAll()
    this.shrinkTable()
    for (const endpoint of this.living()) for (const news of endpoint.readNews(0)) this.hear(endpoint, news)
    this.drawDeath()
  }

  /** Each endpoint takes its block of slots, and leaves only so many of them to use. */
  private shrinkTable(): void {
    for (const { index, slots } of this.living()) {
      // The host has slot 1 already, and slot 0 is nobody's.
      const usable = index === HOST ? SLOT_BLOCK_COUNT - 2 : SLOT_BLOCK_COUNT
      for (let count = this.options.processCountMax; count < usable; count++) slots.waste()
    }
  }

  get nowMs(): number {
    return this.nowUs / 1_000
  }

  get host(): SimEndpoint {
    return this.endpoints[HOST] as SimEndpoint
  }

  isUp(scheduler: number): boolean {
    return this.crew.isUp(scheduler)
  }

  fork(): Random {
    return this.random.fork()
  }

  /** Starts the main process, in the host's kernel, which does not die. */
  startMain(run: (self: Self) => unknown): void {
    const { kernel, slots } = this.host
    const slot = slots.allocate(HOST)
    const main = new Process(pidNumber(slot, slots.generation(slot)), this.root.process.pid, MAIN, undefined)
    const definition: unknown = {
      ...MAIN,
      vsn: 0,
      init: () => 0,
      run: (_: unknown, self: Self) => run(self),
      handle: undefined,
    }
    main.self = kernel.makeSelf(main)
    main.definition = definition as Definition
    main.phase = PHASE.init
    slots.markLive(slot)
    kernel.table.add(main)
    kernel.enqueue(main)
    this.main = main
  }

  // ---- running ----

  /** Until main has ended, nothing can happen any more, or a limit is reached; or something is wrong. */
  async run(): Promise<Exclude<Outcome, 'failed'>> {
    const { limitMs, stepCountMax } = this.options
    for (;;) {
      if (this.judge.violations.length > 0 || this.main.status === STATUS.dead) return 'returned'
      if (this.nowMs > limitMs || this.stepCount > stepCountMax) return 'limit'
      if (!(await this.goOn())) return 'stuck'
    }
  }

  /** The end: what is under way comes to rest, all are killed, and nothing may be left. */
  async finish(): Promise<void> {
    const { judge } = this
    this.hasFaults = false
    this.hasTimers = false
    this.isReporting = false
    if (judge.violations.length === 0 && (await this.settle())) {
      judge.checkQuiet()
      checkRecords(judge, this.living())
    }
    let isQuiet = false
    for (let round = 0; round < KILL_ROUND_COUNT_MAX && judge.violations.length === 0; round++) {
      const victims = judge.livePids().filter((pid) => pid !== this.root.process.pid)
      if (victims.length === 0 && isQuiet) break
      for (const pid of victims) this.root.self.exit(new PidTerm(pid), 'kill')
      isQuiet = await this.settle()
    }
    if (judge.violations.length > 0) return
    judge.check('leaks', isQuiet, () => 'the world does not come to rest though all are killed')
    judge.checkQuiet()
    checkEmpty(judge, this.living(), this.root.process.pid)
  }

  /** Runs without letting timers come due; returns whether all is at rest. */
  private async settle(): Promise<boolean> {
    const end = this.stepCount + SETTLE_STEP_COUNT_MAX
    while (this.stepCount < end && this.judge.violations.length === 0) if (!(await this.goOn())) return true
    return false
  }

  /** One step, or a turn of the event loop that a promise needs; false if nothing is left to do. */
  private async goOn(): Promise<boolean> {
    const isDoing = this.tryStep()
    if (this.hasPromises() || this.stepCount % STEPS_PER_TURN === 0) await eventLoopTurn()
    if (isDoing || (await this.awaitPromises())) return true
    return this.tellOfRest() || this.jump()
  }

  /** Nobody can go on but for time. Returns whether somebody waited for that. */
  private tellOfRest(): boolean {
    if (this.awaitingRest.length === 0 || this.nextUs(false) < Infinity) return false
    for (const operation of this.awaitingRest.splice(0)) operation.complete(undefined)
    return true
  }

  /** For the main process: through when nobody can go on but for time. */
  rest(): Operation<void> {
    const begin = (operation: Operation<void>): void => void this.awaitingRest.push(operation)
    const release = (): void => {}
    return new Operation<void>(this.main, this.host.kernel, { begin, release })
  }

  /** What a kernel throws would end its thread. */
  private tryStep(): boolean {
    this.judge.checkCounts.no_failure += 1
    try {
      return this.step()
    } catch (error) {
      this.judge.fail('no_failure', error instanceof Error ? (error.stack ?? error.message) : String(error))
      return true
    }
  }

  /** False if nobody is ready. */
  private step(): boolean {
    this.stepCount += 1
    const { nowUs, random } = this
    if (this.hasFaults && nowUs >= this.nextDeathUs) {
      this.kill(this.drawVictim())
      this.drawDeath()
    }
    for (const scheduler of this.condemned.splice(0)) this.kill(scheduler)
    if (random.chance(MOOD_PROBABILITY)) this.drawWeights()
    const hasNews = this.crew.nextUs() <= nowUs
    const endpoint = this.choose(hasNews ? 1 : 0)
    if (endpoint === 'news') this.crew.handleNews(nowUs)
    else if (endpoint === undefined) return false
    else this.work(endpoint)
    this.nowUs += this.drawUs(this.options.faults.stepMs)
    return true
  }

  private choose(newsWeight: number): SimEndpoint | 'news' | undefined {
    let sum = newsWeight
    for (const endpoint of this.endpoints) {
      if (endpoint?.isReady(this.nowUs) === true) sum += this.weights[endpoint.index] as number
    }
    if (sum === 0) return undefined
    let left = this.random.next() * sum - newsWeight
    if (left < 0) return 'news'
    for (const endpoint of this.endpoints) {
      if (endpoint?.isReady(this.nowUs) !== true) continue
      left -= this.weights[endpoint.index] as number
      if (left < 0) return endpoint
    }
    return this.endpoints.findLast((endpoint) => endpoint?.isReady(this.nowUs) === true)
  }

  private work(endpoint: SimEndpoint): void {
    const { random, nowUs } = this
    const { faults } = this.options
    for (const news of endpoint.readNews(nowUs)) this.hear(endpoint, news)
    const mayPause = this.hasFaults && faults.ringDelayMs[1] > 0 && !endpoint.hasPromises
    const slice: Slice = {
      inputCountMax: random.chance(0.5) ? INPUT_COUNT_MAX : 1 + random.below(4),
      turnCountMax: 1 + random.below(random.chance(0.5) ? 16 : 3),
      steals: random.chance(STEAL_PROBABILITY),
      pauses: () => mayPause && random.chance(PAUSE_PROBABILITY),
    }
    if (this.hasFaults && random.chance(faults.moveProbability)) this.moveSome(endpoint)
    this.trace.note(102, endpoint.index, slice.turnCountMax, nowUs, 0)
    let isOver: boolean
    try {
      isOver = endpoint.work(nowUs, slice)
    } catch (error) {
      if (!(error instanceof Struck)) throw error
      this.kill(endpoint.index)
      return
    }
    if (this.mayDie(endpoint.index) && random.chance(faults.deathProbability)) this.kill(endpoint.index)
    else if (!isOver) endpoint.stalledUntilUs = nowUs + this.drawUs(faults.ringDelayMs)
    else if (this.hasFaults && random.chance(faults.stallProbability))
      endpoint.stall(nowUs, this.drawUs(faults.stallMs))
  }

  /** Asks some of an endpoint's processes to move: most are not at rest, and some are dead. */
  private moveSome(endpoint: SimEndpoint): void {
    const { random } = this
    const { kernel, index } = endpoint
    if (index === HOST || kernel.processes.length === 0) return
    const to = 1 + random.below(this.options.schedulers)
    const timeoutMs = random.chance(0.5) ? 0 : random.below(5)
    for (let count = 1 + random.below(3); count > 0; count--) {
      const { pid } = kernel.processes[random.below(kernel.processes.length)] as Process
      kernel.moves.request(pid, to, timeoutMs, (outcome) => {
        if (outcome.moved && to !== index) this.moveCount += 1
      })
    }
  }

  /** Nobody is ready: time goes on to what comes first. */
  private jump(): boolean {
    const next = this.nextUs(this.hasTimers)
    if (next === Infinity) return false
    this.nowUs = Math.max(this.nowUs, Math.ceil(next))
    return true
  }

  /** When something is to be done next. */
  private nextUs(withTimers: boolean): number {
    let next = this.crew.nextUs()
    for (const endpoint of this.endpoints)
      if (endpoint !== undefined) next = Math.min(next, endpoint.nextWorkUs(withTimers))
    return next
  }

  // ---- promises ----

  private hasPromises(): boolean {
    return this.endpoints.some((endpoint) => endpoint?.promisedProcess(this.givenUp) !== undefined)
  }

  /** Whether something came of promises that the outside world may settle. */
  private async awaitPromises(): Promise<boolean> {
    for (let turn = 0; turn < PROMISE_TURN_COUNT_MAX; turn++) {
      if (!this.hasPromises()) return turn > 0
      await eventLoopTurn()
      if (this.endpoints.some((endpoint) => endpoint?.isReady(this.nowUs) === true)) return true
    }
    for (const { kernel } of this.living())
      for (const process of kernel.processes) this.givenUp.set(process, process.promiseId)
    return false
  }

  // ---- deaths ----

  /** Ends a scheduler when the slice that is running is over. */
  killLater(scheduler: number): void {
    if (Number.isInteger(scheduler) && scheduler >= 1 && scheduler <= this.options.schedulers)
      this.condemned.push(scheduler)
    else throw new HeddleError('ERR_BAD_ARGUMENT', `there is no scheduler ${scheduler} to kill`)
  }

  /** As in a long callback. */
  stall(scheduler: number, ms: number): void {
    this.endpoints[scheduler]?.stall(this.nowUs, ms * 1_000)
  }

  note(text: string): void {
    if (this.trace.isKept) this.trace.line(this.nowUs, `note: ${text}`)
  }

  /** Ends a scheduler, as if its thread had ended now. */
  private kill(scheduler: number): void {
    const endpoint = this.endpoints[scheduler]
    if (endpoint === undefined || !this.mayDie(scheduler)) return
    this.trace.note(103, scheduler, 0, 0, 0)
    if (this.trace.isKept) this.trace.line(this.nowUs, `s${scheduler} dies`)
    this.deathCount += 1
    endpoint.abandon()
    this.endpoints[scheduler] = undefined
    this.crew.ended(scheduler)
  }

  private mayDie(scheduler: number): boolean {
    return (
      this.hasFaults &&
      this.crew.isUp(scheduler) &&
      this.endpoints[scheduler] !== undefined &&
      this.deathCount < this.options.faults.deathCountMax
    )
  }

  /** Whether a scheduler ends with a request in its hands. */
  private isStruck(scheduler: number): boolean {
    const { deathsPerSecond, deathProbability } = this.options.faults
    if (deathsPerSecond === 0 && deathProbability === 0) return false
    return this.mayDie(scheduler) && this.random.chance(STRIKE_PROBABILITY)
  }

  private drawVictim(): number {
    return 1 + this.random.below(this.options.schedulers)
  }

  private drawDeath(): void {
    const { deathsPerSecond } = this.options.faults
    if (deathsPerSecond === 0) return
    const waitUs = (-Math.log(1 - this.random.next()) / deathsPerSecond) * 1_000_000
    this.nextDeathUs = this.nowUs + waitUs
  }

  // ---- what the crew asks for ----

  private tell(endpoint: number, news: News, visibleUs: number): void {
    if (endpoint === HOST) this.hear(this.host, news)
    else this.endpoints[endpoint]?.tell(news, visibleUs)
  }

  private hear(endpoint: SimEndpoint, news: News): void {
    if (this.trace.isKept) this.trace.line(this.nowUs, `s${endpoint.index} hears: ${news.type} s${news.peer}`)
    if (news.type === 'connect') {
      endpoint.connect(news.peer, news.epoch)
      return
    }
    endpoint.disconnect(news.peer, () => this.crew.parted(endpoint.index, news.death))
  }

  private resetWires(endpoint: number): void {
    for (let other = 0; other < this.wires.length; other++) {
      this.wires[endpoint]?.[other]?.reset()
      this.wires[other]?.[endpoint]?.reset()
    }
  }

  /** A fresh kernel in this place. */
  private place(index: number): void {
    const endpoint = new SimEndpoint({
      shared: this.shared,
      endpoint: index,
      endpointCount: this.options.schedulers + 1,
      watchers: this.watchers,
      balance: this.options.balance,
      random: () => this.kernelRandom.next(),
      queues: this.queues,
      shortQueueCount: this.options.shortQueueCount,
      placement: policyOf(this.options.placement),
      isStruck: () => this.isStruck(index),
      load,
      onReport: (report) => this.report(report),
      outs: this.wires[index] ?? [],
      ins: this.wires.map((row) => row[index]),
    })
    if (this.weights[index] !== undefined) endpoint.slots.adopt()
    this.weights[index] = 1
    this.endpoints[index] = endpoint
    if (this.trace.isKept) this.trace.line(this.nowUs, `s${index} starts`)
  }

  private report(report: Report): void {
    if (this.isReporting) this.reports.push(report)
  }

  // ---- chance ----

  private drawUs([from, to]: Range): number {
    return Math.floor((from + this.random.next() * (to - from)) * 1_000)
  }

  private drawWeights(): void {
    for (let index = 0; index < this.weights.length; index++) this.weights[index] = 4 ** -this.random.below(4)
  }

  private living(): SimEndpoint[] {
    return this.endpoints.filter((endpoint) => endpoint !== undefined)
  }
}

function load({ url, name }: DefinitionAddress): Definition | Promise<Definition> {
  const known = lookUpDefinition(url, name)
  if (known !== undefined) return known
  const why = `no module of this thread defines '${name}' of ${url}: import it before the simulation`
  return Promise.reject(new HeddleError('ERR_UNKNOWN_DEFINITION', why))
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

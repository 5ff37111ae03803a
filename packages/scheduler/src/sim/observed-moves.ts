/** Moves as they are, with the judge looking on; and what can be broken about them, for tests of the judge. */

import type { Kernel } from '../kernel/kernel.ts'
import { type Moved, MoveOut } from '../kernel/move-out.ts'
import { Moves } from '../kernel/moves.ts'
import { Routes } from '../kernel/routes.ts'
import { type Process, type SignalRecord, STATUS } from '../process/process.ts'
import type { Watchers } from './observed.ts'
import { pidText } from './trace.ts'

export class SimMoves extends Moves {
  private readonly watchersOf: () => Watchers

  /** `watchersOf`: they come after the kernel. */
  constructor(kernel: Kernel, watchersOf: () => Watchers) {
    super(kernel)
    this.watchersOf = watchersOf
  }

  protected override makeOut(to: number, processes: readonly Process[], peers: readonly number[]): MoveOut {
    const { trace, nowUs } = this.watchersOf()
    for (const { pid } of processes) trace.note(104, pid, this.kernel.endpoint, to, 0)
    if (trace.isKept) {
      const names = processes.map(({ pid }) => pidText(pid)).join(', ')
      trace.line(nowUs(), `s${this.kernel.endpoint} moves ${names} to s${to}`)
    }
    return new SimMoveOut(this.kernel, this.watchersOf(), to, processes, peers)
  }

  protected override makeRoutes(kernel: Kernel): SimRoutes {
    return new SimRoutes(kernel, () => this.watchersOf())
  }

  protected override takeLock(): boolean {
    return super.takeLock() || this.watchersOf().sabotage.locksNot === true
  }

  protected override receiveMoved(ref: number, moved: Moved, from: number): void {
    super.receiveMoved(ref, moved, from)
    if (this.watchersOf().sabotage.switchesNot !== true) return
    for (const pid of moved.pids) this.routes.set(pid, from, from)
  }

  protected override inherit(pid: number, from: number): boolean {
    return super.inherit(pid, from) || this.watchersOf().sabotage.installsDead === true
  }

  protected override partedAfter(peer: number, epoch: number): boolean {
    return this.watchersOf().sabotage.arrivesUnparted !== true && super.partedAfter(peer, epoch)
  }

  override isComing(pid: number): boolean {
    return this.watchersOf().sabotage.holdsNot !== true && super.isComing(pid)
  }

  /** The signal that waited has come from another heap: it is known by its place, not by its value. */
  protected override takeUp(process: Process, signal: SignalRecord): void {
    const { judge } = this.watchersOf()
    const id = judge.takeTravelling(process.pid)
    if (process.status === STATUS.dead) judge.handled(id, process.pid)
    judge.withSignal(id, () => super.takeUp(process, signal))
  }
}

class SimMoveOut extends MoveOut {
  private readonly watchers: Watchers

  constructor(
    kernel: Kernel,
    watchers: Watchers,
    to: number,
    processes: readonly Process[],
    peers: readonly number[],
  ) {
    super(kernel, to, processes, peers)
    this.watchers = watchers
  }

  override begin(): void {
    super.begin()
    const { sabotage } = this.watchers
    if (sabotage.freezesNot === true) for (const process of this.processes) process.deferred = null
    if (sabotage.installsEarly !== true) return
    for (let peer = 0; peer < this.kernel.endpointCount; peer++) this.flushed(peer)
  }

  protected override send(process: Process): void {
    const { pid, deferred } = process
    this.watchers.judge.travels(this.kernel.endpoint, pid, deferred ?? [])
    super.send(process)
  }
}

class SimRoutes extends Routes {
  private readonly watchersOf: () => Watchers

  constructor(kernel: Kernel, watchersOf: () => Watchers) {
    super(kernel)
    this.watchersOf = watchersOf
  }

  override where(pid: number, endpoint: number): number {
    return this.watchersOf().sabotage.judgesByBirth === true ? endpoint : super.where(pid, endpoint)
  }

  override hasStrays(endpoint: number): boolean {
    return this.watchersOf().sabotage.keepsStrays !== true && super.hasStrays(endpoint)
  }
}

/**
 * The loop that drives a kernel on a thread that has an event loop of its own.
 *
 *     slice:  read the rings -> fire timers -> run turns -> publish    ... for a tenth of a millisecond
 *     then:   work left  -> setImmediate(slice): timers and I/O of the event loop come in between
 *             no work    -> take a spawn of others that has not started; let promises settle once; spin for 20 us;
 *                           announce sleep; look once more; wait on the doorbell, with the event loop free for
 *                           everything else
 *
 * Rejected: turning to the event loop by a MessagePort (starves timers and I/O), blocking in
 * `Atomics.wait` (stops them), sleeping without the spin (every round trip between two schedulers then
 * costs two wake-ups of 25 us).
 */

import { performance } from 'node:perf_hooks'
import type { Kernel } from '../kernel/kernel.ts'
import { NO_PROCESS } from '../memory/control.ts'
import type { IdleSet } from '../memory/idle-set.ts'
import type { Park } from '../memory/park.ts'
import type { Deliver } from './channel.ts'
import { type Clock, systemMs } from './clock.ts'
import type { HeapWatch } from './heap-watch.ts'
import type { Mesh } from './mesh.ts'

/** How long the event loop waits for its turn while there is work. */
const SLICE_MS = 0.1
/** Turns between two looks at rings and clock. */
const TURNS_PER_LOOK = 16

/** Bytes that may wait for room in rings before anybody is told. */
const TOLD_BYTES_MIN = 2 ** 26

export interface LoopOptions {
  /** How long to look at the rings before going to sleep; 0 where a busy thread would be a nuisance. */
  readonly spinMs: number
  /** Whether a timer of the kernel keeps the thread alive. */
  readonly keepsThreadAlive: boolean
}

export class Loop {
  private readonly kernel: Kernel
  private readonly mesh: Mesh
  private readonly park: Park
  /** Unset where nothing is taken from others. */
  private readonly idle: IdleSet | undefined
  private readonly clock: Clock
  private readonly options: LoopOptions
  private readonly heap: HeapWatch | undefined
  private isScheduled = false
  private isStopped = false
  private isRunning = false
  /** How much of this slice went by looking out for signals. */
  private spunMs = 0
  /** In the set of those who sleep. */
  private isIdle = false
  /** Promises have had their chance to settle since the last work. */
  private isQuiet = false
  private timer: NodeJS.Timeout | undefined
  /** When so many bytes wait for room in rings, people are told. */
  private toldBytes = TOLD_BYTES_MIN
  /** The wait that is pending. */
  private bell: Promise<void> | undefined

  constructor(
    kernel: Kernel,
    mesh: Mesh,
    park: Park,
    idle: IdleSet | undefined,
    clock: Clock,
    options: LoopOptions,
    heap?: HeapWatch,
  ) {
    this.kernel = kernel
    this.mesh = mesh
    this.park = park
    this.idle = idle
    this.clock = clock
    this.options = options
    kernel.counters.startedMs = systemMs()
    this.heap = heap
  }

  /** Something is to be done: a slice comes with the next turn of the event loop. */
  kick(): void {
    if (this.isScheduled || this.isRunning || this.isStopped) return
    this.isScheduled = true
    this.isQuiet = false
    setImmediate(this.slice)
  }

  get isAtRest(): boolean {
    return !this.isScheduled && !this.isRunning
  }

  stop(): void {
    this.isStopped = true
    this.park.cancel()
    clearTimeout(this.timer)
  }

  /** Reads what is there, runs nothing: for a peer that has died. */
  readonly deliver: Deliver = (kind, target, source, ref, value, from) => {
    this.kernel.receive(kind, target, source, ref, value, from)
  }

  private readonly slice = (): void => {
    this.isScheduled = false
    if (this.isStopped) return
    this.wake()
    this.isRunning = true
    const begin = performance.now()
    this.spunMs = 0
    const { counters } = this.kernel
    counters.sliceStartMs = this.clock.at(begin)
    counters.beginStep(NO_PROCESS, 0)
    let isBusy = true
    try {
      isBusy = this.work(begin)
    } finally {
      const tookMs = performance.now() - begin - this.spunMs
      this.kernel.counters.activeMs += tookMs
      this.kernel.pace.sliceOver(tookMs)
      this.publishCounters()
      this.heap?.look(begin)
      this.isRunning = false
    }
    if (isBusy) this.kick()
    else this.rest()
  }

  private wake(): void {
    this.park.cancel()
    if (!this.isIdle) return
    this.isIdle = false
    this.idle?.leave(this.kernel.endpoint)
  }

  private publishCounters(): void {
    const { kernel, mesh } = this
    kernel.publishCounters()
    const { counters } = kernel
    counters.overflowCount = mesh.overflowCount
    counters.heldCount = mesh.heldCount
    counters.heldBytes = mesh.heldBytes
    if (counters.heldBytes >= this.toldBytes) this.tellOverflow()
    else if (counters.heldBytes === 0) this.toldBytes = TOLD_BYTES_MIN
    counters.sliceStartMs = 0
    counters.runningPid = 0
  }

  private tellOverflow(): void {
    const most = this.mesh.mostHeld()
    this.toldBytes = 2 * this.mesh.heldBytes
    this.kernel.report({ type: 'ring_overflow', scheduler: this.kernel.endpoint, ...most })
  }

  /** Works until there is nothing to do, or the event loop is due; returns whether work is left. */
  private work(begin: number): boolean {
    const { kernel, mesh, clock } = this
    for (let now = begin; ; ) {
      kernel.beginDrain()
      const drained = mesh.drain(this.deliver)
      kernel.endDrain()
      kernel.settle(clock.at(now))
      const isMore = kernel.runSlice(TURNS_PER_LOOK)
      kernel.counters.beginStep(NO_PROCESS, 0)
      mesh.flush()
      kernel.graves.clear()
      now = performance.now()
      // Nothing to do here: something of others', if they have too much.
      if (isMore || drained > 0 || kernel.stealing?.steal() === true) {
        this.isQuiet = false
        if (now - begin >= SLICE_MS) return true
      } else if (now - begin >= SLICE_MS || !this.spin()) {
        return false
      }
    }
  }

  /** Waits a little for a signal; returns whether there is one. */
  private spin(): boolean {
    const { mesh, options } = this
    const { stealing } = this.kernel
    // First promises: what they lead to is work, too.
    if (options.spinMs === 0 || !this.isQuiet) return mesh.hasInput()
    const begin = performance.now()
    let now = begin
    let isFound = false
    do {
      for (let look = 0; look < 16 && !isFound; look++) isFound = mesh.hasInput()
      isFound ||= stealing?.hasLoot === true
      if (!isFound) now = performance.now()
    } while (!isFound && now - begin < options.spinMs)
    this.spunMs += now - begin
    return isFound
  }

  private rest(): void {
    if (!this.isQuiet) {
      this.isQuiet = true
      this.isScheduled = true
      // Where time waits for everything else, promises get as long as they need.
      if (this.clock.isManual) setImmediate(this.slice)
      else queueMicrotask(this.slice)
      return
    }
    const deadline = this.kernel.timers.nextDeadlineMs()
    this.kernel.counters.nextDeadlineMs = deadline
    this.kernel.counters.parkCount += 1
    this.park.announce()
    this.idle?.enter(this.kernel.endpoint)
    this.isIdle = true
    // Pairs with the peers' stores of tails, heads and bottoms: either they see this thread parked, or these looks see
    // their signals, their room, and what they have to give away.
    if (!this.mesh.isEmpty() || this.findsRoom() || this.kernel.stealing?.isNothingLeft() === false) {
      this.wake()
      this.kick()
      return
    }
    this.kernel.counters.restCount = this.kernel.counters.parkCount
    if (deadline !== Infinity && !this.clock.isManual) this.wakeAfter(deadline - this.clock.now())
    const bell = this.park.wait()
    // One wait may outlast several sleeps: it needs one listener.
    if (bell === this.bell) return
    this.bell = bell
    void bell.then(this.onBell)
  }

  /** Whether signals that a full ring held up can go now. If not, the ring's reader will wake this thread. */
  private findsRoom(): boolean {
    const { mesh } = this
    const held = mesh.heldCount
    if (held === 0) return false
    mesh.awaitRoom()
    mesh.flush()
    return mesh.heldCount < held
  }

  private readonly onBell = (): void => {
    this.bell = undefined
    this.wakeUp()
  }

  private readonly wakeUp = (): void => {
    this.isQuiet = false
    this.kick()
  }

  /** One timer of the event loop stands for all of the kernel's. */
  private wakeAfter(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(this.wakeUp, Math.min(Math.max(Math.ceil(ms), 1), 2 ** 31 - 1))
    if (!this.options.keepsThreadAlive) this.timer.unref()
  }
}

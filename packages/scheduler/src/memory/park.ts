/**
 * Sleep and wake. The only file that calls `Atomics.wait`, `waitAsync` and `notify`.
 *
 * A thread with nothing to do **parks**: it publishes that it is parked, looks once more whether there is
 * work, and only then waits for its **bell**. Its event loop goes on meanwhile, serving timers and I/O.
 * A sender that has published something looks whether the receiver is parked, and only then rings:
 *
 *     receiver                             sender
 *     announce()   PARKED = 1              publish()   TAIL = ...
 *     isEmpty()    load TAIL               wake()      load PARKED
 *     wait()                                           PARKED 1 -> 0, BELL + 1, notify
 *
 * Both store first and load then, all four fenced. So in the one order of all fenced accesses at least one
 * of the two sees the other's store: either the receiver sees the work, or the sender sees that it must
 * ring. A sender pays 8 ns while the receiver is awake; of many senders one pays for the ring (8 us),
 * because only one wins PARKED 1 -> 0.
 *
 * Between the second look and `wait` the bell may ring: then BELL has moved on since `announce`, and the
 * wait is over before it began. Spurious wake-ups happen and are harmless; lost ones cannot.
 *
 * A pending `waitAsync` cannot be taken back, does not keep its thread alive, and each one costs half a
 * kilobyte for as long as it pends. So at most one pends: a thread that woke for another reason (I/O) and
 * parks again waits on the one that is still there.
 *
 * Rejected: `Atomics.wait` (blocks timers and I/O), a MessagePort as bell (46 us, and a message for every
 * wake), ringing always (8 us for each signal).
 */

import type { Control } from './control.ts'
import { ENDPOINT_BELL, ENDPOINT_PARKED, endpointWord, type SharedMemory } from './layout.ts'

const PARKED = 1
const AWAKE = 0

export class Park {
  private readonly words: Int32Array
  private readonly parkedAt: number
  private readonly bellAt: number
  /** BELL as it was before the last `announce`. */
  private bell = 0
  /** The one wait that may be pending. */
  private pending: Promise<void> | null = null
  private isPendingForever = false

  constructor(shared: SharedMemory, me: number) {
    this.words = new Int32Array(shared.control)
    this.parkedAt = endpointWord(me) + ENDPOINT_PARKED
    this.bellAt = endpointWord(me) + ENDPOINT_BELL
  }

  /** "I am about to sleep." Then look at every ring (fenced: `isEmpty`), and `wait` or `cancel`. */
  announce(): void {
    this.bell = Atomics.load(this.words, this.bellAt)
    // Pairs with the load in `wake`.
    Atomics.store(this.words, this.parkedAt, PARKED)
  }

  /** "I am awake." Also after a wait that ended otherwise than by the bell; senders need not ring now. */
  cancel(): void {
    Atomics.store(this.words, this.parkedAt, AWAKE)
  }

  /**
   * Resolves when the bell rings, or has rung since `announce`, or after `timeoutMs`; sometimes for no
   * reason. It does not keep the thread alive.
   */
  wait(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.pending !== null) {
      if (this.isPendingForever && timeoutMs === Number.POSITIVE_INFINITY) return this.pending
      // It would end too late, or too early. End it now; its promise resolves, and nobody minds.
      Atomics.notify(this.words, this.bellAt)
      this.pending = null
    }
    const result = Atomics.waitAsync(this.words, this.bellAt, this.bell, timeoutMs)
    if (!result.async) return Promise.resolve()
    const pending: Promise<void> = result.value.then(() => {
      if (this.pending === pending) this.pending = null
    })
    this.pending = pending
    this.isPendingForever = timeoutMs === Number.POSITIVE_INFINITY
    return pending
  }
}

/** Whether an endpoint sleeps. Pairs with the store in `announce`: what it published before can be read. */
export function isParked(control: Control, endpoint: number): boolean {
  return Atomics.load(control.words, endpointWord(endpoint) + ENDPOINT_PARKED) === PARKED
}

/**
 * Wakes an endpoint if it is parked. To be called after what it shall find has been published.
 * @returns whether the bell was rung
 */
export function wake(control: Control, endpoint: number): boolean {
  const { words } = control
  const at = endpointWord(endpoint)
  // Pairs with the store in `announce`.
  if (Atomics.load(words, at + ENDPOINT_PARKED) !== PARKED) return false
  if (Atomics.compareExchange(words, at + ENDPOINT_PARKED, PARKED, AWAKE) !== PARKED) return false
  Atomics.add(words, at + ENDPOINT_BELL, 1)
  Atomics.notify(words, at + ENDPOINT_BELL)
  return true
}

/**
 * Blocks the thread, event loop and all, until a word is likely to have changed: for a lock whose holder
 * was put aside by the operating system. Nobody notifies, so it is no more than a short timed sleep.
 */
export function nap(words: Int32Array, at: number, seen: number, napMs: number): void {
  Atomics.wait(words, at, seen, napMs)
}

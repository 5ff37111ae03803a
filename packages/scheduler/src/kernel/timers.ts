/**
 * Timers of one scheduler: a hierarchical wheel with a tick of 1 ms, driven from outside (`advance`).
 *
 *     level 0   32 places of 1 tick        the window of 32 ticks that now stands in
 *     level 1   32 places of 32 ticks      the window of 1,024 ticks
 *     ...
 *     level 5   32 places of 2^25 ticks    the window of 2^30 ticks: 12 days
 *     far       one list                   everything later
 *
 * A timer stands on the level of the highest five-bit digit in which its deadline differs from now, at
 * the place that this digit names. So all timers on a lower level are due before any on a higher one;
 * when now enters the span of a higher place, that place is dealt out to the levels below (it cascades),
 * and before that nothing of its span can be on a lower level. Three things follow:
 *
 *   - equal deadlines fire in the order in which they were started: each list is first in, first out,
 *     and cascading keeps the order;
 *   - the next thing to do is found by one bit scan per level, however far away it is: no tick is walked;
 *   - only one place is dealt out at a time, so there is no order of levels to get wrong.
 *
 * Never early: deadlines are rounded up to a tick, and now is rounded down. Deterministic: time comes in.
 *
 * Timers started lazily wait in a list of their own, without a deadline, until `settle` is told the time.
 * Most timeouts are cancelled in the slice that started them (the call was answered), and cost no look
 * at the clock and no place in the wheel then.
 *
 * Rejected: placing by distance to the deadline instead of by digit (late starters overtake, and a place
 * can hold two rounds of timers); a heap (start and cancel in log n, equal deadlines unordered).
 */

const DIGIT_BITS = 5
const PLACE_COUNT = 1 << DIGIT_BITS
const LEVEL_COUNT = 6
/** Ticks that the levels cover: offsets in a window of this size fit an int32. */
const WINDOW_TICKS = 2 ** (DIGIT_BITS * LEVEL_COUNT)

// Where a timer stands. 0..191: level * 32 + place.
const FAR = LEVEL_COUNT * PLACE_COUNT
const FRESH = FAR + 1
const LIST_COUNT = FRESH + 1
const NOWHERE = -1

/** How many timers of one place are looked at to tell the next deadline exactly. */
const EXACT_COUNT_MAX = 16

/** What can stand in a list: a timer, or the head of the list itself. Only the wheel looks at these. */
abstract class Link {
  next: Link = this
  previous: Link = this
  place = NOWHERE
  /** When it is to fire, in ms of the wheel's clock; after `startLazily`, until it is settled, its delay. */
  deadlineMs = 0
}

class Head extends Link {}

/**
 * Something to do later: its class says what. It can be started again and again, but stands in one wheel
 * at one time. Keep such classes few: the lists hold all of them, and stay fast with up to three.
 */
export abstract class Timer extends Link {
  abstract fire(): void

  /** Whether it is started and has neither fired nor been cancelled. */
  get isPending(): boolean {
    return this.place !== NOWHERE
  }
}

export class TimerWheel {
  private readonly lists: readonly Head[] = Array.from({ length: LIST_COUNT }, () => new Head())
  /** For each level, the places that are not empty. */
  private readonly masks = new Int32Array(LEVEL_COUNT)
  /** Now is tick `windowStart + offset`; all ticks up to and including it have fired. */
  private windowStart = 0
  private offset = 0
  /** No timer in the far list is due before this. */
  private farMin = Number.POSITIVE_INFINITY
  private count = 0

  constructor(nowMs: number) {
    this.moveTo(Math.floor(nowMs))
  }

  /** Timers that are pending, fresh ones included. */
  get size(): number {
    return this.count
  }

  /**
   * `timer` fires at the first tick that is no earlier than `nowMs + delayMs`, and is later than the tick
   * that the wheel stands at: a timer started while others fire never fires in the same tick. A pending
   * timer is started afresh.
   */
  start(timer: Timer, nowMs: number, delayMs: number): void {
    if (timer.place !== NOWHERE) this.cancel(timer)
    this.count += 1
    this.arm(timer, nowMs, delayMs)
  }

  /** The same without looking at the clock: the delay counts from the next `settle`. */
  startLazily(timer: Timer, delayMs: number): void {
    if (timer.place !== NOWHERE) this.cancel(timer)
    this.count += 1
    timer.deadlineMs = delayMs
    this.append(timer, FRESH)
  }

  /** Arms what was started lazily and not cancelled since, in the order of the starts. */
  settle(nowMs: number): void {
    const fresh = this.lists[FRESH]
    while (fresh.next !== fresh) {
      const timer = fresh.next
      this.unlink(timer)
      this.arm(timer, nowMs, timer.deadlineMs)
    }
  }

  /** @returns whether it was pending */
  cancel(timer: Timer): boolean {
    if (timer.place === NOWHERE) return false
    this.unlink(timer)
    this.count -= 1
    return true
  }

  /** Time until it fires; the whole delay as long as it is fresh; 0 if it is not pending, or due. */
  remainingMs(timer: Timer, nowMs: number): number {
    if (timer.place === NOWHERE) return 0
    return timer.place === FRESH ? timer.deadlineMs : Math.max(0, timer.deadlineMs - nowMs)
  }

  /** The point in time at which it fires, if it is pending; a fresh one counts from now. */
  dueMs(timer: Timer, nowMs: number): number {
    return timer.place === FRESH ? Math.ceil(nowMs + timer.deadlineMs) : timer.deadlineMs
  }

  /**
   * Settles, then fires all that is due, in the order of the deadlines, and equal ones in the order of
   * the starts. What fires may start and cancel timers; what it starts for no later than `nowMs` fires too.
   * If `fire` throws, the rest fires with the next call.
   */
  advance(nowMs: number): void {
    this.settle(nowMs)
    const target = Math.floor(nowMs)
    for (let place = this.nextPlace(); place !== NOWHERE; place = this.nextPlace()) {
      const tick = this.tickOf(place)
      if (tick > target) break
      this.moveTo(tick)
      if (place < PLACE_COUNT) this.fireAll(this.lists[place])
      else this.dealOut(place)
    }
    if (target > this.windowStart + this.offset) this.moveTo(target)
  }

  /**
   * When `advance` is to be called next; Infinity if never. Exact while few timers stand in the first
   * place, else a little early. With fresh timers: now, so that they are settled.
   */
  nextDeadlineMs(): number {
    const fresh = this.lists[FRESH]
    if (fresh.next !== fresh) return this.windowStart + this.offset
    const place = this.nextPlace()
    if (place === NOWHERE) return Number.POSITIVE_INFINITY
    if (place < PLACE_COUNT) return this.tickOf(place)
    const head = this.lists[place]
    let min = Number.POSITIVE_INFINITY
    let left = EXACT_COUNT_MAX
    for (let timer = head.next; timer !== head; timer = timer.next) {
      if (left-- === 0) return this.tickOf(place)
      min = Math.min(min, timer.deadlineMs)
    }
    return min
  }

  // ---- where a timer stands ---------------------------------------------------------------------

  private arm(timer: Link, nowMs: number, delayMs: number): void {
    // Also for what is not a number: better at once than never.
    const wanted = delayMs > 0 ? Math.ceil(nowMs + delayMs) : Math.ceil(nowMs)
    timer.deadlineMs = Math.min(Math.max(wanted, this.windowStart + this.offset + 1), Number.MAX_SAFE_INTEGER)
    this.place(timer)
  }

  private place(timer: Link): void {
    const deadline = timer.deadlineMs - this.windowStart
    if (deadline >= WINDOW_TICKS) {
      if (timer.deadlineMs < this.farMin) this.farMin = timer.deadlineMs
      this.append(timer, FAR)
      return
    }
    const difference = deadline ^ this.offset
    const level = difference < PLACE_COUNT ? 0 : ((31 - Math.clz32(difference)) / DIGIT_BITS) | 0
    const digit = (deadline >>> (level * DIGIT_BITS)) & (PLACE_COUNT - 1)
    this.masks[level] |= 1 << digit
    this.append(timer, level * PLACE_COUNT + digit)
  }

  private append(timer: Link, place: number): void {
    const head = this.lists[place]
    const last = head.previous
    timer.place = place
    timer.previous = last
    timer.next = head
    last.next = timer
    head.previous = timer
  }

  private unlink(timer: Link): void {
    const { next, previous, place } = timer
    previous.next = next
    next.previous = previous
    timer.next = timer
    timer.previous = timer
    timer.place = NOWHERE
    if (next !== previous) return
    // Both are the head: the list is empty now.
    if (place < FAR) this.masks[place >>> DIGIT_BITS] &= ~(1 << (place & (PLACE_COUNT - 1)))
    else if (place === FAR) this.farMin = Number.POSITIVE_INFINITY
  }

  // ---- moving on --------------------------------------------------------------------------------

  private moveTo(tick: number): void {
    this.windowStart = Math.floor(tick / WINDOW_TICKS) * WINDOW_TICKS
    this.offset = tick - this.windowStart
  }

  /** The place that time reaches first. */
  private nextPlace(): number {
    for (let level = 0; level < LEVEL_COUNT; level++) {
      const mask = this.masks[level]
      if (mask !== 0) return level * PLACE_COUNT + 31 - Math.clz32(mask & -mask)
    }
    return this.farMin === Number.POSITIVE_INFINITY ? NOWHERE : FAR
  }

  /** The tick at which the span of a place begins. */
  private tickOf(place: number): number {
    if (place === FAR) return Math.floor(this.farMin / WINDOW_TICKS) * WINDOW_TICKS
    const level = place >>> DIGIT_BITS
    const spanBits = (level + 1) * DIGIT_BITS
    const higherDigits = (this.offset >>> spanBits) << spanBits
    return this.windowStart + higherDigits + ((place & (PLACE_COUNT - 1)) << (level * DIGIT_BITS))
  }

  /** Time has entered the span of this place: its timers go to the levels below. */
  private dealOut(place: number): void {
    const head = this.lists[place]
    const last = head.previous
    // Anew from those that stay: what was cancelled counts no longer.
    if (place === FAR) this.farMin = Number.POSITIVE_INFINITY
    for (let timer = head.next; ; timer = head.next) {
      this.unlink(timer)
      this.place(timer)
      if (timer === last) return
    }
  }

  private fireAll(head: Head): void {
    while (head.next !== head) {
      const timer = head.next as Timer
      this.unlink(timer)
      this.count -= 1
      timer.fire()
    }
  }
}

/**
 * Watches every signal of a simulated world, from where it is sent to where it is handled, and every birth, death
 * and name; and says where a guarantee of `docs/semantics.md` is broken.
 *
 * It keeps books of its own and asks the kernels for nothing: what it knows comes from what processes ask of `self`,
 * from the calls into the shared tables, and from the number that each signal carries along its way.
 *
 *     posted(id) ---- under way ----> handed to a kernel ----> handled: in the mailbox, or its effect done
 *                 \-> lost with the scheduler of its sender, unpublished
 */

import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { pidText, type Trace, valueText } from './trace.ts'

export const INVARIANTS = [
  /** Signals of A to B are handled in the order in which A sent them. */
  'pairwise_order',
  /** A message to a process that stays alive comes. */
  'delivery',
  /** Nothing comes twice, and nothing that nobody sent. */
  'no_invention',
  /** A monitor brings exactly one DOWN once its process is dead, and none after `demonitor`. */
  'one_down',
  /** Whoever got the DOWN or EXIT of a process has all that it ever sent them. */
  'last_words',
  /** A link brings EXIT once its process is dead, and none after `unlink`; `kill` kills. */
  'exits',
  /** A name has one live process; the dead have none when their end is told. */
  'names',
  /** No call waits for a dead process. */
  'calls',
  /** In the end nothing is left of the dead: slots, names, timers, links, monitors, signals. */
  'leaks',
  /** A kernel, and what carries its signals, throws nothing. */
  'no_failure',
] as const
export type Invariant = (typeof INVARIANTS)[number]

export interface Violation {
  readonly invariant: Invariant
  readonly message: string
  /** Virtual time. */
  readonly atMs: number
}

interface Sent {
  readonly id: number
  readonly kind: SignalKind
  readonly source: number
  readonly target: number
  /** What is said for a process that is dead: in no order among itself. */
  readonly isAnswer: boolean
}

interface Handed {
  readonly id: number
  /** The endpoint whose kernel has it. */
  readonly at: number
  readonly kind: SignalKind
  readonly source: number
  readonly ref: number
  readonly value: unknown
}

const OPEN = 0
const CLOSED = 1
const FIRED = 2

interface Watch {
  readonly target: number
  state: typeof OPEN | typeof CLOSED | typeof FIRED
}

/** An unlink on its way. */
interface Unlink {
  /** Its signal. */
  readonly id: number
  /** Links that the other end sent up to this signal are void: it had not heard of the unlink. */
  voidUntil: number
}

/** What the judge knows of one process. */
class Subject {
  isAlive = true
  hasUnreleasedName = false
  reason: string | undefined = undefined
  /** By sender, the number of the last signal handled. */
  readonly lastFrom = new Map<number, number>()
  /** Those whose end it has been told. */
  readonly ended = new Set<number>()
  readonly watches = new Map<number, Watch>()
  /** Those it linked to itself, until it unlinks, they do, or they end. */
  readonly links = new Set<number>()
  readonly unlinked = new Set<number>()
  /** By peer, the last that this process sent. */
  readonly unlinks = new Map<number, Unlink>()
  /** Signals that its kernel has, and has not handled yet. */
  handed: Handed[] = []
}

const DEAD_TALK: ReadonlySet<SignalKind> = new Set<SignalKind>([
  SIGNAL.down,
  SIGNAL.exitLink,
  SIGNAL.unlinkAck,
  SIGNAL.reply,
  // What its end takes back elsewhere: nobody can see when.
  SIGNAL.demonitor,
  SIGNAL.resume,
])

const KIND_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(SIGNAL).map(([name, kind]) => [kind, name]),
)

export function kindName(kind: SignalKind): string {
  return KIND_NAMES[kind] ?? String(kind)
}

export class Judge {
  readonly violations: Violation[] = []
  readonly checkCounts: Record<Invariant, number> = Object.fromEntries(
    INVARIANTS.map((each) => [each, 0]),
  ) as Record<Invariant, number>

  private readonly trace: Trace
  private readonly nowUs: () => number
  private readonly subjects = new Map<number, Subject>()
  private readonly underWay = new Map<number, Sent>()
  private readonly holders = new Map<string, number>()
  /** By process: signals that go with it from one kernel to another. */
  private readonly travelling = new Map<number, number[]>()
  private idCount = 0
  /** The signal in hand: it is being passed from one part of the world to another. */
  private inHand = 0

  constructor(trace: Trace, nowUs: () => number) {
    this.trace = trace
    this.nowUs = nowUs
  }

  fail(invariant: Invariant, message: string): void {
    const nowUs = this.nowUs()
    this.violations.push({ invariant, message, atMs: nowUs / 1_000 })
    if (this.trace.isKept) this.trace.line(nowUs, `VIOLATION of ${invariant}: ${message}`)
  }

  /** Counts a look, whether something was found or not. */
  check(invariant: Invariant, holds: boolean, message: () => string): void {
    this.checkCounts[invariant] += 1
    if (!holds) this.fail(invariant, message())
  }

  isAlive(pid: number): boolean {
    return this.subjects.get(pid)?.isAlive === true
  }

  livePids(): number[] {
    return [...this.subjects].filter(([, subject]) => subject.isAlive).map(([pid]) => pid)
  }

  /** Every process there ever was. */
  allPids(): number[] {
    return [...this.subjects.keys()]
  }

  // ---- births and deaths ----

  born(pid: number): void {
    this.check('no_invention', !this.subjects.has(pid), () => `${pidText(pid)} was born twice`)
    this.subjects.set(pid, new Subject())
  }

  died(pid: number): void {
    const subject = this.subjects.get(pid)
    if (subject === undefined || !subject.isAlive) return
    this.trace.note(101, pid, 0, 0, 0)
    if (this.trace.isKept) this.trace.line(this.nowUs(), `     ${pidText(pid)} ends`)
    subject.isAlive = false
    subject.lastFrom.clear()
    subject.ended.clear()
    subject.watches.clear()
    subject.links.clear()
    subject.unlinked.clear()
    subject.unlinks.clear()
  }

  // ---- signals under way ----

  posted(kind: SignalKind, source: number, target: number): number {
    const id = ++this.idCount
    if (target !== 0) {
      const isAnswer = DEAD_TALK.has(kind) && !this.isAlive(source)
      this.underWay.set(id, { id, kind, source, target, isAnswer })
    }
    if (kind === SIGNAL.unlink) this.subjects.get(source)?.unlinks.set(target, { id, voidUntil: Infinity })
    return id
  }

  /** Runs `action` with this signal in hand. */
  withSignal(id: number, action: () => void): void {
    const before = this.inHand
    this.inHand = id
    try {
      action()
    } finally {
      // Nobody took it: it could not be cloned, and was not sent.
      if (this.inHand === id) this.lost(id)
      this.inHand = before
    }
  }

  get signalInHand(): number {
    return this.inHand
  }

  /** The signal in hand, taken out; 0 if there is none. */
  takeSignal(): number {
    const id = this.inHand
    this.inHand = 0
    return id
  }

  lost(id: number): void {
    this.underWay.delete(id)
  }

  /** A kernel has got this signal; it may have to wait there. */
  handed(
    at: number,
    id: number,
    target: number,
    kind: SignalKind,
    source: number,
    ref: number,
    value: unknown,
  ): void {
    const list = this.subjects.get(target)?.handed
    if (list === undefined) return
    // By number: of two that look alike the one that was sent first is taken first.
    const index = list.findLastIndex((each) => each.id <= id)
    list.splice(index + 1, 0, { id, at, kind, source, ref, value })
  }

  /** The signal that was handed over as this, taken out; 0 if there was none. */
  takeHanded(
    at: number,
    target: number,
    fits: (kind: SignalKind, source: number, ref: number, value: unknown) => boolean,
  ): number {
    const list = this.subjects.get(target)?.handed
    if (list === undefined) return 0
    // Of those that are alike the oldest: one that was held, and is handed over again, stands behind the others.
    let index = -1
    for (const [position, each] of list.entries()) {
      if (each.at !== at || !fits(each.kind, each.source, each.ref, each.value)) continue
      if (index < 0 || each.id < (list[index] as Handed).id) index = position
    }
    if (index < 0) return 0
    const [found] = list.splice(index, 1)
    return found?.id ?? 0
  }

  /** Signals that wait at a process go with it to another kernel, where their values are others. */
  travels(at: number, pid: number, signals: readonly Omit<Handed, 'id' | 'at'>[]): void {
    const ids = signals.map(({ kind, source, ref, value }) =>
      this.takeHanded(
        at,
        pid,
        (k, s, r, v) => k === kind && s === source && r === ref && Object.is(v, value),
      ),
    )
    this.travelling.set(pid, ids)
  }

  /** The first of them, taken out. */
  takeTravelling(pid: number): number {
    return this.travelling.get(pid)?.shift() ?? 0
  }

  /** The signal is in its target's mailbox, or has had its effect there. */
  handled(id: number, target: number): void {
    const sent = this.underWay.get(id)
    const subject = this.subjects.get(target)
    if (subject === undefined) return
    this.check('no_invention', sent !== undefined, () => `a signal came twice to ${pidText(target)}`)
    if (sent === undefined) return
    this.underWay.delete(id)
    const { kind, source, isAnswer } = sent
    this.trace.note(kind, source, target, id, 0)
    if (kind === SIGNAL.unlink) this.unlinkArrived(id, source, target)
    if (source === 0 || source === target || !subject.isAlive) return
    const last = subject.lastFrom.get(source) ?? 0
    this.check(
      'pairwise_order',
      last < id || isAnswer,
      () =>
        `${kindName(kind)} (signal ${id}) of ${pidText(source)} came to ${pidText(target)} behind signal ${last}, which was sent later`,
    )
    // That an unlink is acknowledged nobody can see; for a process that is forgotten it is done on the spot.
    if (last < id && !(isAnswer && kind === SIGNAL.unlinkAck)) subject.lastFrom.set(source, id)
    if (kind === SIGNAL.message || kind === SIGNAL.call || kind === SIGNAL.aliased) {
      this.check(
        'last_words',
        !subject.ended.has(source),
        () => `a message of ${pidText(source)} came to ${pidText(target)} behind its DOWN or EXIT`,
      )
    } else if (kind === SIGNAL.unlink) subject.links.delete(source)
    else if (kind === SIGNAL.link && id > (subject.unlinks.get(source)?.voidUntil ?? 0))
      subject.unlinked.delete(source)
    else if (kind === SIGNAL.exitLink) subject.links.delete(source)
  }

  /** What its target sends from now on, it sends though it was unlinked. The dead send nothing. */
  private unlinkArrived(id: number, source: number, target: number): void {
    const unlink = this.subjects.get(source)?.unlinks.get(target)
    if (unlink?.id === id && this.isAlive(target)) unlink.voidUntil = this.idCount
  }

  /** A message came that no signal brought. */
  invented(target: number, message: unknown): void {
    this.check('no_invention', false, () => `nobody sent ${pidText(target)} this: ${valueText(message)}`)
  }

  // ---- monitors and links ----

  watched(watcher: number, ref: number, target: number): void {
    const subject = this.subjects.get(watcher)
    if (subject === undefined) return
    const early = subject.watches.get(ref)
    subject.watches.set(ref, { target, state: early?.state ?? OPEN })
  }

  unwatched(watcher: number, ref: number): void {
    const watch = this.subjects.get(watcher)?.watches.get(ref)
    if (watch !== undefined && watch.state === OPEN) watch.state = CLOSED
  }

  downDelivered(watcher: number, ref: number, source: number, reason: unknown): void {
    const subject = this.subjects.get(watcher)
    if (subject === undefined) return
    const watch = subject.watches.get(ref)
    // Undefined: it came before `monitor` returned; `watched` will know it.
    this.check(
      'one_down',
      watch === undefined || watch.state === OPEN,
      () =>
        `${pidText(watcher)} got a DOWN of ${pidText(source)} ${watch?.state === FIRED ? 'twice' : 'after demonitor'}`,
    )
    if (watch === undefined) subject.watches.set(ref, { target: source, state: FIRED })
    else watch.state = FIRED
    this.endTold(watcher, subject, source, reason)
  }

  linked(one: number, other: number): void {
    const subject = this.subjects.get(one)
    if (one === other || subject === undefined) return
    subject.links.add(other)
    subject.unlinked.delete(other)
    subject.unlinks.delete(other)
  }

  unlinked(one: number, other: number): void {
    const subject = this.subjects.get(one)
    subject?.links.delete(other)
    subject?.unlinked.add(other)
  }

  /** A link's EXIT has had an effect: a message, or the end. */
  exitDelivered(target: number, source: number, wasUnlinked: boolean, reason: unknown): void {
    const subject = this.subjects.get(target)
    if (subject === undefined) return
    this.check(
      'exits',
      !wasUnlinked,
      () => `${pidText(target)} got an EXIT of ${pidText(source)} after unlink`,
    )
    // A spawn that was given up ends its process over the link that was meant for it.
    if (reason !== 'abandoned') this.endTold(target, subject, source, reason)
  }

  hasUnlinked(one: number, other: number): boolean {
    return this.subjects.get(one)?.unlinked.has(other) === true
  }

  private endTold(listener: number, subject: Subject, source: number, reason: unknown): void {
    if (source === 0) return
    const dead = this.subjects.get(source)
    this.check(
      'one_down',
      dead?.isAlive !== true,
      () => `${pidText(listener)} was told the end of ${pidText(source)}, which lives`,
    )
    this.check(
      'names',
      dead?.hasUnreleasedName !== true,
      () => `${pidText(listener)} was told the end of ${pidText(source)}, which still has its name`,
    )
    subject.ended.add(source)
    if (dead === undefined || typeof reason !== 'string' || reason === 'noproc') return
    dead.reason ??= reason
    this.check(
      'exits',
      dead.reason === reason,
      () => `${pidText(source)} ended with ${dead.reason}, and with ${reason}`,
    )
  }

  // ---- names ----

  holderOf(name: string): number {
    const pid = this.holders.get(name) ?? 0
    return this.isAlive(pid) ? pid : 0
  }

  nameTaken(name: string, pid: number): void {
    const holder = this.holderOf(name)
    this.check('names', holder === 0, () => `'${name}' of ${pidText(holder)} went to ${pidText(pid)}`)
    this.holders.set(name, pid)
    const subject = this.subjects.get(pid)
    if (subject !== undefined) subject.hasUnreleasedName = true
  }

  nameRefused(name: string): void {
    this.check('names', this.holderOf(name) !== 0, () => `'${name}' is free, and was refused as taken`)
  }

  nameUnknown(name: string): void {
    this.check('names', this.holderOf(name) === 0, () => `'${name}' is registered, and was not found`)
  }

  nameGivenUp(name: string): void {
    const pid = this.holders.get(name) ?? 0
    this.holders.delete(name)
    this.nameReleased(pid)
  }

  nameReleased(pid: number): void {
    const subject = this.subjects.get(pid)
    if (subject !== undefined) subject.hasUnreleasedName = false
  }

  nameLookedUp(name: string, found: number): void {
    const holder = this.holderOf(name)
    this.check(
      'names',
      found === holder,
      () => `'${name}' is ${pidText(holder)}, and was found at ${pidText(found)}`,
    )
  }

  // ---- when all is quiet ----

  /** Nothing is under way and nothing runs: what has not come by now never will. */
  checkQuiet(): void {
    for (const { id, kind, source, target } of this.underWay.values()) {
      // Has had its effect on the stack of the process that sent it to itself.
      if (kind === SIGNAL.exit && source === target) continue
      this.check(
        'delivery',
        !this.isAlive(target),
        () =>
          `${kindName(kind)} (signal ${id}) of ${pidText(source)} never came to ${pidText(target)}, which lives`,
      )
    }
    for (const [pid, subject] of this.subjects) {
      if (!subject.isAlive) continue
      for (const { target, state } of subject.watches.values()) {
        this.check(
          'one_down',
          state !== OPEN || target === pid || this.isAlive(target),
          () => `${pidText(pid)} got no DOWN of ${pidText(target)}, which is dead`,
        )
      }
      for (const peer of subject.links) {
        this.check(
          'exits',
          this.isAlive(peer),
          () => `${pidText(pid)} got no EXIT of ${pidText(peer)}, which is dead`,
        )
      }
    }
    this.checkCounts.delivery += this.idCount
  }

  /** Signals posted so far. */
  get signalCount(): number {
    return this.idCount
  }
}

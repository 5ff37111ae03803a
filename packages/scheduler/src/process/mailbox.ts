/**
 * A mailbox: messages in the order they came, of which a receive may take one from the middle.
 *
 *   head                                      tail
 *    | m0 | m1 | m2 | m3 | m4 |  ...  | m(n-1) |
 *                ^ a mark: what lies before it is older than some reference
 *
 * Positions are absolute and only grow: message `i` lies at `i & mask` of a power-of-two ring, made
 * with the first message that has to wait, so that an empty mailbox costs nothing. A receive scans once;
 * if nothing fits, each later message is offered to it as it arrives, so what did not match is never
 * looked at again (BEAM's save pointer, without the pointer). A mark spares even the first scan: what
 * came before a reference was made cannot mention it.
 *
 * Rejected: a linked list (three times slower to push and shift), `Array.shift` (grows with depth).
 */

interface Mark {
  readonly ref: number
  position: number
}

/** What a mailbox holds, apart from itself. */
export interface PackedMailbox {
  /** Oldest first. */
  readonly messages: readonly unknown[]
  /** Which of them came by `pushOwn`. */
  readonly own: readonly number[]
  readonly marks: readonly { readonly ref: number; readonly position: number }[]
}

/** So many receives on fresh references may be nested or outstanding before the oldest mark is forgotten. */
const MARK_COUNT_MAX = 8
const CAPACITY_MIN = 4

export class Mailbox {
  private items: unknown[] | null = null
  private head = 0
  private tail = 0
  private marks: Mark[] | null = null
  /** Those that came by `pushOwn`. */
  private own: Set<unknown> | null = null

  get length(): number {
    return this.tail - this.head
  }

  /** How many of them came by `pushOwn`. */
  get ownCount(): number {
    return this.own === null ? 0 : this.own.size
  }

  /** A message of the VM's own, in a mailbox whose length is limited: it can be told from others. */
  pushOwn(message: unknown): void {
    ;(this.own ??= new Set()).add(message)
    this.push(message)
  }

  isOwn(message: unknown): boolean {
    return this.own?.has(message) === true
  }

  push(message: unknown): void {
    let items = this.items
    if (items === null) {
      items = this.items = new Array<unknown>(CAPACITY_MIN).fill(undefined)
    } else if (this.tail - this.head === items.length) {
      items = this.grow(items)
    }
    items[this.tail++ & (items.length - 1)] = message
  }

  /** The oldest message; only when `length > 0`. */
  shift(): unknown {
    const items = this.items as unknown[]
    const at = this.head & (items.length - 1)
    const message = items[at]
    items[at] = undefined
    this.head += 1
    if (this.own !== null) this.own.delete(message)
    if (this.head === this.tail) this.trim(items)
    return message
  }

  /**
   * Takes the oldest message that `test` accepts, or returns `NOTHING`. `refNumber`: the reference that
   * every match must mention, or 0. A test that throws leaves the mailbox as it was.
   */
  take(test: (message: unknown) => boolean, refNumber: number): unknown {
    const items = this.items
    if (items === null) return NOTHING
    const from = refNumber === 0 ? this.head : Math.max(this.head, this.markOf(refNumber))
    for (let position = from; position < this.tail; position++) {
      const message = items[position & (items.length - 1)]
      if (!test(message)) continue
      this.remove(position, items)
      if (this.own !== null) this.own.delete(message)
      return message
    }
    return NOTHING
  }

  /** Remembers that no message so far can mention this reference. */
  mark(refNumber: number): void {
    // Nothing waits: a scan from the head is as short as one from the mark.
    if (this.head === this.tail) return
    this.marks ??= []
    if (this.marks.length === MARK_COUNT_MAX) this.marks.shift()
    this.marks.push({ ref: refNumber, position: this.tail })
  }

  unmark(refNumber: number): void {
    if (this.marks === null) return
    const index = this.marks.findIndex((mark) => mark.ref === refNumber)
    if (index >= 0) this.marks.splice(index, 1)
    if (this.marks.length === 0) this.marks = null
  }

  /** The messages, oldest first, at most `countMax`: looking into a huge mailbox must not take the scheduler down. */
  peek(countMax: number): unknown[] {
    const items = this.items ?? []
    return Array.from(
      { length: Math.min(this.length, countMax) },
      (_, i) => items[(this.head + i) & (items.length - 1)],
    )
  }

  /** As plain data, for a move: positions count from the oldest message. */
  pack(): PackedMailbox {
    const messages = this.peek(this.length)
    const own: number[] = []
    if (this.own !== null)
      for (const [index, message] of messages.entries()) if (this.own.has(message)) own.push(index)
    const marks = this.marks?.map(({ ref, position }) => ({
      ref,
      position: Math.max(0, position - this.head),
    }))
    return { messages, own, marks: marks ?? [] }
  }

  /** Into an empty one. */
  unpack({ messages, own, marks }: PackedMailbox): void {
    for (const message of messages) this.push(message)
    if (own.length > 0) this.own = new Set(own.map((index) => messages[index]))
    if (marks.length > 0)
      this.marks = marks.map(({ ref, position }) => ({ ref, position: position + this.head }))
  }

  /** At most so many, evenly spread over all that wait. */
  sample(countMax: number): unknown[] {
    const items = this.items ?? []
    const count = Math.min(this.length, countMax)
    return Array.from(
      { length: count },
      (_, i) => items[(this.head + Math.floor((i * this.length) / count)) & (items.length - 1)],
    )
  }

  private markOf(refNumber: number): number {
    return this.marks?.find((mark) => mark.ref === refNumber)?.position ?? 0
  }

  /** Closes the gap from its shorter side. */
  private remove(position: number, items: unknown[]): void {
    const mask = items.length - 1
    if (position - this.head < this.tail - position) {
      // Older messages move up one; a mark then points at one more old message, which cannot match.
      for (let at = position; at > this.head; at--) items[at & mask] = items[(at - 1) & mask]
      items[this.head & mask] = undefined
      this.head += 1
    } else {
      for (let at = position; at < this.tail - 1; at++) items[at & mask] = items[(at + 1) & mask]
      this.tail -= 1
      items[this.tail & mask] = undefined
      for (const mark of this.marks ?? []) if (mark.position > position) mark.position -= 1
    }
    if (this.head === this.tail) this.trim(items)
  }

  private grow(items: unknown[]): unknown[] {
    const grown = new Array<unknown>(items.length * 2).fill(undefined)
    for (let at = this.head; at < this.tail; at++)
      grown[at & (grown.length - 1)] = items[at & (items.length - 1)]
    this.items = grown
    return grown
  }

  /** An empty mailbox keeps no large ring behind. */
  private trim(items: unknown[]): void {
    if (items.length > 64) this.items = null
    this.own = null
  }
}

/** What `take` returns when no message fits. Not a message: symbols cannot be sent. */
export const NOTHING: unique symbol = Symbol('nothing')

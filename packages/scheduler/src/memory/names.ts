/**
 * One table of registered names for all schedulers: any thread registers and looks up, at once and
 * atomically. A process has at most one name, and a name at most one process (OTP's rule).
 *
 *     buckets  [HEAD, VERSION] --> entry --> entry --> 0        entry: STAMP, SLOT, GENERATION, name
 *                                    ^
 *     slots    NAME -----------------+
 *
 * **The stamp decides.** An entry is bound (its name belongs to its process) if and only if its STAMP is
 * odd. Binding and unbinding is one store that adds 1; all else is put right before the stamp turns odd,
 * or after it turned even. So a change that was cut off in the middle reads as one that never happened,
 * or as one that is done.
 *
 * **Readers take no lock.** Who reads the same odd stamp before and after reading an entry has read the
 * name and the process that belong together. Who walks a chain and finds the bucket's VERSION unmoved has
 * walked that chain, and did not wander off with an entry that was taken out and used again elsewhere.
 * A name that was looked up before costs a look in a private map and one at the stamp.
 *
 * **Writers share one spin lock**, for a quarter of a microsecond each: names are encoded and chains are
 * searched without it, and then, under it, the bucket's VERSION says whether that still holds. V8 can end
 * a thread at any call and at any turn of a loop, also of a builtin like `Atomics.store`: of threads that
 * did nothing but register and were killed, one in forty died with the lock in its hand. So the lock word
 * names its holder, the host breaks the lock of a dead one (`repair`), and every prefix of a change is one
 * that `repair` can mend; the unit test dies at each of these points.
 *
 * **A process that exits while it is being registered.** The exit marks the slot EXITING and then looks
 * at NAME; the registration writes NAME and then looks at the slot's state; all four fenced. So either
 * the registration sees the exit and takes its NAME back, or the exit sees NAME, waits for the lock, and
 * releases what was bound by then. No name outlives its process.
 *
 * Rejected: a name server process (asynchronous, so registering at start cannot be atomic); a private map
 * per scheduler, kept in step by messages (two could register one name); lock-free insertion (taking
 * entries out again needs a scheme to know when no reader stands on one).
 */

import {
  BUCKET_HEAD,
  BUCKET_STRIDE,
  BUCKET_VERSION,
  BUCKETS_WORD,
  bucketCount,
  ENDPOINT_EPOCH,
  ENTRY_BYTE_LENGTH,
  ENTRY_FREE_NEXT,
  ENTRY_GENERATION,
  ENTRY_HASH,
  ENTRY_NAME,
  ENTRY_NEXT,
  ENTRY_SLOT,
  ENTRY_STAMP,
  ENTRY_STRIDE,
  endEntry,
  endpointWord,
  firstEntry,
  HOST_ENDPOINT,
  NAMES_ENTRY_COUNT,
  NAMES_FREE_HEAD,
  NAMES_LOCK,
  PID_GENERATION_UNIT,
  type SharedMemory,
  SLOT_NAME,
  SLOT_STATE,
  SLOT_STRIDE_BITS,
  slotWords,
} from './layout.ts'
import { NameCode } from './name-code.ts'
import { nap } from './park.ts'
import { isAliveAs } from './state-word.ts'

export type RegisterOutcome = 'ok' | 'name_taken' | 'already_named' | 'full' | 'dead'

/** Names that one thread remembers the entries of. */
const CACHE_COUNT_MAX = 1_024
/** How often the lock is tried before its holder is taken to be off the CPU. */
const SPIN_COUNT = 200
const NAP_MS = 0.1
/** A host that naps so often (some seconds) waits for a dead thread, of whose end it cannot hear meanwhile. */
const HOST_NAP_COUNT_MAX = 20_000

/** What a look-up found, good as long as the entry's stamp is the same. */
interface Binding {
  readonly entry: number
  readonly stamp: number
  readonly slot: number
  readonly generation: number
  readonly pid: number
}

/** An odd stamp: the entry's name belongs to its process. */
function isBound(stamp: number): boolean {
  return (stamp & 1) !== 0
}

export class NameTable {
  private readonly me: number
  /** What the lock holds while this thread has it. Bits 0..7: endpoint + 1; above: its epoch. */
  private readonly token: number
  private readonly words: Int32Array
  private readonly bytes: Uint8Array
  private readonly slots: Int32Array
  private readonly bucketMask: number
  private readonly firstEntry: number
  private readonly endEntry: number
  private readonly cache = new Map<string, Binding>()
  /** The name in hand, as bytes and hash. */
  private readonly code = new NameCode()

  // Where the last search ended: the bucket, its version then, the link that leads to the entry, the
  // entry's stamp as it was before the entry was read.
  private bucket = 0
  private version = 0
  private link = 0
  private stamp = 0

  constructor(shared: SharedMemory, me: number) {
    const control = new Int32Array(shared.control)
    const epoch = Atomics.load(control, endpointWord(me) + ENDPOINT_EPOCH)
    this.me = me
    this.token = (epoch << 8) | (me + 1)
    this.words = new Int32Array(shared.names)
    this.bytes = new Uint8Array(shared.names)
    this.slots = slotWords(shared)
    this.bucketMask = bucketCount(shared.options) - 1
    this.firstEntry = firstEntry(shared.options)
    this.endEntry = endEntry(shared.options)
  }

  /**
   * Gives a live process a name.
   * @throws RangeError if the name is not a well-formed string of 1 to 255 bytes of UTF-8
   */
  register(name: string, slot: number, generation: number): RegisterOutcome {
    if (!this.code.encode(name)) throw new RangeError('a name is 1 to 255 bytes of well-formed UTF-8')
    if (!this.isAlive(slot, generation)) return 'dead'
    for (;;) {
      const entry = this.find()
      if (entry !== 0 && isBound(this.stamp)) {
        const stamp = this.stamp
        const isTaken = this.isHolderAlive(entry)
        if (Atomics.load(this.words, entry + ENTRY_STAMP) !== stamp) continue
        if (isTaken) return 'name_taken'
        // Its holder is on its way out, and has no use for it.
        this.unbind(entry, stamp)
        continue
      }
      const outcome = this.bind(slot, generation)
      if (outcome !== 'moved') return outcome
    }
  }

  /** @returns whether a live process had this name */
  unregister(name: string): boolean {
    if (!this.code.encode(name)) return false
    for (;;) {
      const entry = this.find()
      if (entry === 0 || !isBound(this.stamp)) return false
      const wasAlive = this.isHolderAlive(entry)
      if (this.unbind(entry, this.stamp)) return wasAlive
    }
  }

  /** `generation * 2^24 + slot` of the live process with this name; 0 if there is none. */
  whereis(name: string): number {
    const binding = this.cache.get(name)
    // A plain read: pairs with the store of the stamp, see "plain reads" in `slots.ts`.
    if (binding === undefined || this.words[binding.entry + ENTRY_STAMP] !== binding.stamp)
      return this.lookUp(name)
    return this.isAlive(binding.slot, binding.generation) ? binding.pid : 0
  }

  /** The name of the process that is in this slot. */
  nameOf(slot: number): string | undefined {
    for (;;) {
      const entry = Atomics.load(this.slots, (slot << SLOT_STRIDE_BITS) + SLOT_NAME)
      if (entry === 0) return undefined
      const stamp = Atomics.load(this.words, entry + ENTRY_STAMP)
      if (!isBound(stamp) || this.words[entry + ENTRY_SLOT] !== slot) return undefined
      const name = this.read(entry)
      if (Atomics.load(this.words, entry + ENTRY_STAMP) === stamp) return name
    }
  }

  /** By an exiting process, after `markExiting` and before anybody is told of its end. 8 ns if it has no name. */
  release(slot: number): void {
    const nameAt = (slot << SLOT_STRIDE_BITS) + SLOT_NAME
    // Pairs with the store of NAME in `bind`.
    for (
      let entry = Atomics.load(this.slots, nameAt);
      entry !== 0;
      entry = Atomics.load(this.slots, nameAt)
    ) {
      const stamp = Atomics.load(this.words, entry + ENTRY_STAMP)
      if (this.isHeldBy(entry, slot)) this.unbind(entry, stamp)
      else this.forget(slot, entry)
    }
  }

  /** All names of live processes; those that come or go meanwhile may be missing. */
  registered(): string[] {
    const names: string[] = []
    const end = this.firstUnusedEntry()
    for (let entry = this.firstEntry; entry < end; entry += ENTRY_STRIDE) {
      const stamp = Atomics.load(this.words, entry + ENTRY_STAMP)
      if (!isBound(stamp) || !this.isHolderAlive(entry)) continue
      const name = this.read(entry)
      if (Atomics.load(this.words, entry + ENTRY_STAMP) === stamp) names.push(name)
    }
    return names
  }

  /**
   * By the host, when the thread of this endpoint has ended and before another takes its place: breaks
   * the lock if that thread held it. What it was binding is free then, what it was unbinding is unbound.
   */
  repair(deadEndpoint: number): void {
    const { words } = this
    const held = Atomics.load(words, NAMES_LOCK)
    if ((held & 0xff) !== deadEndpoint + 1) return
    if (Atomics.compareExchange(words, NAMES_LOCK, held, this.token) !== held) return
    for (let index = 0; index <= this.bucketMask; index++)
      this.repairBucket(BUCKETS_WORD + index * BUCKET_STRIDE)
    // The entry it had in hand may be in no list at all: every entry that is not bound is free.
    words[NAMES_FREE_HEAD] = 0
    const end = this.firstUnusedEntry()
    for (let entry = this.firstEntry; entry < end; entry += ENTRY_STRIDE) {
      if (isBound(words[entry + ENTRY_STAMP])) continue
      words[entry + ENTRY_FREE_NEXT] = words[NAMES_FREE_HEAD]
      words[NAMES_FREE_HEAD] = entry
    }
    this.unlock(true)
  }

  // ---- reading ----------------------------------------------------------------------------------

  private isAlive(slot: number, generation: number): boolean {
    return isAliveAs(this.slots[(slot << SLOT_STRIDE_BITS) + SLOT_STATE], generation)
  }

  /** Of a bound entry; holds if the stamp is still the same afterwards. */
  private isHolderAlive(entry: number): boolean {
    return this.isAlive(this.words[entry + ENTRY_SLOT], this.words[entry + ENTRY_GENERATION])
  }

  private read(entry: number): string {
    const { words, bytes, code } = this
    return code.decode(bytes, (entry + ENTRY_NAME) * 4, words[entry + ENTRY_BYTE_LENGTH])
  }

  private firstUnusedEntry(): number {
    return this.firstEntry + Atomics.load(this.words, NAMES_ENTRY_COUNT) * ENTRY_STRIDE
  }

  private lookUp(name: string): number {
    if (!this.code.encode(name)) return 0
    for (;;) {
      const entry = this.find()
      if (entry === 0 || !isBound(this.stamp)) return 0
      const stamp = this.stamp
      const slot = this.words[entry + ENTRY_SLOT]
      const generation = this.words[entry + ENTRY_GENERATION]
      if (Atomics.load(this.words, entry + ENTRY_STAMP) !== stamp) continue
      const pid = generation * PID_GENERATION_UNIT + slot
      if (this.cache.size >= CACHE_COUNT_MAX) this.cache.clear()
      this.cache.set(name, { entry, stamp, slot, generation, pid })
      return this.isAlive(slot, generation) ? pid : 0
    }
  }

  /** The entry of the name in hand, bound or about to be; 0 if there is none. Notes where it was found. */
  private find(): number {
    const { words, code } = this
    const bucket = BUCKETS_WORD + (code.hash & this.bucketMask) * BUCKET_STRIDE
    for (;;) {
      // Pairs with the store of VERSION behind each change of this chain.
      const version = Atomics.load(words, bucket + BUCKET_VERSION)
      let link = bucket + BUCKET_HEAD
      let entry = Atomics.load(words, link)
      let stamp = 0
      while (entry !== 0) {
        // Pairs with the stores of STAMP: what is read from here on belongs to it, if it is still the same then.
        stamp = Atomics.load(words, entry + ENTRY_STAMP)
        if (this.isInHand(entry)) break
        link = entry + ENTRY_NEXT
        entry = Atomics.load(words, link)
      }
      if (Atomics.load(words, bucket + BUCKET_VERSION) !== version) continue
      this.bucket = bucket
      this.version = version
      this.link = link
      this.stamp = stamp
      return entry
    }
  }

  private isInHand(entry: number): boolean {
    const { words, code } = this
    if (words[entry + ENTRY_HASH] !== code.hash || words[entry + ENTRY_BYTE_LENGTH] !== code.byteLength)
      return false
    const wordCount = (code.byteLength + 3) >>> 2
    for (let index = 0; index < wordCount; index++) {
      if (words[entry + ENTRY_NAME + index] !== code.words[index]) return false
    }
    return true
  }

  /** Finds the link that leads to an entry, by the entry's own hash. */
  private findLink(entry: number): void {
    const { words } = this
    const bucket = BUCKETS_WORD + (words[entry + ENTRY_HASH] & this.bucketMask) * BUCKET_STRIDE
    this.bucket = bucket
    this.version = Atomics.load(words, bucket + BUCKET_VERSION)
    this.link = bucket + BUCKET_HEAD
    for (let each = Atomics.load(words, this.link); each !== entry; each = Atomics.load(words, this.link)) {
      // It has been taken out meanwhile: the stamp will tell.
      if (each === 0) return
      this.link = each + ENTRY_NEXT
    }
  }

  // ---- writing, under the lock. The order of the stores is what `repair` relies on -----------------

  /** Binds the name in hand, which `find` has just not found, to a process. */
  private bind(slot: number, generation: number): RegisterOutcome | 'moved' {
    const { words, slots, code, bucket, version } = this
    const at = slot << SLOT_STRIDE_BITS
    this.lock()
    if (words[bucket + BUCKET_VERSION] !== version) return this.unlock('moved')
    if (this.isHeldBy(slots[at + SLOT_NAME], slot)) return this.unlock('already_named')
    const used = words[NAMES_FREE_HEAD]
    const entry = used !== 0 ? used : this.firstUnusedEntry()
    if (entry === this.endEntry) return this.unlock('full')
    // First NAME, then a look at the state; an exit does it the other way round. See the top.
    Atomics.store(slots, at + SLOT_NAME, entry)
    if (!isAliveAs(Atomics.load(slots, at + SLOT_STATE), generation)) {
      Atomics.store(slots, at + SLOT_NAME, 0)
      return this.unlock('dead')
    }
    if (used !== 0) words[NAMES_FREE_HEAD] = words[used + ENTRY_FREE_NEXT]
    else words[NAMES_ENTRY_COUNT] += 1
    words[entry + ENTRY_SLOT] = slot
    words[entry + ENTRY_GENERATION] = generation
    words[entry + ENTRY_HASH] = code.hash
    words[entry + ENTRY_BYTE_LENGTH] = code.byteLength
    this.bytes.set(code.scratch, (entry + ENTRY_NAME) * 4)
    Atomics.store(words, entry + ENTRY_NEXT, words[bucket + BUCKET_HEAD])
    Atomics.store(words, bucket + BUCKET_HEAD, entry)
    // Now it is bound.
    Atomics.store(words, entry + ENTRY_STAMP, words[entry + ENTRY_STAMP] + 1)
    Atomics.store(words, bucket + BUCKET_VERSION, version + 1)
    return this.unlock('ok')
  }

  /** Unbinds an entry that had this stamp. @returns false if it has another one by now */
  private unbind(entry: number, stamp: number): boolean {
    const { words, slots } = this
    for (;;) {
      this.findLink(entry)
      const { bucket, version, link } = this
      this.lock()
      if (words[entry + ENTRY_STAMP] !== stamp) return this.unlock(false)
      if (words[bucket + BUCKET_VERSION] === version && words[link] === entry) {
        // Now it is not bound any more.
        Atomics.store(words, entry + ENTRY_STAMP, stamp + 1)
        Atomics.store(slots, (words[entry + ENTRY_SLOT] << SLOT_STRIDE_BITS) + SLOT_NAME, 0)
        Atomics.store(words, link, words[entry + ENTRY_NEXT])
        Atomics.store(words, bucket + BUCKET_VERSION, version + 1)
        words[entry + ENTRY_FREE_NEXT] = words[NAMES_FREE_HEAD]
        words[NAMES_FREE_HEAD] = entry
        return this.unlock(true)
      }
      this.unlock(false)
    }
  }

  /** Clears the NAME word of a slot, if under the lock it turns out to lead to an entry of somebody else. */
  private forget(slot: number, entry: number): void {
    const nameAt = (slot << SLOT_STRIDE_BITS) + SLOT_NAME
    this.lock()
    if (this.slots[nameAt] === entry && !this.isHeldBy(entry, slot)) Atomics.store(this.slots, nameAt, 0)
    this.unlock(true)
  }

  /** Whether this entry, if it is one, is bound to the process of this slot. */
  private isHeldBy(entry: number, slot: number): boolean {
    return entry !== 0 && isBound(this.words[entry + ENTRY_STAMP]) && this.words[entry + ENTRY_SLOT] === slot
  }

  /** Takes entries that are not bound out of a chain. The version moves on even if there are none. */
  private repairBucket(bucket: number): void {
    const { words } = this
    let link = bucket + BUCKET_HEAD
    for (let entry = words[link]; entry !== 0; entry = words[link]) {
      if (isBound(words[entry + ENTRY_STAMP])) link = entry + ENTRY_NEXT
      else Atomics.store(words, link, words[entry + ENTRY_NEXT])
    }
    // A bound entry may be in the chain since the last version: who has looked before must look again.
    Atomics.add(words, bucket + BUCKET_VERSION, 1)
  }

  // ---- the lock ---------------------------------------------------------------------------------

  /** Which endpoint has the lock just now; -1 if none. */
  get lockHolder(): number {
    return (Atomics.load(this.words, NAMES_LOCK) & 0xff) - 1
  }

  private lock(): void {
    let tries = 0
    while (Atomics.compareExchange(this.words, NAMES_LOCK, 0, this.token) !== 0) {
      tries += 1
      if (tries > SPIN_COUNT) this.napForLock(tries - SPIN_COUNT)
    }
  }

  private unlock<T>(outcome: T): T {
    Atomics.store(this.words, NAMES_LOCK, 0)
    return outcome
  }

  private napForLock(napCount: number): void {
    const held = Atomics.load(this.words, NAMES_LOCK)
    if (held === 0) return
    if (this.me === HOST_ENDPOINT && napCount > HOST_NAP_COUNT_MAX) {
      throw new Error(`the name table is locked by endpoint ${(held & 0xff) - 1}, which does not go on`)
    }
    nap(this.words, NAMES_LOCK, held, NAP_MS)
  }
}

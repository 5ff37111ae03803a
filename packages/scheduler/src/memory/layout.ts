/**
 * The memory map: every offset, width and capacity of what threads share. Five buffers, made once by
 * the host, handed to each worker as `workerData`, and never grown:
 *
 *     control   who is up, who sleeps, how busy each endpoint is        control.ts, park.ts
 *     slots     the process table                                       state-word.ts, slots.ts
 *     names     name -> process                                         names.ts
 *     rings     one byte ring for each ordered pair of endpoints        ring.ts
 *     steals    spawn requests that any scheduler may take              steal-queue.ts, idle-set.ts
 *
 * An **endpoint** is a thread with a place in this memory: the host is endpoint 0, the schedulers are
 * 1..N. All fresh memory is zero, and zero always means "nothing there yet", so nothing needs to be
 * initialised and pages that nobody uses are never backed by real memory.
 *
 * Rejected: one big buffer (an offset error in one part could damage all others; views are as cheap),
 * growable buffers (V8 reads their length again on every access), a buffer per ring (N^2 handles).
 *
 * Words that different threads write stand on different cache lines, and where it is cheap on different
 * *pairs* of lines, because CPUs fetch lines in pairs. Measured cost of getting this wrong: 8x.
 */

const CACHE_LINE_BYTES = 64
const WORD_BYTES = 4
const FLOAT_BYTES = 8

// ---- limits -----------------------------------------------------------------------------------

/** The host and 64 schedulers. An owner has 7 bits in a slot's owner word, and two values mean nobody. */
export const ENDPOINT_COUNT_MAX = 65
export const HOST_ENDPOINT = 0
/** A pid holds a slot in 24 bits and a generation in 29. */
export const PROCESS_COUNT_MAX = 2 ** 24
export const GENERATION_COUNT_MAX = 2 ** 29
/** What a pid number multiplies its generation with. */
export const PID_GENERATION_UNIT = 2 ** 24
/** A name is 1..255 bytes of UTF-8; an entry has room for 256, so that it can be compared in words. */
export const NAME_BYTES_MAX = 255
const NAME_COUNT_MAX = 2 ** 22
/** Ring positions are int32 counters that wrap, so a ring must be smaller than half their range. */
const RING_BYTES_MAX = 2 ** 30
const RING_BYTES_MIN = 2 ** 10

export interface MemoryOptions {
  /** Schedulers and the host: 1..65; 1 if all runs in the host's own thread. */
  endpointCount: number
  /** Slots of the process table. */
  processCountMax: number
  /** Names that can be registered at one time. */
  nameCountMax: number
  /** Data area of one ring: a power of two. */
  ringBytes: number
}

export const MEMORY_DEFAULTS = {
  processCountMax: 2 ** 20,
  nameCountMax: 2 ** 16,
  ringBytes: 2 ** 19,
} as const satisfies Partial<MemoryOptions>

/** Plain data: it goes through `workerData`, and every thread makes its own views. */
export interface SharedMemory {
  readonly options: MemoryOptions
  readonly control: SharedArrayBuffer
  readonly slots: SharedArrayBuffer
  readonly names: SharedArrayBuffer
  readonly rings: SharedArrayBuffer
  readonly steals: SharedArrayBuffer
}

/** @throws RangeError if an option is out of its range. */
export function createMemory(options: Partial<MemoryOptions> & { endpointCount: number }): SharedMemory {
  const full: MemoryOptions = { ...MEMORY_DEFAULTS, ...options }
  checkOptions(full)
  const shared: SharedMemory = {
    options: full,
    control: new SharedArrayBuffer(CONTROL_VM_BYTES + full.endpointCount * CONTROL_ENDPOINT_BYTES),
    slots: new SharedArrayBuffer(pressureOffset(full) + full.processCountMax),
    names: new SharedArrayBuffer(nameEntriesOffset(full) + full.nameCountMax * NAME_ENTRY_BYTES),
    rings: new SharedArrayBuffer(full.endpointCount * (full.endpointCount - 1) * ringStride(full)),
    steals: new SharedArrayBuffer(STEALS_VM_BYTES + full.endpointCount * STEAL_QUEUE_BYTES),
  }
  return shared
}

function checkOptions(options: MemoryOptions): void {
  const { endpointCount, processCountMax, nameCountMax, ringBytes } = options
  checkRange('endpointCount', endpointCount, 1, ENDPOINT_COUNT_MAX)
  checkRange('processCountMax', processCountMax, SLOT_BLOCK_COUNT, PROCESS_COUNT_MAX)
  checkRange('nameCountMax', nameCountMax, 1, NAME_COUNT_MAX)
  checkRange('ringBytes', ringBytes, RING_BYTES_MIN, RING_BYTES_MAX)
  check(processCountMax % SLOT_BLOCK_COUNT === 0, `processCountMax must be a multiple of ${SLOT_BLOCK_COUNT}`)
  check(isPowerOfTwo(ringBytes), 'ringBytes must be a power of two')
}

function checkRange(name: string, value: number, min: number, max: number): void {
  check(
    Number.isInteger(value) && value >= min && value <= max,
    `${name} must be an integer in ${min}..${max}, not ${value}`,
  )
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new RangeError(message)
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}

// ---- control ----------------------------------------------------------------------------------
//
//     0     +--------------------------------------------------------------+
//           | REF_BLOCK | MOVER | ... | CLOCK, f64 (+64)       VM-wide, one pair |
//     128   +==============================================================+
//           | PARKED | BELL       doorbell: owner and senders write        |  endpoint 0
//     +64   | STATUS | EPOCH | STUCK   life: only the host writes          |
//     +128  | 32 counters, f64    only the owner writes, everybody reads   |
//     512   +==============================================================+
//           | the same for endpoint 1 ...                                  |

const CONTROL_VM_BYTES = 2 * CACHE_LINE_BYTES
const CONTROL_ENDPOINT_BYTES = 6 * CACHE_LINE_BYTES
const CONTROL_COUNTERS_OFFSET = 2 * CACHE_LINE_BYTES

/** Word indices in the VM block. */
export const VM_REF_BLOCK = 0
export const VM_MOVER = 1

/** Word indices in an endpoint's block. */
export const ENDPOINT_PARKED = 0
export const ENDPOINT_BELL = 1
export const ENDPOINT_STATUS = CACHE_LINE_BYTES / WORD_BYTES
export const ENDPOINT_EPOCH = ENDPOINT_STATUS + 1
export const ENDPOINT_STUCK = ENDPOINT_STATUS + 2

export const COUNTER_COUNT = (CONTROL_ENDPOINT_BYTES - CONTROL_COUNTERS_OFFSET) / FLOAT_BYTES

/** The VM's time, where it is set by hand: on a line of its own, which nearly nobody writes. */
export function clockFloat(shared: SharedMemory): Float64Array {
  return new Float64Array(shared.control, CACHE_LINE_BYTES, 1)
}

/** Index in an `Int32Array` over `control` of the first word of an endpoint's block. */
export function endpointWord(endpoint: number): number {
  return (CONTROL_VM_BYTES + endpoint * CONTROL_ENDPOINT_BYTES) / WORD_BYTES
}

export function counterFloats(shared: SharedMemory, endpoint: number): Float64Array {
  const offset = CONTROL_VM_BYTES + endpoint * CONTROL_ENDPOINT_BYTES + CONTROL_COUNTERS_OFFSET
  return new Float64Array(shared.control, offset, COUNTER_COUNT)
}

// ---- slots ------------------------------------------------------------------------------------
//
//     0     +--------------------------------------------------------------+
//           | HOME | RETURNED                       block 0, one line      |
//     64    | HOME | RETURNED                       block 1                |
//           | ...                                   processCountMax / 1024 |
//           +==============================================================+
//           | STATE | OWNER | NAME | NEXT           slot 0, 16 bytes       |
//     +16   | STATE | OWNER | NAME | NEXT           slot 1                 |
//           | ...                                                          |
//           +==============================================================+
//           | pressure, a byte for each slot        see pressure.ts        |

/** Slots are handed to endpoints in blocks, so that allocation needs no lock. */
export const SLOT_BLOCK_BITS = 10
export const SLOT_BLOCK_COUNT = 2 ** SLOT_BLOCK_BITS
const SLOT_BYTES = 16
const SLOT_BLOCK_HEADER_BYTES = CACHE_LINE_BYTES

/** Words of a block header, and words from one header to the next. */
export const BLOCK_HOME = 0
export const BLOCK_RETURNED = 1
export const BLOCK_STRIDE = SLOT_BLOCK_HEADER_BYTES / WORD_BYTES

/** Words of a slot, and words from one slot to the next. */
export const SLOT_STATE = 0
export const SLOT_OWNER = 1
export const SLOT_NAME = 2
export const SLOT_NEXT = 3
export const SLOT_STRIDE_BITS = 2

export function blockCount(options: MemoryOptions): number {
  return options.processCountMax / SLOT_BLOCK_COUNT
}

function slotsOffset(options: MemoryOptions): number {
  return blockCount(options) * SLOT_BLOCK_HEADER_BYTES
}

export function blockWords(shared: SharedMemory): Int32Array {
  return new Int32Array(shared.slots, 0, blockCount(shared.options) * BLOCK_STRIDE)
}

function pressureOffset(options: MemoryOptions): number {
  return slotsOffset(options) + options.processCountMax * SLOT_BYTES
}

export function slotWords(shared: SharedMemory): Int32Array {
  const { options } = shared
  return new Int32Array(
    shared.slots,
    slotsOffset(options),
    (options.processCountMax * SLOT_BYTES) / WORD_BYTES,
  )
}

export function pressureBytes(shared: SharedMemory): Uint8Array {
  return new Uint8Array(shared.slots, pressureOffset(shared.options), shared.options.processCountMax)
}

// ---- names ------------------------------------------------------------------------------------
//
//     0     +--------------------------------------------------------------+
//           | LOCK                                                         |
//     64    | FREE_HEAD | ENTRY_COUNT               written under the lock |
//     128   +==============================================================+
//           | HEAD | VERSION                        bucket 0, 8 bytes      |
//           | ...                                   power of two of them   |
//           +==============================================================+
//           | STAMP | NEXT | SLOT | GENERATION      entry, 288 bytes       |
//           | HASH | BYTE_LENGTH | FREE_NEXT | -                           |
//           | 256 bytes: the name in UTF-8                                 |
//           +--------------------------------------------------------------+
//           | the same for the next entry ...                              |
//
// An entry is known by the index of its first word. So is every link to one (HEAD, NEXT, FREE_HEAD,
// FREE_NEXT, a slot's NAME): 0 is no entry, because the header is there.

const NAMES_HEADER_BYTES = 2 * CACHE_LINE_BYTES
const NAME_BUCKET_BYTES = 2 * WORD_BYTES
const NAME_ENTRY_HEADER_BYTES = 8 * WORD_BYTES
/** Room for a name, rounded up to words. */
export const NAME_ROOM_BYTES = NAME_BYTES_MAX + 1
const NAME_ENTRY_BYTES = NAME_ENTRY_HEADER_BYTES + NAME_ROOM_BYTES

/** Word indices of the header. */
export const NAMES_LOCK = 0
export const NAMES_FREE_HEAD = CACHE_LINE_BYTES / WORD_BYTES
export const NAMES_ENTRY_COUNT = NAMES_FREE_HEAD + 1

/** Words of a bucket, the index of the first bucket's first word, and words between buckets. */
export const BUCKET_HEAD = 0
export const BUCKET_VERSION = 1
export const BUCKETS_WORD = NAMES_HEADER_BYTES / WORD_BYTES
export const BUCKET_STRIDE = NAME_BUCKET_BYTES / WORD_BYTES

/** Words of an entry, and words from one entry to the next. */
export const ENTRY_STAMP = 0
export const ENTRY_NEXT = 1
export const ENTRY_SLOT = 2
export const ENTRY_GENERATION = 3
export const ENTRY_HASH = 4
export const ENTRY_BYTE_LENGTH = 5
export const ENTRY_FREE_NEXT = 6
export const ENTRY_NAME = NAME_ENTRY_HEADER_BYTES / WORD_BYTES
export const ENTRY_STRIDE = NAME_ENTRY_BYTES / WORD_BYTES

/** At least one bucket for each name, so that chains stay short. */
export function bucketCount(options: MemoryOptions): number {
  return 2 ** Math.ceil(Math.log2(options.nameCountMax))
}

function nameEntriesOffset(options: MemoryOptions): number {
  return NAMES_HEADER_BYTES + bucketCount(options) * NAME_BUCKET_BYTES
}

/** The first entry, and what stands where an entry behind the last would be. */
export function firstEntry(options: MemoryOptions): number {
  return nameEntriesOffset(options) / WORD_BYTES
}

export function endEntry(options: MemoryOptions): number {
  return firstEntry(options) + options.nameCountMax * ENTRY_STRIDE
}

// ---- rings ------------------------------------------------------------------------------------
//
//     0     +--------------------------------------------------------------+
//           | TAIL | HUNGRY              the producer writes; the consumer clears HUNGRY |
//     128   | HEAD | CONSUMED            only the consumer writes          |
//     256   +--------------------------------------------------------------+
//           | data: ringBytes            producer writes, consumer reads   |
//           +==============================================================+
//           | the same for the next pair (from, to), from !== to ...       |

const RING_HEADER_BYTES = 4 * CACHE_LINE_BYTES

/** Word indices of a ring's header. */
export const RING_TAIL = 0
/** Set by a producer that goes to sleep with signals the ring had no room for. */
export const RING_HUNGRY = 1
export const RING_HEAD = (2 * CACHE_LINE_BYTES) / WORD_BYTES
export const RING_CONSUMED = RING_HEAD + 1

/** What a ring's frames are aligned to; a float can stand at the start of each. */
export const FRAME_ALIGN_BYTES = FLOAT_BYTES

/**
 * The longest frame. A frame never wraps, so the end of the ring may be skipped: with a quarter as the
 * limit, any frame fits once the ring has drained by half, wherever the positions stand.
 */
export function frameBytesMax(options: MemoryOptions): number {
  return options.ringBytes / 4
}

function ringStride(options: MemoryOptions): number {
  return RING_HEADER_BYTES + options.ringBytes
}

function ringOffset(options: MemoryOptions, from: number, to: number): number {
  check(from !== to, `endpoint ${from} has no ring to itself`)
  checkRange('from', from, 0, options.endpointCount - 1)
  checkRange('to', to, 0, options.endpointCount - 1)
  const column = to < from ? to : to - 1
  return (from * (options.endpointCount - 1) + column) * ringStride(options)
}

/** The header of the ring from one endpoint to another. */
export function ringWords(shared: SharedMemory, from: number, to: number): Int32Array {
  const offset = ringOffset(shared.options, from, to)
  return new Int32Array(shared.rings, offset, RING_HEADER_BYTES / WORD_BYTES)
}

/** The data area of the ring from one endpoint to another. */
export function ringData(shared: SharedMemory, from: number, to: number): Uint8Array<SharedArrayBuffer> {
  const offset = ringOffset(shared.options, from, to) + RING_HEADER_BYTES
  return new Uint8Array(shared.rings, offset, shared.options.ringBytes)
}

// ---- steals -----------------------------------------------------------------------------------
//
//     0     +--------------------------------------------------------------+
//           | IDLE, 3 words: a bit for each endpoint that sleeps           |
//     128   +==============================================================+
//           | TOP                        whoever takes writes              |  the queue of endpoint 0
//     +128  | BOTTOM                     only the owner writes             |
//     +256  | VICTIM | INDEX | PID, f64  what the owner is about to take elsewhere |
//     +384  +--------------------------------------------------------------+
//           | BYTES | - | PID | PARENT | MONITOR, f64 each | request       |  cell 0, 512 bytes
//           | ...                                                  512 of them |
//           +==============================================================+
//           | the same for endpoint 1 ...                                  |

const STEALS_VM_BYTES = 2 * CACHE_LINE_BYTES
const STEAL_HEADER_BYTES = 6 * CACHE_LINE_BYTES
/** What one scheduler has to give away at one time, at most: a power of two. */
export const STEAL_CELL_COUNT = 512
export const STEAL_CELL_BYTES = 512
export const STEAL_CELL_HEADER_BYTES = 32
/** The longest request that fits a cell. */
export const STEAL_REQUEST_BYTES_MAX = STEAL_CELL_BYTES - STEAL_CELL_HEADER_BYTES
const STEAL_QUEUE_BYTES = STEAL_HEADER_BYTES + STEAL_CELL_COUNT * STEAL_CELL_BYTES

/** Word indices of a queue's header; `STEAL_PID` counts floats. */
export const STEAL_TOP = 0
export const STEAL_BOTTOM = (2 * CACHE_LINE_BYTES) / WORD_BYTES
export const STEAL_VICTIM = (4 * CACHE_LINE_BYTES) / WORD_BYTES
export const STEAL_INDEX = STEAL_VICTIM + 1
export const STEAL_PID = (4 * CACHE_LINE_BYTES) / FLOAT_BYTES + 1

const IDLE_WORD_COUNT = Math.ceil(ENDPOINT_COUNT_MAX / 32)

export function idleWords(shared: SharedMemory): Int32Array {
  return new Int32Array(shared.steals, 0, IDLE_WORD_COUNT)
}

/** The header of an endpoint's queue; `STEAL_*` are indices in it. */
export function stealHeader(
  shared: SharedMemory,
  endpoint: number,
): { words: Int32Array; floats: Float64Array } {
  const offset = STEALS_VM_BYTES + endpoint * STEAL_QUEUE_BYTES
  return {
    words: new Int32Array(shared.steals, offset, STEAL_HEADER_BYTES / WORD_BYTES),
    floats: new Float64Array(shared.steals, offset, STEAL_HEADER_BYTES / FLOAT_BYTES),
  }
}

/** The cells of an endpoint's queue: the bytes, and the same as floats. */
export function stealCells(
  shared: SharedMemory,
  endpoint: number,
): { bytes: Uint8Array<SharedArrayBuffer>; floats: Float64Array } {
  const offset = STEALS_VM_BYTES + endpoint * STEAL_QUEUE_BYTES + STEAL_HEADER_BYTES
  const byteCount = STEAL_CELL_COUNT * STEAL_CELL_BYTES
  return {
    bytes: new Uint8Array(shared.steals, offset, byteCount),
    floats: new Float64Array(shared.steals, offset, byteCount / FLOAT_BYTES),
  }
}

// ---- relations that the rest of the floor relies on ---------------------------------------------

check(ENDPOINT_COUNT_MAX <= 2 ** 7 - 2, 'an owner has 7 bits, and two values of them mean nobody')
check((STEAL_CELL_COUNT & (STEAL_CELL_COUNT - 1)) === 0, 'a cell is found by a mask')
check(STEAL_CELL_BYTES % CACHE_LINE_BYTES === 0, 'a cell shares no line with another')
check(STEALS_VM_BYTES % (2 * CACHE_LINE_BYTES) === 0, 'queues start on a pair of lines')
check(STEAL_QUEUE_BYTES % (2 * CACHE_LINE_BYTES) === 0, 'queues start on a pair of lines')
check(IDLE_WORD_COUNT * WORD_BYTES <= STEALS_VM_BYTES, 'there is a bit for each endpoint')
check(PROCESS_COUNT_MAX <= PID_GENERATION_UNIT, 'a slot must fit a pid')
check(GENERATION_COUNT_MAX * PID_GENERATION_UNIT <= 2 ** 53, 'a pid number must be a safe integer')
check(SLOT_BYTES === WORD_BYTES << SLOT_STRIDE_BITS, 'a slot is addressed by a shift')
check(CONTROL_ENDPOINT_BYTES % (2 * CACHE_LINE_BYTES) === 0, 'endpoint blocks start on a pair of lines')
check(
  NAME_ENTRY_BYTES % FLOAT_BYTES === 0 && NAME_ROOM_BYTES % WORD_BYTES === 0,
  'names are compared in words',
)
check(RING_HEADER_BYTES % FRAME_ALIGN_BYTES === 0, 'ring data is aligned')
check(RING_BYTES_MAX < 2 ** 31, 'the distance of two ring positions must fit an int32')

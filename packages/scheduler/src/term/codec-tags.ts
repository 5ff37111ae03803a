/**
 * The wire format between two threads of one VM. Both ends run the same code, so there is no version.
 *
 *     frame       references u8 | value           references: 1 if the value has any `back`, else 0
 *
 * A value is a tag of one byte, and behind it what this table says; where the table says `value` (or key,
 * source, ...) there is a value again. Numbers are little-endian and unaligned. Containers, marked *, are
 * numbered from 0 in the order of their tags, for `back`.
 *
 *     small int   none: the tag is 0x80 + n       0 <= n < 128
 *     int         i32
 *     double      f64                             what is no int32; -0 and NaN too
 *     bigint      i64
 *     big bigint  negative u8 | value             its hexadecimal digits, as a string
 *     known       slot u16                        the string in that slot of the string cache
 *     learn       slot u16 | length u8 | bytes    Latin-1, and puts it in the slot
 *     latin1      length u32 | bytes              a string outside of the cache
 *     two-byte    length u32 | u16 times length   UTF-16, lone surrogates and all
 *     pid         f64
 *     ref         f64 | f64
 *     back        number u32                      a container that came before
 *     shape       index u16 | parent u16 | key    no value: teaches a shape, and the value follows
 *     object*     shape u16 | values              as many as the shape has keys
 *     irregular*  count u32 | (key | value)*      an object without a shape
 *     array*      length u32 | values
 *     sparse*     length u32 | count u32 | (key | value)*    has holes or named properties
 *     map*        count u32 | (key | value)*
 *     set*        count u32 | values
 *     date*       f64
 *     regexp*     source | flags
 *     boxed*      value
 *     error*      type u8 | message | stack | name | hidden | fields
 *     buffer*     length u32 | padding | bytes
 *     bytes*      length u32 | padding | bytes    a Uint8Array and all of its buffer: two numbers
 *     view*       type u8 | offset f64 | length f64 | buffer
 *     attached*   index u32                       travels beside the frame, through a MessagePort
 *
 * Rejected: varints (a fixed store is one instruction, and a ring is not short of bytes); aligning numbers
 * (a DataView does not mind); UTF-8 (slower both ways, and it cannot say a lone surrogate).
 */

export const UNDEFINED = 0
export const NULL = 1
export const FALSE = 2
export const TRUE = 3
export const INT = 4
export const DOUBLE = 5
export const BIGINT = 6
export const BIG_BIGINT = 7
export const KNOWN_STRING = 8
export const LEARN_STRING = 9
export const LATIN1 = 10
export const TWO_BYTE = 11
export const PID = 12
export const REF = 13
export const BACK = 14
export const SHAPE = 15
export const OBJECT = 16
export const IRREGULAR = 17
export const ARRAY = 18
export const SPARSE = 19
export const MAP = 20
export const SET = 21
export const DATE = 22
export const REGEXP = 23
export const BOXED = 24
export const ERROR = 25
export const BUFFER = 26
export const BYTES = 27
export const VIEW = 28
export const ATTACHED = 29
export const SMALL_INT = 0x80

/** The first byte of a frame whose containers must be numbered. */
export const HAS_BACK_REFERENCES = 1
/** Positions in a frame must stay below 2^31, also when they are rounded up. */
export const FRAME_BYTES_MAX = 2 ** 30

/** Slots of the string cache. */
export const STRING_SLOT_COUNT = 1024
/** The longest string that is cached: a module URL, not a text. */
export const CACHED_LENGTH_MAX = 120
/** Up to here a loop over characters beats a call into the host. */
export const LOOP_LENGTH_MAX = 16

/** `encode`: the value does not fit; nothing has happened. */
export const FULL = -1
/** `encode`: the value holds what only a MessagePort can carry; nothing has happened. */
export const NEEDS_PORT = -2

/**
 * Raw bytes begin at a multiple of this: in and out of shared memory V8 copies eight bytes at a time where
 * both ends are aligned, and one by one, ten times slower, where they are not.
 */
const BYTES_ALIGN = 8

export function aligned(at: number): number {
  return (at + BYTES_ALIGN - 1) & -BYTES_ALIGN
}

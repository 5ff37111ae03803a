/**
 * The wire format between two threads of one VM. Both ends run the same code, so there is no version.
 *
 *     frame      header u32 | value | definitions
 *     header     bit 0: the value has back references. The rest, if any: where the definitions
 *                begin, in bytes from the frame's begin (so a frame is shorter than 2 GiB)
 *     definitions  count u16, then for each new shape: index u16 | parent's index u16 | key (a value)
 *
 * A value is a tag of one byte, and what the table says. All numbers are little-endian and unaligned; a
 * `value` in the table is a value again. Containers, marked *, are numbered from 0 in the order of their
 * tags, for `back`; a view takes its number before its buffer.
 *
 *     small int  0x80 + n, for 0 <= n < 128
 *     back       number u32                               a container that came before
 *     int        i32
 *     double     f64                                      -0, NaN, and what is no int32
 *     bigint     i64
 *     big bigint negative u8 | value                      its digits in base 16
 *     known      slot u16                                 a string that is in the string cache
 *     learn      slot u16 | length u8 | bytes             Latin-1; goes into the string cache
 *     latin1     length u32 | bytes
 *     two-byte   length u32 | 2 bytes each                UTF-16, lone surrogates and all
 *     pid        f64
 *     ref        f64 | f64
 *     object*    shape u16 | values                       as many as the shape has keys
 *     open*      shape u16 | values | count u32 | (key, value)*   a shape and further keys
 *     array*     length u32 | values
 *     sparse*    length u32 | count u32 | (key, value)*   has holes or named properties
 *     map*       count u32 | (value, value)*
 *     set*       count u32 | values
 *     date*      f64
 *     regexp*    source | flags                           values both
 *     boxed*     value
 *     error*     type u8 | message | stack | name | hidden | fields   values, then two objects unnumbered
 *     buffer*    length u32 | bytes
 *     bytes*     length u32 | bytes                       a Uint8Array and all of its buffer: two numbers
 *     view*      type u8 | offset f64 | length f64 | value    the value is its buffer
 *     attached*  index u32                                travels beside the frame, through a MessagePort
 *
 * Rejected: varints (a fixed store is one instruction, and a ring is not short of bytes); aligned numbers
 * (padding costs more than a DataView); UTF-8 (slower both ways, and it cannot say a lone surrogate).
 */

export const UNDEFINED = 0
export const NULL = 1
export const FALSE = 2
export const TRUE = 3
export const BACK = 4
export const INT = 5
export const DOUBLE = 6
export const BIGINT = 7
export const BIG_BIGINT = 8
export const KNOWN_STRING = 9
export const LEARN_STRING = 10
export const LATIN1 = 11
export const TWO_BYTE = 12
export const PID = 13
export const REF = 14
export const OBJECT = 15
export const IRREGULAR = 16
export const ARRAY = 17
export const SPARSE = 18
export const MAP = 19
export const SET = 20
export const DATE = 21
export const REGEXP = 22
export const BOXED = 23
export const ERROR = 24
export const BUFFER = 25
export const BYTES = 26
export const VIEW = 27
export const ATTACHED = 28
export const SHAPE = 29
export const SMALL_INT = 0x80

export const HAS_BACK_REFERENCES = 1
export const FRAME_BYTES_MAX = 2 ** 31 - 1

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
export const BYTES_ALIGN = 8

export function aligned(at: number): number {
  return (at + BYTES_ALIGN - 1) & -BYTES_ALIGN
}

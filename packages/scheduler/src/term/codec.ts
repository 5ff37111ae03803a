/** Stand-in. */
import { deserialize, serialize } from 'node:v8'
export const NEEDS_PORT = -2
export class Encoder {
  encode(value: unknown, bytes: Uint8Array, offset: number, limit: number): number {
    const data = serialize(value)
    if (offset + data.length > limit) return -1
    bytes.set(data, offset)
    return offset + data.length
  }
  reset(): void {}
}
export class Decoder {
  decode(bytes: Uint8Array, offset: number, end: number): unknown {
    return deserialize(Buffer.from(bytes.slice(offset, end)))
  }
  reset(): void {}
}

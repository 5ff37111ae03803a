/** The codec's door: values to bytes and back, for the rings. The wire format is told in `codec-tags.ts`. */

export { Decoder } from './codec-decode.ts'
export { Encoder } from './codec-encode.ts'
export { FULL, NEEDS_PORT } from './codec-tags.ts'

export { Decoder } from './codec-decode.ts'
export { Encoder } from './codec-encode.ts'
export { FULL, NEEDS_PORT } from './codec-tags.ts'

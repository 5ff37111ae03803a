/**
 * The work itself: one file, read, compressed and hashed, all of it synchronous and bound to the CPU. It knows
 * nothing of processes or pools: the plain pass, the Heddle processes and the piscina pool run this very function,
 * so what differs between their figures is how they spread it, and nothing else.
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/** The SHA-256 of the compressed bytes: it is right only if both steps were. */
export function digestOf(path: string): string {
  return createHash('sha256')
    .update(gzipSync(readFileSync(path)))
    .digest('hex')
}

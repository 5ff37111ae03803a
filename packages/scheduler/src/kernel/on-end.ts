/** The public side of `cleanup.ts`: apart, as it knows what a `self` is made of. */

import type { Self } from '../process/self.ts'
import { HeddleError } from '../term/errors.ts'
import type { ExitReason } from '../term/exit-reason.ts'
import { ProcessSelf } from './self.ts'

/**
 * When this process has ended, for whatever reason, closes what it holds outside of the VM. Cleanups run one after the other, the
 * latest first, on the process's scheduler, soon after its end: whoever got its EXIT may be faster. They wait for nobody. What
 * one throws is reported. A scheduler that is lost takes what was open on it along; a VM that runs inline cleans up when it stops.
 *
 * OTP: a port is closed when its owner ends.
 *
 * @returns takes it back, for what the process has closed itself
 * @throws HeddleError ERR_BAD_ARGUMENT
 * @example const server = createServer().listen(port)
 *          onEnd(self, () => server.close())
 */
export function onEnd(self: Self, cleanUp: (reason: ExitReason) => void): () => void {
  if (!(self instanceof ProcessSelf) || typeof cleanUp !== 'function') {
    throw new HeddleError('ERR_BAD_ARGUMENT', "onEnd() takes a process's self and a function")
  }
  // Two that are the same function are two.
  const entry = (reason: ExitReason): void => cleanUp(reason)
  const { process } = self
  const cleanups = process.ownExtras().cleanups
  cleanups.add(entry)
  return () => void cleanups.delete(entry)
}

/** Time limits: what OTP calls `timeout()`. */

import { again } from '@heddle/scheduler'

/**
 * Fails where the mistake is, rather than later, where the limit is used.
 * @throws HeddleError ERR_TIMEOUT_VALUE
 */
export function checkTimeoutMs(timeoutMs: number): number {
  // The scheduler's own check.
  return again(undefined, { afterMs: timeoutMs }).afterMs
}

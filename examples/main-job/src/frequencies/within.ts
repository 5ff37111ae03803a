/** Asking again until there is an answer: for a host that waits for something nobody will tell it about. */

import { setTimeout as sleep } from 'node:timers/promises'

/** What `attempt` gives as soon as that is not undefined; undefined if the time is up first. */
export async function withinMs<T>(
  limitMs: number,
  pauseMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = performance.now() + limitMs
  for (;;) {
    const value = await attempt()
    if (value !== undefined || performance.now() >= end) return value
    await sleep(pauseMs)
  }
}

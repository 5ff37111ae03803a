/**
 * Restart intensity: a supervisor that restarts too often gives up, so that the fault goes one level up.
 * *Restarts* are the times of those that still count, oldest first; the window slides.
 */

/** Notes a restart. `isExceeded`: more than `intensity` within `periodMs`, this one among them. */
export function addRestart(
  restarts: readonly number[],
  nowMs: number,
  { intensity, periodMs }: { readonly intensity: number; readonly periodMs: number },
): { readonly restarts: readonly number[]; readonly isExceeded: boolean } {
  const first = restarts.findIndex((at) => nowMs - at <= periodMs)
  // Mostly none is too old: then this is the one copy.
  const still = first === 0 ? restarts : restarts.slice(first < 0 ? restarts.length : first)
  const counting = still.concat(nowMs)
  return { restarts: counting, isExceeded: counting.length > intensity }
}

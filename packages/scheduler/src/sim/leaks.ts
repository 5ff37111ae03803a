/** What kernels and tables hold when all is quiet, held against what the judge knows to be alive. */

import { generationOf, slotOf } from '../term/pid.ts'
import type { SimEndpoint } from './endpoint.ts'
import type { Judge } from './judge.ts'
import { pidText } from './trace.ts'

/** Nothing is under way: no record may stand for something that is dead, or that should have come. */
export function checkRecords(judge: Judge, endpoints: readonly SimEndpoint[]): void {
  const ownerOf = new Map<number, number>()
  for (const { index, kernel } of endpoints) {
    const leak = (holds: boolean, what: () => string): void =>
      judge.check('leaks', holds, () => `on scheduler ${index}: ${what()}`)
    leak(kernel.embryoCount === 0, () => 'signals wait for a process that does not come')
    leak(kernel.unborn.count === 0, () => 'the birth of a process is waited for that does not come')
    leak((kernel.stealing?.count ?? 0) === 0, () => 'processes that were spawned have not begun')
    for (const process of kernel.table) {
      const { pid } = process
      ownerOf.set(pid, index)
      for (const [peer, { unlinkId }] of process.links ?? []) {
        leak(unlinkId === 0, () => `the unlink of ${pidText(pid)} from ${pidText(peer)} is not acknowledged`)
        leak(judge.isAlive(peer), () => `${pidText(pid)} is linked to ${pidText(peer)}, which is dead`)
      }
      for (const watcher of process.watchers?.values() ?? []) {
        leak(
          judge.isAlive(watcher.pid),
          () => `${pidText(pid)} is watched by ${pidText(watcher.pid)}, which is dead`,
        )
      }
      const waitsInVain = [...process.pendingCalls()].find(({ target }) => !judge.isAlive(target))
      judge.check(
        'calls',
        waitsInVain === undefined,
        () => `a call of ${pidText(pid)} waits for ${pidText(waitsInVain?.target ?? 0)}, which is dead`,
      )
    }
  }
  for (const pid of judge.livePids()) {
    const owner = endpoints.find(({ index }) => index === endpoints[0]?.slots.owner(slotOf(pid)))
    judge.check(
      'leaks',
      owner !== undefined &&
        ownerOf.get(pid) === owner.index &&
        owner.slots.isAlive(slotOf(pid), generationOf(pid)),
      () => `${pidText(pid)} lives in the table, and nowhere else`,
    )
  }
}

/** All but the root are dead. */
export function checkEmpty(judge: Judge, endpoints: readonly SimEndpoint[], root: number): void {
  const [host] = endpoints
  if (host === undefined) return
  for (const pid of judge.allPids()) {
    if (pid === root) continue
    judge.check('leaks', !judge.isAlive(pid), () => `${pidText(pid)} cannot be ended`)
    const slot = slotOf(pid)
    const isFreed = host.slots.generation(slot) !== generationOf(pid) || host.slots.isFree(slot)
    judge.check('leaks', isFreed, () => `the slot of ${pidText(pid)} is not free`)
  }
  const names = host.names.registered()
  judge.check('leaks', names.length === 0, () => `names are left: ${names.join(', ')}`)
  for (const { index, kernel } of endpoints) {
    const { size } = kernel.timers
    judge.check(
      'leaks',
      size === kernel.userTimers.size + Number(kernel.moves.isWaiting),
      () => `on scheduler ${index}: ${size - kernel.userTimers.size} timers of nobody are left`,
    )
    leakOfMoves(judge, index, kernel)
    const count = kernel.table.count - (index === 0 ? 1 : 0)
    judge.check('leaks', count === 0, () => `on scheduler ${index}: ${count} dead processes are left`)
  }
}

/** Nothing is under way: what is remembered of moves must be of use, or about to be forgotten. */
function leakOfMoves(judge: Judge, index: number, kernel: SimEndpoint['kernel']): void {
  const { routes, isMoving } = kernel.moves
  judge.check('leaks', !isMoving, () => `on scheduler ${index}: a move does not end`)
  const kept = routes.pids().filter((pid) => !routes.isGone(pid))
  judge.check(
    'leaks',
    kept.length === 0,
    () => `on scheduler ${index}: the way to ${pidText(kept[0] ?? 0)} is kept`,
  )
}

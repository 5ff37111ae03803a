/**
 * How a supervisor starts and stops one child: the effects, one at a time, each waited for.
 *
 * A child is linked, so its end is heard; while it is being stopped it is monitored as well, as it may
 * have unlinked itself.
 */

import {
  type Down,
  down,
  type ExitMessage,
  type ExitReason,
  errorReason,
  exit,
  formatReason,
  HeddleError,
  isCleanExit,
  isPid,
  type Op,
  type Pid,
  type Self,
  type Spawnable,
  type SpawnOptions,
  TIMEOUT,
  where,
} from '@heddle/scheduler'
import type { ServerDef } from '../gen/definition.ts'
import { type StartResult, startLink } from '../gen/start.ts'
import type { ChildStart, Terms } from './spec.ts'

type Effect<T> = Generator<Op<unknown>, T, unknown>

/** How long the holder of a child's name may take to end, if its own supervisor is dead already. */
const ORPHAN_MS_MAX = 5_000

/** Starts a child and waits for its `init`. Whatever goes wrong is an error result. */
export function* startChild(self: Self, start: ChildStart): Effect<StartResult> {
  const result = yield* tryStart(self, start)
  const holder = holderOfName(result)
  if (holder === undefined) return result
  return (yield* awaitOrphan(self, holder)) ? yield* tryStart(self, start) : result
}

function* tryStart(self: Self, start: ChildStart): Effect<StartResult> {
  const { definition, argument, name, scheduler } = start
  const options = {
    ...(name === undefined ? {} : { name }),
    ...(scheduler === undefined ? {} : { scheduler }),
  }
  try {
    if (definition.behaviour === undefined) {
      const pid = self.spawnLink({ $: definition } as Spawnable<unknown>, argument, options as SpawnOptions)
      return { status: 'ok', pid }
    }
    return yield* startLink(self, { $: definition } as ServerDef<unknown, unknown>, argument, options)
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error
    const holder = error.code === 'ERR_NAME_TAKEN' ? self.whereis(name as string) : undefined
    if (holder !== undefined) return { status: 'error', reason: ['already_started', holder] }
    return { status: 'error', reason: errorReason(error) }
  }
}

function holderOfName(result: StartResult): Pid | undefined {
  if (result.status !== 'error' || !Array.isArray(result.reason)) return undefined
  const [what, holder] = result.reason
  return what === 'already_started' && isPid(holder) ? holder : undefined
}

/**
 * A supervisor that was killed leaves its children to their links, and those on other schedulers hear of
 * it a moment later than its own supervisor, which starts it anew. So the holder of a name may be the
 * child's own predecessor, whose end is on its way. Returns whether it has ended.
 */
function* awaitOrphan(self: Self, holder: Pid): Effect<boolean> {
  const info = yield* self.processInfo(holder, ['parent'])
  if (info === undefined) return true
  if (info.parent !== undefined && (yield* self.isAlive(info.parent))) return false
  const watch = self.monitor(holder)
  const message = yield* self.receive(down(watch), { afterMs: ORPHAN_MS_MAX })
  self.demonitor(watch, { flush: true })
  return message !== TIMEOUT
}

/**
 * Ends a child as its spec says, and waits for its end. Returns why it ended, if that is not what a
 * shutdown should come to.
 */
export function* stopChild(self: Self, pid: Pid, terms: Terms): Effect<ExitReason | undefined> {
  const watch = self.monitor(pid)
  self.exit(pid, terms.shutdown === 'brutal_kill' ? 'kill' : 'shutdown')
  const afterMs = typeof terms.shutdown === 'number' ? terms.shutdown : Infinity
  let message: Down | typeof TIMEOUT = yield* self.receive(down(watch), { afterMs })
  if (message === TIMEOUT) {
    self.exit(pid, 'kill')
    message = yield* self.receive(down(watch))
  }
  self.unlink(pid)
  const left: ExitMessage | typeof TIMEOUT = yield* self.receive(exit(pid), { afterMs: 0 })
  // It had ended before it was monitored: the link knows why.
  const reason = message.reason === 'noproc' && left !== TIMEOUT ? left.reason : message.reason
  return isExpected(reason, terms) ? undefined : reason
}

function isExpected(reason: ExitReason, terms: Terms): boolean {
  if (terms.restart !== 'permanent' && isCleanExit(reason)) return true
  return reason === (terms.shutdown === 'brutal_kill' ? 'killed' : 'shutdown')
}

/**
 * Ends many children at once, all in the same time, and waits for their ends. Returns how many ended for which reason,
 * where that is not what a shutdown should come to.
 *
 * Their links stay until they have ended: if this supervisor is killed meanwhile, they go with it. It is about to end, so
 * EXIT messages that are left behind do no harm; those that come are taken, as a mailbox full of them would be slow to
 * look through.
 */
export function* stopAll(
  self: Self,
  pids: Iterable<Pid>,
  terms: Terms,
): Effect<{ readonly reason: ExitReason; readonly count: number }[]> {
  const watched = new Map<number, Pid>()
  const left = new Map<number, ExitReason>()
  const signal = terms.shutdown === 'brutal_kill' ? 'kill' : 'shutdown'
  for (const pid of pids) {
    watched.set(self.monitor(pid).$ref, pid)
    left.set(pid.$pid, undefined)
    self.exit(pid, signal)
  }
  const ends = where<Down | ExitMessage>((message) => {
    const it = message as Partial<Down> | Partial<ExitMessage> | null
    if (typeof it !== 'object' || it === null) return false
    if (it.type === 'EXIT') return isPid(it.pid) && left.has(it.pid.$pid)
    return it.type === 'DOWN' && watched.has(it.ref?.$ref as number)
  })
  const unexpected = new Map<string, { reason: ExitReason; count: number }>()
  let dueMs = typeof terms.shutdown === 'number' ? self.nowMs() + terms.shutdown : Infinity
  while (watched.size > 0) {
    const afterMs = dueMs === Infinity ? Infinity : Math.max(0, Math.ceil(dueMs - self.nowMs()))
    const message: Down | ExitMessage | typeof TIMEOUT = yield* self.receive(ends, { afterMs })
    if (message === TIMEOUT) {
      for (const pid of watched.values()) self.exit(pid, 'kill')
      dueMs = Infinity
    } else if (message.type === 'EXIT') {
      left.set(message.pid.$pid, message.reason)
    } else {
      const pid = watched.get(message.ref.$ref) as Pid
      watched.delete(message.ref.$ref)
      const reason = message.reason === 'noproc' ? (left.get(pid.$pid) ?? 'noproc') : message.reason
      left.delete(pid.$pid)
      if (!isExpected(reason, terms)) count(unexpected, reason)
    }
  }
  return [...unexpected.values()]
}

function count(reasons: Map<string, { reason: ExitReason; count: number }>, reason: ExitReason): void {
  const key = formatReason(reason)
  const known = reasons.get(key)
  if (known === undefined) reasons.set(key, { reason, count: 1 })
  else known.count++
}

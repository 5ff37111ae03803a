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
  HeddleError,
  isCleanExit,
  isPid,
  type Op,
  type Pid,
  type Self,
  type Spawnable,
  type SpawnOptions,
  TIMEOUT,
} from '@heddle/scheduler'
import type { ServerDef } from '../gen/definition.ts'
import { type StartResult, startLink } from '../gen/start.ts'
import type { ChildSpec } from './spec.ts'

type Effect<T> = Generator<Op<unknown>, T, unknown>

/** How long the holder of a child's name may take to end, if its own supervisor is dead already. */
const ORPHAN_MS_MAX = 5_000

/** Starts a child and waits for its `init`. Whatever goes wrong is an error result. */
export function* startChild(self: Self, spec: ChildSpec): Effect<StartResult> {
  const result = yield* tryStart(self, spec)
  const holder = holderOfName(result)
  if (holder === undefined) return result
  return (yield* awaitOrphan(self, holder)) ? yield* tryStart(self, spec) : result
}

function* tryStart(self: Self, { start }: ChildSpec): Effect<StartResult> {
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
export function* stopChild(self: Self, pid: Pid, spec: ChildSpec): Effect<ExitReason | undefined> {
  const watch = self.monitor(pid)
  self.exit(pid, spec.shutdown === 'brutal_kill' ? 'kill' : 'shutdown')
  const afterMs = typeof spec.shutdown === 'number' ? spec.shutdown : Infinity
  let message: Down | typeof TIMEOUT = yield* self.receive(down(watch), { afterMs })
  if (message === TIMEOUT) {
    self.exit(pid, 'kill')
    message = yield* self.receive(down(watch))
  }
  self.unlink(pid)
  const left: ExitMessage | typeof TIMEOUT = yield* self.receive(exit(pid), { afterMs: 0 })
  // It had ended before it was monitored: the link knows why.
  const reason = message.reason === 'noproc' && left !== TIMEOUT ? left.reason : message.reason
  return isExpected(reason, spec) ? undefined : reason
}

function isExpected(reason: ExitReason, spec: ChildSpec): boolean {
  if (spec.shutdown === 'brutal_kill') return reason === 'killed'
  return reason === 'shutdown' || (spec.restart !== 'permanent' && isCleanExit(reason))
}

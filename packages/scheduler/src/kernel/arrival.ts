/** What each kind of signal does when it arrives: at a process, or where a process was. */

import type { Process } from '../process/process.ts'
import { SIGNAL, type SignalKind } from '../process/signals.ts'
import { receiveProbe } from './deadlock.ts'
import { receiveDirty } from './dirty.ts'
import type { Kernel } from './kernel.ts'
import { receiveExit } from './lifecycle.ts'
import { receiveWish } from './migrate.ts'
import { receiveMute, receiveUnmute } from './muting.ts'
import { answerQuery } from './query.ts'
import {
  receiveAliased,
  receiveCall,
  receiveDown,
  receiveLink,
  receiveMonitor,
  receiveReply,
  receiveUnlink,
  receiveUnlinkAck,
} from './relations.ts'
import { receiveResume, receiveSuspend } from './suspension.ts'
import { answerTimerRequest } from './user-timers.ts'

export function applySignal(
  kernel: Kernel,
  process: Process,
  kind: SignalKind,
  source: number,
  ref: number,
  value: unknown,
  from: number,
): void {
  switch (kind) {
    case SIGNAL.message:
      kernel.deliver(process, value)
      break
    case SIGNAL.call:
      receiveCall(kernel, process, source, ref, value, from)
      break
    case SIGNAL.reply:
      receiveReply(kernel, process, source, ref, value)
      break
    case SIGNAL.link:
      receiveLink(process, source, from)
      break
    case SIGNAL.unlink:
      receiveUnlink(kernel, process, source, ref)
      break
    case SIGNAL.unlinkAck:
      receiveUnlinkAck(process, source, ref)
      break
    case SIGNAL.exit:
    case SIGNAL.exitLink:
      receiveExit(kernel, process, kind === SIGNAL.exitLink, source, value)
      break
    case SIGNAL.monitor:
      receiveMonitor(process, source, ref, from)
      break
    case SIGNAL.demonitor:
      process.watchers?.delete(ref)
      break
    case SIGNAL.down:
      receiveDown(kernel, process, source, ref, value)
      break
    case SIGNAL.query:
      answerQuery(kernel, process, source, ref, value)
      break
    case SIGNAL.aliased:
      receiveAliased(kernel, process, ref, value)
      break
    default:
      applyRareSignal(kernel, process, kind, source, ref, value, from)
  }
}

function applyRareSignal(
  kernel: Kernel,
  process: Process,
  kind: SignalKind,
  source: number,
  ref: number,
  value: unknown,
  from: number,
): void {
  switch (kind) {
    case SIGNAL.suspend:
      receiveSuspend(kernel, process, source, ref, value, from)
      break
    case SIGNAL.resume:
      receiveResume(kernel, process, source, value)
      break
    case SIGNAL.groupLeader:
      process.ownExtras().groupLeader = value as number
      break
    case SIGNAL.timer:
      answerTimerRequest(kernel, source, ref, value, process.pid)
      break
    case SIGNAL.migrate:
      receiveWish(kernel, process, source, ref, value)
      break
    case SIGNAL.dirty:
      receiveDirty(kernel, process, source, ref, value, from)
      break
    case SIGNAL.mute:
      receiveMute(kernel, process, source)
      break
    case SIGNAL.unmute:
      receiveUnmute(kernel, process, source)
      break
    case SIGNAL.probe:
      receiveProbe(kernel, process, ref, value)
      break
  }
}

/** Whether the sender waits for what comes of it, if nobody is there. */
export function wantsAnswer(kind: SignalKind): boolean {
  switch (kind) {
    case SIGNAL.call:
    case SIGNAL.monitor:
    case SIGNAL.link:
    // A link that it made before it died may still be on its way: until then the unlink must hold.
    case SIGNAL.unlink:
    case SIGNAL.query:
    case SIGNAL.suspend:
    case SIGNAL.migrate:
    case SIGNAL.mute:
      return true
    default:
      return false
  }
}

/** The answer where there is no process (any more). */
export function answerForDead(
  kernel: Kernel,
  kind: SignalKind,
  target: number,
  source: number,
  ref: number,
  value: unknown,
): void {
  switch (kind) {
    case SIGNAL.message:
    case SIGNAL.aliased:
    case SIGNAL.reply:
      kernel.droppedCount += 1
      break
    case SIGNAL.call:
    case SIGNAL.monitor:
      kernel.signal(SIGNAL.down, source, target, ref, 'noproc')
      break
    case SIGNAL.link:
      kernel.signal(SIGNAL.exitLink, source, target, 0, 'noproc')
      break
    case SIGNAL.unlink:
      kernel.signal(SIGNAL.unlinkAck, source, target, ref, undefined)
      break
    case SIGNAL.query:
    case SIGNAL.suspend:
    case SIGNAL.migrate:
      kernel.signal(SIGNAL.reply, source, target, ref, undefined)
      break
    case SIGNAL.timer:
      // A timer can outlive the process that started it.
      answerTimerRequest(kernel, source, ref, value, target)
      break
    case SIGNAL.mute:
      kernel.signal(SIGNAL.unmute, source, target, 0, undefined)
      break
    default:
      // Exit signals, demonitors and acknowledgements to the dead mean nothing.
      break
  }
}

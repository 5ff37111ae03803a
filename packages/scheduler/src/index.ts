/**
 * Heddle's scheduler: lightweight processes with mailboxes, links and monitors, on every core.
 *
 * @example
 * import { again, process, startVm, tag } from '@heddle/scheduler'
 */

export type {
  CrashReport,
  DeadlockReport,
  HeapReport,
  OverflowReport,
  Report,
  SchedulerReport,
} from './kernel/report.ts'
export type {
  CallEnvelope,
  CallMessage,
  CallOptions,
  CastMessage,
  From,
  ReplyMessage,
  ServerRef,
} from './process/call.ts'
export { type DefinitionAddress, type ProcessDef, process, type Spawnable } from './process/define.ts'
export type { AliasMode } from './process/extras.ts'
export type { InfoItem, ProcessInfo } from './process/info.ts'
export type { HeapLimit, MailboxLimit, Priority } from './process/limits.ts'
export { ANY, down, exit, Matcher, messages, oneOf, tag, timeout, where, withRef } from './process/match.ts'
export type { Op } from './process/op.ts'
export {
  type Destination,
  type Down,
  type ExitMessage,
  type GarbageCollected,
  type MonitorOptions,
  type MonitorTarget,
  type ProcessFlags,
  type QuietTimerOptions,
  type ReceiveOptions,
  type Self,
  type SendOptions,
  type SpawnedMonitored,
  type SpawnOptions,
  type SpawnReply,
  type SpawnRequestOptions,
  type SuspendOptions,
  TIMEOUT,
  type Timeout,
  type TimeoutMessage,
  type TimerAnswer,
  type TimerOptions,
  type Transferable,
} from './process/self.ts'
export {
  type AgainOptions,
  again,
  type BodyResult,
  Chain,
  chain,
  done,
  hibernate,
  type Step,
  Turn,
} from './process/turn.ts'
export { isVia, registryOf, type Via, type ViaRegistry, via } from './process/via.ts'
export { ERROR_CODES, type ErrorCode, HeddleError } from './term/errors.ts'
export {
  type ErrorReason,
  Exit,
  type ExitReason,
  errorReason,
  formatReason,
  isCleanExit,
  isErrorReason,
  reasonOfThrown,
} from './term/exit-reason.ts'
export { immutable } from './term/immutable.ts'
export { isPid, type Pid, samePid } from './term/pid.ts'
export { isRef, type MonitorRef, type Ref, sameRef, type TimerRef } from './term/ref.ts'
export { startVm } from './vm/boot.ts'
export type { VmOptions } from './vm/options.ts'
export { formatReport } from './vm/print-report.ts'
export { connectVm, exposeVm, type RemoteVm } from './vm/remote.ts'
export type { SchedulerInfo, StopOptions, Vm, VmInfo } from './vm/vm.ts'

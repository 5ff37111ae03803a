/**
 * Heddle's scheduler: lightweight processes with mailboxes, links and monitors, on every core.
 *
 * @example
 * import { again, process, startVm, tag } from '@heddle/scheduler'
 */

export type { Balance } from './kernel/balance.ts'
export type { Migration } from './kernel/migrate.ts'
export { onEnd } from './kernel/on-end.ts'
export type {
  CrashReport,
  DeadlockReport,
  GiveUpReport,
  HeapReport,
  LongScheduleReport,
  OverflowReport,
  Report,
  SchedulerHeapReport,
  SchedulerReport,
} from './kernel/report.ts'
export type { PreemptOptions } from './preempt/included.ts'
export type {
  CallEnvelope,
  CallMessage,
  CallOptions,
  CastMessage,
  From,
  ReplyMessage,
  ServerRef,
} from './process/call.ts'
export {
  type DefinitionAddress,
  type Moving,
  type ProcessDef,
  process,
  type Spawnable,
  type WaitEnd,
} from './process/define.ts'
export { type DirtyDef, type DirtyOptions, dirtyFunction } from './process/dirty.ts'
export type { AliasMode } from './process/extras.ts'
export type { InfoItem, ProcessInfo } from './process/info.ts'
export type { HeapLimit, MailboxLimit, Priority } from './process/limits.ts'
export {
  ANY,
  down,
  exit,
  isDown,
  isExit,
  Matcher,
  messages,
  oneOf,
  tag,
  timeout,
  where,
  withRef,
} from './process/match.ts'
export type { Op, Steps } from './process/op.ts'
export {
  type PlacementDef,
  type PlacementFunction,
  type PlacementLoad,
  placement,
} from './process/placement.ts'
export {
  type Called,
  type CallKind,
  type Casted,
  type CastKind,
  defineCall,
  defineCast,
} from './process/request.ts'
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
  restingChain,
  type Step,
  Turn,
} from './process/turn.ts'
export { isVia, registryOf, type Via, type ViaRegistry, via } from './process/via.ts'
export { ERROR_CODES, type ErrorCode, HeddleError } from './term/errors.ts'
export {
  Crash,
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
export { formatPid, isPid, type Pid, samePid } from './term/pid.ts'
export { formatRef, isRef, type MonitorRef, type Ref, sameRef, type TimerRef } from './term/ref.ts'
export { startVm } from './vm/boot.ts'
export type { DirtyPoolInfo } from './vm/dirty.ts'
export type { DirtyPoolOptions, VmOptions } from './vm/options.ts'
export { formatReport } from './vm/print-report.ts'
export { connectVm, exposeVm, type RemoteVm } from './vm/remote.ts'
export type { SchedulerRestarts } from './vm/restarts.ts'
export {
  type MeasureOptions,
  type MemoryInfo,
  type SchedulerLoad,
  type SchedulerUsage,
  type SchedulerWallTime,
  type StatisticsItems,
  schedulerUsageDiff,
} from './vm/statistics.ts'
export type { MigrateOptions, SchedulerInfo, SchedulerStatistics, StopOptions, Vm, VmInfo } from './vm/vm.ts'
export type { EventLoopDelay, ThreadMeasured } from './worker/measure.ts'

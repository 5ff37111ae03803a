/**
 * OTP on Heddle: servers and supervisors.
 *
 * @example
 * import { genServer, reply, startServer, supervisor } from '@heddle/otp'
 */

export {
  type CallHandler,
  type CastHandler,
  type GenServer,
  genServer,
  type None,
  type ServerApi,
  type ServerCallbacks,
} from './behaviour/gen-server.ts'
export {
  type CallNext,
  type CastNext,
  type Ignore,
  type InitResult,
  ignore,
  type NextOptions,
  type NoReply,
  noreply,
  type Ok,
  ok,
  type Reply,
  reply,
  type Stop,
  type StopInit,
  stop,
  stopInit,
} from './behaviour/next.ts'
export type { BehaviourName, RefOf, ServerDef } from './gen/definition.ts'
export {
  type StartError,
  type StartMonitorResult,
  type StartOptions,
  type StartResult,
  start,
  startLink,
  startMonitor,
  startServer,
} from './gen/start.ts'
export { LOGGER, type OtpReport, type SupervisorReport, type UnhandledReport } from './report/report.ts'
export {
  type AutoShutdown,
  type ChildOptions,
  type ChildSpec,
  type ChildStart,
  child,
  type Flags,
  type RestartType,
  type Shutdown,
  type Strategy,
  type SupervisorSpec,
} from './sup/spec.ts'
export {
  type ChildCounts,
  type ChildInfo,
  type ChildResult,
  type StartChildResult,
  type SupervisorApi,
  type SupervisorDef,
  supervisor,
} from './sup/supervisor.ts'
export * as timer from './timer/timer.ts'

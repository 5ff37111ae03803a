/**
 * OTP on Heddle: servers and supervisors.
 *
 * @example
 * import { genServer, reply, startServer, supervisor } from '@heddle/otp'
 */

export type { Alarm, AlarmEvent } from './alarm/alarm-handler.ts'
export * as alarmHandler from './alarm/alarm-handler.ts'
export type { HandlerDef, HandlerRef } from './behaviour/event/definition.ts'
export type {
  HandlerEnd,
  HandlerError,
  HandlerExit,
  HandlerReply,
  HandlerResult,
} from './behaviour/event/fate.ts'
export {
  type EventHandler,
  eventHandler,
  type HandlerCall,
  type HandlerCallbacks,
  type HandlerRequest,
  type HandlerStatus,
  type Swapped,
} from './behaviour/event/handler.ts'
export type { HandlerId, HandlerMark } from './behaviour/event/handlers.ts'
export {
  type DeleteResult,
  type EventApi,
  type EventManager,
  type EventMessages,
  eventManager,
  type FirstHandler,
  handler,
} from './behaviour/event/manager.ts'
export {
  type EventNext,
  type HandlerCallNext,
  type RemoveHandler,
  removeHandler,
  type SwapHandler,
  swapHandler,
} from './behaviour/event/next.ts'
export type { FsmApi, FsmCallbacks, FsmResult, FsmState, GenFsm } from './behaviour/fsm/fsm.ts'
export * as fsm from './behaviour/fsm/fsm.ts'
export type { FsmNext, FsmOptions } from './behaviour/fsm/fsm-next.ts'
export { genFsm } from './behaviour/fsm/gen-fsm.ts'
export {
  type CallHandler,
  type CastHandler,
  type GenServer,
  genServer,
  type None,
  type ServerApi,
  type ServerCallbacks,
  type ServerStatus,
} from './behaviour/gen-server.ts'
export {
  type CallNext,
  type CastNext,
  type InitResult,
  type NextOptions,
  type NoReply,
  noreply,
  type Ok,
  ok,
  type Reply,
  reply,
  type Stop,
  stop,
} from './behaviour/next.ts'
export {
  type Action,
  type Actions,
  changeCallbackModule,
  eventTimeout,
  genericTimeout,
  hibernate,
  nextEvent,
  popCallbackModule,
  postpone,
  pushCallbackModule,
  type ReplyTo,
  replyTo,
  stateTimeout,
  type TimeoutOptions,
} from './behaviour/statem/actions.ts'
export {
  type CallTo,
  type CommonCallbacks,
  type EnterNext,
  type GenStatem,
  genStatem,
  type StateCallbacks,
  type StatemApi,
  type StatemCallbacks,
  type StatemNext,
} from './behaviour/statem/gen-statem.ts'
export {
  type Begin,
  beginIn,
  type Keep,
  keepState,
  keepStateAndData,
  type NextState,
  nextState,
  repeatState,
  repeatStateAndData,
  type StopAndReply,
  stopAndReply,
} from './behaviour/statem/next.ts'
export type { Asked, Caller, Target } from './door/caller.ts'
export { type Ancestor, type InitialCall, initialCall } from './gen/ancestry.ts'
export {
  type Behaviour,
  type BehaviourOptions,
  defineBehaviour,
  isWatched,
  note,
} from './gen/behaviour.ts'
export type { Birth } from './gen/birth.ts'
export {
  type Core,
  type Extras,
  newCore,
  rest,
  restAgain,
  restFor,
  restHibernating,
} from './gen/core.ts'
export type { BehaviourName, RefOf, ServerDef } from './gen/definition.ts'
export { type Cause, type EndHooks, endProcess, exitCause, faultCause, thrownCause } from './gen/ending.ts'
export type { Mode } from './gen/handle-system.ts'
export {
  type Accepted,
  type FailInit,
  failInit,
  type Ignore,
  ignore,
  initialise,
  type StopInit,
  stopInit,
} from './gen/initialise.ts'
export { abcast, LOCAL_NODE, type MultiCallResult, multiCall } from './gen/multi-call.ts'
export { labelOf, setLabel } from './gen/name.ts'
export {
  addRequestId,
  type CollectionOptions,
  checkResponse,
  type LabelledResponse,
  newRequestIds,
  type Patience,
  type RequestId,
  type RequestIds,
  type Response,
  receiveResponse,
  requestIdCount,
  requestIdList,
  sendRequest,
  waitResponse,
} from './gen/requests.ts'
export {
  type Entered,
  type EnterOptions,
  enterLoop,
  type Handled,
  type SpecialBody,
  type SpecialProcess,
  type SystemCallbacks,
  special,
} from './gen/special.ts'
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
export { stopServer } from './gen/stop.ts'
export * as sys from './gen/sys.ts'
export * as errorLogger from './report/error-logger.ts'
export { type FunRef, named } from './report/fun.ts'
export { type KernelReports, kernelReports } from './report/kernel-report.ts'
export * as logger from './report/logger.ts'
export { type ReportOptions, report, takesReports } from './report/report.ts'
export { type LoggerConfig, type RunningLogger, startLogger } from './report/start.ts'
export {
  type BridgeApi,
  type BridgeCallbacks,
  type BridgeDef,
  type Bridged,
  bridged,
  supervisorBridge,
} from './sup/bridge.ts'
export type {
  ChildCounts,
  ChildInfo,
  ChildResult,
  SpecResult,
  StartChildResult,
  SupervisorApi,
} from './sup/calls.ts'
export {
  type DynamicApi,
  type DynamicSpec,
  type DynamicSupervisorDef,
  dynamicSupervisor,
  type NotDynamic,
} from './sup/dynamic.ts'
export type { AutoShutdown, Flags, Limits, Strategy } from './sup/flags.ts'
export {
  type PartitionedDef,
  type PartitionKey,
  type PartitionOptions,
  partitionedSupervisor,
} from './sup/partitioned.ts'
export {
  type ChildOptions,
  type ChildSpec,
  type ChildStart,
  type CommonOptions,
  checkChildSpecs,
  child,
  type Modules,
  type RestartType,
  type Shutdown,
  type SupervisorSpec,
  type Terms,
} from './sup/spec.ts'
export { type SupervisorDef, supervisor } from './sup/supervisor.ts'
export { type StartChildOptions, type Template, type TemplateOptions, template } from './sup/template.ts'
export * as timer from './timer/timer.ts'

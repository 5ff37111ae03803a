/**
 * The logger's door: what `import { logger } from '@heddle/otp'` is.
 */

import { plainFunctions } from './at.ts'

export type { Asked, Caller } from '../door/caller.ts'
export { at, type LogFunction, type LogFunctions } from './at.ts'
export type { ConfigInfo, HandlerChange } from './book.ts'
export {
  addHandler,
  addHandlerFilter,
  addPrimaryFilter,
  browse,
  getConfig,
  getHandlerConfig,
  handlerInfo,
  query,
  removeHandler,
  removeHandlerFilter,
  removePrimaryFilter,
  setHandlerConfig,
  setModuleLevel,
  setPrimaryConfig,
  sync,
  unsetModuleLevel,
  updateFormatterConfig,
  updateHandlerConfig,
  updatePrimaryConfig,
} from './client.ts'
export type { HandlerConfig, HandlerOptions, PrimaryConfig } from './config.ts'
export type {
  Label,
  LogEvent,
  Meta,
  Report,
  ReportCallback,
  ReportEvent,
  ReportLimits,
  Source,
  TextEvent,
  UserMeta,
} from './event.ts'
export {
  type Filter,
  type FilterDefault,
  type FilterFunction,
  type FilterResult,
  type FilterSpec,
  filter,
  filters,
} from './filter.ts'
export {
  type FormatterConfig,
  type FormatterFunction,
  type FormatterSpec,
  formatEvent,
  formatter,
  reportCallback,
  type Template,
  type TemplateItem,
} from './formatter.ts'
export type { HandlerInfo } from './gate.ts'
export { type HandlerSpec, handlerKind, type KindCallbacks } from './kind.ts'
export { type FileConfig, file } from './kinds/file.ts'
export {
  type BrowseEntry,
  type BrowseQuery,
  type MemoryConfig,
  memory,
  type ReportType,
} from './kinds/memory.ts'
export { type PinoLike, pinoHandler } from './kinds/pino.ts'
export { type TerminalConfig, terminal } from './kinds/terminal.ts'
export { compareLevels, LEVELS, type Level, type LevelLimit } from './level.ts'
export {
  allows,
  getProcessMetadata,
  type Message,
  setProcessMetadata,
  unsetProcessMetadata,
  updateProcessMetadata,
} from './log.ts'
export { KILL_DEFAULTS, type Mode, OVERLOAD_DEFAULTS, type OverloadLimits } from './overload.ts'
export type { LoggerResult } from './publish.ts'

export const { emergency, alert, critical, error, warning, notice, info, debug, log } = plainFunctions

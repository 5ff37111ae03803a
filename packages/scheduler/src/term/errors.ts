/**
 * Every error that Heddle raises at a caller who misused it, or whose operation failed. One class,
 * one code each; `docs/errors.md` lists the same codes, and a test holds the two together. A process
 * that fails is another matter: that is an exit reason (`exit-reason.ts`).
 */

export const ERROR_CODES = [
  'ERR_BAD_ARGUMENT',
  'ERR_UNCLONABLE',
  'ERR_DUPLICATE_DEFINITION',
  'ERR_UNKNOWN_DEFINITION',
  'ERR_MODULE_LOAD',
  'ERR_NAME_TAKEN',
  'ERR_UNKNOWN_NAME',
  'ERR_NO_PROCESS',
  'ERR_SYSTEM_LIMIT',
  'ERR_TIMEOUT_VALUE',
  'ERR_SCHEDULER_START',
  'ERR_SCHEDULER_DOWN',
  'ERR_RESTART_INTENSITY',
  'ERR_VM_STOPPED',
  'ERR_WRONG_THREAD',
  'ERR_PLACEMENT',
  'ERR_SIMULATION',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** @example try { self.send(pid, () => 1) } catch (error) { error.code === 'ERR_UNCLONABLE' } */
export class HeddleError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HeddleError'
    this.code = code
  }
}

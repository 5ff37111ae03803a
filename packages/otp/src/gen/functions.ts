/**
 * Functions that a message names (`named`, of the report floor): what `sys.replaceState` and `sys.install` take, where OTP
 * sends a fun. What a closure would have brought along is passed beside it, as an argument.
 */

import { HeddleError } from '@heddle/scheduler'
import { type FunRef, loadAll, lookUp } from '../report/fun.ts'

/**
 * The function, at once if this thread has met it; else its module is imported.
 * Fails with HeddleError ERR_UNKNOWN_DEFINITION.
 */
export function loadFunction<F>(ref: FunRef<F>): F | Promise<F> {
  return lookUp(ref) ?? importFunction(ref)
}

async function importFunction<F>(ref: FunRef<F>): Promise<F> {
  await loadAll([ref])
  const found = lookUp(ref)
  if (found !== undefined) return found
  const { url, name } = ref.$fun
  throw new HeddleError('ERR_UNKNOWN_DEFINITION', `${url} names no function '${name}'`)
}

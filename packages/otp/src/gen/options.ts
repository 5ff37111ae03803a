/**
 * Options: an object of known names. A misspelt one would otherwise be as good as none, and the server
 * would wait for ever, or run where it should not, without a word.
 */

import { HeddleError } from '@heddle/scheduler'

/**
 * @param what for the message: `start()`
 * @throws HeddleError ERR_BAD_ARGUMENT
 */
export function checkOptions(what: string, options: object, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) {
    throw new HeddleError('ERR_BAD_ARGUMENT', `${what} takes an object of options, not ${String(options)}`)
  }
  const unknown = Object.keys(options).find((key) => !known.has(key))
  if (unknown !== undefined) throw new HeddleError('ERR_BAD_ARGUMENT', `${what} has no option '${unknown}'`)
}

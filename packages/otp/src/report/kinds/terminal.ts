/**
 * The terminal: standard output or standard error. A chunk counts as written when the stream says so; on a scheduler that is when the
 * host's thread has taken it. So a host that is busy slows this handler down, and nobody else.
 */

import { handlerKind } from '../kind.ts'

export interface TerminalConfig {
  /** Default `standard_error`: standard output belongs to the program. */
  readonly to?: 'standard_io' | 'standard_error'
}

const terminalKind = handlerKind<TerminalConfig, Required<TerminalConfig>>(import.meta.url, 'terminal', {
  check: ({ to = 'standard_error' }, before) => {
    if (to !== 'standard_io' && to !== 'standard_error') throw new TypeError(`a terminal is no ${String(to)}`)
    if (before !== undefined && before.to !== to) throw new TypeError('a terminal cannot become another')
    return { to }
  },
  open: ({ to = 'standard_error' }) => ({ to }),
  writeText: (state, text) =>
    new Promise((resolve) => {
      const stream = state.to === 'standard_io' ? process.stdout : process.stderr
      // An error (nobody reads any more) is no reason to fail: there is nobody to tell.
      stream.write(text, () => resolve(state))
    }),
})

/** Writes to standard error, or standard output. */
export function terminal(config: TerminalConfig = {}): ReturnType<typeof terminalKind> {
  return terminalKind(config)
}

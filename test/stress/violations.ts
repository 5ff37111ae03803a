// What was found to be wrong: all of it is counted, the first are shown.

import { inspect } from 'node:util'

const SHOWN_COUNT_MAX = 30

export class Violations {
  count = 0
  /** Something never came, so nothing that follows can be waited for. */
  isStalled = false
  private readonly seed: number
  private readonly print: (line: string) => void

  constructor(seed: number, print: (line: string) => void) {
    this.seed = seed
    this.print = print
  }

  add(what: string, details: { [name: string]: unknown }): void {
    this.count += 1
    if (this.count > SHOWN_COUNT_MAX) return
    const shown = inspect(details, { depth: 6, breakLength: 110, maxArrayLength: 20, maxStringLength: 200 })
    this.print(`violation: ${what} ${shown} (seed ${this.seed})`)
    if (this.count === SHOWN_COUNT_MAX) this.print('violation: more are only counted')
  }
}

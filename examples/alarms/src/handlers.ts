/**
 * Handlers of alarms. `counters` counts. The loggers write a numbered line for each event, one to the terminal, one to
 * a file; either can be swapped for the other while alarms come in, and the numbers go on where the other left off:
 * what `terminate` returns to a swap, the next one's `init` finds in `swapped.value`.
 */

import { appendFileSync } from 'node:fs'
import { type AlarmEvent, eventHandler, ok, reply, type Swapped } from '@heddle/otp'

export const counters = eventHandler(import.meta.url, 'counters', {
  init: (_: void) => ok({ set_alarm: 0, clear_alarm: 0 }),
  handleEvent: (counts, event: AlarmEvent) => ok({ ...counts, [event.type]: counts[event.type] + 1 }),
  handleCall: {
    get: (counts) => reply(counts, counts),
  },
})

export const terminalLogger = eventHandler(import.meta.url, 'terminalLogger', {
  init: (_: void, _self, swapped) => ok({ lineCount: linesBefore(swapped) }),
  handleEvent: ({ lineCount }, event: AlarmEvent) => {
    console.log(lineOf(lineCount + 1, event))
    return ok({ lineCount: lineCount + 1 })
  },
  terminate: (_why, { lineCount }) => lineCount,
})

export const fileLogger = eventHandler(import.meta.url, 'fileLogger', {
  init: (path: string, _self, swapped) => ok({ path, lineCount: linesBefore(swapped) }),
  handleEvent: ({ path, lineCount }, event: AlarmEvent) => {
    // A disk that is full throws here: this handler is removed, the manager and the other handlers go on.
    appendFileSync(path, `${lineOf(lineCount + 1, event)}\n`)
    return ok({ path, lineCount: lineCount + 1 })
  },
  terminate: (_why, { lineCount }) => lineCount,
})

/** What the logger before this one left; 0 if there was none, or if it had failed. */
function linesBefore(swapped: Swapped | undefined): number {
  return typeof swapped?.value === 'number' ? swapped.value : 0
}

function lineOf(number: number, event: AlarmEvent): string {
  if (event.type === 'clear_alarm') return `${number} clear ${String(event.id)}`
  return `${number} set ${String(event.alarm.id)}: ${String(event.alarm.description)}`
}

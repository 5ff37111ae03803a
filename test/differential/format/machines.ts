// Scripted state machines (section 9).

import {
  type Check,
  either,
  flag,
  has,
  isAny,
  isText,
  list,
  maybe,
  object,
  tagged,
  text,
  word,
} from './check.ts'
import { mark, patience, term } from './terms.ts'

const eventTypes = ['enter', 'cast', 'call', 'info', 'internal', 'state_timeout', 'timeout'] as const
const eventType = either(
  'an event type or {"generic":name}',
  [isText, word('*', ...eventTypes)],
  [has('generic'), object({ generic: text })],
)

/** `[D, C]`, `["cancel"]` or `["update", C]`. */
const limit = (rest: readonly unknown[], at: string, from: number): void => {
  const [head] = rest
  const shape = head === 'cancel' ? [word('cancel')] : [head === 'update' ? word('update') : patience, term]
  tagged('time limit', { _: shape })(['_', ...rest], `${at} from [${from}]`)
}

const plainAct = tagged('transition act', {
  reply: [term],
  save: [mark],
  reply_saved: [mark, term],
  postpone: [],
  next_event: [either('an event type', [isText, word(...eventTypes)], [isAny, term]), term],
  timeout: [patience, term],
  hibernate: [],
  bad: [term],
  log: [term],
})

const act: Check = (value, at) => {
  const [head, ...rest] = Array.isArray(value) ? value : []
  if (head === 'state_timeout') return limit(rest, at, 1)
  if (head === 'generic') {
    text(rest[0], `${at}[1]`)
    return limit(rest.slice(1), at, 2)
  }
  plainAct(value, at)
}

const acts = list(act)
const state = text

const init = tagged('init', {
  ok: [state, maybe(acts)],
  ignore: [],
  stop: [term],
  exit: [term],
  bad: [term],
})

const ret = tagged('return', {
  next_state: [state, acts],
  keep_state: [acts],
  repeat_state: [acts],
  keep_state_and_data: [acts],
  repeat_state_and_data: [acts],
  stop: [maybe(term)],
  stop_and_reply: [term, acts],
  exit: [term],
  error: [term],
  bad: [term],
})

export const machine = object({
  mode: word('state_functions', 'handle_event_function'),
  enter: flag,
  init,
  rules: list(object({ s: state, t: eventType, c: term, ret })),
  on_terminate: maybe(tagged('end', { exit: [term], error: [term], throw: [term] })),
})

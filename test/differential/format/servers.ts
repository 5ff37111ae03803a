// Scripted servers (section 8).

import {
  type Check,
  either,
  flag,
  has,
  isAny,
  isText,
  later,
  list,
  maybe,
  object,
  tagged,
  word,
} from './check.ts'
import { mark, patience, target, term, ticks } from './terms.ts'

const lateReact: Check = later(() => react)
const callee = either('"self", a process or a name', [isText, word('self')], [isAny, target])

const act = tagged('act', {
  log: [term],
  send: [target, term],
  cast: [callee, lateReact],
  save_from: [mark],
  reply: [mark, term],
  reply_now: [term],
  on_timeout: [later(() => partReact)],
  on_terminate: [tagged('end', { exit: [term], error: [term], throw: [term] })],
  sleep: [ticks],
  call: [callee, lateReact, patience],
  trap: [flag],
})

/** X: what comes after a return. */
const next = either(
  '"hibernate", {"timeout"} or {"continue"}',
  [isText, word('hibernate')],
  [has('timeout'), object({ timeout: patience })],
  [has('continue'), object({ continue: lateReact })],
)

const initRet = tagged('return of init', {
  ok: [maybe(next)],
  ignore: [],
  stop: [term],
  exit: [term],
  error: [term],
  bad: [term],
  throw_ret: [later(() => initRet)],
})

const ret = tagged('return', {
  reply: [term, maybe(next)],
  noreply: [maybe(next)],
  stop: [term, maybe(term)],
  exit: [term],
  error: [term],
  bad: [term],
  throw_ret: [later(() => ret)],
})

const acts = list(act)
export const react = object({ l: mark, acts: maybe(acts), ret: maybe(ret) })
export const initReact = object({ l: maybe(mark), acts: maybe(acts), ret: maybe(initRet) })
const partReact = object({ l: maybe(mark), acts: maybe(acts), ret: maybe(ret) })

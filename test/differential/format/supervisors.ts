// Scripted supervisors and their children (section 11).

import {
  type Check,
  count,
  either,
  flag,
  isList,
  isNumber,
  isObject,
  isText,
  later,
  list,
  maybe,
  object,
  refuse,
  tagged,
  text,
  word,
} from './check.ts'
import { term } from './terms.ts'

const flags = object({
  strategy: maybe(word('one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one')),
  intensity: maybe(count),
  period: maybe(count),
  auto_shutdown: maybe(word('never', 'any_significant', 'all_significant')),
})

const startOnce = either(
  '"ok", "ignore", ["error",R] or ["crash",R]',
  [isText, word('ok', 'ignore')],
  [isList, tagged('start', { error: [term], crash: [term] })],
)

const common = {
  id: text,
  kind: word('worker', 'sup'),
  restart: maybe(word('permanent', 'transient', 'temporary')),
  shutdown: maybe(
    either(
      'ticks, "brutal_kill" or "infinity"',
      [isNumber, count],
      [isText, word('brutal_kill', 'infinity')],
    ),
  ),
  significant: maybe(flag),
}

const worker = object({
  ...common,
  trap: maybe(flag),
  script: maybe(list(startOnce)),
  stubborn: maybe(flag),
  info: maybe(term),
})

const children: Check = later(() => list(child))
const supervisor = object({ ...common, flags, children })

export const child: Check = (value, at) => {
  if (!isObject(value)) refuse(at, 'a child', value)
  const shape = value.kind === 'sup' ? supervisor : worker
  shape(value, at)
}

export const supervisorSpec = object({ flags, children })

export const childCommand = tagged('command', { stop: [term], exit: [term], error: [term] })

// The actions of puppets (section 7), family by family.

import {
  type Check,
  either,
  flag,
  has,
  isAny,
  isNull,
  isText,
  list,
  Malformed,
  maybe,
  nothing,
  object,
  type Rows,
  row,
  tagged,
  text,
  word,
} from './check.ts'
import { event, handlerInit } from './events.ts'
import { machine } from './machines.ts'
import { initReact, react } from './servers.ts'
import { child, childCommand, supervisorSpec } from './supervisors.ts'
import {
  base,
  idOrPid,
  mark,
  name,
  nameOrNull,
  patience,
  pid,
  puppet,
  target,
  term,
  terms,
  ticks,
} from './terms.ts'

const how = word('start', 'start_link', 'start_monitor')
const markOrNull = either('a label or null', [isNull, nothing], [isText, mark])

const pattern = either(
  '{"tag"}, {"down"}, {"exit"}, {"timer"} or {"any"}',
  [has('tag'), object({ tag: text })],
  [has('down'), object({ down: mark })],
  [has('exit'), object({ exit: either('a process', [isText, text], [isAny, pid]) })],
  [has('timer'), object({ timer: mark })],
  [has('any'), object({ any: flag })],
)

const rawActions: Rows = {
  exit: [term],
  error: [term],
  throw: [term],
  return: [],
  spawn: [puppet, list(word('link', 'monitor')), markOrNull, flag],
  send: [target, term],
  link: [pid],
  unlink: [pid],
  monitor: [target, mark],
  demonitor: [mark, list(word('flush', 'info'))],
  exit2: [pid, term],
  trap: [flag],
  recv: [list(pattern), patience],
  flush: [],
  register: [name, pid],
  unregister: [name],
  whereis: [name],
  alive: [pid],
  links: [],
  mqlen: [],
  send_after: [ticks, target, term, mark],
  start_timer: [ticks, target, term, mark],
  cancel_timer: [mark],
  read_timer: [mark],
  alias: [mark, list(word('explicit_unalias', 'reply'))],
  unalias: [mark],
  give_alias: [mark, pid],
  take_alias: [mark],
  send_alias: [mark, term],
}

const serverActions: Rows = {
  gs_start: [how, base, nameOrNull, initReact, object({ timeout: maybe(patience) }), flag],
  call: [target, react, maybe(patience)],
  cast: [target, react],
  info: [target, react],
  gs_stop: [target, maybe(term), maybe(patience)],
  send_request: [target, react, mark],
  wait_response: [mark, patience],
  receive_response: [mark, patience],
  sys: [word('suspend', 'resume'), target],
}

const machineActions: Rows = {
  fsm_start: [how, base, nameOrNull, machine, flag],
  fsm_call: [target, term, patience],
  fsm_cast: [target, term],
  fsm_stop: [target, term, patience],
}

const eventActions: Rows = {
  ge_start: [how, base, nameOrNull],
  ge_add: [target, mark, handlerInit],
  ge_add_sup: [target, mark, handlerInit],
  ge_delete: [target, mark, term],
  ge_swap: [target, mark, term, mark, handlerInit],
  ge_swap_sup: [target, mark, term, mark, handlerInit],
  ge_notify: [target, event],
  ge_sync_notify: [target, event],
  ge_info: [target, event],
  ge_call: [target, mark, event, patience],
  ge_which: [target],
  ge_stop: [target, term, patience],
}

const supervisorCalls: Rows = {
  start_child: [target, child],
  start_child_simple: [target, list(term)],
  terminate_child: [target, idOrPid],
  restart_child: [target, idOrPid],
  delete_child: [target, idOrPid],
  get_childspec: [target, idOrPid],
  which_children: [target],
  count_children: [target],
}

const rows: Rows = {
  ...rawActions,
  ...serverActions,
  ...machineActions,
  ...eventActions,
  sup_start: [word('start_link'), base, nameOrNull, supervisorSpec],
  child: [target, childCommand],
}

const plainAction = tagged('action', rows)
const supervisorCall = tagged('supervisor call', supervisorCalls)
const tableNew = row(text, name, terms)
const tableSorted = row(word('sort'), text, terms)
const tableCall = row(text, terms)

/** `["sup",…]` and `["ets",…]` name what they do in their second place. */
const action: Check = (value, at) => {
  const [head, second, third, fourth] = Array.isArray(value) ? value : []
  if (head === 'sup') supervisorCall((value as unknown[]).slice(1), `${at}.sup`)
  else if (head === 'ets') {
    const shape = second === 'new' ? tableNew : second === 'sort' ? tableSorted : tableCall
    shape((value as unknown[]).slice(1), `${at}.ets`)
  } else plainAction(value, at)
  if (head === 'spawn' && (third as string[]).includes('monitor') !== (fourth !== null)) {
    throw new Malformed(`${at}[3]`, 'a label stands here if, and only if, the options name "monitor"')
  }
}

export const actions = list(action)

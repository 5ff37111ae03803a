// Event managers, their handlers, and alarms. What is different, and why.

import type { Entry } from './entry.ts'

export const genEvent: readonly Entry[] = [
  {
    id: 'gen_event_SUITE:start',
    state: 'implemented',
    note: "A manager's definition says which events it takes; `startMonitor` returns an object.",
  },
  {
    id: 'gen_event_SUITE:start_opt',
    state: 'implemented',
    note: 'The options of a spawn stand beside the others, rather than in `spawn_opt`.',
  },
  {
    id: 'gen_event_SUITE:add_handler',
    state: 'implemented',
    note: "A handler is its definition, or `[definition, mark]`; ids are told by the definition's name. Results are `{ status }`.",
  },
  { id: 'BEAM:add_twice', state: 'implemented' },
  {
    id: 'BEAM:add_init_crash',
    state: 'implemented',
    note: 'A handler whose module cannot be loaded is an error of the same kind, `undef`.',
  },
  { id: 'gen_event_SUITE:add_sup_handler', state: 'implemented' },
  { id: 'BEAM:gen_event_EXIT_reasons', state: 'implemented' },
  {
    id: 'gen_event_SUITE:delete_handler',
    state: 'implemented',
    note: "The result is `{ status: 'ok', value }`, so that a value cannot be taken for an error.",
  },
  {
    id: 'gen_event_SUITE:swap_handler',
    state: 'implemented',
    note: 'What the old handler left comes as a third argument of `init`.',
  },
  { id: 'gen_event_SUITE:swap_sup_handler', state: 'implemented' },
  { id: 'BEAM:swap_init_fail', state: 'implemented' },
  { id: 'gen_event_SUITE:notify', state: 'implemented' },
  {
    id: 'BEAM:notify_noname',
    state: 'implemented',
    note: '`notify` makes a message: to `send` it to a name that nobody has fails, to `cast` it does not.',
  },
  { id: 'gen_event_SUITE:sync_notify', state: 'implemented' },
  {
    id: 'gen_event_SUITE:call',
    state: 'implemented',
    note: 'A handler has a callback for each of its calls; the reply is `{ status, reply }`.',
  },
  {
    id: 'BEAM:call_failures',
    state: 'implemented',
    note: 'A reply that cannot be cloned is a failure of the handler, too.',
  },
  { id: 'BEAM:handler_crash', state: 'implemented' },
  { id: 'BEAM:terminate_args', state: 'implemented' },
  { id: 'gen_event_SUITE:info', state: 'implemented' },
  {
    id: 'gen_event_SUITE:hibernate',
    state: 'implemented',
    note: 'Memory is not given back: the process holds nothing but its state.',
  },
  {
    id: 'gen_event_SUITE:auto_hibernate',
    state: 'implemented',
    note: 'Memory is not given back: the process holds nothing but its state.',
  },
  { id: 'BEAM:manager_exit', state: 'implemented' },
  { id: 'gen_event_SUITE:call_format_status', state: 'implemented' },
  { id: 'gen_event_SUITE:error_format_status', state: 'implemented' },
  { id: 'gen_event_SUITE:get_state', state: 'implemented' },
  {
    id: 'gen_event_SUITE:replace_state',
    state: 'implemented',
    note: 'The function is one that has an address, made with `named`.',
  },
  {
    id: 'gen_event_SUITE:undef_*',
    state: 'implemented',
    note: '`codeChange` may be left out, and then the state stays; OTP fails with `undef`.',
  },
  { id: 'gen_event_SUITE:send_request_*', state: 'implemented' },
  {
    id: 'alarm_handler_SUITE:set_alarm',
    state: 'implemented',
    note: 'Alarms are `{ id, description }`, and events have a `type`; ids are compared by value.',
  },
  { id: 'alarm_handler_SUITE:clear_alarm', state: 'implemented' },
  { id: 'alarm_handler_SUITE:swap', state: 'implemented' },
  {
    id: 'BEAM:alarm_dups',
    state: 'implemented',
    note: `As the row has it; the code of OTP's own handler takes out the newest of them alone.`,
  },
]

// Logging, reports, the report browser. What is different, and why.

import type { Entry } from './entry.ts'

export const loggerSasl: readonly Entry[] = [
  {
    id: 'logger_SUITE:add_remove_handler',
    state: 'implemented',
    note: "A handler is two processes: what its kind throws as it opens refuses it, as OTP's callback does by returning an error.",
  },
  { id: 'logger_SUITE:multiple_handlers', state: 'implemented' },
  { id: 'logger_SUITE:add_remove_filter', state: 'implemented' },
  { id: 'logger_SUITE:change_config', state: 'implemented' },
  { id: 'logger_SUITE:set_level', state: 'implemented' },
  {
    id: 'logger_SUITE:set_module_level',
    state: 'implemented',
    note: 'A module is its URL, as its own log functions say it, or, for reports, who reports: `supervisor`.',
  },
  {
    id: 'logger_SUITE:set_application_level',
    state: 'not begun',
    note: 'There are no applications yet; a level is set for modules, by their names.',
  },
  { id: 'logger_SUITE:compare_levels', state: 'implemented' },
  {
    id: 'logger_SUITE:log_all_levels_api',
    state: 'implemented',
    note: "Arguments are put in by Node's `util.format`; what cannot be cloned is told in words.",
  },
  {
    id: 'logger_SUITE:macros',
    state: 'substituted',
    note: 'There are no macros: log functions made for a module know its URL, and look at the stack for function and line.',
  },
  {
    id: 'logger_SUITE:filter_failed',
    state: 'implemented',
    note: 'A filter is found by its address on whatever scheduler logs; one whose module cannot be loaded there fails, too.',
  },
  { id: 'logger_SUITE:handler_failed', state: 'implemented' },
  { id: 'logger_SUITE:config_sanity_check', state: 'implemented' },
  { id: 'logger_SUITE:process_metadata', state: 'implemented' },
  {
    id: 'logger_SUITE:via_logger_process',
    state: 'substituted',
    note: 'What the VM reports comes to the host, which passes it on: `startVm` is told so with `kernelReports()`.',
  },
  {
    id: 'logger_SUITE:emulator',
    state: 'implemented',
    note: "A report with the label `[emulator, crash]` whose text begins as OTP's.",
  },
  {
    id: 'logger_SUITE:other_node',
    state: 'waits for nodes',
    note: "The filter by the group leader's node is there; nothing has another node yet.",
  },
  { id: 'logger_SUITE:format_report, pretty_print', state: 'implemented' },
  {
    id: 'logger_SUITE:app_config, kernel_config',
    state: 'substituted',
    note: 'There is no system configuration yet: `startLogger` takes the same as an object.',
  },
  {
    id: 'logger_env_var_SUITE:default, replace_default, ...',
    state: 'substituted',
    note: 'There is no system configuration yet: `startLogger` takes the same as an object, `default: null` for no default handler.',
  },
  { id: 'logger_filters_SUITE:domain', state: 'implemented' },
  {
    id: 'logger_filters_SUITE:level, progress, remote_gl',
    state: 'implemented',
    note: 'An event is of another node if its metadata have a `node`, until there are nodes.',
  },
  {
    id: 'logger_formatter_SUITE:default, template, depth, chars_limit, single_line, time_offset ...',
    state: 'implemented',
    note: 'Keys in a template are objects, conditions their `ifSet` and `ifUnset`; offsets are texts.',
  },
  {
    id: 'logger_std_h_SUITE:(files)',
    state: 'implemented',
    note: 'A file is opened for each batch, so one that was moved is made anew without being looked for.',
  },
  {
    id: 'logger_std_h_SUITE:(overload)',
    state: 'substituted',
    note: 'Whoever logs in sync mode gives way to other processes rather than wait; what is dropped is counted, and told.',
  },
  {
    id: 'logger_olp_SUITE:(modes)',
    state: 'substituted',
    note: 'The length is that of the queue before the writer, with what was refused since the writer last took some; callers give way rather than wait.',
  },
  {
    id: 'logger_disk_log_h_SUITE:(files)',
    state: 'substituted',
    note: "A circle of text files, not of `disk_log`'s format.",
  },
  {
    id: 'error_logger_SUITE:error_report, info, warning',
    state: 'substituted',
    note: 'There is no `error_logger` process: `errorLoggerEvent` turns an event into what an old report handler gets.',
  },
  {
    id: 'error_logger_warn_SUITE:*',
    state: 'substituted',
    note: 'What a warning is logged as is an argument, as there are no flags of the emulator.',
  },
  {
    id: 'BEAM:supervisor_progress',
    state: 'implemented',
    note: "The child's `mfargs` is `start`: the address of its definition.",
  },
  { id: 'BEAM:supervisor_error', state: 'implemented' },
  { id: 'BEAM:crash_report', state: 'implemented' },
  { id: 'BEAM:gen_server_error', state: 'implemented' },
  { id: 'BEAM:gen_statem_error', state: 'implemented' },
  { id: 'BEAM:gen_event_error', state: 'implemented' },
  { id: 'BEAM:unhandled_info', state: 'implemented' },
  { id: 'BEAM:app_reports', state: 'not begun', note: 'There are no applications yet.' },
  { id: 'BEAM:default_visibility', state: 'implemented' },
  { id: 'sasl_report_SUITE:gen_server_crash', state: 'implemented' },
  {
    id: 'sasl_SUITE:log_file, log_mf_h_env',
    state: 'substituted',
    note: 'There is no application `sasl`: a file handler with a filter by domain does the same; one that cannot open its file is refused.',
  },
  {
    id: 'rb_SUITE:list, show, rescan, grep, filter_*',
    state: 'substituted',
    note: 'It looks through a handler that keeps the last events in memory, so there is nothing to rescan; what is found comes as data and as text.',
  },
  {
    id: 'seq_trace_SUITE:token_set_get',
    state: 'not begun',
    note: "A token that travels with messages has to be carried by the scheduler's signals.",
  },
  {
    id: 'seq_trace_SUITE:send, distributed_send',
    state: 'not begun',
    note: "A token that travels with messages has to be carried by the scheduler's signals.",
  },
  {
    id: 'seq_trace_SUITE:call, trace_exit, port..',
    state: 'not begun',
    note: "A token that travels with messages has to be carried by the scheduler's signals.",
  },
]

// `sys`, `proc_lib`, special processes. What is different, and why.

import type { Entry } from './entry.ts'

export const sysProcLib: readonly Entry[] = [
  {
    id: 'sys_SUITE:log',
    state: 'implemented',
    note: 'Events are arrays; a state that is changed in place is shown as it is when one asks.',
  },
  { id: 'sys_SUITE:log_to_file', state: 'implemented', note: 'The file is emptied first, as it is in OTP.' },
  { id: 'sys_SUITE:stats', state: 'implemented', note: 'Times are ms of the clock of the VM.' },
  {
    id: 'sys_SUITE:trace',
    state: 'implemented',
    note: 'To the standard output of the thread that the process runs on.',
  },
  { id: 'sys_SUITE:suspend', state: 'implemented' },
  {
    id: 'sys_SUITE:install',
    state: 'implemented',
    note: 'A function is named by its module and a name; the one that is installed twice keeps its first state.',
  },
  { id: 'sys_SUITE:special_process', state: 'implemented', note: 'Such a process is made by `special`.' },
  {
    id: 'BEAM:get_status_shape',
    state: 'implemented',
    note: 'The answer is an object, with the definition of the process besides.',
  },
  {
    id: 'BEAM:change_code_running',
    state: 'implemented',
    note: 'Results are objects with a `status`; `codeChange` refuses by throwing.',
  },
  { id: 'BEAM:sys_errors', state: 'implemented' },
  {
    id: 'BEAM:system_msg_shape',
    state: 'implemented',
    note: 'It is a call of the name `$system`, answered by its reference.',
  },
  {
    id: 'BEAM:handle_system_msg',
    state: 'implemented',
    note: 'It is what `run` returns, and its callbacks stand in `system`.',
  },
  { id: 'BEAM:parent_exit_suspended', state: 'implemented' },
  { id: 'BEAM:suspend_hibernating', state: 'implemented' },
  { id: 'BEAM:debug_options', state: 'implemented' },
  {
    id: 'proc_lib_SUITE:crash_1',
    state: 'implemented',
    note: '`errorInfo` has the stack in its reason; there is no heap of one process to tell of.',
  },
  { id: 'proc_lib_SUITE:crash_2', state: 'implemented', note: 'At most 100 processes are asked.' },
  { id: 'proc_lib_SUITE:crash (dictionary erased)', state: 'implemented' },
  { id: 'proc_lib_SUITE:stacktrace', state: 'implemented' },
  {
    id: 'proc_lib_SUITE:sync_start_nolink',
    state: 'implemented',
    note: 'When `init` returns, or earlier by `initAck(info)`; `info` stands in the result.',
  },
  {
    id: 'proc_lib_SUITE:init_dont_hang',
    state: 'implemented',
    note: 'What `init` throws it has returned, as in a behaviour.',
  },
  {
    id: 'BEAM:start_normal_exit',
    state: 'implemented',
    note: 'A special process has returned without an answer if its `init` exits `normal`.',
  },
  { id: 'BEAM:start_timeout', state: 'implemented' },
  { id: 'BEAM:start_link_exit_msg', state: 'implemented' },
  { id: 'proc_lib_SUITE:otp_6345', state: 'implemented' },
  {
    id: 'proc_lib_SUITE:spawn_opt',
    state: 'implemented',
    note: 'The definition by its name; `initialCall` is `translate_initial_call`.',
  },
  { id: 'BEAM:ancestors', state: 'implemented' },
  {
    id: 'proc_lib_SUITE:hibernate',
    state: 'implemented',
    note: '`hibernate(state)`, with the body from its top.',
  },
  { id: 'proc_lib_SUITE:stop', state: 'implemented', note: '`stopServer`; nodes have to wait.' },
  { id: 'proc_lib_SUITE:t_format', state: 'implemented', note: "The logger's formatter does it." },
  { id: 'proc_lib_SUITE:report_cb', state: 'implemented', note: "The logger's formatter does it." },
]

// Registered names, and names of registries of one's own. What is different, and why.

import type { Entry } from './entry.ts'

export const registry: readonly Entry[] = [
  {
    id: 'process_SUITE:bad_register',
    state: 'implemented',
    note: 'Names are strings; the empty one and `undefined` are refused.',
  },
  { id: 'BEAM:register_twice', state: 'implemented' },
  {
    id: 'BEAM:register_port_atoms',
    state: 'implemented',
    note: '`register` and `unregister` return nothing, where OTP returns `true`.',
  },
  { id: 'BEAM:name_freed_on_exit', state: 'implemented' },
  { id: 'register_SUITE:otp_8099', state: 'implemented' },
  { id: 'BEAM:registered', state: 'implemented' },
  { id: 'BEAM:exit2_name', state: 'implemented' },
  {
    id: 'BEAM:send_name_node',
    state: 'substituted',
    note: 'There is no destination of name and node yet: the silent form is `cast`, which never raises.',
  },
  { id: 'BEAM:via_contract', state: 'implemented' },
  { id: 'gen_server_SUITE:start (via part)', state: 'implemented' },
  { id: 'gen_server_SUITE:otp_7669', state: 'implemented' },
  { id: 'gen_statem_SUITE:start12', state: 'implemented' },
]

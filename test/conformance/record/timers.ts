// Timers, and the timer module. What is different, and why.

import type { Entry } from './entry.ts'

export const timers: readonly Entry[] = [
  { id: 'timer_bif_SUITE:start_timer_1', state: 'implemented' },
  { id: 'timer_bif_SUITE:send_after_1', state: 'implemented' },
  { id: 'timer_bif_SUITE:send_after_2', state: 'implemented' },
  { id: 'timer_bif_SUITE:send_after_3', state: 'implemented' },
  { id: 'timer_bif_SUITE:start_timer_big', state: 'implemented' },
  {
    id: 'timer_bif_SUITE:start_timer_e',
    state: 'implemented',
    note: 'The largest time is 2^53 ms rather than 2^64; a process of another node waits for nodes.',
  },
  { id: 'timer_bif_SUITE:cancel_timer_1', state: 'implemented' },
  { id: 'timer_bif_SUITE:read_timer', state: 'implemented' },
  { id: 'timer_bif_SUITE:read_timer_async', state: 'implemented' },
  { id: 'timer_bif_SUITE:cleanup', state: 'implemented' },
  { id: 'timer_bif_SUITE:registered_process', state: 'implemented' },
  { id: 'timer_bif_SUITE:same_time_yielding', state: 'implemented' },
  { id: 'timer_bif_SUITE:same_time_yielding_with_cancel', state: 'implemented' },
  { id: 'timer_bif_SUITE:auto_cancel_yielding', state: 'implemented' },
  { id: 'BEAM:abs', state: 'implemented' },
  { id: 'BEAM:cancel_race', state: 'implemented' },
  { id: 'timer_simple_SUITE:apply_after', state: 'implemented' },
  { id: 'timer_simple_SUITE:send_after1', state: 'implemented' },
  { id: 'timer_simple_SUITE:exit_after1', state: 'implemented' },
  { id: 'timer_simple_SUITE:kill_after1', state: 'implemented' },
  { id: 'timer_simple_SUITE:apply_interval', state: 'implemented' },
  { id: 'timer_simple_SUITE:send_interval3', state: 'implemented' },
  { id: 'timer_simple_SUITE:cancel1', state: 'implemented' },
  { id: 'timer_simple_SUITE:tc', state: 'implemented' },
  { id: 'timer_simple_SUITE:unique_refs', state: 'implemented' },
  { id: 'timer_SUITE:do_big_test', state: 'implemented' },
]

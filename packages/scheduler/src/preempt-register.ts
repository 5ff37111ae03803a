/**
 * `node --import @heddle/scheduler/preempt/register app.js`: instruments what this thread loads, and, as the flag is
 * handed on to workers, what the schedulers load. Name it behind other loaders, which come first then.
 */

import { installPreempt, wantPreempt } from './worker/preempting.ts'
import { isSchedulerThread } from './worker/role.ts'

wantPreempt({})
// Schedulers have hooks of their own to install first.
if (!isSchedulerThread()) await installPreempt()

// Timers behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { timersTable } from './tables.ts'

runOnEveryHost(timersTable.cases)

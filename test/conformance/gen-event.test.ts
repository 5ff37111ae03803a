// Event managers, their handlers and alarms behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { genEventTable } from './tables.ts'

runOnEveryHost(genEventTable.cases)

// Supervisors and bridges behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { supervisorTable } from './tables.ts'

runOnEveryHost(supervisorTable.cases)

// `sys`, and processes of the tower that are no behaviours, are as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { sysProcLibTable } from './tables.ts'

runOnEveryHost(sysProcLibTable.cases)

// Logging behaves as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { loggerSaslTable } from './tables.ts'

runOnEveryHost(loggerSaslTable.cases)

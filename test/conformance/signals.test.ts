// Links, monitors, exit signals and aliases behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { signalsTable } from './tables.ts'

runOnEveryHost(signalsTable.cases)

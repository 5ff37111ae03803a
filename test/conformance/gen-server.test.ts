// Servers behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { genServerTable } from './tables.ts'

runOnEveryHost(genServerTable.cases)

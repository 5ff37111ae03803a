// Names behave as the rows of the table say: a test is named by its row's id.

import { runOnEveryHost } from './run.ts'
import { registryTable } from './tables.ts'

runOnEveryHost(registryTable.cases)

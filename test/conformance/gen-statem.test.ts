// OTP's gen_statem and gen_fsm, row by row, on three kinds of host.

import { runOnEveryHost } from './run.ts'
import { genStatemTable } from './tables.ts'

runOnEveryHost(genStatemTable.cases)

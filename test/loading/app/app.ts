import { echo } from './echo.ts'
import { run } from './run.ts'

await run(echo)
